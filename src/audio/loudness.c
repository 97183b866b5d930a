/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integrated loudness after ITU-R BS.1770-4 / EBU R 128. libebur128 does the K-weighting and gives
 * the power of every 100 ms; the gating is done here, because the library either keeps every block
 * of a song (memory grows) or only counts them in bins of 0.1 LU (an error of up to 0.05 LU). The
 * bins here are as fine and also hold the sum of the powers in them, so a bin's mean is exact and
 * only the block on which the relative gate falls is ever in doubt.
 */
#include "audio/loudness.h"

#include <ebur128.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define BINS     1000 /* -70 .. +30 LUFS */
#define BIN_LU   0.1
#define GATE_ABS (-70.0)
#define GATE_REL 10.0 /* LU below the mean of what passes GATE_ABS */
#define QUARTERS 4    /* a gating block is 400 ms, one begins every 100 ms */

struct mm_loudness {
    bool true_peak;
    ebur128_state *state;
    int channels, rate;
    size_t step;    /* frames in 100 ms */
    size_t pending; /* frames of the step begun */
    double powers[QUARTERS];
    size_t n_powers; /* steps since the state was made */
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
    if (l->state)
        ebur128_destroy(&l->state);
    free(l);
}

static void collect_true_peak(struct mm_loudness *l)
{
    for (int c = 0; l->state && l->true_peak && c < l->channels; c++) {
        double peak;
        if (ebur128_true_peak(l->state, (unsigned)c, &peak) == EBUR128_SUCCESS && peak > l->peak)
            l->peak = peak;
    }
}

static int begin(struct mm_loudness *l, const struct mm_pcm *pcm, struct mm_error *err)
{
    collect_true_peak(l);
    if (l->state)
        ebur128_destroy(&l->state);
    int mode = EBUR128_MODE_M | (l->true_peak ? EBUR128_MODE_TRUE_PEAK : 0);
    l->state = ebur128_init((unsigned)pcm->channels, (unsigned long)pcm->rate, mode);
    if (!l->state)
        return mm_no_memory(err);
    for (int c = 0; c < pcm->channels; c++) {
        int role = pcm->roles[c] == MM_CHANNEL_LFE        ? EBUR128_UNUSED
                   : pcm->roles[c] == MM_CHANNEL_SURROUND ? EBUR128_LEFT_SURROUND
                                                          : EBUR128_LEFT;
        ebur128_set_channel(l->state, (unsigned)c, role);
    }
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
    double lufs = -HUGE_VAL;
    ebur128_loudness_window(l->state, 100, &lufs);
    l->powers[l->n_powers++ % QUARTERS] = lufs > -HUGE_VAL ? pow(10.0, (lufs + 0.691) / 10.0) : 0;
    l->pending = 0;
    if (l->n_powers < QUARTERS)
        return;
    double power = 0;
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

static int add(struct mm_loudness *l, const float *samples, size_t frames, struct mm_error *err)
{
    while (frames) {
        size_t n = l->step - l->pending < frames ? l->step - l->pending : frames;
        if (ebur128_add_frames_float(l->state, samples, n) != EBUR128_SUCCESS)
            return mm_no_memory(err);
        samples += n * (size_t)l->channels;
        frames -= n;
        l->pending += n;
        if (l->pending == l->step)
            end_step(l);
    }
    return 0;
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
    if (!l->state || pcm->rate != l->rate || pcm->channels != l->channels) {
        int result = begin(l, pcm, err);
        if (result < 0)
            return result;
    }
    if (!l->true_peak) {
        double peak = (double)highest(pcm->samples, pcm->frames * (size_t)pcm->channels);
        l->peak = peak > l->peak ? peak : l->peak;
    }
    return add(l, pcm->samples, pcm->frames, err);
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

int mm_loudness_finish(struct mm_loudness *l, double *lufs, double *peak_dbfs, struct mm_error *err)
{
    collect_true_peak(l);
    while (l->state && l->n_blocks == 0) { /* too short for one block */
        static const float silence[MM_DECODER_CHANNELS];
        int result = add(l, silence, 1, err);
        if (result < 0)
            return result;
    }
    double mean = mean_power(l, 0);
    *lufs = -HUGE_VAL;
    if (mean > 0) {
        double gate = to_lufs(mean) - GATE_REL;
        size_t first = gate > GATE_ABS ? (size_t)ceil((gate - GATE_ABS) / BIN_LU) : 0;
        *lufs = to_lufs(mean_power(l, first < BINS ? first : BINS - 1));
    }
    *peak_dbfs = l->peak > 0 ? 20.0 * log10(l->peak) : -HUGE_VAL;
    return 0;
}
