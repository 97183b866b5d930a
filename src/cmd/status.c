/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/command.h"
#include "musicmap/queue.h"

enum { MAX_MODELS = 64, SHOWN_FAILURES = 20 };

struct status {
    json_t *workers; /* NULL: a library of one machine */
    struct mm_queue_counts queue;
    double rate; /* songs a second, of all workers that are alive */
    struct mm_catalog_counts counts;
    struct mm_model_count models[MAX_MODELS];
    size_t n_models;
    bool half; /* vectors are kept as float16 */
    json_t *roots;
    json_t *failures;
};

static int add_root(void *ctx, const char *path, struct mm_error *err)
{
    (void)err;
    json_array_append_new(ctx, cmd_json_text(path));
    return 0;
}

static int add_failure(void *ctx, const struct mm_failure *failure, struct mm_error *err)
{
    (void)err;
    json_array_append_new(ctx, json_pack("{s:o, s:s, s:s, s:i}", "path",
                                         cmd_json_text(failure->path), "stage", failure->stage,
                                         "reason", failure->reason, "tries", failure->tries));
    return 0;
}

static int add_worker(void *ctx, const struct mm_queue_worker_info *w, struct mm_error *err)
{
    struct status *s = ctx;
    size_t done = w->done + w->failed;
    double rate = w->alive && w->since_s > 0 ? (double)done / w->since_s : 0;
    (void)err;
    s->rate += rate;
    json_array_append_new(s->workers,
                          json_pack("{s:I, s:o, s:I, s:b, s:I, s:I, s:I, s:f, s:f}", "id",
                                    (json_int_t)w->id, "host", cmd_json_text(w->host), "process",
                                    (json_int_t)w->pid, "alive", (int)w->alive, "done",
                                    (json_int_t)w->done, "failed", (json_int_t)w->failed, "in_hand",
                                    (json_int_t)w->held, "songs_per_second", rate,
                                    "heard_of_seconds_ago", w->seen_s));
    return 0;
}

static int read_queue(struct mm_catalog *catalog, struct status *s, struct mm_error *err)
{
    if (!mm_catalog_is_shared(catalog))
        return 0;
    s->workers = json_array();
    int result = mm_queue_each_worker(catalog, add_worker, s, err);
    return result < 0 ? result : mm_queue_count(catalog, 0, &s->queue, err);
}

/* Seconds until the queue is empty; negative: not known. */
static double time_left(const struct status *s)
{
    size_t left = s->queue.free + s->queue.held;
    return left == 0 ? 0 : s->rate > 0 ? (double)left / s->rate : -1;
}

static int read_status(struct mm_catalog *catalog, struct status *s, struct mm_error *err)
{
    int result = mm_catalog_count(catalog, &s->counts, err);
    if (result == 0)
        result = mm_catalog_list_models(catalog, s->models, MAX_MODELS, &s->n_models, err);
    if (result == 0)
        result = mm_catalog_keeps_half(catalog, &s->half, err);
    if (result == 0)
        result = mm_catalog_each_root(catalog, add_root, s->roots, err);
    if (result == 0)
        result = mm_catalog_each_failure(catalog, add_failure, s->failures, err);
    return result == 0 ? read_queue(catalog, s, err) : result;
}

static json_t *status_json(const char *library, const struct status *s)
{
    json_t *models = json_array();
    for (size_t i = 0; i < s->n_models; i++)
        json_array_append_new(
            models,
            json_pack("{s:s, s:s, s:s, s:I, s:I}", "model", s->models[i].model, "settings",
                      s->models[i].settings, "segment", s->models[i].segment, "values",
                      (json_int_t)s->models[i].dim, "songs", (json_int_t)s->models[i].songs));
    const struct mm_catalog_counts *c = &s->counts;
    json_t *json =
        json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:o, s:s, s:O, s:O}", "library",
                  cmd_json_text(library), "songs", (json_int_t)c->present, "missing",
                  (json_int_t)c->missing, "hidden", (json_int_t)c->hidden, "measured",
                  (json_int_t)c->measured, "failed", (json_int_t)c->failures, "seconds",
                  c->duration_s, "on_map", (json_int_t)c->map_songs, "models", models, "vectors",
                  s->half ? "float16" : "float32", "folders", s->roots, "failures", s->failures);
    if (json && s->workers) {
        double left = time_left(s);
        json_object_set(json, "workers", s->workers);
        json_object_set_new(json, "queue",
                            json_pack("{s:I, s:I, s:o}", "waiting", (json_int_t)s->queue.free,
                                      "in_hand", (json_int_t)s->queue.held, "seconds_left",
                                      left < 0 ? json_null() : json_real(left)));
    }
    return json;
}

static void print_workers(const struct status *s)
{
    for (size_t i = 0; i < json_array_size(s->workers); i++) {
        const char *host;
        json_int_t pid, done, failed, held;
        int alive;
        double rate, seen;
        json_unpack(json_array_get(s->workers, i), "{s:s, s:I, s:b, s:I, s:I, s:I, s:f, s:f}",
                    "host", &host, "process", &pid, "alive", &alive, "done", &done, "failed",
                    &failed, "in_hand", &held, "songs_per_second", &rate, "heard_of_seconds_ago",
                    &seen);
        printf("%-9s process %lld of %s: %lld done, %lld failed, %lld in hand, ",
               i ? "" : "workers", (long long)pid, host, (long long)done, (long long)failed,
               (long long)held);
        if (alive)
            printf("%.1f songs/s\n", rate);
        else
            printf("silent for %.0f s: lost\n", seen);
    }
    if (!json_array_size(s->workers))
        puts("workers   none");
    printf("queue     %zu waiting, %zu in hand", s->queue.free, s->queue.held);
    double left = time_left(s);
    if (left > 0)
        printf("; %.0f %s left at this rate", left < 120 ? left : left / 60,
               left < 120 ? "seconds" : "minutes");
    putchar('\n');
}

static void print_failures(const json_t *failures, bool all)
{
    size_t count = json_array_size(failures);
    size_t shown = all || count <= SHOWN_FAILURES ? count : SHOWN_FAILURES;
    for (size_t i = 0; i < shown; i++) {
        const json_t *f = json_array_get(failures, i);
        printf("  %s\n    %s: %s\n", json_string_value(json_object_get(f, "path")),
               json_string_value(json_object_get(f, "stage")),
               json_string_value(json_object_get(f, "reason")));
    }
    if (shown < count)
        printf("  ... and %zu more: musicmap status --verbose\n", count - shown);
}

static void print_status(const char *library, const struct status *s)
{
    const struct mm_catalog_counts *c = &s->counts;
    fputs("library   ", stdout);
    cmd_put(0, library);
    putchar('\n');
    for (size_t i = 0; i < json_array_size(s->roots); i++) {
        printf("%-9s ", i ? "" : "folders");
        cmd_put(0, json_string_value(json_array_get(s->roots, i)));
        putchar('\n');
    }
    printf("songs     %zu", c->present);
    if (c->missing)
        printf(", %zu missing", c->missing);
    if (c->hidden)
        printf(", %zu hidden", c->hidden);
    printf(" (%.1f hours)\n", c->duration_s / 3600);
    printf("measured  %zu\n", c->measured);
    for (size_t i = 0; i < s->n_models; i++)
        printf("%-9s %zu with %s%s%s (%s)\n", i ? "" : "embedded", s->models[i].songs,
               s->models[i].model, *s->models[i].segment ? " " : "", s->models[i].segment,
               s->models[i].settings);
    if (s->half)
        puts("vectors   new ones as float16");
    printf("map       %zu song%s\n", c->map_songs, cmd_s(c->map_songs));
    if (s->workers)
        print_workers(s);
    printf("failed    %zu\n", c->failures);
    print_failures(s->failures, cmd_common.verbose);
}

int cmd_status(const struct command *self, int argc, char **argv)
{
    int status = cmd_parse(self, NULL, argc, argv, 0, 0, NULL, NULL);
    if (status)
        return status;
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    struct mm_error err = {0};
    struct status s = {.roots = json_array(), .failures = json_array()};
    if (read_status(catalog, &s, &err) < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(status_json(mm_catalog_name(catalog), &s));
    else
        print_status(mm_catalog_name(catalog), &s);
    json_decref(s.workers);
    json_decref(s.failures);
    json_decref(s.roots);
    mm_catalog_close(catalog);
    return status;
}
