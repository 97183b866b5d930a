/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every set of convolution kernels that this processor runs, against a plain convolution in double:
 * the shapes of our networks and random ones; each map's values alone and in any place of a batch;
 * the padding around the output. Prints what each took (never judged).
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "embed/kernel/conv.h"
#include "embed/kernel/memory.h"
#include "tap.h"

#if defined __SANITIZE_ADDRESS__
#define N_RANDOM 60 /* the reference is slow there */
#define SHRINK   4
#elif defined __aarch64__
#define N_RANDOM 60
#define SHRINK   8 /* an emulator: our networks' maps with fewer rows */
#else
#define N_RANDOM 500
#define SHRINK   1
#endif
#define MAX_BATCH 17
#define TOLERANCE 5e-5 /* of the largest value: F(8 x 6) costs a digit in a layer by itself */
#define BUDGET    6e6  /* multiplications of a random shape */
#define N_SAMPLES 600  /* outputs compared of a large shape */

static uint64_t state = 88172645463325252u;
static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}
static size_t random_below(size_t n)
{
    return (size_t)(next_random() >> 11) % n;
}
static float random_value(void)
{
    return (float)((double)(next_random() >> 11) / (1ull << 52) - 1);
}
static float *random_values(size_t n)
{
    float *values = malloc((n ? n : 1) * sizeof *values);
    tap_assert(values);
    for (size_t i = 0; i < n; i++)
        values[i] = random_value();
    return values;
}

/* A shape with its weights, and one batch of inputs [n][channels][height][width]. */
struct problem {
    struct mm_conv_desc desc;
    size_t n;
    float *kernel, *bias, *scale, *shift, *in;
};

static void finish_problem(struct problem *p)
{
    free(p->kernel);
    free(p->bias);
    free(p->scale);
    free(p->shift);
    free(p->in);
}

static void fill_problem(struct problem *p, bool bias, bool scale)
{
    struct mm_conv_desc *d = &p->desc;
    p->kernel = random_values(d->out_channels * d->in_channels * d->kernel_h * d->kernel_w);
    d->kernel = p->kernel;
    if (bias)
        d->bias = p->bias = random_values(d->out_channels);
    if (scale) {
        d->scale = p->scale = random_values(d->out_channels);
        d->shift = p->shift = random_values(d->out_channels);
    }
    p->in = random_values(p->n * d->in_channels * d->height * d->width);
}

/* ---- the reference ---- */

static double input_at(const struct problem *p, size_t map, size_t channel, size_t y, size_t x)
{
    const struct mm_conv_desc *d = &p->desc;
    y -= d->pad.top; /* wraps above the top: too large, too */
    x -= d->pad.left;
    if (y >= d->height || x >= d->width)
        return 0;
    return (double)p->in[((map * d->in_channels + channel) * d->height + y) * d->width + x];
}

/* One value before pooling. */
static double convolve(const struct problem *p, size_t map, size_t out, size_t y, size_t x)
{
    const struct mm_conv_desc *d = &p->desc;
    double sum = d->bias ? (double)d->bias[out] : 0;
    const float *w = d->kernel + out * d->in_channels * d->kernel_h * d->kernel_w;
    for (size_t c = 0; c < d->in_channels; c++)
        for (size_t i = 0; i < d->kernel_h; i++)
            for (size_t j = 0; j < d->kernel_w; j++)
                sum += (double)*w++ * input_at(p, map, c, y + i, x + j);
    if (d->relu && sum < 0)
        sum = 0;
    return d->scale ? sum * (double)d->scale[out] + (double)d->shift[out] : sum;
}

static double reference(const struct problem *p, size_t map, size_t out, size_t y, size_t x)
{
    size_t pool_h = p->desc.pool_h ? p->desc.pool_h : 1;
    size_t pool_w = p->desc.pool_w ? p->desc.pool_w : 1;
    double best = -INFINITY;
    for (size_t i = 0; i < pool_h; i++)
        for (size_t j = 0; j < pool_w; j++)
            best = fmax(best, convolve(p, map, out, y * pool_h + i, x * pool_w + j));
    return best;
}

/* ---- what is tested ---- */

struct result {
    struct mm_plane plane; /* with one pixel of padding above, two to the left, ... */
    float *maps;           /* [n][plane.size] */
};

static float at(const struct result *r, size_t map, size_t channel, size_t y, size_t x)
{
    const struct mm_plane *plane = &r->plane;
    return r->maps[map * plane->size + plane->origin + channel / plane->lanes * plane->group +
                   channel % plane->lanes + y * plane->row + x * plane->lanes];
}

static void put_map(const struct mm_plane *plane, const float *in, float *map)
{
    for (size_t c = 0; c < plane->channels; c++)
        for (size_t y = 0; y < plane->height; y++)
            for (size_t x = 0; x < plane->width; x++)
                map[plane->origin + c / plane->lanes * plane->group + c % plane->lanes +
                    y * plane->row + x * plane->lanes] = *in++;
}

static float *put_inputs(const struct problem *p, const struct mm_plane *plane)
{
    float *in = mm_floats_alloc(p->n * plane->size);
    tap_assert(in);
    for (size_t i = 0; i < p->n; i++)
        put_map(plane, p->in + i * p->desc.in_channels * p->desc.height * p->desc.width,
                in + i * plane->size);
    return in;
}

/* Everything outside of the map is as it was: 0. */
static void check_padding(const struct result *r, size_t n)
{
    const struct mm_plane *plane = &r->plane;
    size_t rows = plane->pad.top + plane->height + plane->pad.bottom;
    size_t columns = plane->row / plane->lanes;
    for (size_t i = 0; i < n * plane->size; i++) {
        size_t rest = i % plane->size;
        size_t row = rest % plane->group / plane->row;
        size_t column = rest % plane->row / plane->lanes;
        bool inside = rest < plane->groups * plane->group && row < rows && column < columns &&
                      row >= plane->pad.top && row < plane->pad.top + plane->height &&
                      column >= plane->pad.left && column < plane->pad.left + plane->width;
        if (!inside && r->maps[i] != 0)
            tap_fail("wrote outside of the map, at float %zu", i);
    }
}

/* Runs the batch, and every map of it by itself: the same bits. */
static void run_problem(const struct problem *p, const struct mm_kernels *kernels, struct result *r,
                        double *seconds)
{
    struct mm_error err = {0};
    struct mm_conv *conv;
    tap_assert_ok(mm_conv_create(&p->desc, kernels, &conv, &err), &err);
    tap_assert(mm_plane_init(&r->plane, p->desc.out_channels, mm_conv_out_height(conv),
                             mm_conv_out_width(conv), (struct mm_pad){1, 2, 3, 1}));
    float *in = put_inputs(p, mm_conv_input(conv));
    float *scratch = mm_floats_alloc(mm_conv_scratch(conv));
    float *alone = mm_floats_alloc(r->plane.size);
    r->maps = mm_floats_alloc(p->n * r->plane.size);
    tap_assert(scratch && alone && r->maps);
    clock_t begin = clock();
    mm_conv_run(conv, p->n, in, &r->plane, r->maps, scratch);
    *seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    check_padding(r, p->n);
    for (size_t i = 0; i < p->n; i++) {
        mm_conv_run(conv, 1, in + i * mm_conv_input(conv)->size, &r->plane, alone, scratch);
        tap_assert(memcmp(alone, r->maps + i * r->plane.size, r->plane.size * sizeof *alone) == 0);
    }
    free(alone);
    free(scratch);
    free(in);
    mm_conv_destroy(conv);
}

static void describe(const struct problem *p, char *text, size_t size)
{
    const struct mm_conv_desc *d = &p->desc;
    snprintf(text, size, "%zu x (%zu x %zu x %zu) -> %zu by %zu x %zu, pool %zu x %zu", p->n,
             d->in_channels, d->height, d->width, d->out_channels, d->kernel_h, d->kernel_w,
             d->pool_h, d->pool_w);
}

/* Some of the outputs, or all when there are few. */
static void compare(const struct problem *p, const struct mm_kernels *kernels,
                    const struct result *r)
{
    size_t each = r->plane.channels * r->plane.height * r->plane.width;
    size_t all = each * p->n;
    size_t count = all < N_SAMPLES ? all : N_SAMPLES;
    double worst = 0, largest = 0;
    for (size_t k = 0; k < count; k++) {
        size_t i = all < N_SAMPLES ? k : random_below(all);
        size_t x = i % r->plane.width;
        size_t y = i / r->plane.width % r->plane.height;
        size_t c = i % each / (r->plane.width * r->plane.height);
        double want = reference(p, i / each, c, y, x);
        worst = fmax(worst, fabs((double)at(r, i / each, c, y, x) - want));
        largest = fmax(largest, fabs(want));
    }
    char text[160];
    describe(p, text, sizeof text);
    if (!(worst <= TOLERANCE * fmax(largest, 1e-3)))
        tap_fail("%s, %s: off by %g, the largest is %g", kernels->name, text, worst, largest);
}

static void check_problem(const struct problem *p, bool talk)
{
    size_t n;
    const struct mm_kernels *const *all = mm_kernels_all(&n);
    for (size_t k = 0; k < n; k++) {
        if (!all[k]->usable())
            continue;
        struct result r;
        double seconds;
        char text[160];
        run_problem(p, all[k], &r, &seconds);
        compare(p, all[k], &r);
        describe(p, text, sizeof text);
        if (talk)
            printf("# %-9s %7.2f ms  %s\n", all[k]->name, seconds * 1e3, text);
        free(r.maps);
    }
}

/* OpenL3 (mel256), EdgeL3 and MusiCNN. */
static void test_our_shapes(void)
{
    static const size_t shapes[][8] = {
        /* in, out, height, width, kernel, pad, pool */
        {1, 64, 256, 199, 3, 3, 1, 1},   {64, 64, 256, 199, 3, 3, 1, 2},
        {64, 128, 128, 99, 3, 3, 1, 1},  {128, 128, 128, 99, 3, 3, 1, 2},
        {128, 256, 64, 49, 3, 3, 1, 1},  {256, 256, 64, 49, 3, 3, 1, 2},
        {256, 512, 32, 24, 3, 3, 1, 1},  {512, 512, 32, 24, 3, 3, 1, 1},
        {32, 64, 128, 99, 3, 3, 1, 1},   {1, 204, 187, 96, 7, 67, 0, 1},
        {1, 204, 187, 96, 7, 38, 0, 1},  {1, 51, 187, 96, 128, 1, 0, 1},
        {512, 64, 187, 1, 7, 1, 0, 1},   {64, 64, 187, 1, 7, 1, 0, 1},
        {1, 64, 187, 561, 7, 561, 0, 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const size_t *s = shapes[i];
        struct problem p = {.n = 1};
        p.desc = (struct mm_conv_desc){.in_channels = s[0],
                                       .out_channels = s[1],
                                       .height = s[2] / (s[4] == 3 ? SHRINK : 1),
                                       .width = s[3],
                                       .kernel_h = s[4],
                                       .kernel_w = s[5],
                                       .pad = {s[6], s[6], s[6], s[6]},
                                       .pool_h = s[7],
                                       .pool_w = s[7],
                                       .relu = i % 2 == 0};
        fill_problem(&p, true, false);
        check_problem(&p, true);
        finish_problem(&p);
    }
}

static size_t random_channels(void)
{
    return random_below(4) ? 1 + random_below(90) : 1 + random_below(600);
}

static void draw_shape(struct mm_conv_desc *d)
{
    bool square = random_below(2);
    d->in_channels = random_channels();
    d->out_channels = random_channels();
    d->height = 1 + random_below(40);
    d->width = 1 + random_below(40);
    d->kernel_h = square ? 3 : 1 + random_below(9);
    d->kernel_w = square ? 3 : 1 + random_below(9);
    if (random_below(8) == 0) { /* tall.h's */
        d->in_channels = 1;
        d->kernel_h = 7;
        d->kernel_w = 8 + random_below(24);
        d->width = d->kernel_w + random_below(30);
    }
    d->pad = (struct mm_pad){random_below(3), random_below(3), random_below(3), random_below(3)};
    d->pool_h = 1 + random_below(square ? 2 : 3);
    d->pool_w = square ? d->pool_h : 1 + random_below(3);
    d->relu = random_below(2);
}

static bool reasonable(const struct problem *p)
{
    const struct mm_conv_desc *d = &p->desc;
    size_t height = d->height + d->pad.top + d->pad.bottom;
    size_t width = d->width + d->pad.left + d->pad.right;
    double work = (double)(d->in_channels * d->out_channels * d->kernel_h * d->kernel_w) *
                  (double)(height * width * p->n);
    return height >= d->kernel_h + d->pool_h && width >= d->kernel_w + d->pool_w && work < BUDGET;
}

static void test_random_shapes(void)
{
    for (size_t i = 0; i < N_RANDOM; i++) {
        struct problem p = {0};
        do {
            draw_shape(&p.desc);
            p.n = 1 + random_below(MAX_BATCH);
        } while (!reasonable(&p));
        fill_problem(&p, random_below(4), random_below(3) == 0);
        check_problem(&p, false);
        finish_problem(&p);
    }
}

int main(void)
{
    test_our_shapes();
    printf("ok - shapes of our networks\n");
    test_random_shapes();
    printf("ok - %d random shapes\n1..2\n", N_RANDOM);
    return 0;
}
