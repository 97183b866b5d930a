/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The standard gives the filters as coefficients for 48 kHz. Behind them are two analogue filters,
 * whose corner, quality and gain follow from the coefficients (B. De Man, "Evaluation of
 * implementations of the EBU R128 loudness measurement", 2018); the bilinear transform makes them
 * anew for any rate.
 *
 * Two channels go through side by side. The feedback is written so that one product and one
 * difference lie between an output and the next: a sample takes as long as these two, whatever else
 * is to be computed, since the rest does not wait.
 */
#include "audio/kweight.h"

#include <math.h>
#include <string.h>

#define SHELF_HZ      1681.974450955533
#define SHELF_QUALITY 0.7071752369554196
#define SHELF_DB      3.999843853973347
#define SHELF_BEND    0.4996667741545416 /* gain at the corner, as a power of the shelf's */
#define PASS_HZ       38.13547087602444
#define PASS_QUALITY  0.5003270373238773

/* Below the square root of the smallest normal number: what is left of a sound long over, and slow
 * to compute with. */
#define TINY 1e-150

typedef mm_kweight_pair pair;

void mm_kweight_init(struct mm_kweight *filter, int rate)
{
    memset(filter, 0, sizeof *filter);
    /* At low rates the corner would lie beyond half the rate, where tan() turns negative. */
    double k = tan(M_PI * fmin(SHELF_HZ / rate, 0.499));
    double gain = pow(10, SHELF_DB / 20);
    double bend = pow(gain, SHELF_BEND);
    double scale = 1 + k / SHELF_QUALITY + k * k;
    filter->shelf = (struct mm_kweight_biquad){
        .b0 = (gain + bend * k / SHELF_QUALITY + k * k) / scale,
        .b1 = 2 * (k * k - gain) / scale,
        .b2 = (gain - bend * k / SHELF_QUALITY + k * k) / scale,
        .a1 = 2 * (k * k - 1) / scale,
        .a2 = (1 - k / SHELF_QUALITY + k * k) / scale,
    };
    k = tan(M_PI * PASS_HZ / rate);
    scale = 1 + k / PASS_QUALITY + k * k;
    /* The standard's 1 -2 1 at every rate, as others do: 0.2 dB more at 8 kHz than at 48. */
    filter->pass = (struct mm_kweight_biquad){
        .b0 = 1,
        .b1 = -2,
        .b2 = 1,
        .a1 = 2 * (k * k - 1) / scale,
        .a2 = (1 - k / PASS_QUALITY + k * k) / scale,
    };
}

static void forget_tiny(pair past[2])
{
    for (size_t i = 0; i < 2; i++)
        for (size_t lane = 0; lane < 2; lane++)
            if (fabs(past[i][lane]) < TINY)
                past[i][lane] = 0;
}

/* Channels c and c + other of samples; other is 0 for the last of an odd number. */
static pair filter_pair(struct mm_kweight *filter, const float *samples, size_t frames,
                        size_t channels, size_t c, size_t other)
{
    const struct mm_kweight_biquad shelf = filter->shelf;
    const struct mm_kweight_biquad pass = filter->pass;
    pair *xs = filter->past[c / 2].x;
    pair *ys = filter->past[c / 2].y;
    pair *zs = filter->past[c / 2].z;
    pair x1 = xs[0], x2 = xs[1];
    pair y1 = ys[0], y2 = ys[1];
    pair z1 = zs[0], z2 = zs[1];
    pair sum = {0};
    for (size_t i = 0; i < frames; i++) {
        const float *in = samples + i * channels + c;
        pair x = {(double)in[0], (double)in[other]};
        pair y = (shelf.b0 * x + shelf.b1 * x1 + (shelf.b2 * x2 - shelf.a2 * y2)) - shelf.a1 * y1;
        pair z = ((y - (y1 + y1)) + (y2 - pass.a2 * z2)) - pass.a1 * z1;
        sum += z * z;
        x2 = x1, x1 = x;
        y2 = y1, y1 = y;
        z2 = z1, z1 = z;
    }
    xs[0] = x1, xs[1] = x2;
    ys[0] = y1, ys[1] = y2;
    zs[0] = z1, zs[1] = z2;
    forget_tiny(ys);
    forget_tiny(zs);
    return sum;
}

void mm_kweight_power(struct mm_kweight *filter, const float *samples, size_t frames,
                      size_t channels, double *sums)
{
    for (size_t c = 0; c < channels; c += 2) {
        size_t other = c + 1 < channels;
        pair sum = filter_pair(filter, samples, frames, channels, c, other);
        sums[c] += sum[0];
        if (other)
            sums[c + 1] += sum[1];
    }
}
