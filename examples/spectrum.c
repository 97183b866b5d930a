/* SPDX-License-Identifier: BSD-2-Clause */
/* The pieces every front end is made of: which of 40 mel bands hears a tone of 440 Hz best? */
#include <math.h>
#include <stdio.h>

#include <musicmap/spectrum.h>

enum { RATE = 16000, SIZE = 1024, BANDS = 40 };

int main(void)
{
    struct mm_error err = {0};
    struct mm_fft *fft = NULL;
    struct mm_mel *mel = NULL;
    static float samples[SIZE], window[SIZE], power[SIZE / 2 + 1], bands[BANDS];
    int status = 3;
    if (mm_fft_create(SIZE, &fft, &err) < 0 ||
        mm_mel_create(MM_MEL_SLANEY, RATE, SIZE, BANDS, 0, RATE / 2.0, &mel, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        goto out;
    }
    for (int i = 0; i < SIZE; i++)
        samples[i] = sinf(6.2831853F * 440 * (float)i / RATE);
    mm_window_hann(SIZE, window);
    mm_fft_power(fft, samples, window, power);
    mm_mel_apply(mel, power, bands);
    size_t best = 0;
    for (size_t b = 1; b < BANDS; b++)
        if (bands[b] > bands[best])
            best = b;
    printf("band %zu of %d\n", best, BANDS);
    status = 0;
out:
    mm_mel_destroy(mel);
    mm_fft_destroy(fft);
    return status;
}
