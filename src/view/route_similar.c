/* SPDX-License-Identifier: BSD-2-Clause */
/* route_similar.c - what is asked of all songs at once: which sound alike, what words they have,
 * and the sets that are made of them. */
#include "view/desk.h"
#include "view/visit.h"

/* What is worked out from the map that the page has: it must be the one that is there now. song: 0
 * = the answer is of the map itself, and its number is what the job is asked about. */
static bool answer_for_map(struct mm_visit *visit, enum mm_job_kind kind, int64_t song)
{
    if (visit->request->job)
        return mm_visit_job(visit, MM_CACHE_CHECK, false);
    struct mm_snapshot *snapshot = mm_visit_map(visit);
    if (!snapshot)
        return true;
    int64_t map_id = snapshot->map_id;
    mm_snapshot_release(snapshot);
    return mm_visit_wait(visit, kind, song ? song : map_id);
}

bool mm_route_similar(struct mm_visit *visit)
{
    int64_t song;
    if (!mm_visit_song(visit, &song))
        return mm_visit_fail(visit, 404, "there is no such song");
    return answer_for_map(visit, MM_JOB_SIMILAR, song);
}

bool mm_route_words(struct mm_visit *visit)
{
    return answer_for_map(visit, MM_JOB_WORDS, 0);
}

bool mm_route_set(struct mm_visit *visit)
{
    if (visit->request->job)
        return mm_visit_job(visit, MM_CACHE_NO_STORE, false);
    struct mm_error err = {0};
    int64_t ticket;
    int result = mm_desk_put(visit->site->desk, visit->request->body, visit->request->body_size,
                             &ticket, &err);
    if (result < 0)
        return mm_visit_fail_with(visit, result, &err, false);
    return mm_visit_wait(visit, MM_JOB_TASK, ticket);
}
