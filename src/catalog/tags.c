/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tags.c - what a model says of songs in words. The values hang on the song's vector of that model
 * (column tags, float32, little-endian), their names on the kind of vector, one a line: they come
 * and go with the vector, and a song's fifty words cost 200 bytes.
 */
#include <inttypes.h>
#include <math.h>

#include "base/array.h"
#include "base/text.h"
#include "catalog/catalog_impl.h"
#include "catalog/floats.h"

enum { MAX_TAGS = 4096 };

static int check_tags(const struct mm_song_tags *tags, struct mm_error *err)
{
    if (tags->n == 0 || tags->n > MAX_TAGS)
        return mm_error_set(err, MM_ERR_USAGE, "a song has 1 to %d tags, not %zu", MAX_TAGS,
                            tags->n);
    for (size_t i = 0; i < tags->n; i++) {
        int result = mm_check_text(tags->names[i], "tag's name", err);
        if (result < 0)
            return result;
        if (!*tags->names[i] || strchr(tags->names[i], '\n'))
            return mm_error_set(err, MM_ERR_USAGE, "a tag's name is one line");
        if (!isfinite(tags->values[i]))
            return mm_error_set(err, MM_ERR_INPUT, "tag \"%s\" is not a finite number",
                                tags->names[i]);
    }
    return 0;
}

static char *join_names(const struct mm_song_tags *tags)
{
    struct mm_text text = {0};
    for (size_t i = 0; i < tags->n; i++)
        mm_text_addf(&text, "%s%s", i ? "\n" : "", tags->names[i]);
    return mm_text_steal(&text);
}

/* The kind's id, its names set when it has none yet. */
static int name_kind(struct mm_store *store, const struct mm_vector_kind *kind, const char *names,
                     int64_t *id, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store,
                                  "UPDATE vector_kind SET tag_names = ?4 WHERE model = ?1"
                                  " AND settings = ?2 AND segment = ?3"
                                  " AND coalesce(tag_names, ?4) = ?4 RETURNING id",
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, kind->model);
    mm_bind_text(statement, 2, kind->settings);
    mm_bind_text(statement, 3, kind->segment);
    mm_bind_text(statement, 4, names);
    result = mm_statement_step(statement, err);
    if (result == 1) {
        *id = mm_column_int(statement, 0);
        result = mm_statement_run(statement, err);
    } else if (result == 0) {
        result =
            mm_error_set(err, MM_ERR_USAGE,
                         "there are no vectors of model %s that these tags belong to", kind->model);
    }
    mm_statement_release(statement);
    return result;
}

static int write_tags(struct mm_store *store, int64_t kind, int64_t song, const unsigned char *data,
                      size_t bytes, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(
        store, "UPDATE vector SET tags = ?3 WHERE kind = ?1 AND song = ?2", &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, kind);
    mm_bind_int(statement, 2, song);
    mm_bind_bytes(statement, 3, data, bytes);
    result = mm_statement_finish(statement, err);
    if (result == 0 && mm_store_changes(store) == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "song %" PRId64 " has no such vector", song);
    return result;
}

int mm_catalog_put_tags(struct mm_catalog *catalog, int64_t song, const struct mm_vector_kind *kind,
                        const struct mm_song_tags *tags, struct mm_error *err)
{
    int result = check_tags(tags, err);
    if (result < 0)
        return result;
    char *names = join_names(tags);
    unsigned char *data = mm_calloc3(tags->n, 4, 1);
    struct mm_store *store = NULL;
    if (!names || !data) {
        result = mm_no_memory(err);
        goto out;
    }
    mm_encode_floats(tags->values, tags->n, data);
    result = mm_catalog_enter_write(catalog, &store, err);
    if (result == 0) {
        int64_t id = 0;
        result = name_kind(store, kind, names, &id, err);
        if (result == 0)
            result = write_tags(store, id, song, data, 4 * tags->n, err);
        result = mm_catalog_leave_write(catalog, result, err);
    }
out:
    free(data);
    free(names);
    return result;
}

/* ---- reading ---- */

struct reader {
    int64_t kind;
    char *lines;  /* the names, cut at their line ends */
    char **names; /* [n] into lines */
    float *values;
    size_t n;
};

static void finish_reader(struct reader *r)
{
    free(r->values);
    free(r->names);
    free(r->lines);
}

static int split_names(struct reader *r, struct mm_error *err)
{
    size_t count = 1;
    for (const char *c = r->lines; *c; c++)
        count += *c == '\n';
    if (count > MAX_TAGS)
        return mm_error_set(err, MM_ERR_INPUT, "the library is damaged: too many tags");
    r->names = calloc(count, sizeof *r->names);
    r->values = calloc(count, sizeof *r->values);
    if (!r->names || !r->values)
        return mm_no_memory(err);
    char *rest = r->lines;
    for (char *name; (name = strsep(&rest, "\n"));)
        r->names[r->n++] = name;
    return 0;
}

/* The newest kind that has tags for a song; r->n stays 0 when there is none. */
static int find_names(struct mm_store *store, struct reader *r, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(
        store,
        "SELECT k.id, k.tag_names FROM vector_kind k WHERE k.tag_names IS NOT NULL"
        " AND EXISTS (SELECT 1 FROM vector v WHERE v.kind = k.id AND v.tags IS NOT NULL)"
        " ORDER BY k.id DESC LIMIT 1",
        &statement, err);
    if (result < 0)
        return result;
    result = mm_statement_step(statement, err);
    if (result == 1) {
        r->kind = mm_column_int(statement, 0);
        result = mm_column_take_text(statement, 1, &r->lines);
        if (result == 0 && r->lines)
            result = split_names(r, err);
        else if (result < 0)
            result = mm_no_memory(err);
    }
    mm_statement_release(statement);
    return result;
}

/* The row's tags; one that is damaged is passed over. */
static int hand_out(struct mm_statement *statement, struct reader *r, mm_song_tags_fn *fn,
                    void *ctx, struct mm_error *err)
{
    size_t bytes;
    const unsigned char *data = mm_column_bytes(statement, 1, &bytes);
    if (!data || bytes != 4 * r->n || !mm_decode_floats(data, r->n, r->values))
        return 0;
    const struct mm_song_tags tags = {r->n, (const char *const *)r->names, r->values};
    return fn(ctx, mm_column_int(statement, 0), &tags, err);
}

int mm_catalog_each_tags(struct mm_catalog *catalog, int64_t from, int64_t to, mm_song_tags_fn *fn,
                         void *ctx, struct mm_error *err)
{
    struct mm_store *store;
    int result = mm_catalog_enter_read(catalog, &store, err);
    if (result < 0)
        return result;
    struct reader r = {0};
    struct mm_statement *statement = NULL;
    result = find_names(store, &r, err);
    if (result == 0 && r.n)
        result = mm_store_prepare(store,
                                  "SELECT song, tags FROM vector WHERE kind = ?1"
                                  " AND song BETWEEN ?2 AND ?3 AND tags IS NOT NULL ORDER BY song",
                                  &statement, err);
    if (result == 0 && statement) {
        mm_bind_int(statement, 1, r.kind);
        mm_bind_int(statement, 2, from);
        mm_bind_int(statement, 3, to);
        while (result == 0 && (result = mm_statement_step(statement, err)) == 1)
            result = hand_out(statement, &r, fn, ctx, err);
        mm_statement_release(statement);
    }
    finish_reader(&r);
    mm_catalog_leave_read(catalog);
    return result;
}
