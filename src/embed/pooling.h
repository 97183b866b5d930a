/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pooling.h - from the windows of a song to what mm_embed_stream_finish() returns.
 *
 * Mean and maximum need memory for one vector only; MM_POOL_NONE keeps every window. Belongs to one
 * thread at a time.
 */
#ifndef EMBED_POOLING_H
#define EMBED_POOLING_H

#include "musicmap/embed.h"

struct mm_pooling;

/* For windows of dim values and n_tags tags (named by tag_names, static). */
int mm_pooling_create(enum mm_pool_kind kind, size_t dim, const char *const *tag_names,
                      size_t n_tags, struct mm_pooling **out, struct mm_error *err);
void mm_pooling_destroy(struct mm_pooling *pooling);

/* Length of a pooled vector: dim, or twice that for MM_POOL_MEANMAX. */
size_t mm_pooling_length(enum mm_pool_kind kind, size_t dim);

/* "mean", "max", "meanmax", "none" */
const char *mm_pooling_name(enum mm_pool_kind kind);

/*
 * Adds a window: values [dim], tags [n_tags] or NULL when the model names none, seconds from the
 * song's first sample. MM_ERR_INPUT when a value is not finite: broken weights, not broken audio.
 */
int mm_pooling_add(struct mm_pooling *pooling, const float *values, const float *tags,
                   double seconds, struct mm_error *err);

/* Moves the song's result into *out (release with mm_embedding_finish) and starts anew.
 * MM_ERR_BUG when there was no window. */
int mm_pooling_take(struct mm_pooling *pooling, struct mm_embedding *out, struct mm_error *err);

/* Forgets the windows so far. */
void mm_pooling_reset(struct mm_pooling *pooling);

#endif
