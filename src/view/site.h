/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * site.h - what is served, apart from HTTP: the map that is loaded, clips, covers.
 *
 * Nothing here waits: what takes long is told to be a job, and asked for again when it is done.
 * Threads: any.
 */
#ifndef VIEW_SITE_H
#define VIEW_SITE_H

#include <pthread.h>

#include "musicmap/catalog.h"
#include "musicmap/error.h"
#include "musicmap/view.h"
#include "musicmap/work.h"
#include "view/clips.h"
#include "view/desk.h"
#include "view/jobs.h"
#include "view/live.h"
#include "view/memo.h"
#include "view/page_data.h"

struct mm_site {
    struct mm_catalog *catalog;
    struct mm_helpers *helpers;
    struct mm_lender *lender; /* of sounds that lie on a server */
    struct mm_clips *clips;
    struct mm_memo *memo;
    struct mm_jobs *jobs;
    struct mm_desk *desk;
    struct mm_live *live;
    bool may_open;                        /* folders in this computer's file manager */
    const struct mm_companion *companion; /* NULL = there is none */
    bool may_update;                      /* put songs that were embedded since onto the map */
    pthread_mutex_t mutex;                /* of the member below */
    struct mm_snapshot *snapshot;         /* the map that is served; NULL = none yet */
    pthread_mutex_t status_mutex;         /* of the members below */
    struct mm_blob *status;               /* the last figures, for the map of status_token */
    char status_token[MM_TOKEN_SIZE];
    double status_until; /* monotonic seconds */
    struct mm_site_update {
        size_t embedded, mapped; /* songs when it was last tried */
        int64_t map_id;          /* the map it was tried on */
        double not_before;       /* monotonic seconds */
        bool running;
    } update; /* of the map; site_live.c's, under status_mutex */
};

/* clip_cache: bytes on disk. catalog and helpers must outlive the site. */
int mm_site_init(struct mm_site *site, struct mm_catalog *catalog, struct mm_helpers *helpers,
                 uint64_t clip_cache, struct mm_error *err);
/* Ends the jobs; those who wait are woken. */
void mm_site_stop(struct mm_site *site);
void mm_site_finish(struct mm_site *site);

/* The map that is loaded, held for the caller, or NULL. */
struct mm_snapshot *mm_site_snapshot(struct mm_site *site);
/* *current says whether the loaded map is the catalog's; MM_ERR_NOT_FOUND: the catalog has none. */
int mm_site_map_is_current(struct mm_site *site, bool *current, struct mm_error *err);

/* The figures of /api/status, held for the caller. Counting takes long in a large library: figures
 * are given again for 20 times as long as they took, so that polling never costs more than 5 %. */
int mm_site_status(struct mm_site *site, struct mm_blob **out, struct mm_error *err);

/* Sees to it that the catalog's map is loaded: a page that looks gets to know of a new one once it
 * is there. */
void mm_site_keep_up(struct mm_site *site);

/* site_live.c: the state as JSON, for mm_live_create(); and MM_JOB_UPDATE. */
int mm_site_look(void *ctx, struct mm_blob **out, struct mm_error *err);
int mm_site_update_map(struct mm_site *site, struct mm_error *err);

/* The sound of a song that is here. */
struct mm_site_file {
    char *path;
    struct mm_song song; /* its key taken out */
    double clip_start_s; /* where its clip begins */
};
/* MM_ERR_NOT_FOUND: unknown, hidden or missing. */
int mm_site_file(struct mm_site *site, int64_t id, struct mm_site_file *out, struct mm_error *err);
void mm_site_file_finish(struct mm_site_file *file);

/* A clip or cover: in memory (blob, held), on disk (file.fd >= 0), or still to be made by a job. */
struct mm_find {
    bool to_make;
    struct mm_blob *blob;
    struct mm_clip_file file;
};
/* Fails with why there is none (MM_ERR_NOT_FOUND: unknown, hidden or missing song, or no cover). */
int mm_site_find(struct mm_site *site, enum mm_job_kind kind, int64_t song, struct mm_find *found,
                 struct mm_error *err);

#endif
