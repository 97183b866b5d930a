/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.h - reading strangers' JSON: wrong types are "not known", never a fault; numbers may come as
 * strings, ids as numbers. Objects and keys may be NULL everywhere.
 */
#ifndef SOURCE_JSON_H
#define SOURCE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "musicmap/error.h"

/*
 * Parses n bytes. A byte order mark and white space in front are passed over; invalid UTF-8 becomes
 * U+FFFD. MM_ERR_INPUT: no JSON (a page of HTML, a reply cut short), or nested too deep.
 */
int mm_json_parse(const char *bytes, size_t n, json_t **out, struct mm_error *err);

/* A string that is there and not empty, else NULL. Borrowed. */
const char *mm_json_text(const json_t *object, const char *key);

/* A number, or a string that is one, within [low, high]; else 0. */
double mm_json_number(const json_t *object, const char *key, double low, double high);
long mm_json_count(const json_t *object, const char *key, long high);

/* An id that came as a number or a string, as a heap string of at most 127 printable characters
 * without blanks and slashes; NULL when there is none (or no memory). */
char *mm_json_id(const json_t *object, const char *key);

/* True unless it is false (or 0, or "false"): what a missing key means here. */
bool mm_json_not_false(const json_t *object, const char *key);

#endif
