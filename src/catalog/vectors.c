/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vectors.c - what was computed from songs: measures (one a song) and vectors (one a song and
 * kind), and what is still to be computed. How numbers lie on the disk: floats.h.
 */
#include "catalog/catalog_impl.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/array.h"
#include "catalog/floats.h"

enum { MAX_DIM = 1 << 20 };

/* ---- measures ---- */

static int check_measure(const struct mm_measure *m, struct mm_error *err)
{
    const double finite[] = {m->excerpt_start_s,  m->excerpt_length_s, m->onset_s,  m->tempo_bpm,
                             m->tempo_confidence, m->key_confidence,   m->intensity};
    bool good = m->key >= -1 && m->key <= 11 &&
                (m->mode == MM_MODE_MINOR || m->mode == MM_MODE_MAJOR) &&
                !isnan(m->loudness_lufs) && !isnan(m->peak_dbfs);
    for (size_t i = 0; i < sizeof finite / sizeof *finite; i++)
        good = good && isfinite(finite[i]);
    return good ? 0 : mm_error_set(err, MM_ERR_INPUT, "a measure holds an impossible number");
}

int mm_catalog_put_measure(struct mm_catalog *catalog, int64_t song, const char *settings,
                           const struct mm_measure *measure, struct mm_error *err)
{
    int result = check_measure(measure, err);
    if (result == 0)
        result = mm_check_text(settings, "settings line", err);
    if (result < 0)
        return result;
    struct mm_statement *statement;
    result = mm_catalog_tell(
        catalog, MM_STORE_WRITE,
        "INSERT INTO measure (song, settings, excerpt_start_s, excerpt_length_s, onset_s,"
        " loudness_lufs, peak_dbfs, tempo_bpm, tempo_confidence, key, mode, key_confidence,"
        " intensity) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
        " ON CONFLICT (song) DO UPDATE SET settings = excluded.settings,"
        " excerpt_start_s = excluded.excerpt_start_s,"
        " excerpt_length_s = excluded.excerpt_length_s, onset_s = excluded.onset_s,"
        " loudness_lufs = excluded.loudness_lufs, peak_dbfs = excluded.peak_dbfs,"
        " tempo_bpm = excluded.tempo_bpm, tempo_confidence = excluded.tempo_confidence,"
        " key = excluded.key, mode = excluded.mode, key_confidence = excluded.key_confidence,"
        " intensity = excluded.intensity",
        &statement, err);
    if (result < 0)
        return result;
    const double reals[] = {measure->excerpt_start_s, measure->excerpt_length_s, measure->onset_s,
                            measure->loudness_lufs,   measure->peak_dbfs,        measure->tempo_bpm,
                            measure->tempo_confidence};
    mm_bind_int(statement, 1, song);
    mm_bind_text(statement, 2, settings);
    for (int i = 0; i < 7; i++)
        mm_bind_real(statement, 3 + i, reals[i]);
    mm_bind_int(statement, 10, measure->key);
    mm_bind_int(statement, 11, measure->mode);
    mm_bind_real(statement, 12, measure->key_confidence);
    mm_bind_real(statement, 13, measure->intensity);
    return mm_needs_song(mm_catalog_told(catalog, statement, NULL, err), song, err);
}

/* The columns of a measure, m, as read_measure() takes them. */
#define MEASURE                                                          \
    "m.excerpt_start_s, m.excerpt_length_s, m.onset_s, m.loudness_lufs," \
    " m.peak_dbfs, m.tempo_bpm, m.tempo_confidence, m.key, m.mode,"      \
    " m.key_confidence, m.intensity"
enum { MEASURE_COLUMNS = 11 };

static int read_measure(struct mm_statement *statement, struct mm_measure *out,
                        struct mm_error *err)
{
    int64_t key = mm_column_int(statement, 7);
    int64_t mode = mm_column_int(statement, 8);
    *out = (struct mm_measure){
        .excerpt_start_s = mm_column_real(statement, 0),
        .excerpt_length_s = mm_column_real(statement, 1),
        .onset_s = mm_column_real(statement, 2),
        .loudness_lufs = mm_column_real(statement, 3),
        .peak_dbfs = mm_column_real(statement, 4),
        .tempo_bpm = mm_column_real(statement, 5),
        .tempo_confidence = mm_column_real(statement, 6),
        .key = key < -1 || key > 11 ? 99 : (int)key,
        .mode = (enum mm_mode)(mode == MM_MODE_MINOR || mode == MM_MODE_MAJOR ? mode : 99),
        .key_confidence = mm_column_real(statement, 9),
        .intensity = mm_column_real(statement, 10),
    };
    int result = check_measure(out, err);
    if (result < 0)
        *out = (struct mm_measure){0};
    return result;
}

int mm_catalog_get_measure(struct mm_catalog *catalog, int64_t song, struct mm_measure *out,
                           struct mm_error *err)
{
    *out = (struct mm_measure){0};
    struct mm_statement *statement;
    int result = mm_catalog_ask(catalog, "SELECT " MEASURE " FROM measure m WHERE m.song = ?1",
                                &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, song);
    result = mm_statement_step(statement, err);
    if (result == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "song %" PRId64 " has no measure", song);
    else if (result == 1 && (result = read_measure(statement, out, err)) < 0)
        mm_error_prefix(err, "song %" PRId64 ": the library is damaged", song);
    return mm_catalog_answered(catalog, statement, result);
}

int mm_catalog_each_measure(struct mm_catalog *catalog, mm_measure_fn *fn, void *ctx,
                            struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_catalog_ask(catalog,
                                "SELECT " MEASURE ", m.song, s.duration_s FROM measure m"
                                " JOIN song s ON s.id = m.song ORDER BY m.song",
                                &statement, err);
    while (result == 0 && (result = mm_statement_step(statement, err)) == 1) {
        struct mm_measure measure;
        int64_t song = mm_column_int(statement, MEASURE_COLUMNS);
        double duration_s = mm_column_real(statement, MEASURE_COLUMNS + 1);
        result = read_measure(statement, &measure, err);
        if (result < 0)
            mm_error_prefix(err, "song %" PRId64 ": the library is damaged", song);
        else
            result = fn(ctx, song, duration_s, &measure, err);
    }
    return mm_catalog_answered(catalog, statement, result);
}

/* ---- vectors ---- */

static int check_kind(const struct mm_vector_kind *kind, struct mm_error *err)
{
    static const struct mm_model_count limits;
    if (!kind || !kind->model || !*kind->model || !kind->settings || !kind->segment)
        return mm_error_set(err, MM_ERR_USAGE, "a vector needs a model, settings and a segment");
    if (strlen(kind->model) >= sizeof limits.model ||
        strlen(kind->settings) >= sizeof limits.settings ||
        strlen(kind->segment) >= sizeof limits.segment)
        return mm_error_set(err, MM_ERR_LIMIT, "the name or settings of model %.64s are too long",
                            kind->model);
    int result = mm_check_text(kind->model, "model's name", err);
    if (result == 0)
        result = mm_check_text(kind->settings, "settings line", err);
    if (result == 0)
        result = mm_check_text(kind->segment, "segment", err);
    return result;
}

/* *id gets 0 when the library holds no vector of this kind. */
static int find_kind(struct mm_store *store, const struct mm_vector_kind *kind, int64_t *id,
                     int64_t *dim, struct mm_error *err)
{
    *id = 0;
    *dim = 0;
    struct mm_statement *statement;
    int result = mm_store_prepare(store,
                                  "SELECT id, dim FROM vector_kind"
                                  " WHERE model = ?1 AND settings = ?2 AND segment = ?3",
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, kind->model);
    mm_bind_text(statement, 2, kind->settings);
    mm_bind_text(statement, 3, kind->segment);
    result = mm_statement_step(statement, err);
    if (result == 1) {
        *id = mm_column_int(statement, 0);
        *dim = mm_column_int(statement, 1);
        result = 0;
    }
    mm_statement_release(statement);
    return result;
}

static int make_kind(struct mm_store *store, const struct mm_vector_kind *kind, size_t dim,
                     int64_t *id, int64_t *known, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store,
                                  /* Another machine may have been faster; the row is ours
                                   * to read either way. */
                                  "INSERT INTO vector_kind (model, settings, segment, dim)"
                                  " VALUES (?1, ?2, ?3, ?4)"
                                  " ON CONFLICT (model, settings, segment)"
                                  " DO UPDATE SET model = excluded.model RETURNING id, dim",
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, kind->model);
    mm_bind_text(statement, 2, kind->settings);
    mm_bind_text(statement, 3, kind->segment);
    mm_bind_int(statement, 4, (int64_t)dim);
    result = mm_statement_step(statement, err);
    if (result == 1) {
        *id = mm_column_int(statement, 0);
        *known = mm_column_int(statement, 1);
        result = mm_statement_run(statement, err);
    }
    mm_statement_release(statement);
    return result;
}

/* The kind's id; made when it is new. All vectors of a kind are of one length. */
static int kind_for_writing(struct mm_store *store, const struct mm_vector_kind *kind, size_t dim,
                            int64_t *id, struct mm_error *err)
{
    int64_t known;
    int result = find_kind(store, kind, id, &known, err);
    if (result == 0 && *id == 0)
        result = make_kind(store, kind, dim, id, &known, err);
    if (result == 0 && known != (int64_t)dim)
        return mm_error_set(err, MM_ERR_USAGE,
                            "vectors of model %s (%s) have %" PRId64 " values here, not %zu",
                            kind->model, kind->settings, known, dim);
    return result;
}

static int check_values(const float *values, size_t dim, struct mm_error *err)
{
    if (dim == 0 || dim > MAX_DIM)
        return mm_error_set(err, MM_ERR_USAGE, "a vector of %zu values cannot be kept", dim);
    for (size_t i = 0; i < dim; i++)
        if (!isfinite(values[i]))
            return mm_error_set(err, MM_ERR_INPUT, "value %zu of the vector is not a number", i);
    return 0;
}

static int write_vector(struct mm_store *store, int64_t kind, int64_t song,
                        const unsigned char *data, size_t bytes, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store,
                                  "INSERT INTO vector (kind, song, data) VALUES (?1, ?2, ?3)"
                                  " ON CONFLICT (kind, song) DO UPDATE SET data = excluded.data",
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, kind);
    mm_bind_int(statement, 2, song);
    mm_bind_bytes(statement, 3, data, bytes);
    return mm_needs_song(mm_statement_finish(statement, err), song, err);
}

/* ---- how exactly they are kept ---- */

static const char KEEP_HALF[] = "float16";

static int reads_half(struct mm_store *store, bool *half, struct mm_error *err)
{
    struct mm_statement *statement;
    *half = false;
    int result = mm_store_prepare(store, "SELECT value FROM setting WHERE name = 'vectors'",
                                  &statement, err);
    if (result == 0)
        result = mm_statement_step(statement, err);
    if (result == 1) {
        const char *value = mm_column_text(statement, 0);
        *half = value && strcmp(value, KEEP_HALF) == 0;
    }
    mm_statement_release(statement);
    return result < 0 ? result : 0;
}

int mm_catalog_keeps_half(struct mm_catalog *catalog, bool *half, struct mm_error *err)
{
    struct mm_store *store;
    int result = mm_catalog_enter_read(catalog, &store, err);
    if (result < 0)
        return result;
    result = reads_half(store, half, err);
    mm_catalog_leave_read(catalog);
    return result;
}

int mm_catalog_keep_half(struct mm_catalog *catalog, bool half, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_catalog_tell(catalog, MM_STORE_WRITE,
                                 "INSERT INTO setting (name, value) VALUES ('vectors', ?1)"
                                 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                                 &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, half ? KEEP_HALF : "float32");
    return mm_catalog_told(catalog, statement, NULL, err);
}

int mm_catalog_put_vector(struct mm_catalog *catalog, int64_t song,
                          const struct mm_vector_kind *kind, const float *values, size_t dim,
                          struct mm_error *err)
{
    int result = check_kind(kind, err);
    if (result == 0)
        result = check_values(values, dim, err);
    if (result < 0)
        return result;
    unsigned char *data = mm_calloc3(dim, 4, 1);
    if (!data)
        return mm_no_memory(err);
    struct mm_store *store;
    result = mm_catalog_enter_write(catalog, &store, err);
    if (result == 0) {
        int64_t id;
        bool half;
        result = kind_for_writing(store, kind, dim, &id, err);
        if (result == 0)
            result = reads_half(store, &half, err);
        if (result == 0) {
            size_t bytes = half ? mm_encode_halves(values, dim, data) : 0;
            if (bytes == 0) /* not wanted, or a value is too large */
                bytes = mm_encode_floats(values, dim, data);
            result = write_vector(store, id, song, data, bytes, err);
        }
        result = mm_catalog_leave_write(catalog, result, err);
    }
    free(data);
    return result;
}

static void copy_column(struct mm_statement *statement, int column, char *out, size_t size)
{
    const char *text = mm_column_text(statement, column);
    snprintf(out, size, "%s", text ? text : "");
}

int mm_catalog_list_models(struct mm_catalog *catalog, struct mm_model_count *out, size_t max,
                           size_t *count, struct mm_error *err)
{
    *count = 0;
    struct mm_statement *statement;
    int result = mm_catalog_ask(
        catalog,
        "SELECT k.model, k.settings, k.segment, k.dim,"
        " (SELECT count(*) FROM vector v JOIN song s ON s.id = v.song"
        "  WHERE v.kind = k.id AND s.state = 0) AS songs"
        " FROM vector_kind k WHERE EXISTS (SELECT 1 FROM vector v WHERE v.kind = k.id)"
        " ORDER BY songs DESC, k.id DESC",
        &statement, err);
    while (result >= 0 && *count < max && (result = mm_statement_step(statement, err)) == 1) {
        struct mm_model_count *row = &out[(*count)++];
        copy_column(statement, 0, row->model, sizeof row->model);
        copy_column(statement, 1, row->settings, sizeof row->settings);
        copy_column(statement, 2, row->segment, sizeof row->segment);
        int64_t dim = mm_column_int(statement, 3);
        row->dim = (size_t)dim;
        row->songs = (size_t)mm_column_int(statement, 4);
        if (dim < 1 || dim > MAX_DIM) {
            result = mm_error_set(err, MM_ERR_INPUT,
                                  "the library is damaged: vectors of %" PRId64 " numbers", dim);
            break;
        }
    }
    return mm_catalog_answered(catalog, statement, result < 0 ? result : 0);
}

int mm_catalog_todo(struct mm_catalog *catalog, const char *measure_settings,
                    const struct mm_vector_kind *kind, bool retry, int64_t **ids, size_t *count,
                    struct mm_error *err)
{
    *ids = NULL;
    *count = 0;
    int result = kind ? check_kind(kind, err) : 0;
    struct mm_store *store = NULL;
    if (result == 0)
        result = mm_catalog_enter_read(catalog, &store, err);
    if (result < 0)
        return result;
    int64_t id = 0;
    int64_t dim;
    struct mm_statement *statement = NULL;
    if (kind)
        result = find_kind(store, kind, &id, &dim, err);
    if (result == 0)
        result = mm_store_prepare(
            store,
            "SELECT s.id FROM song s WHERE s.state = 0"
            " AND ((?4 = 1"
            "   AND NOT EXISTS (SELECT 1 FROM vector v WHERE v.kind = ?2 AND v.song = s.id))"
            "  OR (?5 = 1"
            "   AND NOT EXISTS (SELECT 1 FROM measure m WHERE m.song = s.id AND m.settings = ?1)))"
            " AND (?3 = 1 OR NOT EXISTS (SELECT 1 FROM failure f"
            "  WHERE f.song = s.id AND f.stage = 'embed')) ORDER BY s.id",
            &statement, err);
    if (result == 0) {
        mm_bind_text(statement, 1, measure_settings);
        mm_bind_int(statement, 2, id);
        mm_bind_int(statement, 3, retry);
        mm_bind_int(statement, 4, kind != NULL);
        mm_bind_int(statement, 5, measure_settings != NULL);
        result = mm_store_collect_ids(statement, ids, count, err);
    }
    mm_catalog_leave_read(catalog);
    return result;
}

int mm_catalog_embedded(struct mm_catalog *catalog, const struct mm_vector_kind *kind,
                        int64_t **ids, size_t *count, struct mm_error *err)
{
    *ids = NULL;
    *count = 0;
    int result = check_kind(kind, err);
    struct mm_store *store = NULL;
    if (result == 0)
        result = mm_catalog_enter_read(catalog, &store, err);
    if (result < 0)
        return result;
    int64_t id;
    int64_t dim;
    struct mm_statement *statement = NULL;
    result = find_kind(store, kind, &id, &dim, err);
    if (result == 0)
        result = mm_store_prepare(store,
                                  "SELECT v.song FROM vector v JOIN song s ON s.id = v.song"
                                  " WHERE v.kind = ?1 AND s.state = 0 ORDER BY v.song",
                                  &statement, err);
    if (result == 0) {
        mm_bind_int(statement, 1, id);
        result = mm_store_collect_ids(statement, ids, count, err);
    }
    mm_catalog_leave_read(catalog);
    return result;
}

static int damaged_vector(int64_t song, size_t dim, struct mm_error *err)
{
    return mm_error_set(err, MM_ERR_INPUT,
                        "the library is damaged: the vector of song %" PRId64
                        " is not one of %zu numbers",
                        song, dim);
}

static int no_vector(int64_t song, struct mm_error *err)
{
    return mm_error_set(err, MM_ERR_NOT_FOUND, "song %" PRId64 " has no such vector", song);
}

static int read_one(struct mm_store *store, int64_t kind, int64_t song, size_t dim, float *values,
                    struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store, "SELECT data FROM vector WHERE kind = ?1 AND song = ?2",
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, kind);
    mm_bind_int(statement, 2, song);
    result = mm_statement_step(statement, err);
    if (result == 1) {
        size_t bytes;
        const unsigned char *data = mm_column_bytes(statement, 0, &bytes);
        result =
            data && mm_decode_vector(data, bytes, dim, values) ? 0 : damaged_vector(song, dim, err);
    } else if (result == 0) {
        result = no_vector(song, err);
    }
    mm_statement_release(statement);
    return result;
}

/* ids ascend, and there is not much between them that is not wanted. */
static bool is_dense(const int64_t *ids, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (ids[i] <= ids[i - 1])
            return false;
    return (uint64_t)ids[count - 1] - (uint64_t)ids[0] < 4 * (uint64_t)count;
}

/* All rows from the first to the last in one question: a server far away is asked once a block. */
static int read_range(struct mm_store *store, int64_t kind, const int64_t *ids, size_t count,
                      size_t dim, float *values, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store,
                                  "SELECT song, data FROM vector WHERE kind = ?1"
                                  " AND song BETWEEN ?2 AND ?3 ORDER BY song",
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, kind);
    mm_bind_int(statement, 2, ids[0]);
    mm_bind_int(statement, 3, ids[count - 1]);
    size_t i = 0;
    while (i < count && (result = mm_statement_step(statement, err)) == 1) {
        int64_t song = mm_column_int(statement, 0);
        size_t bytes;
        const unsigned char *data = mm_column_bytes(statement, 1, &bytes);
        if (song < ids[i])
            continue;
        if (song > ids[i])
            break;
        if (!data || !mm_decode_vector(data, bytes, dim, values + i * dim)) {
            result = damaged_vector(song, dim, err);
            break;
        }
        i++;
    }
    mm_statement_release(statement);
    return result < 0 ? result : i < count ? no_vector(ids[i], err) : 0;
}

int mm_catalog_read_vectors(struct mm_catalog *catalog, const struct mm_vector_kind *kind,
                            const int64_t *ids, size_t count, size_t dim, float *values,
                            struct mm_error *err)
{
    int result = check_kind(kind, err);
    if (result == 0 && (dim == 0 || dim > MAX_DIM))
        result = mm_error_set(err, MM_ERR_USAGE, "there are no vectors of %zu values", dim);
    struct mm_store *store = NULL;
    if (result == 0)
        result = mm_catalog_enter_read(catalog, &store, err);
    if (result < 0)
        return result;
    int64_t id;
    int64_t known;
    result = find_kind(store, kind, &id, &known, err);
    if (result == 0 && id && known != (int64_t)dim)
        result =
            mm_error_set(err, MM_ERR_USAGE, "vectors of model %s have %" PRId64 " values, not %zu",
                         kind->model, known, dim);
    if (result == 0 && count && mm_store_is_shared(store) && is_dense(ids, count))
        result = read_range(store, id, ids, count, dim, values, err);
    else
        for (size_t i = 0; i < count && result == 0; i++)
            result = read_one(store, id, ids[i], dim, values + i * dim, err);
    mm_catalog_leave_read(catalog);
    return result;
}
