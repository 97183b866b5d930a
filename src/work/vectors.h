/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vectors.h - the vectors of a catalog as the block reader that src/map wants: of one kind, or of
 * several models joined (musicmap/join.h), for the songs that have all of them.
 */
#ifndef WORK_VECTORS_H
#define WORK_VECTORS_H

#include "musicmap/join.h"
#include "musicmap/metric.h"
#include "musicmap/work.h"

struct mm_song_vectors {
    struct mm_catalog *catalog;
    char *model;    /* what was asked for, or the model that was chosen */
    char *settings; /* those of all parts, one behind the other */
    size_t n_parts;
    struct {
        struct mm_model_count count;
        struct mm_vector_kind kind; /* points into count: do not copy the struct */
        struct mm_metric *metric;   /* NULL: its values are compared as they are */
    } part[MM_JOIN_MAX];
    float *weight; /* [dim] NULL for a single model */
    float *block;  /* scratch for one part's rows */
    size_t block_rows;
    size_t dim;   /* of all parts together */
    int64_t *ids; /* [n] ascending */
    size_t n;
};

/* The vectors of model (NULL = of whichever most songs have, mm1 and timbre joined where they have
 * both). MM_ERR_NOT_FOUND: there are none. */
int mm_song_vectors_init(struct mm_song_vectors *v, struct mm_catalog *catalog, const char *model,
                         struct mm_error *err);
/* The same models' vectors of a segment, of those songs of whole that have them: none is no error,
 * n is 0 then. Finish both. */
int mm_song_vectors_segment(const struct mm_song_vectors *whole, const char *segment,
                            struct mm_song_vectors *v, struct mm_error *err);
void mm_song_vectors_finish(struct mm_song_vectors *v);

/* All vectors as they were stored, the models' side by side, [n][dim]. */
int mm_song_vectors_stored(struct mm_song_vectors *v, float *out, struct mm_error *err);

/* What the vectors are, as 16 digits: a song's may change while the song stays. */
enum { MM_VECTORS_HASH_SIZE = 17 };
int mm_song_vectors_hash(struct mm_song_vectors *v, char out[MM_VECTORS_HASH_SIZE],
                         struct mm_error *err);

/* The vectors as they are compared: timbre's beside other models' in its metric. Reads through v,
 * which must outlive it. */
struct mm_vectors mm_song_vectors_reader(struct mm_song_vectors *v);

#endif
