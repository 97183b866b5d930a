/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/l3.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/kernel/memory.h"

#define BN_EPSILON 1e-3 /* Keras' default, which both families were trained with */

/* From here on maps are small and weights large: several windows share each pass over weights. */
#define FIRST_DEEP 5

#define STRIP_ROWS 16 /* of the first map that are in work at a time */

struct mm_l3 {
    struct mm_l3_spec spec;
    float in_scale, in_shift; /* batch norm of the spectrogram */
    struct mm_conv *convs[MM_L3_CONVS];
    struct mm_plane maps[MM_L3_CONVS + 1]; /* [i] enters convs[i]; the last one leaves */
    struct mm_plane strip;                 /* some rows of maps[1], seldom all of them */
    size_t strip_rows;                     /* that one strip gives, before pooling */
    size_t pooled_h, pooled_w;
    size_t pool_top, pool_left; /* the part of 'same' padding before the map */
};

struct mm_l3_work {
    size_t batch;
    float *maps[MM_L3_CONVS + 1]; /* one window below FIRST_DEEP, batch windows from there; [1] is
                                     a strip */
    float *scratch;
};

/* ---- building ---- */

/* Walks the flat list of tensors layer by layer. */
struct walk {
    const struct mm_weights *weights;
    size_t at;
    struct mm_error *err;
};

/* The tensors of the next layer that has weights: [first, first + count). */
static size_t next_layer(struct walk *walk, const struct mm_tensor **first)
{
    const struct mm_weights *w = walk->weights;
    size_t start = walk->at;
    *first = start < w->n_tensors ? &w->tensors[start] : NULL;
    while (walk->at < w->n_tensors && strcmp(w->tensors[walk->at].layer, (*first)->layer) == 0)
        walk->at++;
    return walk->at - start;
}

static const struct mm_tensor *find_tensor(const struct mm_tensor *tensors, size_t n,
                                           const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(tensors[i].name, name) == 0)
            return &tensors[i];
    return NULL;
}

static bool is_vector(const struct mm_tensor *tensor, size_t length)
{
    return tensor && tensor->rank == 1 && tensor->shape[0] == length;
}

/* scale and shift of a batch norm over `channels`: y = x * scale + shift; both [channels]. */
static int take_norm(struct walk *walk, size_t channels, double *scale, double *shift)
{
    const struct mm_tensor *layer;
    size_t n = next_layer(walk, &layer);
    const struct mm_tensor *gamma = find_tensor(layer, n, "gamma");
    const struct mm_tensor *beta = find_tensor(layer, n, "beta");
    const struct mm_tensor *mean = find_tensor(layer, n, "moving_mean");
    const struct mm_tensor *variance = find_tensor(layer, n, "moving_variance");
    if (!is_vector(gamma, channels) || !is_vector(beta, channels) || !is_vector(mean, channels) ||
        !is_vector(variance, channels))
        return mm_error_set(walk->err, MM_ERR_INPUT,
                            "layer %s is not the batch normalisation of %zu channels that "
                            "belongs there",
                            layer ? layer->layer : "(none left)", channels);
    for (size_t i = 0; i < channels; i++) {
        if (variance->data[i] < 0)
            return mm_error_set(walk->err, MM_ERR_INPUT, "layer %s has a negative variance",
                                layer->layer);
        scale[i] = gamma->data[i] / sqrt(variance->data[i] + BN_EPSILON);
        shift[i] = beta->data[i] - mean->data[i] * scale[i];
    }
    return 0;
}

static int take_conv(struct walk *walk, size_t in_channels, size_t out_channels,
                     const struct mm_tensor **kernel, const struct mm_tensor **bias)
{
    const struct mm_tensor *layer;
    size_t n = next_layer(walk, &layer);
    *kernel = find_tensor(layer, n, "kernel");
    *bias = find_tensor(layer, n, "bias");
    const size_t *shape = *kernel ? (*kernel)->shape : NULL;
    if (!*kernel || (*kernel)->rank != 4 || shape[0] != 3 || shape[1] != 3 ||
        shape[2] != in_channels || shape[3] != out_channels || !is_vector(*bias, out_channels))
        return mm_error_set(walk->err, MM_ERR_INPUT,
                            "layer %s is not the 3 x 3 convolution from %zu to %zu channels that "
                            "belongs there",
                            layer ? layer->layer : "(none left)", in_channels, out_channels);
    return 0;
}

/*
 * Folds a batch norm into the convolution before it: with s = scale, t = shift of the norm,
 * s (w x + b) + t = (s w) x + (s b + t). Also turns Keras' [3][3][in][out] into [out][in][3][3].
 */
static void fold(const struct mm_tensor *kernel, const struct mm_tensor *bias, const double *scale,
                 const double *shift, float *out_kernel, float *out_bias)
{
    size_t n_in = kernel->shape[2];
    size_t n_out = kernel->shape[3];
    for (size_t o = 0; o < n_out; o++) {
        for (size_t i = 0; i < n_in; i++)
            for (size_t tap = 0; tap < 9; tap++)
                out_kernel[(o * n_in + i) * 9 + tap] =
                    (float)(kernel->data[(tap * n_in + i) * n_out + o] * scale[o]);
        out_bias[o] = (float)(bias->data[o] * scale[o] + shift[o]);
    }
}

/* Builds convolution i; [height][width] is what enters it, and then what leaves it. */
static int build_conv(struct mm_l3 *net, struct walk *walk, const struct mm_kernels *kernels,
                      size_t i, size_t *height, size_t *width)
{
    size_t n_in = i ? net->spec.filters[i - 1] : 1;
    size_t n_out = net->spec.filters[i];
    bool normed = i + 1 < MM_L3_CONVS || net->spec.last_norm;
    const struct mm_tensor *kernel;
    const struct mm_tensor *bias;
    int result = take_conv(walk, n_in, n_out, &kernel, &bias);
    if (result < 0)
        return result;
    float *folded = mm_calloc3(n_in * n_out, 9, sizeof *folded);
    float *folded_bias = mm_calloc3(n_out, sizeof *folded_bias, 1);
    double *scale = mm_calloc3(2 * n_out, sizeof *scale, 1);
    if (!folded || !folded_bias || !scale) {
        result = mm_no_memory(walk->err);
        goto out;
    }
    double *shift = scale + n_out;
    for (size_t c = 0; c < n_out; c++)
        scale[c] = 1;
    if (normed && (result = take_norm(walk, n_out, scale, shift)) < 0)
        goto out;
    fold(kernel, bias, scale, shift, folded, folded_bias);
    size_t pool = i == 1 || i == 3 || i == 5 ? 2 : 1;
    struct mm_conv_desc desc = {.in_channels = n_in,
                                .out_channels = n_out,
                                .height = *height,
                                .width = *width,
                                .kernel_h = 3,
                                .kernel_w = 3,
                                .pad = {1, 1, 1, 1},
                                .pool_h = pool,
                                .pool_w = pool,
                                .kernel = folded,
                                .bias = folded_bias,
                                .relu = normed};
    result = mm_conv_create(&desc, kernels, &net->convs[i], walk->err);
    if (result == 0) {
        *height = mm_conv_out_height(net->convs[i]);
        *width = mm_conv_out_width(net->convs[i]);
        net->maps[i] = *mm_conv_input(net->convs[i]);
    }
out:
    free(scale);
    free(folded_bias);
    free(folded);
    return result;
}

/* TensorFlow's 'same' pooling: as many windows as it takes, padding split with the odd one last. */
static void plan_pool(struct mm_l3 *net)
{
    const struct mm_l3_spec *spec = &net->spec;
    const struct mm_plane *map = &net->maps[MM_L3_CONVS];
    net->pooled_h = (map->height + spec->pool_h - 1) / spec->pool_h;
    net->pooled_w = (map->width + spec->pool_w - 1) / spec->pool_w;
    net->pool_top = (net->pooled_h * spec->pool_h - map->height) / 2;
    net->pool_left = (net->pooled_w * spec->pool_w - map->width) / 2;
}

/* Rows of the first map, with those above and below that the second convolution needs. Where that
 * one reads whole maps only, the strip is one. */
static int plan_strip(struct mm_l3 *net, struct mm_error *err)
{
    const struct mm_plane *map = &net->maps[1];
    size_t step = mm_conv_row_step(net->convs[1]);
    net->strip_rows =
        mm_conv_takes_strips(net->convs[1]) ? (STRIP_ROWS + step - 1) / step * step : map->height;
    struct mm_pad sides = {.left = map->pad.left, .right = map->pad.right};
    if (!mm_plane_init(&net->strip, map->channels, net->strip_rows + 2, map->width, sides))
        return mm_error_set(err, MM_ERR_BUG, "a strip of the network's first map has no size");
    return 0;
}

static int build(struct mm_l3 *net, const struct mm_weights *weights,
                 const struct mm_kernels *kernels, struct mm_error *err)
{
    struct walk walk = {.weights = weights, .err = err};
    double scale = 1;
    double shift = 0;
    int result = take_norm(&walk, 1, &scale, &shift);
    if (result < 0)
        return result;
    net->in_scale = (float)scale;
    net->in_shift = (float)shift;
    size_t height = net->spec.bins;
    size_t width = net->spec.frames;
    for (size_t i = 0; i < MM_L3_CONVS; i++)
        if ((result = build_conv(net, &walk, kernels, i, &height, &width)) < 0)
            return result;
    const struct mm_tensor *rest;
    if (next_layer(&walk, &rest) != 0)
        return mm_error_set(err, MM_ERR_INPUT, "layer %s is one more than this network has",
                            rest->layer);
    if (!mm_plane_init(&net->maps[MM_L3_CONVS], net->spec.filters[MM_L3_CONVS - 1], height, width,
                       (struct mm_pad){0}))
        return mm_error_set(err, MM_ERR_BUG, "the network's last map has no size");
    plan_pool(net);
    return plan_strip(net, err);
}

int mm_l3_create(const struct mm_l3_spec *spec, const struct mm_weights *weights,
                 const struct mm_kernels *kernels, struct mm_l3 **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_l3 *net = calloc(1, sizeof *net);
    if (!net)
        return mm_no_memory(err);
    net->spec = *spec;
    int result = build(net, weights, kernels, err);
    if (result < 0) {
        mm_l3_destroy(net);
        return result;
    }
    *out = net;
    return 0;
}

void mm_l3_destroy(struct mm_l3 *net)
{
    if (!net)
        return;
    for (size_t i = 0; i < MM_L3_CONVS; i++)
        mm_conv_destroy(net->convs[i]);
    free(net);
}

size_t mm_l3_dim(const struct mm_l3 *net)
{
    return net->pooled_h * net->pooled_w * net->spec.filters[MM_L3_CONVS - 1];
}

size_t mm_l3_in_size(const struct mm_l3 *net)
{
    return net->spec.bins * net->spec.frames;
}

size_t mm_l3_bytes(const struct mm_l3 *net)
{
    size_t bytes = sizeof *net;
    for (size_t i = 0; i < MM_L3_CONVS; i++)
        bytes += mm_conv_bytes(net->convs[i]);
    return bytes;
}

/* ---- work space ---- */

static size_t map_floats(const struct mm_l3 *net, size_t i, size_t batch)
{
    if (i == 1)
        return net->strip.size;
    return net->maps[i].size * (i < FIRST_DEEP ? 1 : batch);
}

static size_t scratch_floats(const struct mm_l3 *net)
{
    size_t most = 0;
    for (size_t i = 0; i < MM_L3_CONVS; i++)
        if (mm_conv_scratch(net->convs[i]) > most)
            most = mm_conv_scratch(net->convs[i]);
    return most;
}

size_t mm_l3_work_bytes(const struct mm_l3 *net, size_t batch)
{
    size_t floats = scratch_floats(net);
    for (size_t i = 0; i <= MM_L3_CONVS; i++)
        floats += map_floats(net, i, batch);
    return floats * sizeof(float);
}

int mm_l3_work_create(const struct mm_l3 *net, size_t batch, struct mm_l3_work **out,
                      struct mm_error *err)
{
    *out = NULL;
    struct mm_l3_work *work = calloc(1, sizeof *work);
    if (!work)
        return mm_no_memory(err);
    work->batch = batch;
    work->scratch = mm_floats_alloc(scratch_floats(net));
    bool complete = work->scratch;
    for (size_t i = 0; complete && i <= MM_L3_CONVS; i++) {
        work->maps[i] = mm_floats_alloc(map_floats(net, i, batch));
        complete = work->maps[i];
    }
    if (!complete) {
        mm_l3_work_destroy(work);
        return mm_no_memory(err);
    }
    *out = work;
    return 0;
}

void mm_l3_work_destroy(struct mm_l3_work *work)
{
    if (!work)
        return;
    for (size_t i = 0; i <= MM_L3_CONVS; i++)
        free(work->maps[i]);
    free(work->scratch);
    free(work);
}

/* ---- running ---- */

/* The zero padding lies around the normalised spectrogram, so its norm cannot be folded. */
static void normalise(const struct mm_l3 *net, const float *in, float *map)
{
    const struct mm_plane *plane = &net->maps[0];
    for (size_t y = 0; y < plane->height; y++) {
        float *row = map + plane->origin + y * plane->row;
        for (size_t x = 0; x < plane->width; x++)
            row[x] = in[y * plane->width + x] * net->in_scale + net->in_shift;
    }
}

/* The largest values of one group of channels in pooling window (y, x); best: [MM_LANES]. */
static void pool_group(const struct mm_l3 *net, const float *group, size_t y, size_t x, float *best)
{
    const struct mm_plane *plane = &net->maps[MM_L3_CONVS];
    size_t top = y * net->spec.pool_h;
    size_t left = x * net->spec.pool_w;
    size_t y0 = top > net->pool_top ? top - net->pool_top : 0;
    size_t x0 = left > net->pool_left ? left - net->pool_left : 0;
    size_t y1 = top + net->spec.pool_h - net->pool_top;
    size_t x1 = left + net->spec.pool_w - net->pool_left;
    for (size_t lane = 0; lane < MM_LANES; lane++)
        best[lane] = -FLT_MAX;
    for (size_t i = y0; i < y1 && i < plane->height; i++)
        for (size_t j = x0; j < x1 && j < plane->width; j++) {
            const float *at = group + i * plane->row + j * MM_LANES;
            for (size_t lane = 0; lane < MM_LANES; lane++)
                best[lane] = best[lane] > at[lane] ? best[lane] : at[lane];
        }
}

/* out: [pooled_h][pooled_w][channels] */
static void pool_and_flatten(const struct mm_l3 *net, const float *map, float *out)
{
    const struct mm_plane *plane = &net->maps[MM_L3_CONVS];
    size_t channels = net->spec.filters[MM_L3_CONVS - 1];
    for (size_t y = 0; y < net->pooled_h; y++)
        for (size_t x = 0; x < net->pooled_w; x++, out += channels)
            for (size_t c = 0; c < channels; c += MM_LANES) {
                float best[MM_LANES];
                pool_group(net, map + plane->origin + c / MM_LANES * plane->group, y, x, best);
                size_t count = channels - c < MM_LANES ? channels - c : MM_LANES;
                memcpy(out + c, best, count * sizeof *best);
            }
}

/*
 * The first two convolutions, a few rows at a time: the map between them is the largest of all, and
 * like this it never leaves the cache.
 */
static void run_first_two(const struct mm_l3 *net, struct mm_l3_work *work)
{
    const struct mm_plane *strip = &net->strip;
    const struct mm_plane *picture = &net->maps[0];
    const struct mm_plane *out = &net->maps[2];
    size_t height = net->maps[1].height;
    size_t pool = height / out->height;
    for (size_t y = 0; y < height / pool * pool; y += net->strip_rows) {
        /* Rows y - 1 .. y + strip_rows of the first map; those outside of it are zero. */
        size_t top = y ? y - 1 : 0;
        size_t bottom = y + net->strip_rows + 1 < height ? y + net->strip_rows + 1 : height;
        size_t shift = y ? 0 : strip->row;
        size_t filled = shift + (bottom - top) * strip->row;
        for (size_t g = 0; g < strip->groups; g++) {
            float *group = work->maps[1] + g * strip->group;
            memset(group, 0, shift * sizeof *group);
            memset(group + filled, 0, (strip->group - filled) * sizeof *group);
        }
        mm_conv_run_rows(net->convs[0], bottom - top, picture, work->maps[0] + top * picture->row,
                         strip, work->maps[1] + shift, work->scratch);
        size_t count = net->strip_rows;
        if (count > height / pool * pool - y)
            count = height / pool * pool - y;
        mm_conv_run_rows(net->convs[1], count, strip, work->maps[1], out,
                         work->maps[2] + y / pool * out->row, work->scratch);
    }
}

static void run_conv(const struct mm_l3 *net, struct mm_l3_work *work, size_t i, size_t n,
                     float *out)
{
    mm_conv_run(net->convs[i], n, work->maps[i], &net->maps[i + 1], out, work->scratch);
}

void mm_l3_run(const struct mm_l3 *net, struct mm_l3_work *work, size_t n, const float *in,
               float *out)
{
    size_t in_size = mm_l3_in_size(net);
    for (size_t w = 0; w < n; w++) {
        normalise(net, in + w * in_size, work->maps[0]);
        run_first_two(net, work);
        for (size_t i = 2; i < FIRST_DEEP - 1; i++)
            run_conv(net, work, i, 1, work->maps[i + 1]);
        run_conv(net, work, FIRST_DEEP - 1, 1,
                 work->maps[FIRST_DEEP] + w * net->maps[FIRST_DEEP].size);
    }
    for (size_t i = FIRST_DEEP; i < MM_L3_CONVS; i++)
        run_conv(net, work, i, n, work->maps[i + 1]);
    for (size_t w = 0; w < n; w++)
        pool_and_flatten(net, work->maps[MM_L3_CONVS] + w * net->maps[MM_L3_CONVS].size,
                         out + w * mm_l3_dim(net));
}
