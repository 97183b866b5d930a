/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/l3_frontend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "musicmap/spectrum.h"

#define AMPLITUDE_FLOOR 1e-10f
#define DYNAMIC_RANGE   80.0f /* dB */

struct mm_l3_frontend {
    struct mm_l3_frontend_spec spec;
    size_t bins, frames;
    size_t before;   /* zeros in front of the samples */
    size_t n_padded; /* samples with the zeros on both sides */
    struct mm_fft *fft;
    struct mm_mel *mel; /* NULL = linear */
    float *hann;        /* [n_fft] */
    float *padded;      /* [n_padded], the zeros stay zero */
    float *spectrum;    /* [n_fft/2 + 1] */
    float *column;      /* [bins] */
};

static const char *const flavour_names[] = {
    [MM_L3_TRAINED] = "trained",
    [MM_L3_KAPRE] = "kapre",
    [MM_L3_LIBROSA] = "librosa",
};

const char *mm_l3_flavour_name(enum mm_l3_flavour flavour)
{
    return flavour_names[flavour];
}

int mm_l3_flavour_parse(const char *name, enum mm_l3_flavour *out, struct mm_error *err)
{
    for (int i = MM_L3_TRAINED; i <= MM_L3_LIBROSA; i++)
        if (strcmp(name, flavour_names[i]) == 0) {
            *out = (enum mm_l3_flavour)i;
            return 0;
        }
    return mm_error_set(err, MM_ERR_USAGE,
                        "no front end is called %s: there are trained, kapre and librosa", name);
}

/* Frames and padding of one second. */
static void plan_padding(struct mm_l3_frontend *f)
{
    size_t length = (size_t)f->spec.sample_rate;
    size_t n_fft = f->spec.n_fft;
    size_t hop = f->spec.hop;
    if (f->spec.n_mels == 0) {
        f->frames = 1 + (length - n_fft) / hop;
    } else if (f->spec.flavour == MM_L3_LIBROSA) {
        f->frames = 1 + length / hop;
        f->before = n_fft / 2;
    } else {
        f->frames = (length + hop - 1) / hop;
    }
    size_t reach = (f->frames - 1) * hop + n_fft;
    if (f->spec.n_mels != 0 && f->spec.flavour == MM_L3_TRAINED && reach > length)
        f->before = (reach - length) / 2; /* 'same': the odd zero goes behind */
    f->n_padded = reach > f->before + length ? reach : f->before + length;
    f->bins = f->spec.n_mels ? f->spec.n_mels : n_fft / 2 + 1;
}

void mm_l3_frontend_shape(const struct mm_l3_frontend_spec *spec, size_t *bins, size_t *frames)
{
    struct mm_l3_frontend plan = {.spec = *spec};
    plan_padding(&plan);
    *bins = plan.bins;
    *frames = plan.frames;
}

static int build_mel(struct mm_l3_frontend *f, struct mm_error *err)
{
    const struct mm_l3_frontend_spec *spec = &f->spec;
    enum mm_mel_scale scale = spec->flavour == MM_L3_TRAINED ? MM_MEL_HTK : MM_MEL_SLANEY;
    return mm_mel_create(scale, spec->sample_rate, spec->n_fft, spec->n_mels, 0,
                         spec->sample_rate / 2.0, &f->mel, err);
}

int mm_l3_frontend_create(const struct mm_l3_frontend_spec *spec, struct mm_l3_frontend **out,
                          struct mm_error *err)
{
    *out = NULL;
    if (spec->sample_rate <= 0 || spec->hop == 0 || spec->n_fft < 16 ||
        spec->n_fft > (size_t)spec->sample_rate)
        return mm_error_set(err, MM_ERR_USAGE, "no spectrogram of this shape");
    struct mm_l3_frontend *f = calloc(1, sizeof *f);
    if (!f)
        return mm_no_memory(err);
    f->spec = *spec;
    plan_padding(f);
    int result = mm_fft_create(spec->n_fft, &f->fft, err);
    if (result == 0 && spec->n_mels)
        result = build_mel(f, err);
    if (result < 0)
        goto out;
    f->hann = mm_calloc3(spec->n_fft, sizeof *f->hann, 1);
    f->padded = mm_calloc3(f->n_padded, sizeof *f->padded, 1);
    f->spectrum = mm_calloc3(spec->n_fft / 2 + 1, sizeof *f->spectrum, 1);
    f->column = mm_calloc3(f->bins, sizeof *f->column, 1);
    if (!f->hann || !f->padded || !f->spectrum || !f->column) {
        result = mm_no_memory(err);
        goto out;
    }
    mm_window_hann(spec->n_fft, f->hann);
    *out = f;
    f = NULL;
out:
    mm_l3_frontend_destroy(f);
    return result;
}

void mm_l3_frontend_destroy(struct mm_l3_frontend *f)
{
    if (!f)
        return;
    free(f->column);
    free(f->spectrum);
    free(f->padded);
    free(f->hann);
    mm_mel_destroy(f->mel);
    mm_fft_destroy(f->fft);
    free(f);
}

size_t mm_l3_frontend_bins(const struct mm_l3_frontend *f)
{
    return f->bins;
}

size_t mm_l3_frontend_frames(const struct mm_l3_frontend *f)
{
    return f->frames;
}

/* One frame's amplitudes; returns [bins]. */
static const float *run_frame(struct mm_l3_frontend *f, const float *samples)
{
    if (!f->mel) {
        mm_fft_magnitude(f->fft, samples, f->hann, f->spectrum);
        return f->spectrum;
    }
    if (f->spec.flavour != MM_L3_TRAINED) {
        mm_fft_magnitude(f->fft, samples, f->hann, f->spectrum);
        mm_mel_apply(f->mel, f->spectrum, f->column);
        return f->column;
    }
    mm_fft_power(f->fft, samples, f->hann, f->spectrum);
    mm_mel_apply(f->mel, f->spectrum, f->column);
    for (size_t i = 0; i < f->bins; i++)
        f->column[i] = sqrtf(f->column[i]);
    return f->column;
}

/* The factor is 10 although these are amplitudes: that is how the networks were trained. */
static void to_decibels(float *values, size_t n)
{
    float loudest = -HUGE_VALF;
    for (size_t i = 0; i < n; i++)
        values[i] = values[i] > AMPLITUDE_FLOOR ? values[i] : AMPLITUDE_FLOOR;
    mm_log10_scaled(values, n, 10);
    for (size_t i = 0; i < n; i++)
        loudest = values[i] > loudest ? values[i] : loudest;
    for (size_t i = 0; i < n; i++) {
        float value = values[i] - loudest;
        values[i] = value > -DYNAMIC_RANGE ? value : -DYNAMIC_RANGE;
    }
}

void mm_l3_frontend_run(struct mm_l3_frontend *f, const float *samples, float *out)
{
    memcpy(f->padded + f->before, samples, (size_t)f->spec.sample_rate * sizeof *samples);
    for (size_t t = 0; t < f->frames; t++) {
        const float *column = run_frame(f, f->padded + t * f->spec.hop);
        for (size_t b = 0; b < f->bins; b++)
            out[b * f->frames + t] = column[b];
    }
    to_decibels(out, f->bins * f->frames);
}
