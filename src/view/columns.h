/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * columns.h - properties of the songs of a map that the page can colour by, each one small array.
 * Format: doc/protocol.md, "MMV1". Only those are made of which something is known.
 */
#ifndef VIEW_COLUMNS_H
#define VIEW_COLUMNS_H

#include "musicmap/catalog.h"
#include "view/blob.h"

enum { MM_COLUMN_NAME = 48 };

struct mm_column {
    char name[MM_COLUMN_NAME]; /* of the address: "tempo"; letters, digits, underscores */
    char title[MM_COLUMN_NAME];
    struct mm_blob *blob;
};
struct mm_columns {
    size_t n;
    struct mm_column *columns; /* [n] in the order they are offered */
};

/* order: [map->n_songs] which of the record's songs comes i-th on the page. Reads the catalog. */
int mm_columns_create(struct mm_catalog *catalog, const struct mm_map_record *map,
                      const uint32_t *order, struct mm_columns *out, struct mm_error *err);
void mm_columns_finish(struct mm_columns *columns);

#endif
