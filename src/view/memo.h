/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memo.h - what was made lately, in memory: blobs, and failures that would only happen again.
 *
 * Bounded by bytes and by number; what was not used longest goes first. An entry is named by kind
 * and song, and is right only for one tag (a figure drawn from everything it depends on): another
 * tag replaces it. Threads: any.
 */
#ifndef VIEW_MEMO_H
#define VIEW_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"
#include "view/blob.h"

struct mm_memo;

struct mm_memo_key {
    int kind;
    int64_t song;
    uint64_t tag;
};

int mm_memo_create(size_t max_bytes, size_t max_entries, struct mm_memo **out,
                   struct mm_error *err);
void mm_memo_destroy(struct mm_memo *memo);

/*
 * False: nothing is known. Else either *out is held for the caller, or *out is NULL and *failure
 * says why there is none.
 */
bool mm_memo_get(struct mm_memo *memo, const struct mm_memo_key *key, struct mm_blob **out,
                 struct mm_error *failure);

/* Remembers blob (holds it), or with blob NULL the failure, for ten minutes. */
void mm_memo_put(struct mm_memo *memo, const struct mm_memo_key *key, struct mm_blob *blob,
                 const struct mm_error *failure);

#endif
