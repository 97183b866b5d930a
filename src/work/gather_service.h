/* SPDX-License-Identifier: BSD-2-Clause */
/* gather_service.h - a gathering from a service: what gather_service.c, which chooses songs, shares
 * with gather_sounds.c, which gets their sounds. */
#ifndef WORK_GATHER_SERVICE_H
#define WORK_GATHER_SERVICE_H

#include "work/stage.h"

#define MM_ELSEWHERE 2 /* services beside, where --resolve looks for the sound of a recording */

struct mm_unit {
    struct mm_unit_report *report;
    const char *plan; /* what origins remember: the genre, ... */
    bool is_genre;
    size_t want; /* SIZE_MAX = all there is */
    struct mm_step steps[MM_MAX_STEPS];
    size_t n_steps;
};

struct mm_gathering {
    struct mm_catalog *catalog;
    struct mm_helpers *helpers;
    struct mm_pool *pool;
    const struct mm_service_request *request;
    const struct mm_progress *progress;
    struct mm_service_report *report;
    const char *source;
    struct mm_service_session *session;
    struct mm_service_session *elsewhere[MM_ELSEWHERE]; /* opened when first needed */
    struct mm_known *known;
    char *run;       /* under which units are noted as done */
    size_t expected; /* songs of all units, for the progress */
    size_t gathered;
};

/* A unit's songs until they are written. */
struct mm_batch {
    struct mm_gathering *g;
    struct mm_unit *unit;
    struct mm_stage stage;
    size_t first; /* staged before this round */
    char **met;   /* ids of this unit's tracks so far: two ways to ask may give the same */
    size_t n_met, met_capacity;
    int *results; /* [stage.n] of fetching or looking */
    struct mm_error *faults;
};

/*
 * Gets all sounds of what was staged since b->first: fetched, found elsewhere, looked into. What
 * has none leaves the stage, unless the service's songs may be silent.
 */
int mm_batch_sounds(struct mm_batch *b, struct mm_error *err);

#endif
