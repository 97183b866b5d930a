/* SPDX-License-Identifier: BSD-2-Clause */
/* hash.h - SHA-256, and git's name for a file's content, through libcrypto. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>

#include "musicmap/error.h"

#define MM_HASH_SIZE 32

/* SHA-256 of a block of memory. */
int mm_hash_bytes(const void *bytes, size_t count, unsigned char out[MM_HASH_SIZE],
                  struct mm_error *err);

/* SHA-256 of bytes that come in pieces. A failed begin leaves nothing to end. */
struct mm_hash;
int mm_hash_begin(struct mm_hash **out, struct mm_error *err);
void mm_hash_add(struct mm_hash *hash, const void *bytes, size_t count);
int mm_hash_end(struct mm_hash *hash, unsigned char out[MM_HASH_SIZE], struct mm_error *err);

/*
 * Tells one file's content from another's without reading all of a large one: SHA-256 over the size
 * and four 64-KiB blocks (first, two inner, last); files of at most 256 KiB are hashed whole. See
 * doc/decisions.md, "content hash".
 */
int mm_hash_file(const char *path, unsigned char out[MM_HASH_SIZE], struct mm_error *err);

#define MM_HASH_GIT_SIZE 20

/* What git calls a file with this content: SHA-1 over "blob <size>", a NUL and the bytes. Good for
 * comparing with a published repository; not for secrets. */
int mm_hash_git_blob(const void *bytes, size_t count, unsigned char out[MM_HASH_GIT_SIZE],
                     struct mm_error *err);

/* MD5 as 32 hexadecimal digits and a NUL, where an old protocol asks for it. */
int mm_hash_md5(const void *bytes, size_t count, char out[33], struct mm_error *err);

/* 64 hexadecimal digits and a NUL. */
void mm_hash_hex(const unsigned char hash[MM_HASH_SIZE], char out[2 * MM_HASH_SIZE + 1]);

#endif
