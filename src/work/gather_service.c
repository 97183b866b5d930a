/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathering from a service. The work is cut into units: a genre, or a page of a playlist, of the
 * liked songs, of a query. A unit asks its steps in turn until it has enough songs, fetches their
 * sounds, has helpers look into them, and is written in one transaction together with the note that
 * it is done. So a run that is killed loses at most the replies of one unit, never a sound (they
 * are on the disk, each whole), and goes on to the same library.
 *
 * What decides which songs are taken is only the replies and the library, never timing: of a page
 * the first that fit are fetched at once, and those whose sound turns out to be none make room for
 * the next. A fault that may pass ends the run rather than letting another song take the place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "work/gather_service.h"

enum { MAX_PAGES = 30 /* of one step of a genre */, BATCH = 50 /* sounds at once */ };

/* ---- room ---- */

static bool limit_reached(const struct mm_gathering *g)
{
    return g->request->limit && g->report->added >= g->request->limit;
}

/* How many more new songs the run takes, those that wait to be written counted. */
static size_t room_for_new(const struct mm_batch *b)
{
    const struct mm_gathering *g = b->g;
    size_t new = g->report->added;
    if (!g->request->limit)
        return SIZE_MAX;
    for (size_t i = 0; i < b->stage.n; i++)
        new += b->stage.list[i].kind == MM_STAGE_NEW;
    return new < g->request->limit ? g->request->limit - new : 0;
}

/* How many more songs the unit takes. */
static size_t room(const struct mm_batch *b)
{
    size_t had = b->unit->report->songs + b->stage.n;
    size_t left = had < b->unit->want ? b->unit->want - had : 0;
    size_t more = room_for_new(b);
    return left < more ? left : more;
}

/* ---- choosing ---- */

static int has_sound(struct mm_gathering *g, int64_t id, bool *out, struct mm_error *err)
{
    struct mm_song song = {0};
    int result = mm_catalog_get_song(g->catalog, id, &song, err);
    *out = result == 0 && (song.file || mm_source_is_files(song.source));
    mm_song_finish(&song);
    return result;
}

/* A track that was gathered before: it counts for the unit it was gathered for. */
static int meet_again(struct mm_batch *b, struct mm_track *track, const struct mm_origin *origin,
                      struct mm_error *err)
{
    struct mm_gathering *g = b->g;
    bool ours = origin->plan ? strcmp(origin->plan, b->unit->plan) == 0 : !b->unit->is_genre;
    bool sound;
    if (!ours && b->unit->is_genre)
        return 0;
    int result = has_sound(g, origin->song, &sound, err);
    if (result < 0)
        return result;
    if (!sound && (track->preview || g->request->resolve)) {
        int64_t song = origin->song;
        struct mm_staged *staged = mm_stage_add(&b->stage, track);
        if (!staged)
            return mm_no_memory(err);
        staged->kind = MM_STAGE_SOUND;
        staged->song = song;
        staged->wants_sound = true;
        return 0;
    }
    g->report->known++;
    b->unit->report->songs++;
    b->unit->report->sounding += sound;
    return 0;
}

/* The recording is in the library, from elsewhere or under another id of this service. */
static int meet_known(struct mm_batch *b, struct mm_track *track, int64_t song,
                      struct mm_error *err)
{
    bool sound;
    int result = has_sound(b->g, song, &sound, err);
    if (result < 0)
        return result;
    struct mm_staged *staged = mm_stage_add(&b->stage, track);
    if (!staged)
        return mm_no_memory(err);
    staged->kind = MM_STAGE_JOIN;
    staged->song = song;
    staged->wants_sound = !sound && (staged->track.preview || b->g->request->resolve);
    return 0;
}

/* *again: the id was met before in this unit. */
static int meet(struct mm_batch *b, const char *id, bool *again, struct mm_error *err)
{
    *again = false;
    for (size_t i = 0; i < b->n_met && !*again; i++)
        *again = strcmp(b->met[i], id) == 0;
    if (*again || !b->unit->is_genre) /* lists are long, and asked in one way only */
        return 0;
    if (mm_array_reserve(&b->met, &b->met_capacity, b->n_met + 1) < 0 ||
        !(b->met[b->n_met] = mm_strdup(id)))
        return mm_no_memory(err);
    b->n_met++;
    return 0;
}

static int consider(struct mm_batch *b, struct mm_track *track, struct mm_error *err)
{
    struct mm_gathering *g = b->g;
    struct mm_origin origin;
    bool again;
    int result = meet(b, track->id, &again, err);
    if (result < 0 || again || mm_stage_has(&b->stage, track))
        return result;
    result = mm_catalog_find_origin(g->catalog, g->source, track->id, &origin, err);
    if (result == 0) {
        result = meet_again(b, track, &origin, err);
        mm_origin_finish(&origin);
        return result;
    }
    if (result != MM_ERR_NOT_FOUND)
        return result;
    const struct mm_recording recording = {track->tags.isrc, track->tags.artist, track->tags.title,
                                           track->duration_s};
    int64_t song;
    result = mm_known_find(g->known, &recording, false, &song, err);
    if (result < 0)
        return result;
    if (song)
        return meet_known(b, track, song, err);
    bool silent = !track->preview;
    if (silent && !mm_service_may_be_silent(g->request->service)) {
        g->report->silent++;
        return 0;
    }
    struct mm_staged *staged = mm_stage_add(&b->stage, track);
    if (!staged)
        return mm_no_memory(err);
    staged->kind = MM_STAGE_NEW;
    staged->wants_sound = !silent || g->request->resolve;
    return 0;
}

/* ---- writing ---- */

static void count_staged(struct mm_gathering *g, struct mm_unit *unit, const struct mm_staged *s)
{
    bool sound = s->info.codec[0] != '\0';
    switch (s->kind) {
    case MM_STAGE_NEW:
        g->report->added++;
        break;
    case MM_STAGE_JOIN:
        g->report->joined++;
        break;
    case MM_STAGE_SOUND:
        g->report->known++;
        break;
    }
    g->report->silent += !sound && !s->track.preview && s->kind != MM_STAGE_JOIN;
    g->report->resolved += s->found_at && sound;
    unit->report->songs++;
    unit->report->sounding += sound || (s->kind == MM_STAGE_JOIN && !s->wants_sound);
}

/* In one transaction: the songs, and that the unit is done (and, behind the last, the run). */
static int write_batch(struct mm_batch *b, bool done, bool last, struct mm_error *err)
{
    struct mm_gathering *g = b->g;
    int result = mm_catalog_begin(g->catalog, err);
    if (result < 0)
        return result;
    for (size_t i = 0; i < b->stage.n && result == 0; i++)
        result = mm_staged_write(&b->stage.list[i], g->catalog, g->known, g->source, b->unit->plan,
                                 b->unit->is_genre, err);
    if (result == 0 && done)
        result = mm_catalog_put_done(g->catalog, g->run, b->unit->plan,
                                     b->unit->report->songs + b->stage.n, err);
    if (result == 0 && last)
        result = mm_catalog_clear_done(g->catalog, g->run, err);
    if (result == 0)
        result = mm_catalog_commit(g->catalog, err);
    if (result < 0)
        mm_catalog_rollback(g->catalog);
    for (size_t i = 0; i < b->stage.n && result == 0; i++)
        count_staged(g, b->unit, &b->stage.list[i]);
    mm_stage_finish(&b->stage);
    b->first = 0;
    return result;
}

/* ---- units ---- */

/* Takes from one page what there is room for. */
static int take_page(struct mm_batch *b, struct mm_tracks *page, struct mm_error *err)
{
    int result = 0;
    for (size_t at = 0; at < page->n && result == 0;) {
        while (at < page->n && room(b) && b->stage.n - b->first < BATCH && result == 0)
            result = consider(b, &page->list[at++], err);
        if (result == 0)
            result = mm_batch_sounds(b, err);
        if (room(b) == 0)
            break;
    }
    return result;
}

/* A playlist's end would come too late to write it all at once. */
static bool writes_by_page(const struct mm_unit *unit)
{
    return unit->want == SIZE_MAX;
}

/* *refused: it is the service that says no, not the disk or the library. */
static int take_step(struct mm_batch *b, const struct mm_step *step, bool *refused,
                     struct mm_error *err)
{
    struct mm_gathering *g = b->g;
    char *cursor = NULL;
    int result = 0;
    *refused = false;
    for (size_t pages = 0; result == 0 && room(b) > 0; pages++) {
        struct mm_tracks page = {0};
        char *next = NULL;
        size_t want = b->unit->want == SIZE_MAX ? 100 : b->unit->want;
        result = mm_service_page(g->session, step, cursor, want, &page, &next, err);
        *refused = result == MM_ERR_NOT_FOUND || result == MM_ERR_IO;
        if (result == 0)
            result = take_page(b, &page, err);
        if (result == 0 && writes_by_page(b->unit))
            result = write_batch(b, false, false, err);
        mm_tracks_finish(&page);
        free(cursor);
        cursor = next;
        mm_progress_update(g->progress, "gathering",
                           g->gathered + b->unit->report->songs + b->stage.n, g->expected);
        if (!cursor || (b->unit->is_genre && pages + 1 == MAX_PAGES))
            break;
    }
    free(cursor);
    return result;
}

static int take_unit(struct mm_gathering *g, struct mm_unit *unit, bool last, struct mm_error *err)
{
    struct mm_batch b = {.g = g, .unit = unit};
    bool done = false;
    size_t songs = 0;
    int result = mm_catalog_is_done(g->catalog, g->run, unit->plan, &done, &songs, err);
    if (result == 0 && done) {
        unit->report->songs = songs;
        g->report->known += songs;
    }
    for (size_t i = 0; i < unit->n_steps && result == 0 && !done && room(&b) > 0; i++) {
        bool refused;
        result = take_step(&b, &unit->steps[i], &refused, err);
        /* One way to ask that leads nowhere leaves the others. */
        if (unit->is_genre && refused &&
            (i + 1 < unit->n_steps || b.stage.n || unit->report->songs))
            result = 0;
    }
    bool full = room_for_new(&b) > 0; /* else it may be the limit that ended it: not done */
    if (result == 0 && (!done || last))
        result = write_batch(&b, full, last && full, err);
    mm_stage_finish(&b.stage);
    for (size_t i = 0; i < b.n_met; i++)
        free(b.met[i]);
    free(b.met);
    g->gathered += unit->report->songs;
    return result;
}

static void name_unit(struct mm_unit *unit, struct mm_unit_report *report, const char *name,
                      const char *plan, size_t want)
{
    snprintf(report->name, sizeof report->name, "%s", name);
    report->wanted = want == SIZE_MAX ? 0 : want;
    unit->report = report;
    unit->plan = plan;
    unit->want = want;
}

static size_t make_units(struct mm_gathering *g, struct mm_unit *units)
{
    const struct mm_service_request *r = g->request;
    struct mm_unit_report *reports = g->report->units;
    size_t n = 0;
    for (size_t i = 0; i < r->n_genres; i++, n++) {
        name_unit(&units[n], &reports[n], r->genres[i], r->genres[i], r->per_genre);
        units[n].is_genre = true;
        units[n].n_steps = mm_genre_steps(r->service, r->genres[i], units[n].steps);
    }
    const struct {
        bool wanted;
        const char *name;
        struct mm_step step;
        size_t want;
    } others[] = {
        {r->query != NULL, "query", {MM_STEP_SEARCH, r->query}, r->limit ? r->limit : 100},
        {r->playlist != NULL, "playlist", {MM_STEP_PLAYLIST, r->playlist}, SIZE_MAX},
        {r->liked, "liked", {MM_STEP_LIKED, ""}, SIZE_MAX},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].wanted) {
            name_unit(&units[n], &reports[n], others[i].name, others[i].name, others[i].want);
            units[n].steps[0] = others[i].step;
            units[n++].n_steps = 1;
        }
    for (size_t i = 0; i < n; i++)
        g->expected += units[i].want == SIZE_MAX ? 0 : units[i].want;
    return n;
}

/* ---- the whole ---- */

static int take_units(struct mm_gathering *g, struct mm_error *err)
{
    struct mm_service_report *report = g->report;
    size_t most = g->request->n_genres + 3;
    struct mm_unit *units = mm_calloc3(most, 1, sizeof *units);
    report->units = mm_calloc3(most, 1, sizeof *report->units);
    int result = units && report->units ? 0 : mm_no_memory(err);
    if (result == 0)
        report->n_units = make_units(g, units);
    for (size_t i = 0; i < report->n_units && result == 0 && !limit_reached(g); i++)
        result = take_unit(g, &units[i], i + 1 == report->n_units, err);
    report->complete = result == 0 && !limit_reached(g);
    free(units);
    return result;
}

static double later(double a, double b)
{
    return a > b ? a : b;
}

int mm_gather_service(struct mm_catalog *catalog, struct mm_helpers *helpers,
                      const struct mm_service_request *request, const struct mm_progress *progress,
                      struct mm_service_report *report, struct mm_error *err)
{
    *report = (struct mm_service_report){0};
    const char *market = request->settings.market;
    struct mm_gathering g = {.catalog = catalog,
                             .helpers = helpers,
                             .request = request,
                             .progress = progress,
                             .report = report,
                             .source = mm_service_name(request->service)};
    g.run = mm_format("%s per-genre=%zu market=%s resolve=%d", g.source, request->per_genre,
                      market ? market : "", request->resolve);
    int result =
        g.run ? mm_pool_create(mm_helpers_count(helpers), &g.pool, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_known_create(catalog, &g.known, err);
    if (result == 0)
        result = mm_service_open(request->service, &request->settings, &g.session, err);
    if (result == 0)
        result = take_units(&g, err);
    if (g.session)
        report->resume_at = mm_service_resume_at(g.session);
    for (size_t k = 0; k < MM_ELSEWHERE; k++) {
        if (g.elsewhere[k])
            report->resume_at = later(report->resume_at, mm_service_resume_at(g.elsewhere[k]));
        mm_service_close(g.elsewhere[k]);
    }
    mm_service_close(g.session);
    mm_known_destroy(g.known);
    mm_pool_destroy(g.pool);
    free(g.run);
    return result;
}

void mm_service_report_finish(struct mm_service_report *report)
{
    free(report->units);
    *report = (struct mm_service_report){0};
}
