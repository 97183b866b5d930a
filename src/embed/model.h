/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - what a model has to offer to stand in the table of models.c.
 *
 * Two objects: the shared part (weights, filter banks, the choices of the settings), made once and
 * then only read, or guarded by a lock of its own; and streams, one for each song in work, which
 * belong to one thread at a time. A stream turns samples into windows and hands each finished
 * window to the mm_pooling it is given, in order of time.
 *
 * A model that gains from computing several windows at once may keep windows back: push() need not
 * emit anything, finish() must have emitted everything. Windows of several songs can be computed
 * together through the shared part; finish() then waits for those of its own song. The values of a
 * window must not depend on what else was in its batch.
 *
 * The dispatcher (embedder.c) has made sure that samples are finite and within +-8, that there are
 * at most 4096 of them at a time and that finish() comes after at least one sample.
 */
#ifndef EMBED_MODEL_H
#define EMBED_MODEL_H

#include "base/text.h"
#include "embed/pooling.h"
#include "musicmap/embed.h"

struct mm_model_ops {
    /* What tag_values mean; NULL, 0 when the model names no tags. Static. */
    const char *const *tag_names;
    size_t n_tags;

    /* Makes the shared part for settings, whose model member names this row. Settings the model
     * has no use for are refused with MM_ERR_USAGE, not ignored. */
    int (*create)(const struct mm_model *model, const struct mm_embed_settings *settings,
                  void **shared, struct mm_error *err);
    void (*destroy)(void *shared); /* not called with NULL */

    /* Adds what decides the numbers, except the pooling, to a settings line: "v1 hop=1 center=0".
     * The version grows with every change that changes values by more than rounding, as the kernels
     * of two processors do. */
    void (*describe)(const void *shared, struct mm_text *line);

    /* Shape of what enters the network; NULL = there is none. With settings->picture the windows
     * hand out that, row by row. */
    void (*picture)(const void *shared, size_t *rows, size_t *columns);

    /* Bytes that the shared part and each stream take; NULL = next to nothing. */
    void (*memory)(const void *shared, size_t *shared_bytes, size_t *stream_bytes);

    int (*stream_create)(void *shared, void **stream, struct mm_error *err);
    void (*stream_destroy)(void *stream); /* not called with NULL */

    int (*push)(void *stream, const float *samples, size_t count, struct mm_pooling *pooling,
                struct mm_error *err);
    /* Emits what is left; pads a song that is too short as the model's authors do. */
    int (*finish)(void *stream, struct mm_pooling *pooling, struct mm_error *err);
    /* Forgets the song in hand. Called after finish() and after a push() that failed. */
    void (*reset)(void *stream);
};

/* The kinds of models, one line each. */
extern const struct mm_model_ops mm_timbre_ops;
extern const struct mm_model_ops mm_mm1_ops;
extern const struct mm_model_ops mm_l3_ops; /* l3_model.h */
extern const struct mm_model_ops mm_musicnn_ops;

#endif
