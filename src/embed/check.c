/* SPDX-License-Identifier: BSD-2-Clause */
/* Proving that an installed model computes what it should. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/random.h"
#include "embed/files.h"
#include "musicmap/store.h"

#define SOUND_SECONDS 7 /* two patches of MusiCNN */

/*
 * What OpenL3's authors get with the published weights for chirp_44k.wav of their tests, resampled
 * to 48 kHz: lengths of the first three vectors. Between front ends they differ by 1 % and more;
 * resamplers of different make stay within a fraction of that.
 */
static const struct figures {
    const char *model, *front_end;
    double hop_s;
    int center;
    double norms[3];
    double cosine; /* demanded of the full arrays */
} figures[] = {
    {"openl3-music-mel256-6144", "trained", 0.1, 1, {113.2361, 115.7027, 122.3368}, 0.999},
    {"openl3-music-mel256-6144", "kapre", 0.1, 1, {109.8766, 110.1929, 118.7472}, 0.999},
    {"openl3-music-mel256-6144", "librosa", 0.1, 1, {111.1185, 115.7538, 117.6779}, 0.999},
    /* The faintest bins of the linear picture are rounding noise, of theirs and of ours. */
    {"openl3-env-linear-512", "trained", 0.5, 0, {48.8809, 47.9470, 48.6270}, 0.99},
};
#define NORM_TOLERANCE 0.005

struct checker {
    const struct mm_embed_settings *settings;
    const struct mm_model *model;
    struct mm_model_check *checks;
    size_t count;
};

static void note(struct checker *c, const char *name, enum mm_check_state state, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

static void note(struct checker *c, const char *name, enum mm_check_state state, const char *format,
                 ...)
{
    struct mm_model_check *check = &c->checks[c->count++];
    snprintf(check->name, sizeof check->name, "%s", name);
    check->state = state;
    va_list ap;
    va_start(ap, format);
    vsnprintf(check->detail, sizeof check->detail, format, ap);
    va_end(ap);
}

/* ---- files ---- */

static int check_files(struct checker *c, struct mm_error *err)
{
    if (c->model->n_files == 0) {
        note(c, "files", MM_CHECK_RIGHT, "built in");
        return 0;
    }
    for (size_t i = 0; i < c->model->n_files; i++) {
        char *path;
        int result = mm_files_find(c->model, c->settings, i, &path, err);
        if (result < 0)
            return result;
        struct mm_error why = {0};
        result = mm_store_verify(path, &c->model->files[i], &why);
        free(path);
        if (result < 0 && result != MM_ERR_INPUT) {
            if (err)
                *err = why;
            return result;
        }
        if (result < 0) {
            note(c, "files", MM_CHECK_WRONG, "%.180s", why.message);
            return 0;
        }
    }
    note(c, "files", MM_CHECK_RIGHT, "%zu, as their authors published them", c->model->n_files);
    return 0;
}

/* ---- runs ---- */

/* A chord with overtones, a drum and some noise: anything but silence will do. */
static float *make_sound(int rate, size_t *count)
{
    *count = (size_t)rate * SOUND_SECONDS;
    float *sound = mm_calloc3(*count, sizeof *sound, 1);
    struct mm_random random = {1};
    for (size_t i = 0; sound && i < *count; i++) {
        double t = (double)i / rate;
        double value = 0.02 * mm_random_normal(&random);
        static const double notes[] = {110, 220, 277.18, 329.63};
        for (size_t n = 0; n < sizeof notes / sizeof notes[0]; n++)
            for (int k = 1; k <= 5; k++)
                value += 0.08 / k * sin(2 * M_PI * notes[n] * k * t);
        value += 0.5 * exp(-20 * fmod(t, 0.5)) * sin(2 * M_PI * 60 * t);
        sound[i] = (float)value;
    }
    return sound;
}

static int embed(struct mm_embedder *embedder, const float *samples, size_t count, size_t step,
                 struct mm_embedding *out, struct mm_error *err)
{
    struct mm_embed_stream *stream;
    *out = (struct mm_embedding){0};
    int result = mm_embed_stream_create(embedder, &stream, err);
    for (size_t at = 0; result == 0 && at < count; at += step)
        result =
            mm_embed_stream_push(stream, samples + at, count - at < step ? count - at : step, err);
    if (result == 0)
        result = mm_embed_stream_finish(stream, out, err);
    if (stream)
        mm_embed_stream_destroy(stream);
    return result;
}

static bool same(const struct mm_embedding *a, const struct mm_embedding *b)
{
    return a->values && b->values && a->n_windows == b->n_windows && a->dim == b->dim &&
           memcmp(a->values, b->values, a->n_windows * a->dim * sizeof *a->values) == 0;
}

/* Finite values (the pooling refuses others), and the same ones however the sound arrives. */
static int check_runs(struct checker *c, struct mm_embedder *embedder, struct mm_error *err)
{
    size_t count;
    float *sound = make_sound(c->model->sample_rate, &count);
    if (!sound)
        return mm_no_memory(err);
    struct mm_embedding first = {0};
    struct mm_embedding second = {0};
    int result = embed(embedder, sound, count, count, &first, err);
    if (result == MM_ERR_INPUT) {
        note(c, "finite", MM_CHECK_WRONG, "%.180s", err ? err->message : "no");
        result = 0;
        goto out;
    }
    if (result == 0)
        result = embed(embedder, sound, count, 997, &second, err);
    if (result < 0)
        goto out;
    note(c, "finite", MM_CHECK_RIGHT, "%zu windows of %zu values", first.n_windows, first.dim);
    if (same(&first, &second))
        note(c, "repeatable", MM_CHECK_RIGHT, "bit for bit, however the samples arrive");
    else
        note(c, "repeatable", MM_CHECK_WRONG, "two runs over the same sound differ");
out:
    mm_embedding_finish(&second);
    mm_embedding_finish(&first);
    free(sound);
    return result;
}

/* ---- the authors' figures ---- */

static double norm_of(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * values[i];
    return sqrt(sum);
}

/* The smallest cosine between corresponding vectors. */
static double worst_cosine(const float *a, const float *b, size_t rows, size_t dim)
{
    double worst = 1;
    for (size_t r = 0; r < rows; r++) {
        double dot = 0;
        for (size_t i = 0; i < dim; i++)
            dot += (double)a[r * dim + i] * b[r * dim + i];
        worst = fmin(worst, dot / (norm_of(a + r * dim, dim) * norm_of(b + r * dim, dim)));
    }
    return worst;
}

static const struct figures *find_figures(const struct mm_embed_settings *settings)
{
    const char *front_end = settings->front_end ? settings->front_end : "trained";
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        if (strcmp(figures[i].model, settings->model) == 0 &&
            strcmp(figures[i].front_end, front_end) == 0)
            return &figures[i];
    return NULL;
}

static void compare(struct checker *c, const struct figures *f, const struct mm_embedding *got,
                    const struct mm_model_reference *reference)
{
    if (got->n_windows < 3) {
        note(c, "reference", MM_CHECK_WRONG, "only %zu windows: not the right sound",
             got->n_windows);
        return;
    }
    double worst = 0;
    for (size_t i = 0; i < 3; i++)
        worst = fmax(worst, fabs(norm_of(got->values + i * got->dim, got->dim) / f->norms[i] - 1));
    note(c, "reference lengths", worst <= NORM_TOLERANCE ? MM_CHECK_RIGHT : MM_CHECK_WRONG,
         "%.4f %.4f %.4f, off by at most %.3f %%", norm_of(got->values, got->dim),
         norm_of(got->values + got->dim, got->dim), norm_of(got->values + 2 * got->dim, got->dim),
         100 * worst);
    if (!reference->embedding) {
        note(c, "reference vectors", MM_CHECK_NOT_DONE, "the authors' array is not at hand");
    } else if (reference->n_values != got->n_windows * got->dim) {
        note(c, "reference vectors", MM_CHECK_WRONG, "%zu values, not %zu",
             got->n_windows * got->dim, reference->n_values);
    } else {
        double cosine = worst_cosine(got->values, reference->embedding, got->n_windows, got->dim);
        note(c, "reference vectors", cosine >= f->cosine ? MM_CHECK_RIGHT : MM_CHECK_WRONG,
             "cosine at least %.6f in %zu windows", cosine, got->n_windows);
    }
}

static int check_reference(struct checker *c, const struct mm_model_reference *reference,
                           struct mm_error *err)
{
    const struct figures *f = find_figures(c->settings);
    if (!f || !reference) {
        note(c, "reference", MM_CHECK_NOT_DONE, "%s",
             f ? "the authors' test sound is not at hand"
               : "the authors publish no figures for this model and front end");
        return 0;
    }
    struct mm_embed_settings settings = *c->settings;
    settings.pool = MM_POOL_NONE;
    settings.hop_s = f->hop_s;
    settings.center = f->center;
    struct mm_embedder *embedder;
    struct mm_embedding got = {0};
    int result = mm_embedder_create(&settings, &embedder, err);
    if (result == 0)
        result = embed(embedder, reference->samples, reference->n_samples, 48000, &got, err);
    if (result == 0)
        compare(c, f, &got, reference);
    mm_embedding_finish(&got);
    mm_embedder_destroy(embedder);
    return result;
}

bool mm_model_has_reference(const struct mm_embed_settings *settings)
{
    return find_figures(settings) != NULL;
}

int mm_model_check(const struct mm_embed_settings *settings,
                   const struct mm_model_reference *reference,
                   struct mm_model_check checks[MM_MODEL_CHECKS], size_t *count,
                   struct mm_error *err)
{
    *count = 0;
    struct checker c = {.settings = settings, .checks = checks};
    c.model = settings->model ? mm_model_find(settings->model) : NULL;
    if (!c.model)
        return mm_error_set(err, MM_ERR_USAGE, "there is no model \"%s\"",
                            settings->model ? settings->model : "");
    struct mm_embed_settings windows = *settings;
    windows.pool = MM_POOL_NONE;
    struct mm_embedder *embedder = NULL;
    int result = check_files(&c, err);
    if (result == 0)
        result = mm_embedder_create(&windows, &embedder, err);
    if (result == 0)
        result = check_runs(&c, embedder, err);
    mm_embedder_destroy(embedder);
    if (result == 0)
        result = check_reference(&c, reference, err);
    *count = c.count;
    return result;
}
