/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/address.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static bool is_this_machine(const char *host)
{
    return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "localhost") == 0 ||
           strcmp(host, "[::1]") == 0;
}

/* Copies a part of url into out; false when it is missing or does not fit. */
static bool take(CURLU *url, CURLUPart part, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    bool good = curl_url_get(url, part, &text, flags) == CURLUE_OK && strlen(text) < size;
    if (good)
        memcpy(out, text, strlen(text) + 1);
    curl_free(text);
    return good;
}

bool mm_address_parse(const char *text, struct mm_address *out)
{
    *out = (struct mm_address){0};
    char port[16];
    char *user = NULL;
    char *path = NULL;
    CURLU *url = curl_url();
    bool good = url &&
                curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
                take(url, CURLUPART_SCHEME, 0, out->scheme, sizeof out->scheme) &&
                take(url, CURLUPART_HOST, 0, out->host, sizeof out->host) &&
                take(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof port) &&
                curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
    curl_free(user);
    if (good && curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK) {
        snprintf(out->path, sizeof out->path, "%s", path);
        curl_free(path);
    }
    curl_url_cleanup(url);
    if (!good)
        return false;
    for (char *p = out->host; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    out->port = atoi(port); /* NOLINT: libcurl has checked it */
    return strcmp(out->scheme, "https") == 0 ||
           (strcmp(out->scheme, "http") == 0 && is_this_machine(out->host));
}

char *mm_address_resolve(const char *base, const char *location)
{
    CURLU *url = curl_url();
    char *whole = NULL;
    char *copy = NULL;
    if (url && curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_URL, location, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK)
        copy = mm_strdup(whole);
    curl_free(whole);
    curl_url_cleanup(url);
    return copy;
}

bool mm_address_matches(const struct mm_address *address, const char *pattern)
{
    size_t whole = strcspn(pattern, "/");
    const char *path = pattern + whole;
    size_t n = whole;
    while (n && pattern[n - 1] >= '0' && pattern[n - 1] <= '9')
        n--;
    bool has_port =
        n && n < whole && pattern[n - 1] == ':' && (pattern[0] != '[' || pattern[n - 2] == ']');
    if (has_port ? atoi(pattern + n) != address->port /* NOLINT: our own patterns */
                 : strcmp(address->scheme, "https") != 0 || address->port != 443)
        return false;
    n = has_port ? n - 1 : whole;
    size_t length = strlen(address->host);
    bool same = pattern[0] == '.'
                    ? length > n && strncasecmp(address->host + length - n, pattern, n) == 0
                    : length == n && strncasecmp(address->host, pattern, n) == 0;
    size_t k = strlen(path);
    return same && strncmp(address->path, path, k) == 0 &&
           (k == 0 || address->path[k] == '\0' || address->path[k] == '/');
}

bool mm_address_same_place(const struct mm_address *a, const struct mm_address *b)
{
    return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 && a->port == b->port;
}

void mm_address_escape(struct mm_text *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("-._~", *p);
        if (plain)
            mm_text_add_bytes(out, p, 1);
        else
            mm_text_addf(out, "%%%02X", *p);
    }
}
