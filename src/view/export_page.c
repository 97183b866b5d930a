/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_page.c - the page without a server: a folder for any web host, or one file. What the
 * server would answer is written once, as files or as elements of the one file (base64);
 * web/public/static.js gives it to the page in place of the server. Songs of services that do not
 * allow it are shown, not heard.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "base/pool.h"
#include "base/text.h"
#include "musicmap/source.h"
#include "musicmap/view.h"
#include "view/bytes.h"
#include "view/clips.h"
#include "view/export_sweep.h"
#include "view/page_data.h"
#include "view/page_files.h"
#include "view/tiles.h"
#include "view/words.h"

enum { CHUNK = 1000, BATCH = 64, SAMPLE = 16 };

/* ---- where to ---- */

struct sink {
    const char *folder; /* NULL = one file */
    struct mm_file_write file;
    uint64_t bytes;
};

static void put_base64(FILE *out, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16;
        group |= i + 1 < size ? (unsigned)bytes[i + 1] << 8 : 0;
        group |= i + 2 < size ? (unsigned)bytes[i + 2] : 0;
        fputc(digits[group >> 18], out);
        fputc(digits[group >> 12 & 63], out);
        fputc(i + 1 < size ? digits[group >> 6 & 63] : '=', out);
        fputc(i + 2 < size ? digits[group & 63] : '=', out);
    }
}

static int put_file(struct sink *sink, const char *name, const void *bytes, size_t size,
                    struct mm_error *err)
{
    sink->bytes += sink->folder ? size : (size + 2) / 3 * 4;
    if (!sink->folder) {
        fprintf(sink->file.stream, "<script type=\"application/musicmap\" id=\"mm:%s\">", name);
        put_base64(sink->file.stream, bytes, size);
        fputs("</script>\n", sink->file.stream);
        return ferror(sink->file.stream) ? mm_error_errno(err, errno, "cannot write the map") : 0;
    }
    char *path = mm_path_join(sink->folder, name);
    int result = path ? mm_file_write(path, bytes, size, err) : mm_no_memory(err);
    free(path);
    return result;
}

/* ---- what is heard ---- */

struct sound {
    char *path; /* NULL = nothing is heard */
    double start_s, length_s;
};

struct export
{
    struct mm_catalog *catalog;
    struct mm_helpers *helpers;
    const struct mm_page_export *what;
    struct mm_page_export_report *report;
    const struct mm_progress *progress;
    struct mm_snapshot *snapshot;
    struct sound *sounds; /* [n] */
    float *onset;         /* [n] into the clip */
    size_t *batch;        /* songs of the batch that is being made */
    struct mm_bytes *made;
    struct sink sink;
};

/* Files of one's own, and what is licensed to be shared; a service's previews are not ours to give.
 */
static bool may_share(const char *source)
{
    return source && (mm_source_is_files(source) || strcmp(source, "jamendo") == 0);
}

static int plan_sound(struct export *e, size_t i, struct mm_error *err)
{
    struct mm_song song = {0};
    struct mm_measure measure;
    int64_t id = e->snapshot->songs[i];
    int result = mm_catalog_get_song(e->catalog, id, &song, NULL);
    bool here = result == 0 && song.state == MM_SONG_PRESENT && song.key;
    if (here && !may_share(song.source)) {
        e->report->withheld++;
        here = false;
    }
    if (here && e->what->clip_s > 0) {
        int measured = mm_catalog_get_measure(e->catalog, id, &measure, NULL);
        struct mm_clip_plan plan = mm_clip_plan(&song, measured == 0 ? &measure : NULL);
        double length = fmin(e->what->clip_s, plan.length_s);
        double late = fmin(plan.onset_s, plan.length_s - length);
        e->sounds[i] = (struct sound){mm_song_path(e->catalog, &song), plan.start_s + late, length};
        e->onset[i] = (float)(plan.onset_s - late);
        if (!e->sounds[i].path)
            result = mm_no_memory(err);
    }
    mm_song_finish(&song);
    return result == MM_ERR_NO_MEMORY ? result : 0;
}

static void make_clip(void *ctx, size_t k, size_t worker)
{
    struct export *e = ctx;
    const struct sound *sound = &e->sounds[e->batch[k]];
    (void)worker;
    int (*make)(struct mm_helpers * helpers, const char *path, double start_s, double length_s,
                struct mm_bytes *out, struct mm_error *err) =
        e->what->small ? mm_helpers_small_clip : mm_helpers_clip;
    if (make(e->helpers, sound->path, sound->start_s, sound->length_s, &e->made[k], NULL) < 0)
        mm_bytes_finish(&e->made[k]);
}

/* The next clips from *at on into made, as many as fit; how many. */
static size_t make_batch(struct export *e, struct mm_pool *pool, size_t *at, size_t step,
                         size_t most)
{
    size_t n = 0;
    for (; *at < e->snapshot->n && n < most; *at += step)
        if (e->sounds[*at].path)
            e->batch[n++] = *at;
    memset(e->made, 0, n * sizeof *e->made);
    mm_pool_run(pool, n, make_clip, e);
    return n;
}

/* What all clips will take, by some of them. */
static uint64_t estimate_clips(struct export *e, struct mm_pool *pool)
{
    size_t with = 0;
    for (size_t i = 0; i < e->snapshot->n; i++)
        with += e->sounds[i].path != NULL;
    size_t at = 0;
    size_t n = make_batch(e, pool, &at, e->snapshot->n / SAMPLE + 1, SAMPLE);
    uint64_t bytes = 0;
    for (size_t k = 0; k < n; k++) {
        bytes += e->made[k].size;
        mm_bytes_finish(&e->made[k]);
    }
    return n ? bytes / n * with : 0;
}

static int put_clips(struct export *e, struct mm_pool *pool, struct mm_error *err)
{
    int result = 0;
    for (size_t at = 0; at < e->snapshot->n && result == 0;) {
        mm_progress_update(e->progress, "clips", at, e->snapshot->n);
        if (mm_progress_cancelled(e->progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        size_t n = make_batch(e, pool, &at, 1, BATCH);
        for (size_t k = 0; k < n; k++) {
            char name[40];
            snprintf(name, sizeof name, "clips/%u", e->snapshot->songs[e->batch[k]]);
            if (!e->made[k].size) {
                e->report->silent++;
                free(e->sounds[e->batch[k]].path);
                e->sounds[e->batch[k]].path = NULL;
            } else if (result == 0)
                result = put_file(&e->sink, name, e->made[k].data, e->made[k].size, err);
            e->report->clips += e->made[k].size > 0;
            mm_bytes_finish(&e->made[k]);
        }
    }
    return result;
}

/* ---- what is seen ---- */

/* Covers stay at home. */
static int put_songs(struct export *e, size_t first, struct mm_error *err)
{
    struct mm_blob *blob;
    char name[40];
    int result = mm_page_songs(e->catalog, e->snapshot, first, CHUNK, &blob, err);
    if (result < 0)
        return result;
    json_t *rows = json_loadb((const char *)blob->bytes, blob->size, 0, NULL);
    for (size_t i = 0; i < json_array_size(rows); i++)
        json_object_del(json_array_get(rows, i), "cover");
    char *text = rows ? json_dumps(rows, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    snprintf(name, sizeof name, "data/songs-%zu.json", first);
    result = text ? put_file(&e->sink, name, text, strlen(text), err) : mm_no_memory(err);
    free(text);
    json_decref(rows);
    mm_blob_release(blob);
    return result;
}

/* A tile with the onsets of our own clips: its last array. */
static int put_tile(struct export *e, size_t k, struct mm_error *err)
{
    const struct mm_blob *tile = e->snapshot->tiles[k];
    size_t first = k * MM_TILE_SONGS;
    size_t n = e->snapshot->n - first < MM_TILE_SONGS ? e->snapshot->n - first : MM_TILE_SONGS;
    unsigned char *copy = malloc(tile->size);
    if (!copy)
        return mm_no_memory(err);
    memcpy(copy, tile->bytes, tile->size);
    unsigned char *to = copy + tile->size - 2 * (n + n % 2);
    for (size_t i = 0; i < n; i++) {
        double onset = (double)e->onset[e->snapshot->order[first + i]];
        to = mm_put_u16(to, (uint16_t)fmin(fmax(round(1000 * onset), 0), UINT16_MAX));
    }
    char name[40];
    snprintf(name, sizeof name, "data/tile-%zu.bin", k);
    int result = put_file(&e->sink, name, copy, tile->size, err);
    free(copy);
    return result;
}

/* The songs' places, the overview, what one can colour by. */
static int put_cells(struct export *e, struct mm_error *err)
{
    const struct mm_snapshot *s = e->snapshot;
    int result =
        put_file(&e->sink, "data/overview.bin", s->overview->bytes, s->overview->size, err);
    for (size_t k = 0; k < s->n_tiles && result == 0; k++)
        result = put_tile(e, k, err);
    for (size_t i = 0; i < s->columns.n && result == 0; i++) {
        const struct mm_column *column = &s->columns.columns[i];
        char name[MM_COLUMN_NAME + 24];
        snprintf(name, sizeof name, "data/column-%s.bin", column->name);
        result = put_file(&e->sink, name, column->blob->bytes, column->blob->size, err);
    }
    return result;
}

/* Bytes of put_cells(). */
static uint64_t size_of_cells(const struct mm_snapshot *s)
{
    uint64_t bytes = s->overview->size;
    for (size_t k = 0; k < s->n_tiles; k++)
        bytes += s->tiles[k]->size;
    for (size_t i = 0; i < s->columns.n; i++)
        bytes += s->columns.columns[i].blob->size;
    return bytes;
}

struct origins {
    const struct mm_snapshot *snapshot;
    json_t *by_song;
};

static int compare_ids(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* Where the songs of the map are from; what is hidden or not on the map stays at home. */
static int on_origin(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    struct origins *o = ctx;
    uint32_t song = (uint32_t)origin->song;
    if (song != origin->song ||
        !bsearch(&song, o->snapshot->songs, o->snapshot->n, sizeof song, compare_ids))
        return 0;
    char id[24];
    snprintf(id, sizeof id, "%u", song);
    json_t *list = json_object_get(o->by_song, id);
    if (!list) {
        list = json_array();
        json_object_set_new(o->by_song, id, list);
    }
    json_t *json = json_pack("{s:s}", "source", origin->source);
    bool link = origin->link && strncmp(origin->link, "http", 4) == 0 &&
                mm_text_is_utf8(origin->link, strlen(origin->link));
    if (json && link)
        json_object_set_new(json, "link", json_string(origin->link));
    if (json && origin->licence && mm_text_is_utf8(origin->licence, strlen(origin->licence)))
        json_object_set_new(json, "licence", json_string(origin->licence));
    return json_array_append_new(list, json) == 0 ? 0 : mm_no_memory(err);
}

static int put_json(struct export *e, const char *name, json_t *json, struct mm_error *err)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    int result = text ? put_file(&e->sink, name, text, strlen(text), err) : mm_no_memory(err);
    free(text);
    json_decref(json);
    return result;
}

static int put_data(struct export *e, struct mm_error *err)
{
    const struct mm_snapshot *s = e->snapshot;
    struct mm_blob *words = NULL;
    struct origins origins = {s, json_object()};
    json_t *status = json_pack("{s:I, s:I, s:I, s:I, s:s}", "songs", (json_int_t)s->n, "measured",
                               (json_int_t)s->n, "embedded", (json_int_t)s->n, "failures",
                               (json_int_t)0, "map", s->token);
    int result = put_file(&e->sink, "data/map.json", s->map->bytes, s->map->size, err);
    if (result == 0)
        result = put_cells(e, err);
    for (size_t first = 0; first < s->n && result == 0; first += CHUNK)
        result = put_songs(e, first, err);
    if (result == 0)
        result = mm_words_make(e->catalog, s->songs, s->order, s->n, &words, err);
    if (result == 0)
        result = put_file(&e->sink, "data/words.txt", words->bytes, words->size, err);
    if (result == 0)
        result = mm_catalog_each_origin(e->catalog, 0, on_origin, &origins, err);
    if (result == 0)
        result = put_json(e, "data/origins.json", json_incref(origins.by_song), err);
    if (result == 0)
        result = put_json(e, "data/status.json", json_incref(status), err);
    mm_blob_release(words);
    json_decref(status);
    json_decref(origins.by_song);
    return result;
}

/* ---- the page itself ---- */

static const struct mm_page_file *page_file(const char *path)
{
    for (size_t i = 0; i < mm_page_file_count; i++)
        if (strcmp(mm_page_files[i].path, path) == 0)
            return &mm_page_files[i];
    return NULL;
}

static void add_site(const struct export *e, struct mm_text *out)
{
    mm_text_addf(out,
                 "<script>window.musicmapStatic={single:%s,songs:%zu,chunk:%d,token:\"%s\"}"
                 "</script>\n",
                 e->sink.folder ? "false" : "true", e->snapshot->n, CHUNK, e->snapshot->token);
}

/* A program within HTML: nothing in it may end its element. */
static void add_inline(struct mm_text *out, const struct mm_page_file *file, const char *open,
                       const char *close)
{
    mm_text_add(out, open);
    for (size_t i = 0; i < file->size; i++) {
        const char *at = (const char *)file->bytes + i;
        size_t left = file->size - i;
        bool ends = left > 8 && (strncmp(at, "</script", 8) == 0 || strncmp(at, "<!--", 4) == 0);
        mm_text_add_bytes(out, at, 1);
        if (ends)
            mm_text_add(out, "\\");
    }
    mm_text_add(out, close);
}

/* The tag that begins at *at names a file of the page: which. *at goes behind its end. */
static const struct mm_page_file *take_tag(const char **at, const char *attribute,
                                           const char *close)
{
    const char *end = strstr(*at, close);
    const char *from = strstr(*at, attribute);
    char path[256] = "";
    if (!end)
        return NULL;
    if (from && from < end) {
        from += strlen(attribute);
        from += *from == '.';
        snprintf(path, sizeof path, "%.*s", (int)strcspn(from, "\""), from);
    }
    *at = end + strlen(close);
    return page_file(path);
}

/* index.html with our script before the page's, and, for one file, all that it names within it. The
 * module comes last, in *tail. */
static int make_index(const struct export *e, struct mm_text *head, struct mm_text *tail,
                      struct mm_error *err)
{
    const struct mm_page_file *index = page_file("/index.html");
    const struct mm_page_file *shim = page_file("/static.js");
    if (!index || !shim)
        return mm_error_set(err, MM_ERR_BUG, "this program was built without the page");
    bool single = !e->sink.folder;
    bool ours = false;
    char *html = mm_strndup((const char *)index->bytes, index->size);
    for (const char *at = html ? html : ""; *at;) {
        bool script = strncmp(at, "<script", 7) == 0;
        if (script && !ours) {
            ours = true;
            add_site(e, head);
            if (single)
                add_inline(head, shim, "<script>\n", "</script>\n");
            else
                mm_text_add(head, "<script src=\"./static.js\"></script>\n");
        }
        if (single && script) {
            const struct mm_page_file *js = take_tag(&at, "src=\"", "</script>");
            if (js)
                add_inline(tail, js, "<script type=\"module\">\n", "</script>\n");
        } else if (single && strncmp(at, "<link", 5) == 0) {
            bool sheet = strncmp(at, "<link rel=\"stylesheet\"", 22) == 0;
            const struct mm_page_file *css = take_tag(&at, "href=\"", ">");
            if (sheet && css)
                add_inline(head, css, "<style>\n", "</style>\n");
        } else if (single && strncmp(at, "</body>", 7) == 0) {
            mm_text_add(tail, at);
            break;
        } else {
            mm_text_add_bytes(head, at++, 1);
        }
    }
    bool whole = html && !head->failed && !tail->failed;
    free(html);
    return whole ? 0 : mm_no_memory(err);
}

static int put_page(struct export *e, struct mm_error *err)
{
    struct mm_text head = {0};
    struct mm_text tail = {0};
    int result = make_index(e, &head, &tail, err);
    for (size_t i = 0; i < mm_page_file_count && result == 0; i++)
        if (strcmp(mm_page_files[i].path, "/index.html") != 0)
            result = put_file(&e->sink, mm_page_files[i].path + 1, mm_page_files[i].bytes,
                              mm_page_files[i].size, err);
    if (result == 0) /* last: a copy that is being made is not opened */
        result = put_file(&e->sink, "index.html", head.data, head.length, err);
    mm_text_finish(&tail);
    mm_text_finish(&head);
    return result;
}

/* ---- the whole ---- */

static int make_part(const struct export *e, const char *name, struct mm_error *err)
{
    char *path = mm_path_join(e->what->path, name);
    int result = path ? mm_file_make_folder(path, err) : mm_no_memory(err);
    free(path);
    return result;
}

static bool is_heard(const void *ctx, size_t i)
{
    const struct sound *sounds = ctx;
    return sounds[i].path;
}

static int write_folder(struct export *e, struct mm_pool *pool, struct mm_error *err)
{
    /* data/map.json, by which a folder is known as ours, comes first. */
    int result = make_part(e, "data", err);
    if (result == 0)
        result = put_data(e, err);
    if (result == 0)
        result = make_part(e, "clips", err);
    if (result == 0)
        result = make_part(e, "assets", err);
    if (result == 0)
        result = put_clips(e, pool, err);
    /* A song that is not to be heard any more, or not to be seen, is not published. */
    if (result == 0)
        result = mm_export_sweep(e->what->path,
                                 &(struct mm_export_made){e->snapshot, is_heard, e->sounds}, err);
    return result == 0 ? put_page(e, err) : result;
}

static int write_single(struct export *e, struct mm_pool *pool, struct mm_error *err)
{
    struct mm_text head = {0};
    struct mm_text tail = {0};
    int result = make_index(e, &head, &tail, err);
    if (result == 0)
        result = mm_file_write_begin(&e->sink.file, e->what->path, err);
    if (result < 0) {
        mm_text_finish(&head);
        mm_text_finish(&tail);
        return result;
    }
    fwrite(head.data, 1, head.length, e->sink.file.stream);
    result = put_data(e, err);
    if (result == 0)
        result = put_clips(e, pool, err);
    fwrite(tail.data, 1, tail.length, e->sink.file.stream);
    e->sink.bytes += head.length + tail.length;
    if (result == 0)
        result = mm_file_write_commit(&e->sink.file, err);
    else
        mm_file_write_abort(&e->sink.file);
    mm_text_finish(&head);
    mm_text_finish(&tail);
    return result;
}

static int prepare(struct export *e, struct mm_error *err)
{
    int result = mm_snapshot_create(e->catalog, &e->snapshot, err);
    if (result < 0)
        return result;
    size_t n = e->snapshot->n;
    e->sounds = mm_calloc3(n, 1, sizeof *e->sounds);
    e->onset = mm_calloc3(n, 1, sizeof *e->onset);
    e->batch = mm_calloc3(BATCH, 1, sizeof *e->batch);
    e->made = mm_calloc3(BATCH, 1, sizeof *e->made);
    if (!e->sounds || !e->onset || !e->batch || !e->made)
        return mm_no_memory(err);
    for (size_t i = 0; i < n && result == 0; i++)
        result = plan_sound(e, i, err);
    return result;
}

int mm_export_page(struct mm_catalog *catalog, struct mm_helpers *helpers,
                   const struct mm_page_export *what, const struct mm_progress *progress,
                   struct mm_page_export_report *report, struct mm_error *err)
{
    struct export e = {.catalog = catalog,
                       .helpers = helpers,
                       .what = what,
                       .report = report,
                       .progress = progress,
                       .sink = {.folder = what->single ? NULL : what->path}};
    struct mm_pool *pool = NULL;
    *report = (struct mm_page_export_report){0};
    int result = mm_pool_create(what->jobs, &pool, err);
    if (result == 0)
        result = prepare(&e, err);
    if (result == 0) {
        report->songs = e.snapshot->n;
        uint64_t bytes = estimate_clips(&e, pool) + size_of_cells(e.snapshot) +
                         e.snapshot->map->size + 300 * (uint64_t)e.snapshot->n;
        for (size_t i = 0; i < mm_page_file_count; i++)
            bytes += mm_page_files[i].size;
        report->estimate = what->single ? bytes / 3 * 4 : bytes;
        if (!what->begin || what->begin(what->ctx, report))
            result = what->single ? write_single(&e, pool, err) : write_folder(&e, pool, err);
    }
    report->bytes = e.sink.bytes;
    for (size_t i = 0; e.snapshot && e.sounds && i < e.snapshot->n; i++)
        free(e.sounds[i].path);
    free(e.sounds);
    free(e.onset);
    free(e.batch);
    free(e.made);
    mm_snapshot_release(e.snapshot);
    mm_pool_destroy(pool);
    return result;
}
