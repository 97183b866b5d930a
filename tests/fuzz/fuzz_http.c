/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers, numbers and forms as strangers send them; a line each: what the first byte says. */
#include "fuzz.h"

#include "base/secret.h"
#include "view/door.h"
#include "view/http.h"
#include "view/throttle.h"

static const char *header(void *ctx, const char *name)
{
    const char *const *lines = ctx;
    static const char *const names[] = {"Host", "Origin", "Content-Type", "Content-Length",
                                        "X-Forwarded-For"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return *lines[i] ? lines[i] : NULL;
    return NULL;
}

static void check_range(const char *text, uint64_t size)
{
    struct mm_range range = mm_http_range(text, size);
    if (range.kind == MM_RANGE_PART &&
        (range.count == 0 || range.first >= size || range.count > size - range.first))
        must(false); /* a part lies inside */
}

/* Five lines of headers, a path, a form: whatever they say, no one is let in without a password.
 * Time goes on between two of them, so that passwords are not tried too often. */
static void knock(struct mm_door *door, char *text)
{
    static double now = 0;
    const char *lines[7];
    for (size_t i = 0; i < 7; i++)
        lines[i] = next_line(&text);
    const char *form = text ? text : "";
    struct mm_knock knock = {.method = strlen(lines[6]) % 2 ? "POST" : "GET",
                             .path = *lines[5] == '/' ? lines[5] : "/",
                             .header = header,
                             .session = lines[6],
                             .now = now += 100,
                             .ctx = lines};
    struct mm_reply reply = {.fd = -1};
    bool answered = mm_door_refuse(door, &knock, &reply);
    if (!answered)
        answered = mm_door_answer(door, &knock, form, &reply);
    must(answered);
    must(strcmp(knock.path, "/logout") == 0 || reply.cookie[0] == '\0');
    must(reply.status == 200 || reply.status == 303 || (reply.status >= 400 && reply.status < 500));
    if (reply.status == 200)
        must(reply.form || reply.bytes);
    mm_reply_finish(&reply);
}

/* An origin and a host, a line each: the same server's, or no. */
static void origin(char *text)
{
    const char *from = next_line(&text);
    const char *host = next_line(&text);
    if (!mm_http_same_origin(from, host))
        return;
    const char *name = strstr(from, "://");
    must(name && strncasecmp(name + 3, host, strlen(host)) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct mm_door *door;
    static const char record[] = "scrypt$10$8$1$00112233445566778899aabbccddeeff$"
                                 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    if (!door) {
        struct mm_server_settings settings = {.password = record, .url = "https://music.example"};
        must(mm_door_create(&settings, &door, NULL) == 0);
    }
    if (size == 0)
        return 0;
    char *text = text_of(data + 1, size - 1);
    uint64_t number;
    switch (data[0] % 8) {
    case 0:
        check_range(text, 0);
        check_range(text, 1000);
        check_range(text, UINT64_MAX);
        break;
    case 1:
        (void)mm_http_etag_listed(text, "\"0123\"");
        (void)mm_http_accepts_gzip(text);
        break;
    case 2:
        must(!mm_http_host_allowed(text, "127.0.0.1") || !strstr(text, "evil"));
        break;
    case 3:
        must(!mm_http_number(text, 1000, &number) || number <= 1000);
        (void)mm_throttle_who_text(text);
        break;
    case 4:
        must(!mm_password_is_record(text) || strlen(text) < MM_PASSWORD_RECORD);
        break;
    case 6:
        origin(text);
        break;
    default:
        knock(door, text);
    }
    free(text);
    return 0;
}
