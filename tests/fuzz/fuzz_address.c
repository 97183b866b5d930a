/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where to go, as users, services and servers say it: addresses and redirections, places at an
 * Icecast, times to wait, paths that say who plays what. The first byte chooses.
 */
#include "fuzz.h"

#include "http/address.h"
#include "http/retry.h"
#include "musicmap/icecast.h"
#include "musicmap/source.h"

static void must_be_address(const struct mm_address *a)
{
    bool here = strcmp(a->host, "127.0.0.1") == 0 || strcmp(a->host, "localhost") == 0 ||
                strcmp(a->host, "[::1]") == 0;
    must(strcmp(a->scheme, "https") == 0 || (strcmp(a->scheme, "http") == 0 && here));
    must(*a->host && a->port >= 0 && a->port <= 65535);
    must(mm_address_same_place(a, a));
}

/* A base and a redirection, a line each: where it leads is an address or nothing. */
static void redirect(char *text)
{
    const char *base = next_line(&text);
    const char *location = next_line(&text);
    struct mm_address from;
    struct mm_address to;
    if (mm_address_parse(base, &from))
        must_be_address(&from);
    char *whole = mm_address_resolve(base, location);
    if (whole && mm_address_parse(whole, &to)) {
        must_be_address(&to);
        if (mm_address_matches(&to, ".dzcdn.net")) /* a host below it, and nothing like it */
            must(strcmp(to.host + strlen(to.host) - 10, ".dzcdn.net") == 0 && to.port == 443);
        must(!mm_address_matches(&to, "api.deezer.com") || strcmp(to.host, "api.deezer.com") == 0);
    }
    free(whole);
}

/* What is escaped has nothing in it that ends a parameter, and says the same. */
static void escape(const char *text)
{
    struct mm_text out = {0};
    mm_text_add(&out, "");
    mm_address_escape(&out, text);
    const char *at = text;
    for (const char *p = out.data; p && *p; p++, at++) {
        must(!strchr("&=?#/+ \"<>", *p));
        char hex[3] = {p[0] == '%' ? p[1] : '0', p[0] == '%' ? p[2] : '0', 0};
        must((char)(*p == '%' ? strtol(hex, NULL, 16) : *p) == *at);
        p += *p == '%' ? 2 : 0;
    }
    must(*at == '\0');
    mm_text_finish(&out);
}

static void icecast(const char *text)
{
    struct mm_icecast_place place;
    struct mm_error err = {0};
    int result = mm_icecast_parse(text, &place, &err);
    must_say(result, &err);
    if (result == 0) {
        must(*place.host && *place.user && place.mount[0] == '/' && place.mount[1]);
        must(place.port >= 1 && place.port <= 65535);
    }
}

/* A path and the folder above it, a line each. */
static void path(char *text)
{
    const char *root = next_line(&text);
    struct mm_tags tags = {0};
    must(mm_tags_from_path(text ? text : "", *root ? root : NULL, &tags) == 0);
    must_be_tags(&tags);
    mm_tags_finish(&tags);
}

static void waits(const char *text)
{
    double seconds = mm_retry_after(text, 1.8e9);
    must(seconds == MM_RETRY_UNKNOWN || (seconds >= 0 && seconds <= 30.0 * 86400));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size < 1)
        return 0;
    char *text = text_of(data + 1, size - 1);
    switch (data[0] % 5) {
    case 0:
        redirect(text);
        break;
    case 1:
        escape(text);
        break;
    case 2:
        icecast(text);
        break;
    case 3:
        waits(text);
        break;
    default:
        path(text);
    }
    free(text);
    return 0;
}
