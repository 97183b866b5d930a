/* SPDX-License-Identifier: BSD-2-Clause */
/* address.h - whom we speak to: https anywhere it is allowed, plain http to this machine only. */
#ifndef HTTP_ADDRESS_H
#define HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct mm_text;

struct mm_address {
    char scheme[8]; /* "https", "http" */
    char host[256]; /* lower case, without port */
    int port;
    char path[512]; /* without query: what may stand in messages and logs; cut when longer */
};

/* False when the text is no http or https address, has a user's name in it, or is plain http to
 * another machine. */
bool mm_address_parse(const char *url, struct mm_address *out);

/* The address that a Location header means, seen from base; heap, NULL when it is none. */
char *mm_address_resolve(const char *base, const char *location);

/* "api.deezer.com": that host. ".dzcdn.net": hosts below it. "127.0.0.1:8080": with its port.
 * A path behind it ("127.0.0.1:8080/api") is how the address's path must begin. */
bool mm_address_matches(const struct mm_address *address, const char *pattern);

/* The same scheme, host and port. */
bool mm_address_same_place(const struct mm_address *a, const struct mm_address *b);

/* Appends text as a query or form wants it. */
void mm_address_escape(struct mm_text *out, const char *text);

#endif
