/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integrated loudness after ITU-R BS.1770-4 / EBU R 128: the power of every 100 ms from kweight.c,
 * the gating here. Blocks are counted in bins of 0.1 LU, so that memory does not grow; a bin also
 * holds the sum of the powers in it, so its mean is exact and only the block on which the relative
 * gate falls is ever in doubt. True peaks are libebur128's: whoever asks for them waits longer.
 */
#include "audio/loudness.h"

#include <ebur128.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audio/kweight.h"
#include "base/array.h"

#define BINS     1000 /* -70 .. +30 LUFS */
#define BIN_LU   0.1
#define GATE_ABS (-70.0)
#define GATE_REL 10.0 /* LU below the mean of what passes GATE_ABS */
#define QUARTERS 4    /* a gating block is 400 ms, one begins every 100 ms */

/* Side and back channels count for more (BS.1770-4, table 4), low-frequency effects not at all. */
static const double weights[] = {
    [MM_CHANNEL_FRONT] = 1, [MM_CHANNEL_SURROUND] = 1.41, [MM_CHANNEL_LFE] = 0};

struct mm_loudness {
    bool true_peak;
    ebur128_state *peaks; /* of true_peak only */
    struct mm_kweight filter;
    int channels, rate; /* 0 before the first block */
    double weight[MM_DECODER_CHANNELS];
    double squares[MM_DECODER_CHANNELS]; /* sums over the step begun */
    size_t step;                         /* frames in 100 ms */
    size_t pending;                      /* frames of the step begun */
    double powers[QUARTERS];
    size_t n_powers; /* steps since rate or channels changed */
    size_t n_blocks; /* gating blocks in all */
    double peak;     /* linear */
    double sum[BINS];
    size_t count[BINS];
};

int mm_loudness_create(bool true_peak, struct mm_loudness **out, struct mm_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return mm_no_memory(err);
    (*out)->true_peak = true_peak;
    return 0;
}

void mm_loudness_destroy(struct mm_loudness *l)
{
    if (!l)
        return;
    if (l->peaks)
        ebur128_destroy(&l->peaks);
    free(l);
}

static void collect_true_peak(struct mm_loudness *l)
{
    for (int c = 0; l->peaks && c < l->channels; c++) {
        double peak;
        if (ebur128_true_peak(l->peaks, (unsigned)c, &peak) == EBUR128_SUCCESS && peak > l->peak)
            l->peak = peak;
    }
}

static int begin(struct mm_loudness *l, const struct mm_pcm *pcm, struct mm_error *err)
{
    collect_true_peak(l);
    if (l->peaks)
        ebur128_destroy(&l->peaks);
    if (l->true_peak && !(l->peaks = ebur128_init((unsigned)pcm->channels, (unsigned long)pcm->rate,
                                                  EBUR128_MODE_TRUE_PEAK)))
        return mm_no_memory(err);
    mm_kweight_init(&l->filter, pcm->rate);
    for (int c = 0; c < pcm->channels; c++)
        l->weight[c] = weights[pcm->roles[c]];
    memset(l->squares, 0, sizeof l->squares);
    l->channels = pcm->channels;
    l->rate = pcm->rate;
    l->step = (size_t)pcm->rate / 10;
    l->pending = 0;
    l->n_powers = 0;
    return 0;
}

static double to_lufs(double power)
{
    return power > 0 ? 10.0 * log10(power) - 0.691 : -HUGE_VAL;
}

/* 100 ms are full: the gating block that ends here goes into its bin. */
static void end_step(struct mm_loudness *l)
{
    double power = 0;
    for (int c = 0; c < l->channels; c++)
        power += l->weight[c] * l->squares[c] / (double)l->step;
    l->powers[l->n_powers++ % QUARTERS] = power;
    l->pending = 0;
    memset(l->squares, 0, sizeof l->squares);
    if (l->n_powers < QUARTERS)
        return;
    power = 0;
    for (size_t i = 0; i < QUARTERS; i++)
        power += l->powers[i] / QUARTERS;
    double block = to_lufs(power);
    l->n_blocks++;
    if (block <= GATE_ABS)
        return;
    size_t bin = (size_t)((block - GATE_ABS) / BIN_LU);
    if (bin >= BINS)
        bin = BINS - 1;
    l->sum[bin] += power;
    l->count[bin]++;
}

static void add(struct mm_loudness *l, const float *samples, size_t frames)
{
    size_t channels = (size_t)l->channels;
    while (frames) {
        size_t n = l->step - l->pending < frames ? l->step - l->pending : frames;
        mm_kweight_power(&l->filter, samples, n, channels, l->squares);
        samples += n * channels;
        frames -= n;
        l->pending += n;
        if (l->pending == l->step)
            end_step(l);
    }
}

/* Largest magnitude. Finite floats are ordered as their bits are, and integers are compared side by
 * side where floats (NaN!) are not. */
static float highest(const float *samples, size_t count)
{
    int32_t most = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t bits;
        memcpy(&bits, &samples[i], sizeof bits);
        bits &= 0x7fffffff;
        most = bits > most ? bits : most;
    }
    float peak;
    memcpy(&peak, &most, sizeof peak);
    return peak;
}

int mm_loudness_push(struct mm_loudness *l, const struct mm_pcm *pcm, struct mm_error *err)
{
    if (pcm->rate != l->rate || pcm->channels != l->channels) {
        int result = begin(l, pcm, err);
        if (result < 0)
            return result;
    }
    if (l->peaks) {
        if (ebur128_add_frames_float(l->peaks, pcm->samples, pcm->frames) != EBUR128_SUCCESS)
            return mm_no_memory(err);
    } else {
        double peak = (double)highest(pcm->samples, pcm->frames * (size_t)pcm->channels);
        l->peak = peak > l->peak ? peak : l->peak;
    }
    add(l, pcm->samples, pcm->frames);
    return 0;
}

/* Mean power of the blocks in bins from `first` on. */
static double mean_power(const struct mm_loudness *l, size_t first)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = first; i < BINS; i++) {
        sum += l->sum[i];
        count += l->count[i];
    }
    return count ? sum / (double)count : 0;
}

void mm_loudness_finish(struct mm_loudness *l, double *lufs, double *peak_dbfs)
{
    collect_true_peak(l);
    while (l->rate && l->n_blocks == 0) { /* too short for one block */
        static const float silence[MM_DECODER_CHANNELS];
        add(l, silence, 1);
    }
    double mean = mean_power(l, 0);
    *lufs = -HUGE_VAL;
    if (mean > 0) {
        double gate = to_lufs(mean) - GATE_REL;
        size_t first = gate > GATE_ABS ? (size_t)ceil((gate - GATE_ABS) / BIN_LU) : 0;
        *lufs = to_lufs(mean_power(l, first < BINS ? first : BINS - 1));
    }
    *peak_dbfs = l->peak > 0 ? 20.0 * log10(l->peak) : -HUGE_VAL;
}
