/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * one_song.h - measures and embeds one song: what a run over a library (embed_songs.c) and a worker
 * of a shared library (worker.c) do with each.
 *
 * Threads: models are read only once made; streams belong to one thread at a time.
 */
#ifndef WORK_ONE_SONG_H
#define WORK_ONE_SONG_H

#include "musicmap/join.h"
#include "musicmap/work.h"

#define MM_EMBED_STAGE "embed" /* of the failures */

/* The song as analysed and, where they are wanted, its beginning and its end. */
enum mm_segment { MM_SEGMENT_WHOLE, MM_SEGMENT_INTRO, MM_SEGMENT_OUTRO, MM_SEGMENTS };
enum { MM_KINDS_MAX = MM_SEGMENTS * MM_JOIN_MAX };

/* What is to be computed, and by what. */
struct mm_models {
    struct mm_helpers *helpers;
    const struct mm_embed_options *options;
    char *measure_settings;
    size_t n;                                  /* models */
    struct mm_embedder *embedder[MM_JOIN_MAX]; /* [n] */
    size_t n_segments;                         /* 1, or MM_SEGMENTS */
    size_t n_kinds;                            /* n_segments * n vectors a song: [segment][model] */
    struct mm_vector_kind kind[MM_KINDS_MAX];
    char *settings[MM_KINDS_MAX];
};
/* Makes an embedder of every part of the join that options name. helpers and options must live as
 * long. */
int mm_models_init(struct mm_models *models, struct mm_helpers *helpers,
                   const struct mm_embed_options *options, struct mm_error *err);
void mm_models_finish(struct mm_models *models);

/* A thread's streams, one a model, and what they gave for the song in hand. */
struct mm_streams {
    struct mm_embed_stream *streams[MM_JOIN_MAX];
    size_t rate[MM_JOIN_MAX]; /* which of the request's rates it hears; SIZE_MAX = none */
    struct mm_embedding embeddings[MM_KINDS_MAX];
};
int mm_streams_init(struct mm_streams *streams, const struct mm_models *models,
                    struct mm_error *err);
void mm_streams_finish(struct mm_streams *streams);
/* Drops the embeddings of the song in hand. */
void mm_streams_clear(struct mm_streams *streams);

/* What a song lacks. */
struct mm_lack {
    bool measure;
    bool embed[MM_KINDS_MAX];
};

/* Decodes (once a segment), measures and embeds; what fails in here is the song's fault. */
int mm_one_song_analyse(const struct mm_models *models, const struct mm_lack *lack,
                        const char *path, struct mm_streams *streams, struct mm_measure *measure,
                        struct mm_error *err);
/* Inside a transaction: *other = the song has got another content since it was read, of which what
 * was computed says nothing. MM_ERR_NOT_FOUND: it was forgotten. */
int mm_one_song_is_other(struct mm_catalog *catalog, const struct mm_song *song, bool *other,
                         struct mm_error *err);
/* Inside a transaction: stores what was lacking and clears the failure of path. */
int mm_one_song_store(struct mm_catalog *catalog, const struct mm_models *models, int64_t song,
                      const struct mm_lack *lack, const char *path,
                      const struct mm_measure *measure, const struct mm_streams *streams,
                      struct mm_error *err);
int mm_one_song_failed(struct mm_catalog *catalog, const struct mm_song *song, const char *path,
                       const char *reason, int tries, struct mm_error *err);
/* Is this what went wrong with one song, as opposed to with the run? */
bool mm_is_song_fault(int code);

#endif
