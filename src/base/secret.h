/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secret.h - passwords, random bytes, and comparing without telling how much was right; through
 * libcrypto.
 *
 * Threads: any.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "musicmap/error.h"

/* Bytes nobody can guess. */
int mm_secret_random(void *out, size_t count, struct mm_error *err);

/* Whether two blocks are equal; takes as long for every pair. */
bool mm_secret_equal(const void *a, const void *b, size_t count);

enum { MM_PASSWORD_MAX = 256, MM_PASSWORD_RECORD = 128 };
/*
 * What is kept of a password: "scrypt$15$8$1$SALT$KEY", the costs (log2 N, r, p) and two numbers in
 * hexadecimal. Making and checking one take 32 MB and about a tenth of a second (RFC 7914).
 * MM_ERR_USAGE: the password is empty or longer than MM_PASSWORD_MAX bytes.
 */
int mm_password_record(const char *password, char record[MM_PASSWORD_RECORD], struct mm_error *err);
/* Whether text is such a record, with costs no higher than ours times eight. */
bool mm_password_is_record(const char *text);
/* Whether the password is the one of the record. */
bool mm_password_fits(const char *password, const char *record);

#endif
