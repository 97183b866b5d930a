/* SPDX-License-Identifier: BSD-2-Clause */
/* vectors.h - one kind of vector of a catalog as the block reader that src/map wants. */
#ifndef WORK_VECTORS_H
#define WORK_VECTORS_H

#include "musicmap/work.h"

struct mm_song_vectors {
    struct mm_catalog *catalog;
    struct mm_model_count chosen;
    struct mm_vector_kind kind; /* points into chosen: do not copy the struct */
    int64_t *ids;               /* [n] ascending */
    size_t n;
};

/* The vectors of model (NULL = of whichever most songs have). MM_ERR_NOT_FOUND: there are none. */
int mm_song_vectors_init(struct mm_song_vectors *v, struct mm_catalog *catalog, const char *model,
                         struct mm_error *err);
void mm_song_vectors_finish(struct mm_song_vectors *v);

/* Reads through v, which must outlive it. */
struct mm_vectors mm_song_vectors_reader(struct mm_song_vectors *v);

#endif
