/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * embed.h - from samples to vectors: the table of models, and running one.
 *
 *     struct mm_embed_settings set = {.model = "timbre"};
 *     struct mm_embedder *embedder;
 *     mm_embedder_create(&set, &embedder, &err);
 *     struct mm_embed_stream *stream;
 *     mm_embed_stream_create(embedder, &stream, &err);
 *     mm_embed_stream_push(stream, samples, n, &err);          as often as samples arrive
 *     mm_embed_stream_finish(stream, &embedding, &err);        embedding.values: [windows][dim]
 *
 * Threads: an embedder is shared by all threads; a stream belongs to one thread at a time. The
 * values do not depend on how samples were cut into pushes, nor on other streams.
 */
#ifndef MUSICMAP_EMBED_H
#define MUSICMAP_EMBED_H

#include <stdbool.h>
#include <stddef.h>

#include "audio.h"
#include "error.h"

/* Is a tag of this name a property of a song with a scale of its own (danceability, moods) rather
 * than a word for a kind of music? */
bool mm_tag_is_property(const char *name);

struct mm_model_ops; /* src/embed/model.h: how a model is made and run */

/* One file of a model's weights, as it is published. All strings are static. */
struct mm_model_file {
    const char *name;     /* below the model directory */
    const char *url;      /* where to get it */
    const char *checksum; /* "git:<40 hex>" (of the blob) or "sha256:<64 hex>" */
    size_t bytes;         /* its size; 0 = not known before it is fetched */
};

/* One row of the table in src/embed/models.c. All strings are static. */
struct mm_model {
    const char *name;    /* "timbre", "openl3-music-mel256-512", ... */
    const char *summary; /* one line for `model list` */
    int sample_rate;     /* Hz of the mono samples it wants */
    size_t dim;          /* values of one vector (before meanmax, which doubles it) */
    const char *licence; /* SPDX or short name, of the weights */
    const char *citation;
    const struct mm_model_file *files; /* [n_files], all of them needed */
    size_t n_files;                    /* 0 = built in */
    const void *variant;               /* for ops: which of its kind this is */
    const struct mm_model_ops *ops;
};

/* The whole table; *count gets its length. */
const struct mm_model *mm_models(size_t *count);
const struct mm_model *mm_model_find(const char *name); /* NULL when there is none */

enum mm_pool_kind {
    MM_POOL_MEAN,
    MM_POOL_MAX,
    MM_POOL_MEANMAX, /* mean, then max: twice the length */
    MM_POOL_NONE     /* every window by itself */
};

struct mm_embed_settings {
    const char *model; /* a name of the table */
    enum mm_pool_kind pool;
    const char *weights;   /* path of the model's first weight file, the others lie beside it;
                              NULL = the installed ones or built in */
    const char *front_end; /* model's own word for a variant ("trained", "kapre"); NULL = default */
    double hop_s;          /* between windows; 0 = the model's default */
    int center;            /* -1 = the model's default, 0 = no, 1 = yes */
    const char *cpu;       /* kernels by name ("generic", "avx2"); NULL = the best there are */
    bool picture; /* windows give what enters the network instead of what leaves it; weights are
                     not read. MM_ERR_USAGE when the model is no network. */
    /* Does what mm_embed_read_weights() does, in a process where a hostile file can do no harm;
     * NULL = in this process. */
    int (*read_weights)(void *ctx, const char *path, struct mm_bytes *out, struct mm_error *err);
    void *read_weights_ctx;
};

/* Parses a Keras weight file (.h5, .h5.gz) and lays its tensors out flat, as read_weights above
 * must deliver them. For helper processes. MM_ERR_INPUT: not such a file; MM_ERR_LIMIT: too large.
 */
int mm_embed_read_weights(const char *path, struct mm_bytes *out, struct mm_error *err);

struct mm_embedder;
int mm_embedder_create(const struct mm_embed_settings *settings, struct mm_embedder **out,
                       struct mm_error *err);
void mm_embedder_destroy(struct mm_embedder *embedder);
const struct mm_model *mm_embedder_model(const struct mm_embedder *embedder);

/* Length of a pooled vector. */
size_t mm_embedder_dim(const struct mm_embedder *embedder);

/* Shape of what enters the network, [*rows][*columns]; 0, 0 when the model is no network. */
void mm_embedder_picture(const struct mm_embedder *embedder, size_t *rows, size_t *columns);

/*
 * Everything that decides the numbers, as one canonical line ("v1 pool=mean"); with the model's
 * name it tells vectors apart in the catalog. Owned by the embedder.
 */
const char *mm_embedder_settings(const struct mm_embedder *embedder);

/* Memory, in bytes: of the embedder, and of each stream beside it. */
void mm_embedder_memory(const struct mm_embedder *embedder, size_t *shared, size_t *stream);

struct mm_embedding {
    size_t n_windows; /* 1 unless the pooling is MM_POOL_NONE */
    size_t dim;
    float *values;      /* [n_windows][dim], finite */
    double *timestamps; /* [n_windows] seconds from the first sample */
    size_t n_tags;      /* what the model says of the song, e.g. MusiCNN's 50; 0 = nothing */
    const char *const *tag_names; /* [n_tags] static */
    float *tag_values;            /* [n_tags] 0..1, mean over windows */
};
void mm_embedding_finish(struct mm_embedding *embedding);

struct mm_embed_stream;
int mm_embed_stream_create(struct mm_embedder *embedder, struct mm_embed_stream **out,
                           struct mm_error *err);
void mm_embed_stream_destroy(struct mm_embed_stream *stream);

/* samples: mono at the model's rate, count >= 0. */
int mm_embed_stream_push(struct mm_embed_stream *stream, const float *samples, size_t count,
                         struct mm_error *err);

/* Ends the song and fills *out. The stream can then be used for the next song. Too short a song is
 * padded with silence as the model's authors do; no sample at all is MM_ERR_INPUT. */
int mm_embed_stream_finish(struct mm_embed_stream *stream, struct mm_embedding *out,
                           struct mm_error *err);

#endif
