/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/http.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* Blanks as HTTP knows them. */
static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* Reads digits; a number that does not fit becomes UINT64_MAX. NULL when there are none. */
static const char *read_digits(const char *p, uint64_t *out)
{
    if (*p < '0' || *p > '9')
        return NULL;
    uint64_t value = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *out = value;
    return p;
}

/* "-count": the last bytes. */
static struct mm_range suffix_range(const char *p, uint64_t size)
{
    struct mm_range all = {.kind = MM_RANGE_ALL, .count = size};
    uint64_t count;
    p = read_digits(p, &count);
    if (!p || *skip_blanks(p) != '\0')
        return all;
    if (count == 0 || size == 0)
        return (struct mm_range){.kind = MM_RANGE_UNSATISFIABLE};
    if (count > size)
        count = size;
    return (struct mm_range){.kind = MM_RANGE_PART, .first = size - count, .count = count};
}

struct mm_range mm_http_range(const char *header, uint64_t size)
{
    struct mm_range all = {.kind = MM_RANGE_ALL, .count = size};
    static const char unit[] = "bytes=";
    if (!header || strncasecmp(header, unit, sizeof unit - 1) != 0)
        return all;
    const char *p = skip_blanks(header + sizeof unit - 1);
    if (*p == '-')
        return suffix_range(p + 1, size);
    uint64_t first;
    p = read_digits(p, &first);
    if (!p || *p != '-')
        return all;
    p = skip_blanks(p + 1);
    uint64_t last = UINT64_MAX;
    if (*p != '\0') {
        p = read_digits(p, &last);
        if (!p || *skip_blanks(p) != '\0' || last < first)
            return all;
    }
    if (first >= size)
        return (struct mm_range){.kind = MM_RANGE_UNSATISFIABLE};
    if (last >= size)
        last = size - 1;
    return (struct mm_range){.kind = MM_RANGE_PART, .first = first, .count = last - first + 1};
}

bool mm_http_etag_listed(const char *header, const char *etag)
{
    if (!header)
        return false;
    const char *p = skip_blanks(header);
    if (*p == '*' && *skip_blanks(p + 1) == '\0')
        return true;
    size_t length = strlen(etag);
    while (*p) {
        if (strncmp(p, "W/", 2) == 0)
            p += 2;
        if (*p != '"')
            return false;
        const char *end = strchr(p + 1, '"');
        if (!end)
            return false;
        if ((size_t)(end + 1 - p) == length && memcmp(p, etag, length) == 0)
            return true;
        p = end + 1;
        p += strspn(p, " \t,");
    }
    return false;
}

/* A weight parameter that is zero: "q=0", "q=0.0", ... Anything unreadable counts as one. */
static bool weight_is_zero(const char *p, const char *end)
{
    p = memchr(p, ';', (size_t)(end - p));
    if (!p)
        return false;
    p = skip_blanks(p + 1);
    if (end - p < 3 || strncasecmp(p, "q=", 2) != 0)
        return false;
    for (p += 2; p < end; p++)
        if (*p >= '1' && *p <= '9')
            return false;
    return true;
}

bool mm_http_accepts_gzip(const char *header)
{
    bool any = false;
    if (!header)
        return false;
    for (const char *p = header; *p;) {
        p += strspn(p, " \t,");
        const char *end = p + strcspn(p, ",");
        size_t name = strcspn(p, " \t;,");
        if (name == 4 && strncasecmp(p, "gzip", 4) == 0)
            return !weight_is_zero(p, end);
        if (name == 1 && *p == '*')
            any = !weight_is_zero(p, end);
        p = end;
    }
    return any;
}

enum { HOST_MAX = 256 };

/* The host without port and brackets; false when it is not well-formed. */
static bool split_host(const char *header, char host[HOST_MAX])
{
    const char *start = header;
    size_t length;
    const char *rest;
    if (*header == '[') {
        start = header + 1;
        length = strcspn(start, "]");
        if (start[length] != ']')
            return false;
        rest = start + length + 1;
    } else {
        length = strcspn(header, ":");
        rest = header + length;
    }
    if (*rest == ':')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (*rest != '\0' || length == 0 || length >= HOST_MAX)
        return false;
    memcpy(host, start, length);
    host[length] = '\0';
    return true;
}

bool mm_http_host_allowed(const char *header, const char *bound)
{
    char host[HOST_MAX];
    if (!header || !split_host(header, host))
        return false;
    unsigned char address[sizeof(struct in6_addr)];
    if (strcasecmp(host, "localhost") == 0 || strcasecmp(host, bound) == 0)
        return true;
    bool v4 = inet_pton(AF_INET, host, address) == 1;
    if (v4 && address[0] == 127)
        return true;
    bool v6 = !v4 && inet_pton(AF_INET6, host, address) == 1;
    if (v6 && memcmp(address, &in6addr_loopback, sizeof in6addr_loopback) == 0)
        return true;
    bool everywhere = strcmp(bound, "0.0.0.0") == 0 || strcmp(bound, "::") == 0;
    return everywhere && (v4 || v6);
}

bool mm_http_same_origin(const char *origin, const char *host)
{
    static const char scheme[] = "http://";
    size_t length = sizeof scheme - 1;
    return origin && host && strncmp(origin, scheme, length) == 0 &&
           strcasecmp(origin + length, host) == 0;
}

bool mm_http_number(const char *text, uint64_t max, uint64_t *out)
{
    if (!text || (text[0] == '0' && text[1] != '\0'))
        return false;
    const char *end = read_digits(text, out);
    return end && *end == '\0' && *out <= max;
}
