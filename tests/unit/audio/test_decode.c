/* SPDX-License-Identifier: BSD-2-Clause */
/* Samples come out in the right number, at the right place, whatever the container. */
#include "made.h"

#include "audio/decode.h"
#include "audio/resample.h"
#include "musicmap/audio.h"

#define SECONDS 6.0
#define RATE    44100

/* Encoders and how far their files may be off: samples at the end, likeness at lag 0. */
static const struct format {
    const char *name, *options;
    long extra;  /* most samples more or less */
    double like; /* least likeness with the source, sample for sample; 0 = has unmarked delay */
    /* Largest difference between reading on and seeking (AAC puts in noise of its own); -1: the
     * container counts in milliseconds. */
    double resume;
} formats[] = {
    {"a.wav", "-c:a pcm_s16le", 0, 0.999, 0},
    {"a.flac", "", 0, 0.999, 0},
    {"alac.m4a", "-c:a alac", 0, 0.999, 0},
    {"a.aiff", "", 0, 0.999, 0},
    {"a.wv", "", 0, 0.999, 0},
    {"a.mp3", "-b:a 128k", 0, 0.98, 1e-4},
    {"vbr.mp3", "-q:a 4", 0, 0.98, 1e-4},
    {"mono.mp3", "-ac 1 -b:a 64k", 0, 0.98, 1e-4},
    {"plain.mp3", "-q:a 4 -write_xing 0", 2400, 0, 1e-4},
    {"a.m4a", "-c:a aac -b:a 128k", 0, 0.98, 2e-2},
    {"a.aac", "-c:a aac -b:a 128k", 3072, 0, 2e-2},
    {"a.ogg", "-c:a libvorbis -q:a 5", 0, 0.98, 1e-4},
    {"a.opus", "-c:a libopus -b:a 128k", 48, 0.98, 2e-2},
    {"a.wma", "-c:a wmav2 -b:a 128k", 8192, 0, -1},
    {"a.mka", "-c:a flac", 0, 0.999, -1},
};
#define FORMATS (sizeof formats / sizeof *formats)

static char *folder;
static char *source;
static char *files[FORMATS];
static struct sound sound;

static int set_up(void **state)
{
    (void)state;
    folder = check_make_folder();
    sound = make_sound(SECONDS, 2, RATE);
    add_noise(&sound, 0.2, 0, SECONDS);
    source = write_wav(folder, "source.wav", &sound, false);
    for (size_t i = 0; i < FORMATS; i++)
        files[i] = encode_wav(folder, formats[i].name, source, formats[i].options);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMATS; i++)
        free(files[i]);
    free(source);
    free(sound.samples);
    check_remove_folder(folder);
    return 0;
}

static void every_format_gives_the_samples_that_went_in(void **state)
{
    (void)state;
    float *mono = calloc(sound.frames, sizeof *mono);
    for (size_t i = 0; i < sound.frames; i++)
        mono[i] = sound.samples[2 * i];
    for (size_t i = 0; i < FORMATS; i++) {
        struct mm_error err = {0};
        const char *path = files[i];
        struct kept kept = {0};
        struct mm_audio_request request = {.n_rates = 1, .rates = {RATE}};
        struct mm_measure measure;
        assert_ok(mm_audio_analyse(path, &request, keep, &kept, &measure, &err), &err);
        long off = (long)kept.count - (long)sound.frames;
        if (labs(off) > formats[i].extra)
            fail_msg("%s: %ld samples too many", formats[i].name, off);
        size_t n = kept.count < sound.frames ? kept.count : sound.frames;
        if (formats[i].like > 0 && likeness(kept.samples, mono, n) < formats[i].like)
            fail_msg("%s: not the same sound (%f)", formats[i].name,
                     likeness(kept.samples, mono, n));
        struct mm_audio_info info;
        assert_ok(mm_audio_probe(path, &info, &err), &err);
        if (fabs(info.duration_s - SECONDS) > (formats[i].like > 0 ? 0.002 : 1.0))
            fail_msg("%s: said to last %f s", formats[i].name, info.duration_s);
        mm_audio_info_finish(&info);
        free(kept.samples);
    }
    free(mono);
}

/* Reads count samples of the first channel. */
static void read_on(struct mm_decoder *decoder, float *out, size_t count)
{
    struct mm_pcm pcm;
    struct mm_error err = {0};
    size_t done = 0;
    while (done < count) {
        assert_int_equal(mm_decoder_read(decoder, &pcm, &err), 1);
        for (size_t i = 0; i < pcm.frames && done < count; i++)
            out[done++] = pcm.samples[i * (size_t)pcm.channels];
    }
}

static void seeking_lands_on_the_very_sample(void **state)
{
    (void)state;
    size_t all = (size_t)(5.9 * 48000);
    float *whole = calloc(all, sizeof *whole);
    float part[4000];
    for (size_t i = 0; i < FORMATS; i++) {
        struct mm_error err = {0};
        const char *path = files[i];
        struct mm_decoder *decoder;
        assert_ok(mm_decoder_open(path, &decoder, &err), &err);
        int rate = mm_decoder_rate(decoder);
        read_on(decoder, whole, (size_t)(5.7 * rate));
        static const double moments[] = {3.7, 0.8, 5.1, 0.0, 2.5};
        for (size_t m = 0; m < sizeof moments / sizeof *moments; m++) {
            assert_ok(mm_decoder_seek(decoder, moments[m], MM_DECODER_PREROLL_S, &err), &err);
            read_on(decoder, part, 4000);
            const float *there = whole + lrint(moments[m] * rate);
            if (formats[i].resume < 0) {
                long shift = find_shift(whole, (size_t)(5.7 * rate),
                                        (size_t)lrint(moments[m] * rate), part, 4000, 300);
                if (labs(shift) > 48)
                    fail_msg("%s: at %.1f s: off by %ld", formats[i].name, moments[m], shift);
                continue;
            }
            for (size_t k = 0; k < 4000; k++)
                if (fabs((double)(part[k] - there[k])) > formats[i].resume)
                    fail_msg("%s: at %.1f s + %zu: %f, not %f", formats[i].name, moments[m], k,
                             (double)part[k], (double)there[k]);
        }
        mm_decoder_close(decoder);
    }
    free(whole);
}

/* Frames from where the decoder stands to the end. */
static long count_to_end(struct mm_decoder *decoder)
{
    struct mm_error err = {0};
    struct mm_pcm pcm;
    long count = 0;
    int got;
    while ((got = mm_decoder_read(decoder, &pcm, &err)) > 0)
        count += (long)pcm.frames;
    assert_int_equal(got, 0);
    return count;
}

/* Behind a seek, too, the padding of encoders is left out: also where seeking is opening anew. */
static void a_song_ends_where_it_ends_wherever_it_is_entered(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        struct mm_error err = {0};
        struct mm_decoder *decoder;
        if (formats[i].resume < 0)
            continue;
        assert_ok(mm_decoder_open(files[i], &decoder, &err), &err);
        long whole = count_to_end(decoder);
        static const double moments[] = {0.3, 2.5};
        for (size_t m = 0; m < sizeof moments / sizeof *moments; m++) {
            assert_ok(mm_decoder_seek(decoder, moments[m], MM_DECODER_PREROLL_S, &err), &err);
            long rest = count_to_end(decoder);
            long due = whole - lrint(moments[m] * mm_decoder_rate(decoder));
            if (labs(rest - due) > 1)
                fail_msg("%s: %ld frames behind %.1f s, not %ld", formats[i].name, rest, moments[m],
                         due);
        }
        mm_decoder_close(decoder);
    }
}

static void all_rates_and_channel_counts_are_read(void **state)
{
    (void)state;
    static const int rates[] = {8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        for (int channels = 1; channels <= 8; channels += r == 0 ? 1 : 7) {
            struct sound s = make_sound(0.5, channels, rates[r]);
            add_tone(&s, -1, 440, 0.25, 0, 0.5);
            char *path = write_wav(folder, "rate.wav", &s, true);
            struct mm_audio_request request = {.measure = true, .n_rates = 1, .rates = {22050}};
            struct mm_measure measure;
            struct kept kept = {0};
            struct mm_error err = {0};
            assert_ok(mm_audio_analyse(path, &request, keep, &kept, &measure, &err), &err);
            assert_true(labs((long)kept.count - 11025) <= 1);
            /* The mean of equal channels is the channel. */
            double power = 0;
            for (size_t i = 2000; i < 9000; i++)
                power += (double)kept.samples[i] * (double)kept.samples[i] / 7000;
            assert_true(fabs(sqrt(2 * power) - 0.25) < 0.003);
            free(kept.samples);
            free(path);
            free(s.samples);
        }
    }
}

static int count_rates(void *ctx, size_t rate, const float *samples, size_t count,
                       struct mm_error *err)
{
    (void)samples, (void)err;
    ((size_t *)ctx)[rate] += count;
    return 0;
}

static void four_rates_are_fed_in_one_pass(void **state)
{
    (void)state;
    struct mm_audio_request request = {.n_rates = 4, .rates = {22050, 48000, 16000, 44100}};
    size_t counts[4] = {0};
    struct mm_measure measure;
    struct mm_error err = {0};
    assert_ok(mm_audio_analyse(source, &request, count_rates, counts, &measure, &err), &err);
    for (int i = 0; i < 4; i++)
        assert_true(fabs((double)counts[i] - SECONDS * request.rates[i]) <= 1);
}

static void resampling_keeps_tones_and_makes_no_others(void **state)
{
    (void)state;
    /* At 44.1 kHz: 1 kHz and 18 kHz. To 48 kHz both stay; to 22.05 kHz the upper must vanish. */
    struct sound s = make_sound(1, 1, RATE);
    add_tone(&s, 0, 1000, 0.3, 0, 1);
    char *low = write_wav(folder, "low.wav", &s, true);
    memset(s.samples, 0, s.frames * sizeof(float));
    add_tone(&s, 0, 18000, 0.3, 0, 1);
    char *high = write_wav(folder, "high.wav", &s, true);
    static const struct {
        int rate;
        double low, high;
    } cases[] = {{48000, 0.3, 0.3}, {22050, 0.3, 0}, {16000, 0.3, 0}};
    for (size_t i = 0; i < 3; i++) {
        for (int which = 0; which < 2; which++) {
            struct mm_audio_request request = {.n_rates = 1, .rates = {cases[i].rate}};
            struct mm_measure measure;
            struct kept kept = {0};
            struct mm_error err = {0};
            assert_ok(mm_audio_analyse(which ? high : low, &request, keep, &kept, &measure, &err),
                      &err);
            double most = 0;
            for (size_t k = 2000; k + 2000 < kept.count; k++)
                most = fmax(most, fabs((double)kept.samples[k]));
            double want = which ? cases[i].high : cases[i].low;
            if (fabs(most - want) > 0.006)
                fail_msg("%d Hz, %s tone: %f, not %f", cases[i].rate, which ? "high" : "low", most,
                         want);
            free(kept.samples);
        }
    }
    free(low);
    free(high);
    free(s.samples);
}

static void a_change_of_rate_and_channels_is_followed(void **state)
{
    (void)state;
    char *first = encode_wav(folder, "first.mp3", source, "-write_xing 0 -id3v2_version 0");
    char *second =
        encode_wav(folder, "second.mp3", source, "-ac 1 -ar 22050 -write_xing 0 -id3v2_version 0");
    size_t n;
    size_t m;
    unsigned char *a = read_bytes_of(first, &n);
    unsigned char *b = read_bytes_of(second, &m);
    a = realloc(a, n + m);
    memcpy(a + n, b, m);
    write_bytes(first, a, n + m);
    struct kept kept = {0};
    struct mm_audio_request request = {.measure = true, .n_rates = 1, .rates = {RATE}};
    struct mm_measure measure;
    struct mm_error err = {0};
    assert_ok(mm_audio_analyse(first, &request, keep, &kept, &measure, &err), &err);
    assert_true(fabs((double)kept.count / RATE - 2 * SECONDS) < 0.25);
    free(kept.samples);
    free(a);
    free(b);
    free(first);
    free(second);
}

static void wild_floats_are_tamed(void **state)
{
    (void)state;
    struct sound s = make_sound(1, 2, RATE);
    add_tone(&s, -1, 440, 0.25, 0, 1);
    s.samples[20000] = NAN;
    s.samples[20003] = INFINITY;
    s.samples[20006] = -INFINITY;
    s.samples[20009] = 3e38f;
    s.samples[20012] = -100;
    char *path = write_wav(folder, "wild.wav", &s, true);
    struct kept kept = {0};
    struct mm_audio_request request = {.measure = true, .n_rates = 1, .rates = {RATE}};
    struct mm_measure measure;
    struct mm_error err = {0};
    assert_ok(mm_audio_analyse(path, &request, keep, &kept, &measure, &err), &err);
    for (size_t i = 0; i < kept.count; i++)
        assert_true(isfinite(kept.samples[i]) && fabsf(kept.samples[i]) <= 8);
    assert_true(fabs(measure.peak_dbfs - 20 * log10(8)) < 1e-6);
    assert_true(isfinite(measure.loudness_lufs));
    free(kept.samples);
    free(path);
    free(s.samples);
}

static int count_samples(void *ctx, const float *samples, size_t count, struct mm_error *err)
{
    (void)err;
    for (size_t i = 0; i < count; i++)
        assert_true(fabsf(samples[i]) <= 4);
    *(size_t *)ctx += count;
    return 0;
}

/* swresample alone gives nothing of a sound that is shorter than half its filter. */
static void a_sound_of_any_length_is_resampled_whole(void **state)
{
    (void)state;
    static const int from[] = {8000, 11025, 22050, 44100, 48000, 96000, 192000};
    static const int to[] = {8000, 16000, 22050, 48000};
    static const size_t counts[] = {1, 2, 5, 24, 31, 33, 48, 60, 96, 150, 577, 1200, 3000, 44100};
    float *samples = calloc(44100, sizeof *samples);
    assert_non_null(samples);
    for (size_t i = 0; i < 44100; i++)
        samples[i] = i % 50 < 25 ? 1 : -1;
    for (size_t t = 0; t < sizeof to / sizeof *to; t++) {
        struct mm_resampler *resampler;
        struct mm_error err = {0};
        size_t got;
        assert_ok(mm_resampler_create(to[t], count_samples, &got, &resampler, &err), &err);
        for (size_t f = 0; f < sizeof from / sizeof *from; f++)
            for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
                got = 0;
                assert_ok(mm_resampler_push(resampler, samples, counts[c], from[f], &err), &err);
                assert_ok(mm_resampler_flush(resampler, &err), &err);
                double due = (double)counts[c] * to[t] / from[f];
                if (got == 0 || fabs((double)got - due) > 1)
                    fail_msg("%zu samples at %d Hz are %zu at %d", counts[c], from[f], got, to[t]);
            }
        mm_resampler_destroy(resampler);
    }
    free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_gives_the_samples_that_went_in),
        cmocka_unit_test(seeking_lands_on_the_very_sample),
        cmocka_unit_test(a_song_ends_where_it_ends_wherever_it_is_entered),
        cmocka_unit_test(all_rates_and_channel_counts_are_read),
        cmocka_unit_test(four_rates_are_fed_in_one_pass),
        cmocka_unit_test(resampling_keeps_tones_and_makes_no_others),
        cmocka_unit_test(a_sound_of_any_length_is_resampled_whole),
        cmocka_unit_test(a_change_of_rate_and_channels_is_followed),
        cmocka_unit_test(wild_floats_are_tamed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
