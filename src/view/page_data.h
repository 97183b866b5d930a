/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_data.h - the catalog as the page gets it: the map (JSON and binary), songs, figures.
 * Formats: doc/protocol.md.
 *
 * Threads: a snapshot does not change once made and is shared by holding it; the other calls are as
 * safe as the catalog.
 */
#ifndef VIEW_PAGE_DATA_H
#define VIEW_PAGE_DATA_H

#include <stdatomic.h>

#include "musicmap/catalog.h"
#include "musicmap/error.h"
#include "view/blob.h"
#include "view/columns.h"

enum { MM_TOKEN_SIZE = 17 };

/* One map, ready to be sent. */
struct mm_snapshot {
    atomic_uint holders;
    int64_t map_id; /* of the catalog */
    char token[MM_TOKEN_SIZE];
    size_t n;
    uint32_t *songs; /* [n] ids, ascending */
    uint32_t *order; /* [n] index into songs of the song that comes i-th on the page */
    struct mm_blob *map;
    size_t n_tiles;
    struct mm_blob **tiles; /* [n_tiles] */
    struct mm_blob *overview;
    struct mm_columns columns;
};
/* Reads the current map. MM_ERR_NOT_FOUND: there is none, or it has no songs. */
int mm_snapshot_create(struct mm_catalog *catalog, struct mm_snapshot **out, struct mm_error *err);
struct mm_snapshot *mm_snapshot_hold(struct mm_snapshot *snapshot);
void mm_snapshot_release(struct mm_snapshot *snapshot); /* NULL is allowed */

/* Songs first .. first + count - 1 in the page's order, as they are in the catalog now. */
int mm_page_songs(struct mm_catalog *catalog, const struct mm_snapshot *snapshot, size_t first,
                  size_t count, struct mm_blob **out, struct mm_error *err);

/* The figures of /api/status; token NULL = no map is loaded. */
int mm_page_status(struct mm_catalog *catalog, const char *token, struct mm_blob **out,
                   struct mm_error *err);

#endif
