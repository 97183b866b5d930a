/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers, numbers and forms as strangers send them; a line each: what the first byte says. */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "view/door.h"
#include "view/http.h"
#include "view/throttle.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const char *header(void *ctx, const char *name)
{
    const char *const *lines = ctx;
    static const char *const names[] = {"Host", "Origin", "Content-Type", "Content-Length",
                                        "X-Forwarded-For"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return lines[i];
    return NULL;
}

static void check_range(const char *text, uint64_t size)
{
    struct mm_range range = mm_http_range(text, size);
    if (range.kind == MM_RANGE_PART &&
        (range.count == 0 || range.first >= size || range.count > size - range.first))
        abort(); /* a part lies inside */
}

/* Five lines of headers, a path, a form: whatever they say, no one is let in without a password. */
static void knock(struct mm_door *door, char *text)
{
    const char *lines[7] = {0};
    for (size_t i = 0; i < 7; i++)
        lines[i] = strsep(&text, "\n");
    struct mm_knock knock = {.method = lines[6] && strlen(lines[6]) % 2 ? "POST" : "GET",
                             .path = lines[5] && *lines[5] == '/' ? lines[5] : "/",
                             .header = header,
                             .session = lines[6],
                             .ctx = lines};
    struct mm_reply reply = {.fd = -1};
    if (!mm_door_refuse(door, &knock, &reply) &&
        (strcmp(knock.path, "/login") == 0 && strcmp(knock.method, "POST") == 0))
        return; /* the form's own work takes a tenth of a second: not here */
    else if (reply.status == 0 && !mm_door_answer(door, &knock, "", &reply))
        abort(); /* let in */
    mm_reply_finish(&reply);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct mm_door *door;
    static const char record[] = "scrypt$10$8$1$00112233445566778899aabbccddeeff$"
                                 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    if (!door) {
        struct mm_server_settings settings = {.password = record, .url = "https://music.example"};
        if (mm_door_create(&settings, &door, NULL) < 0)
            abort();
    }
    char *text = size ? malloc(size) : NULL;
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    uint64_t number;
    switch (data[0] % 6) {
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
        if (mm_http_host_allowed(text, "127.0.0.1") && strstr(text, "evil"))
            abort();
        break;
    case 3:
        if (mm_http_number(text, 1000, &number) && number > 1000)
            abort();
        (void)mm_throttle_who_text(text);
        break;
    case 4:
        if (mm_password_is_record(text) && size > MM_PASSWORD_RECORD)
            abort();
        break;
    default:
        knock(door, text);
    }
    free(text);
    return 0;
}
