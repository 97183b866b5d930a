/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stage.h - tracks on their way into the library: which song they are, their sound on the disk and
 * looked into, then all of a unit written at once.
 */
#ifndef WORK_STAGE_H
#define WORK_STAGE_H

#include "base/pool.h"
#include "musicmap/work.h"
#include "work/known.h"

enum mm_stage_kind {
    MM_STAGE_NEW,   /* a song the library has not got */
    MM_STAGE_JOIN,  /* a song it has from elsewhere */
    MM_STAGE_SOUND, /* a song it has from here, without sound until now */
};

struct mm_staged {
    enum mm_stage_kind kind;
    struct mm_track track;
    int64_t song;          /* JOIN, SOUND: which */
    bool wants_sound;      /* until it is there, or known not to be */
    struct mm_track found; /* the same recording at another service, where the sound is from */
    const char *found_at;  /* that service's name; NULL = the sound is the track's own */
    char *file;            /* of the sound, below the library; NULL = none */
    uint64_t size;
    unsigned char hash[32];
    struct mm_audio_info info;
};

struct mm_stage {
    struct mm_staged *list;
    size_t n, capacity;
};
void mm_stage_finish(struct mm_stage *stage);
/* Takes the track over. NULL when memory is out. */
struct mm_staged *mm_stage_add(struct mm_stage *stage, struct mm_track *track);
/* Drops the last. */
void mm_stage_drop(struct mm_stage *stage, size_t i);

/* One of the staged is this recording. */
bool mm_stage_has(const struct mm_stage *stage, const struct mm_track *track);

/* Looks into the file of a staged track (helpers); MM_ERR_INPUT and the like: it is no sound. */
int mm_staged_probe(struct mm_staged *staged, const struct mm_catalog *catalog,
                    struct mm_helpers *helpers, struct mm_error *err);

/* Writes one; within the caller's transaction. plan is added to the song's genres when is_genre. */
int mm_staged_write(struct mm_staged *staged, struct mm_catalog *catalog, struct mm_known *known,
                    const char *source, const char *plan, bool is_genre, struct mm_error *err);

#endif
