/* SPDX-License-Identifier: BSD-2-Clause */
/* gather SERVICE: options in, one call, words out. */
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"
#include "cmd/gather.h"

enum { PER_GENRE = 10 };

/* ---- options ---- */

struct genres {
    const char **names;
    size_t n;
    char *text; /* what names point into */
};

static void genres_finish(struct genres *genres)
{
    free(genres->names);
    free(genres->text);
}

/* "all" or names between commas; tells the first that is none. */
static int read_genres(const struct command *self, const char *text, struct genres *out)
{
    size_t count;
    const char *const *all = mm_genres(&count);
    *out = (struct genres){.names = calloc(count, sizeof *out->names)};
    out->text = mm_strdup(text ? text : "all");
    if (!out->names || !out->text)
        return cmd_fail(self, CMD_FAILED, "out of memory");
    if (strcmp(out->text, "all") == 0) {
        memcpy(out->names, all, count * sizeof *all);
        out->n = count;
        return 0;
    }
    for (char *rest = out->text, *name; (name = strsep(&rest, ","));) {
        bool again = false;
        for (size_t i = 0; i < out->n; i++)
            again |= strcmp(out->names[i], name) == 0;
        if (!mm_genre_exists(name))
            return cmd_fail(self, CMD_USAGE, "there is no genre \"%s\" among the %zu", name, count);
        if (!again)
            out->names[out->n++] = name;
    }
    return 0;
}

int cmd_check_service(const struct command *self, const struct mm_service *service,
                      const struct cmd_service_options *o)
{
    bool spotify = strcmp(mm_service_name(service), "spotify") == 0;
    if (!!o->query + !!o->playlist + o->liked + !!o->genres > 1)
        return cmd_fail(self, CMD_USAGE, "one of --genres, --query, --playlist and --liked");
    if ((o->liked || o->resolve) && !spotify)
        return cmd_fail(self, CMD_USAGE, "--liked and --resolve are for spotify");
    if (o->market && !spotify && strcmp(mm_service_name(service), "itunes") != 0)
        return cmd_fail(self, CMD_USAGE, "--market is for itunes and spotify");
    if (o->market && (strlen(o->market) != 2 || !isalpha((unsigned char)o->market[0]) ||
                      !isalpha((unsigned char)o->market[1])))
        return cmd_fail(self, CMD_USAGE, "--market is two letters (DE, US, ...), not \"%s\"",
                        o->market);
    struct genres genres;
    int status = read_genres(self, o->genres, &genres);
    genres_finish(&genres);
    return status;
}

/* ---- the browser ---- */

void cmd_open_browser(void *ctx, const char *url)
{
    (void)ctx;
    const char *browser = getenv("BROWSER");
    char *const argv[] = {(char *)(browser && *browser ? browser : "xdg-open"), (char *)url, NULL};
    pid_t pid;
    fprintf(stderr, "Spotify asks for your consent. If no browser opens, open this address:\n%s\n",
            url);
    if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0)
        return;
    /* It may take as long as the browser lives: not waited for. */
    waitpid(pid, NULL, WNOHANG);
}

void cmd_log_request(void *ctx, const char *line)
{
    (void)ctx;
    if (cmd_common.verbose)
        cmd_say("%s", line);
}

/* ---- reports ---- */

static json_t *report_json(const struct mm_service *service, const struct mm_service_report *r)
{
    json_t *units = json_array();
    for (size_t i = 0; i < r->n_units; i++)
        json_array_append_new(units, json_pack("{s:o, s:I, s:I, s:I}", "name",
                                               cmd_json_text(r->units[i].name), "wanted",
                                               (json_int_t)r->units[i].wanted, "songs",
                                               (json_int_t)r->units[i].songs, "sounding",
                                               (json_int_t)r->units[i].sounding));
    json_t *report = json_pack(
        "{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "source",
        mm_service_name(service), "complete", r->complete, "added", (json_int_t)r->added, "joined",
        (json_int_t)r->joined, "known", (json_int_t)r->known, "silent", (json_int_t)r->silent,
        "resolved", (json_int_t)r->resolved, "failed", (json_int_t)r->failed, "fetched",
        (json_int_t)r->fetched, "bytes", (json_int_t)r->bytes, "units", units);
    if (r->resume_at > 0)
        json_object_set_new(report, "resume_at", json_integer((json_int_t)r->resume_at));
    return report;
}

/* Genres that have fewer songs than were asked for. */
static void say_short(const struct mm_service_report *r)
{
    struct mm_text line = {0};
    size_t n = 0;
    for (size_t i = 0; i < r->n_units; i++)
        if (r->units[i].songs < r->units[i].wanted && r->units[i].wanted)
            mm_text_addf(&line, "%s%s %zu", n++ ? ", " : "", r->units[i].name, r->units[i].songs);
    if (n && r->complete)
        cmd_say("came up short: %s", line.data);
    mm_text_finish(&line);
}

static void say_report(const struct mm_service *service, const struct mm_service_report *r)
{
    struct mm_text line = {0};
    const struct {
        size_t count;
        const char *words;
    } rest[] = {
        {r->joined, "that the library had from elsewhere"},
        {r->known, "gathered before"},
        {r->resolved, "with sound found elsewhere"},
        {r->failed, "without usable sound"},
    };
    mm_text_addf(&line, "gathered from %s: %zu new songs", mm_service_title(service), r->added);
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (rest[i].count)
            mm_text_addf(&line, ", %zu %s", rest[i].count, rest[i].words);
    mm_text_addf(&line, "; %zu sounds fetched (%.1f MB)", r->fetched, (double)r->bytes / 1e6);
    cmd_say("%s", line.data ? line.data : "");
    mm_text_finish(&line);
    say_short(r);
    if (r->silent > r->resolved && mm_service_may_be_silent(service))
        cmd_say(
            "%s gave no sound for %zu songs: apps registered since November 2024 get no "
            "previews. They are kept by name and cannot be mapped; --resolve looks for the same "
            "recordings at Deezer and iTunes (read doc/sources.md about the terms first)",
            mm_service_title(service), r->silent - r->resolved);
}

int cmd_say_interrupted(const struct command *self, double resume_at, const struct mm_error *err)
{
    char when[64] = "";
    if (resume_at > 0) {
        time_t t = (time_t)ceil(resume_at);
        struct tm tm;
        localtime_r(&t, &tm);
        strftime(when, sizeof when, " after %Y-%m-%d %H:%M:%S", &tm);
    }
    if (err->code == MM_ERR_AGAIN || err->code == MM_ERR_LIMIT)
        return cmd_fail(self, CMD_PARTLY,
                        "%s; what has arrived is kept: the same command%s goes on from there",
                        err->message, when);
    return cmd_fail_error(self, err);
}

/* ---- what is asked for ---- */

static void fill_request(const struct mm_service *service, const struct cmd_service_options *o,
                         const struct genres *genres, char market[3],
                         struct mm_service_request *out)
{
    bool by_genre = !o->query && !o->playlist && !o->liked;
    for (size_t i = 0; o->market && i < 2; i++)
        market[i] = (char)toupper((unsigned char)o->market[i]);
    *out = (struct mm_service_request){
        .service = service,
        .settings = {.market = o->market ? market : NULL,
                     .as_user = o->liked ||
                                (o->playlist && strcmp(mm_service_name(service), "spotify") == 0),
                     .offline = o->offline,
                     .seed = cmd_common.seed,
                     .progress = cmd_progress(),
                     .log = cmd_log_request,
                     .browse = cmd_open_browser},
        .genres = genres->names,
        .n_genres = by_genre ? genres->n : 0,
        .per_genre = o->per_genre ? o->per_genre : PER_GENRE,
        .query = o->query,
        .playlist = o->playlist,
        .liked = o->liked,
        .resolve = o->resolve,
        .limit = o->limit,
    };
}

/* Counts what was gathered before, by genre: origins remember theirs. */
struct offline {
    const char *source;
    json_t *plans;
    size_t n;
};

static int count_origin(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    (void)err;
    struct offline *o = ctx;
    if (strcmp(origin->source, o->source) != 0)
        return 0;
    const char *plan = origin->plan ? origin->plan : "other";
    json_int_t had = json_integer_value(json_object_get(o->plans, plan));
    json_object_set_new(o->plans, plan, json_integer(had + 1));
    o->n++;
    return 0;
}

static int say_offline(const struct command *self, struct mm_catalog *catalog,
                       const struct mm_service *service)
{
    struct offline o = {.source = mm_service_name(service), .plans = json_object()};
    struct mm_error err = {0};
    int status = CMD_DONE;
    if (mm_catalog_each_origin(catalog, 0, count_origin, &o, &err) < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(json_pack("{s:s, s:b, s:I, s:O}", "source", o.source, "offline", 1, "songs",
                                 (json_int_t)o.n, "genres", o.plans));
    else
        cmd_say("offline: nothing is fetched; the library has %zu songs from %s", o.n,
                mm_service_title(service));
    json_decref(o.plans);
    return status;
}

int cmd_run_service(const struct command *self, struct mm_catalog *catalog,
                    struct mm_helpers *helpers, const struct mm_service *service,
                    const struct cmd_service_options *o)
{
    if (o->offline)
        return say_offline(self, catalog, service);
    struct genres genres;
    char market[3] = "";
    int status = read_genres(self, o->genres, &genres);
    if (status == 0) {
        struct mm_service_request request;
        struct mm_service_report report;
        struct mm_error err = {0};
        fill_request(service, o, &genres, market, &request);
        int result = mm_gather_service(catalog, helpers, &request,
                                       cmd_work_progress(catalog, "gather"), &report, &err);
        cmd_progress_end();
        say_report(service, &report);
        status = result < 0 ? cmd_say_interrupted(self, report.resume_at, &err) : CMD_DONE;
        if (cmd_common.json && strcmp(self->name, "gather") == 0)
            cmd_print_json(report_json(service, &report));
        mm_service_report_finish(&report);
    }
    genres_finish(&genres);
    return status;
}

/* ---- --dry-run ---- */

static void describe_step(const struct mm_step *step, struct mm_text *out)
{
    static const char *const words[] = {[MM_STEP_CHART] = "chart",
                                        [MM_STEP_RADIOS] = "radios",
                                        [MM_STEP_PLAYLISTS] = "playlists",
                                        [MM_STEP_GENRE] = "genre",
                                        [MM_STEP_TAG] = "tag",
                                        [MM_STEP_FUZZY] = "like tag",
                                        [MM_STEP_SEARCH] = "search",
                                        [MM_STEP_PLAYLIST] = "playlist",
                                        [MM_STEP_LIKED] = "liked"};
    mm_text_addf(out, "%s%s \"%s\"", out->length ? ", then " : "", words[step->kind], step->value);
}

int cmd_plan_service(const struct command *self, const struct mm_service *service,
                     const struct cmd_service_options *o)
{
    struct genres genres;
    int status = read_genres(self, o->genres, &genres);
    if (status) {
        genres_finish(&genres);
        return status;
    }
    size_t per_genre = o->per_genre ? o->per_genre : PER_GENRE;
    bool by_genre = !o->query && !o->playlist && !o->liked;
    size_t n = by_genre ? genres.n : 0;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        struct mm_step steps[MM_MAX_STEPS];
        struct mm_text line = {0};
        size_t count = mm_genre_steps(service, genres.names[i], steps);
        for (size_t k = 0; k < count; k++)
            describe_step(&steps[k], &line);
        if (cmd_common.json)
            json_array_append_new(list, json_pack("{s:s, s:s}", "genre", genres.names[i], "steps",
                                                  line.data ? line.data : ""));
        else
            printf("%-18s %s\n", genres.names[i], line.data ? line.data : "");
        mm_text_finish(&line);
    }
    /* Two calls a genre is what it takes when the first way is good; at worst each way is tried. */
    double minutes = 2.0 * (double)n * mm_service_gap(service) / 60;
    if (cmd_common.json)
        cmd_print_json(json_pack("{s:s, s:b, s:I, s:f, s:o}", "source", mm_service_name(service),
                                 "dry_run", 1, "songs", (json_int_t)n * (json_int_t)per_genre,
                                 "minutes", minutes, "genres", list));
    else
        json_decref(list);
    if (by_genre)
        cmd_say("would ask %s for %zu song%s of %zu genre%s, at least %.0f minute%s at its pace; "
                "nothing was asked",
                mm_service_title(service), n * per_genre, cmd_s(n * per_genre), n, cmd_s(n),
                ceil(minutes), cmd_s((size_t)ceil(minutes)));
    else
        cmd_say("would ask %s for the %s; nothing was asked", mm_service_title(service),
                o->query   ? "query"
                : o->liked ? "liked songs"
                           : "playlist");
    genres_finish(&genres);
    return CMD_DONE;
}
