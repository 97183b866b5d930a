/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/text.h"
#include "musicmap/store.h"

enum { MAX_KINDS = 256 };

struct kinds {
    struct mm_model_count *list; /* most songs first */
    size_t count;
};

bool mm_vectors_pooled(const char *settings, char *out, size_t room)
{
    for (const char *word = settings; *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        if (strncmp(word, "pool=", 5) == 0 && length - 5 < room) {
            memcpy(out, word + 5, length - 5);
            out[length - 5] = '\0';
            return true;
        }
        word += length;
    }
    return false;
}

/* pool "": whichever most songs have. */
static const struct mm_model_count *find_kind(const struct kinds *kinds, const char *model,
                                              const char *pool)
{
    for (size_t i = 0; i < kinds->count; i++) {
        char own[8] = "";
        if (kinds->list[i].songs && !*kinds->list[i].segment &&
            strcmp(kinds->list[i].model, model) == 0 &&
            (!*pool || (mm_vectors_pooled(kinds->list[i].settings, own, sizeof own) &&
                        strcmp(own, pool) == 0)))
            return &kinds->list[i];
    }
    return NULL;
}

/* What to map when nobody says: the commonest model, or the join it belongs to when all other parts
 * are as common. */
static const char *choose_model(const struct kinds *kinds)
{
    const struct mm_model_count *first = kinds->list;
    const struct mm_model_count *end = first + kinds->count;
    while (first < end && *first->segment)
        first++;
    if (first == end || first->songs == 0)
        return NULL;
    struct mm_join join;
    bool member = false;
    if (mm_join_parse(MM_MODEL_JOIN, &join, NULL) < 0)
        return first->model;
    for (size_t i = 0; i < join.n; i++) {
        const struct mm_model_count *kind = find_kind(kinds, join.part[i].name, "");
        if (!kind || kind->songs < first->songs)
            return first->model;
        member |= strcmp(join.part[i].name, first->model) == 0;
    }
    return member ? MM_MODEL_JOIN : first->model;
}

static void keep_common(struct mm_song_vectors *v, const int64_t *ids, size_t count)
{
    size_t kept = 0;
    size_t at = 0;
    for (size_t i = 0; i < v->n; i++) {
        while (at < count && ids[at] < v->ids[i])
            at++;
        if (at < count && ids[at] == v->ids[i])
            v->ids[kept++] = v->ids[i];
    }
    v->n = kept;
}

/* Songs that have a vector of every part: those of the part are kept that are in ids already. */
static int join_ids(struct mm_song_vectors *v, size_t part, struct mm_error *err)
{
    int64_t *own;
    size_t count;
    int result = mm_catalog_embedded(v->catalog, &v->part[part].kind, &own, &count, err);
    if (result < 0)
        return result;
    if (part == 0) {
        v->ids = own;
        v->n = count;
        return 0;
    }
    keep_common(v, own, count);
    free(own);
    return 0;
}

/* Memory is taken by what the library says of the length of its vectors: one of them is looked at
 * first. */
static int check_part(const struct mm_song_vectors *v, size_t part, struct mm_error *err)
{
    size_t dim = v->part[part].count.dim;
    float *values = v->n ? mm_calloc3(dim, 1, sizeof *values) : NULL;
    int result = 0;
    if (v->n)
        result = values ? mm_catalog_read_vectors(v->catalog, &v->part[part].kind, v->ids, 1, dim,
                                                  values, err)
                        : mm_no_memory(err);
    free(values);
    return result;
}

static int take_part(struct mm_song_vectors *v, const struct mm_model_count *kind,
                     struct mm_error *err)
{
    size_t i = v->n_parts++;
    struct mm_model_count *count = &v->part[i].count;
    *count = *kind;
    v->part[i].kind = (struct mm_vector_kind){
        .model = count->model, .settings = count->settings, .segment = count->segment};
    v->dim += count->dim;
    int result = join_ids(v, i, err);
    if (result == 0)
        result = check_part(v, i, err);
    if (result == 0)
        result = mm_metric_create(count->model, count->dim, &v->part[i].metric, err);
    return result;
}

static int add_part(struct mm_song_vectors *v, const struct kinds *kinds, const char *name,
                    const char *pool, struct mm_error *err)
{
    const struct mm_model_count *kind = find_kind(kinds, name, pool);
    if (!kind && *pool)
        return mm_error_set(err, MM_ERR_NOT_FOUND,
                            "no song is embedded with the model %s pooled by %s: run \"musicmap "
                            "embed --model %s --pool %s\" first",
                            name, pool, name, pool);
    if (!kind)
        return mm_error_set(err, MM_ERR_NOT_FOUND,
                            "no song is embedded with the model %s: run \"musicmap embed --model "
                            "%s\" first",
                            name, name);
    return take_part(v, kind, err);
}

/* Every part divided by the root of its length, times its weight. */
static int weigh(struct mm_song_vectors *v, const struct mm_join *join, struct mm_error *err)
{
    if (v->n_parts < 2)
        return 0;
    v->weight = mm_calloc3(v->dim, 1, sizeof *v->weight);
    if (!v->weight)
        return mm_no_memory(err);
    float *at = v->weight;
    for (size_t p = 0; p < v->n_parts; p++) {
        size_t dim = v->part[p].count.dim;
        for (size_t i = 0; i < dim; i++)
            *at++ = (float)(join->part[p].weight / sqrt((double)dim));
    }
    return 0;
}

static char *settings_of(const struct mm_song_vectors *v, const struct mm_join *join)
{
    struct mm_text text = {0};
    if (v->n_parts == 1) {
        mm_text_add(&text, v->part[0].count.settings);
        return mm_text_steal(&text);
    }
    for (size_t p = 0; p < v->n_parts; p++)
        mm_text_addf(&text, "%s%.9g*%s(%s%s%s)", p ? " + " : "", join->part[p].weight,
                     v->part[p].count.model, v->part[p].count.settings,
                     v->part[p].metric ? " metric=" : "",
                     v->part[p].metric ? mm_metric_version(v->part[p].metric) : "");
    return mm_text_steal(&text);
}

static int choose(struct mm_song_vectors *v, const struct kinds *kinds, const char *model,
                  struct mm_error *err)
{
    if (!model && !(model = choose_model(kinds)))
        return mm_error_set(err, MM_ERR_NOT_FOUND,
                            "no song is embedded yet: run \"musicmap embed\" first");
    struct mm_join join;
    int result = mm_join_parse(model, &join, err);
    for (size_t i = 0; i < join.n && result == 0; i++)
        result = add_part(v, kinds, join.part[i].name, join.part[i].pool, err);
    if (result == 0 && v->n == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND,
                              "no song is embedded with every model of %s: run \"musicmap embed "
                              "--model %s\" first",
                              model, model);
    if (result == 0)
        result = weigh(v, &join, err);
    if (result < 0)
        return result;
    v->model = mm_strdup(model);
    v->settings = settings_of(v, &join);
    return v->model && v->settings ? 0 : mm_no_memory(err);
}

static int list_kinds(struct mm_catalog *catalog, struct kinds *kinds, struct mm_error *err)
{
    *kinds = (struct kinds){.list = calloc(MAX_KINDS, sizeof *kinds->list)};
    return kinds->list ? mm_catalog_list_models(catalog, kinds->list, MAX_KINDS, &kinds->count, err)
                       : mm_no_memory(err);
}

int mm_song_vectors_init(struct mm_song_vectors *v, struct mm_catalog *catalog, const char *model,
                         struct mm_error *err)
{
    *v = (struct mm_song_vectors){.catalog = catalog};
    struct kinds kinds;
    int result = list_kinds(catalog, &kinds, err);
    if (result == 0)
        result = choose(v, &kinds, model, err);
    free(kinds.list);
    if (result < 0)
        mm_song_vectors_finish(v);
    return result;
}

/* The kind that was made as whole was, of a segment: settings may differ in the excerpt's length.
 */
static const struct mm_model_count *
find_segment(const struct kinds *kinds, const struct mm_model_count *whole, const char *segment)
{
    const char *excerpt = strstr(whole->settings, " excerpt=");
    size_t same = excerpt ? (size_t)(excerpt - whole->settings) : strlen(whole->settings);
    for (size_t i = 0; i < kinds->count; i++) {
        const struct mm_model_count *kind = &kinds->list[i];
        if (kind->songs && kind->dim == whole->dim && strcmp(kind->segment, segment) == 0 &&
            strcmp(kind->model, whole->model) == 0 &&
            strncmp(kind->settings, whole->settings, same) == 0)
            return kind;
    }
    return NULL;
}

static int choose_segment(const struct mm_song_vectors *whole, const struct kinds *kinds,
                          const char *segment, struct mm_song_vectors *v, struct mm_error *err)
{
    int result = 0;
    for (size_t p = 0; p < whole->n_parts && result == 0; p++) {
        const struct mm_model_count *kind = find_segment(kinds, &whole->part[p].count, segment);
        if (!kind) {
            v->n = 0;
            return 0;
        }
        result = take_part(v, kind, err);
    }
    if (result == 0)
        keep_common(v, whole->ids, whole->n);
    return result;
}

int mm_song_vectors_segment(const struct mm_song_vectors *whole, const char *segment,
                            struct mm_song_vectors *v, struct mm_error *err)
{
    *v = (struct mm_song_vectors){.catalog = whole->catalog};
    struct kinds kinds;
    int result = list_kinds(v->catalog, &kinds, err);
    if (result == 0)
        result = choose_segment(whole, &kinds, segment, v, err);
    free(kinds.list);
    if (result < 0)
        mm_song_vectors_finish(v);
    return result;
}

void mm_song_vectors_finish(struct mm_song_vectors *v)
{
    for (size_t p = 0; p < v->n_parts; p++)
        mm_metric_destroy(v->part[p].metric);
    free(v->model);
    free(v->settings);
    free(v->weight);
    free(v->block);
    free(v->ids);
    *v = (struct mm_song_vectors){0};
}

/* Reads each part's rows and sets them side by side. stored: as they are, not as they compare. */
static int read_joined(struct mm_song_vectors *v, size_t first, size_t count, bool stored,
                       float *out, struct mm_error *err)
{
    if (count > v->block_rows) {
        float *block = mm_calloc3(count, v->dim, sizeof *block);
        if (!block)
            return mm_no_memory(err);
        free(v->block);
        v->block = block;
        v->block_rows = count;
    }
    size_t at = 0;
    for (size_t p = 0; p < v->n_parts; p++) {
        size_t dim = v->part[p].count.dim;
        int result = mm_catalog_read_vectors(v->catalog, &v->part[p].kind, v->ids + first, count,
                                             dim, v->block, err);
        if (result < 0)
            return result;
        if (v->part[p].metric && !stored)
            mm_metric_apply(v->part[p].metric, v->block, count, out + at, v->dim);
        else
            for (size_t i = 0; i < count; i++)
                memcpy(out + i * v->dim + at, v->block + i * dim, dim * sizeof *out);
        at += dim;
    }
    return 0;
}

static int read_rows(struct mm_song_vectors *v, size_t first, size_t count, bool stored, float *out,
                     struct mm_error *err)
{
    if (v->n_parts > 1)
        return read_joined(v, first, count, stored, out, err);
    return mm_catalog_read_vectors(v->catalog, &v->part[0].kind, v->ids + first, count, v->dim, out,
                                   err);
}

static int read_block(void *ctx, size_t first, size_t count, float *out, struct mm_error *err)
{
    return read_rows(ctx, first, count, false, out, err);
}

struct mm_vectors mm_song_vectors_reader(struct mm_song_vectors *v)
{
    return (struct mm_vectors){
        .n = v->n, .dim = v->dim, .read = read_block, .ctx = v, .weight = v->weight};
}

int mm_song_vectors_stored(struct mm_song_vectors *v, float *out, struct mm_error *err)
{
    return read_rows(v, 0, v->n, true, out, err);
}

int mm_song_vectors_hash(struct mm_song_vectors *v, char out[MM_VECTORS_HASH_SIZE],
                         struct mm_error *err)
{
    enum { ROWS = 1024 };
    struct mm_hash *hash;
    unsigned char digest[MM_HASH_SIZE];
    char hex[2 * MM_HASH_SIZE + 1];
    float *rows = mm_calloc3(ROWS, v->dim, sizeof *rows);
    int result = rows ? mm_hash_begin(&hash, err) : mm_no_memory(err);
    if (result < 0) {
        free(rows);
        return result;
    }
    for (size_t first = 0; first < v->n && result == 0; first += ROWS) {
        size_t count = v->n - first < ROWS ? v->n - first : ROWS;
        result = read_rows(v, first, count, true, rows, err);
        if (result == 0)
            mm_hash_add(hash, rows, count * v->dim * sizeof *rows);
    }
    int ended = mm_hash_end(hash, digest, result == 0 ? err : NULL);
    free(rows);
    if (result == 0)
        result = ended;
    if (result < 0)
        return result;
    mm_hash_hex(digest, hex);
    memcpy(out, hex, MM_VECTORS_HASH_SIZE - 1);
    out[MM_VECTORS_HASH_SIZE - 1] = '\0';
    return 0;
}
