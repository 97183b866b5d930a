/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle.h - what the tests of the deep models share: pseudo-random weights and a test signal that
 * an independent implementation can regenerate (the formulas are given below), its expected numbers
 * from tests/data/embed, and comparing.
 */
#ifndef TESTS_EMBED_ORACLE_H
#define TESTS_EMBED_ORACLE_H

#include <hdf5.h>
#include <math.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/random.h"
#include "check.h"
#include "embed/weights.h"

#define ORACLE_RATE 48000

/* ---- .npy ---- */

/* The float32 values of a NumPy file of version 1; *count gets how many. free(). */
static inline float *oracle_read_npy(const char *path, size_t *count)
{
    struct mm_error err = {0};
    char *bytes;
    size_t size;
    assert_ok(mm_file_read(path, (size_t)64 << 20, &bytes, &size, &err), &err);
    assert_true(size > 10 && memcmp(bytes, "\x93NUMPY\x01", 7) == 0);
    assert_non_null(strstr(bytes + 10, "'<f4'"));
    size_t head = 10 + (unsigned char)bytes[8] + 256 * (size_t)(unsigned char)bytes[9];
    assert_true(head <= size);
    *count = (size - head) / sizeof(float);
    float *values = malloc(*count * sizeof *values);
    assert_non_null(values);
    memcpy(values, bytes + head, *count * sizeof *values);
    free(bytes);
    return values;
}

/* A fixture of tests/data/embed. */
static inline float *oracle_read_fixture(const char *name, size_t *count)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/embed/%s.npy", TEST_DATA, name);
    return oracle_read_npy(path, count);
}

/* The samples of a 16-bit mono WAV file with a plain header. free(). */
static inline float *oracle_read_wav(const char *path, size_t *count)
{
    struct mm_error err = {0};
    char *bytes;
    size_t size;
    assert_ok(mm_file_read(path, (size_t)16 << 20, &bytes, &size, &err), &err);
    *count = (size - 44) / 2;
    float *samples = calloc(*count, sizeof *samples);
    for (size_t i = 0; i < *count; i++) {
        int16_t value;
        memcpy(&value, bytes + 44 + 2 * i, 2);
        samples[i] = (float)value / 32768;
    }
    free(bytes);
    return samples;
}

/* ---- the folders with real weights and full arrays, which not every machine has ---- */

static inline bool oracle_path(char *path, size_t size, const char *variable, const char *name)
{
    const char *folder = getenv(variable);
    if (!folder) {
        print_message("skipped: %s is not set\n", variable);
        return false;
    }
    snprintf(path, size, "%s/%s", folder, name);
    return true;
}

/* ---- draws ---- */

/* -1..1 from the upper 24 bits of splitmix64. */
static inline double oracle_draw(struct mm_random *r)
{
    return 2.0 * (double)(mm_random_next(r) >> 40) / (1 << 24) - 1.0;
}

/* 2.5 s at 48 kHz: a chirp from 80 to 9000 Hz with a slow tremolo, a tone that comes and goes, a
 * little noise; rounded to 16 bits. */
static inline float *oracle_signal(size_t *count)
{
    const double seconds = 2.5;
    *count = (size_t)(seconds * ORACLE_RATE);
    float *y = malloc(*count * sizeof *y);
    assert_non_null(y);
    struct mm_random noise = {7};
    for (size_t i = 0; i < *count; i++) {
        double t = (double)i / ORACLE_RATE;
        double chirp = sin(2 * M_PI * (80 * t + (9000 - 80) / (2 * seconds) * t * t));
        double value = 0.45 * chirp * (0.3 + 0.7 * fabs(sin(2 * M_PI * 1.7 * t)));
        value += 0.2 * sin(2 * M_PI * 440 * t) * fmod(floor(t * 4), 2);
        value += 0.02 * oracle_draw(&noise);
        y[i] = (float)(rint(fmax(-1, fmin(1, value)) * 32767) / 32768);
    }
    return y;
}

/* ---- weights of the OpenL3 network ---- */

static inline void oracle_add(struct mm_weights *w, const char *layer, const char *name,
                              size_t rank, const size_t *shape, const float *data)
{
    struct mm_tensor t = {.rank = rank, .count = 1};
    snprintf(t.layer, sizeof t.layer, "%s", layer);
    snprintf(t.name, sizeof t.name, "%s", name);
    for (size_t i = 0; i < rank; i++) {
        t.shape[i] = shape[i];
        t.count *= shape[i];
    }
    t.data = malloc(t.count * sizeof *t.data);
    assert_non_null(t.data);
    memcpy(t.data, data, t.count * sizeof *t.data);
    w->tensors = realloc(w->tensors, (w->n_tensors + 1) * sizeof *w->tensors);
    assert_non_null(w->tensors);
    w->tensors[w->n_tensors++] = t;
}

static inline void oracle_draw_tensor(struct mm_random *r, size_t count, double at, double spread,
                                      float *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (float)(at + spread * oracle_draw(r));
}

/* Layer number l draws from splitmix64 seeded with 1000 + l; the input's norm has its own range. */
static inline void oracle_add_norm(struct mm_weights *w, size_t l, size_t channels)
{
    static const char *const names[4] = {"gamma", "beta", "moving_mean", "moving_variance"};
    static const double at[2][4] = {{1, 0, -30, 300}, {1, 0, 0, 1}};
    static const double spread[2][4] = {{0.2, 0.2, 5, 50}, {0.2, 0.2, 0.1, 0.5}};
    struct mm_random r = {1000 + l};
    char layer[64];
    snprintf(layer, sizeof layer, "batch_normalization_%zu", l / 2 + 1);
    float *values = malloc(channels * sizeof *values);
    assert_non_null(values);
    for (int i = 0; i < 4; i++) {
        oracle_draw_tensor(&r, channels, at[l > 0][i], spread[l > 0][i], values);
        oracle_add(w, layer, names[i], 1, &channels, values);
    }
    free(values);
}

static inline void oracle_add_conv(struct mm_weights *w, size_t l, size_t in, size_t out,
                                   const char *layer)
{
    struct mm_random r = {1000 + l};
    size_t shape[4] = {3, 3, in, out};
    float *values = malloc(9 * in * out * sizeof *values);
    assert_non_null(values);
    oracle_draw_tensor(&r, 9 * in * out, 0, sqrt(6.0 / (9.0 * (double)in)), values);
    oracle_add(w, layer, "kernel", 4, shape, values);
    oracle_draw_tensor(&r, out, 0, 0.1, values);
    oracle_add(w, layer, "bias", 1, &out, values);
    free(values);
}

/* The 17 layers; mm_weights_finish(). */
static inline void oracle_weights(struct mm_weights *w)
{
    static const size_t filters[8] = {64, 64, 128, 128, 256, 256, 512, 512};
    *w = (struct mm_weights){0};
    oracle_add_norm(w, 0, 1);
    size_t in = 1;
    for (size_t i = 0; i < 8; i++) {
        char layer[64];
        snprintf(layer, sizeof layer, "conv2d_%zu", i + 1);
        oracle_add_conv(w, 1 + 2 * i, in, filters[i], i == 7 ? "audio_embedding_layer" : layer);
        if (i < 7)
            oracle_add_norm(w, 2 + 2 * i, filters[i]);
        in = filters[i];
    }
}

/* ---- a Keras file ---- */

/* How the file is laid out: Keras has done it in all of these ways. */
struct oracle_keras {
    bool whole_model;      /* below model_weights, as save() does */
    bool variable_strings; /* names as strings of variable length */
    bool chunked;          /* tensors in compressed chunks */
    bool doubles;          /* stored as float64 */
};

static inline void oracle_write_names(hid_t object, const char *attribute, char (*names)[128],
                                      size_t n, bool variable)
{
    hsize_t dims = n;
    hid_t space = H5Screate_simple(1, &dims, NULL);
    hid_t type = H5Tcopy(H5T_C_S1);
    const char **pointers = malloc((n ? n : 1) * sizeof *pointers);
    assert_non_null(pointers);
    for (size_t i = 0; i < n; i++)
        pointers[i] = names[i];
    H5Tset_size(type, variable ? H5T_VARIABLE : 128);
    H5Tset_strpad(type, variable ? H5T_STR_NULLTERM : H5T_STR_NULLPAD);
    hid_t a =
        H5Acreate2(object, attribute, n ? type : H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    if (n)
        assert_true(H5Awrite(a, type, variable ? (const void *)pointers : (const void *)names) >=
                    0);
    free(pointers);
    H5Aclose(a);
    H5Tclose(type);
    H5Sclose(space);
}

static inline void oracle_write_tensor(hid_t group, const struct mm_tensor *t, const char *path,
                                       const struct oracle_keras *how)
{
    hsize_t dims[4];
    for (size_t i = 0; i < t->rank; i++)
        dims[i] = t->shape[i];
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t storage = H5Pcreate(H5P_DATASET_CREATE);
    if (how->chunked) {
        H5Pset_chunk(storage, (int)t->rank, dims);
        H5Pset_deflate(storage, 1);
    }
    hid_t space = H5Screate_simple((int)t->rank, dims, NULL);
    hid_t set = H5Dcreate2(group, path, how->doubles ? H5T_IEEE_F64BE : H5T_IEEE_F32LE, space,
                           links, storage, H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, t->data) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(storage);
    H5Pclose(links);
}

/* Writes what Keras' save_weights() or save() would, with an input and a relu layer in between. */
static inline void oracle_write_keras(const char *path, const struct mm_weights *w,
                                      const struct oracle_keras *how)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    hid_t root = how->whole_model
                     ? H5Gcreate2(file, "model_weights", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)
                     : H5Gopen2(file, "/", H5P_DEFAULT);
    char(*layers)[128] = calloc(w->n_tensors + 2, sizeof *layers);
    assert_non_null(layers);
    size_t n_layers = 0;
    snprintf(layers[n_layers++], sizeof *layers, "input_1");
    snprintf(layers[n_layers++], sizeof *layers, "activation_1");
    hid_t empty = H5Gcreate2(root, "activation_1", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    oracle_write_names(empty, "weight_names", NULL, 0, false);
    H5Gclose(empty);
    for (size_t i = 0; i < w->n_tensors;) {
        const char *layer = w->tensors[i].layer;
        hid_t group = H5Gcreate2(root, layer, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        char names[8][128] = {{0}};
        size_t n = 0;
        for (; i < w->n_tensors && strcmp(w->tensors[i].layer, layer) == 0; i++, n++) {
            snprintf(names[n], sizeof names[n], "%.50s/%.50s:0", layer, w->tensors[i].name);
            oracle_write_tensor(group, &w->tensors[i], names[n], how);
        }
        oracle_write_names(group, "weight_names", names, n, how->variable_strings);
        H5Gclose(group);
        snprintf(layers[n_layers++], sizeof *layers, "%s", layer);
    }
    oracle_write_names(root, "layer_names", layers, n_layers, how->variable_strings);
    free(layers);
    H5Gclose(root);
    assert_true(H5Fclose(file) >= 0);
}

/* ---- comparing ---- */

struct oracle_difference {
    double largest; /* of |got - want| */
    double scale;   /* of |want| */
    double cosine;
};

static inline struct oracle_difference oracle_compare(const float *got, const float *want,
                                                      size_t count, size_t stride)
{
    struct oracle_difference d = {0};
    double dot = 0, got2 = 0, want2 = 0;
    for (size_t i = 0; i < count; i++) {
        double g = got[i * stride];
        d.largest = fmax(d.largest, fabs(g - want[i]));
        d.scale = fmax(d.scale, fabs((double)want[i]));
        dot += g * want[i];
        got2 += g * g;
        want2 += (double)want[i] * want[i];
    }
    d.cosine = dot / sqrt(got2 * want2);
    return d;
}

/* The tolerance for a direct convolution, or a faster algorithm. */
static inline void oracle_assert_within(double tolerance, const char *what, const float *got,
                                        const float *want, size_t count, size_t stride)
{
    struct oracle_difference d = oracle_compare(got, want, count, stride);
    if (!(d.cosine >= 0.99999) || !(d.largest <= tolerance * d.scale))
        fail_msg("%s: cosine %.8f, difference %.3g of %.3g", what, d.cosine, d.largest, d.scale);
}

static inline void oracle_assert_close(const char *what, const float *got, const float *want,
                                       size_t count, size_t stride)
{
    oracle_assert_within(1e-4, what, got, want, count, stride);
}

#endif
