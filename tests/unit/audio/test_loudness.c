/* SPDX-License-Identifier: BSD-2-Clause */
/* Loudness against the tables of ITU-R BS.1770-4 and against libebur128. */
#include "made.h"

#include <ebur128.h>

#include "audio/kweight.h"
#include "audio/loudness.h"

static void the_filters_are_those_of_the_standard(void **state)
{
    (void)state;
    struct mm_kweight filter;
    mm_kweight_init(&filter, 48000);
    const double got[] = {filter.shelf.b0, filter.shelf.b1, filter.shelf.b2, filter.shelf.a1,
                          filter.shelf.a2, filter.pass.b0,  filter.pass.b1,  filter.pass.b2,
                          filter.pass.a1,  filter.pass.a2};
    /* BS.1770-4, annex 1, tables 1 and 2 */
    const double table[] = {1.53512485958697,
                            -2.69169618940638,
                            1.19839281085285,
                            -1.69065929318241,
                            0.73248077421585,
                            1,
                            -2,
                            1,
                            -1.99004745483398,
                            0.99007225036621};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (fabs(got[i] - table[i]) > 1e-10)
            fail_msg("coefficient %zu is %.14f, not %.14f", i, got[i], table[i]);
}

/* Noise and tones, loud and soft in turn so that the gates have something to do, another thing in
 * each channel. */
static struct sound make_music(double seconds, int channels, int rate)
{
    struct sound s = make_sound(seconds, channels, rate);
    struct mm_random random = {7};
    for (int c = 0; c < channels; c++) {
        double smooth = 0;
        for (size_t i = 0; i < s.frames; i++) {
            double t = (double)i / rate;
            double level = fmod(t, 4) < 1 ? 0.003 : 0.1 + 0.05 * c;
            smooth += 0.3 * (mm_random_normal(&random) - smooth);
            s.samples[i * (size_t)channels + (size_t)c] =
                (float)(level * (smooth + sin(2 * M_PI * 55 * (c + 1) * t)));
        }
    }
    return s;
}

static double measure(const struct sound *s, const enum mm_channel *roles, size_t block)
{
    struct mm_loudness *loudness;
    struct mm_error err = {0};
    assert_ok(mm_loudness_create(false, &loudness, &err), &err);
    for (size_t at = 0; at < s->frames; at += block) {
        struct mm_pcm pcm = {.samples = s->samples + at * (size_t)s->channels,
                             .frames = s->frames - at < block ? s->frames - at : block,
                             .channels = s->channels,
                             .rate = s->rate,
                             .roles = roles};
        assert_ok(mm_loudness_push(loudness, &pcm, &err), &err);
    }
    double lufs, peak;
    mm_loudness_finish(loudness, &lufs, &peak);
    mm_loudness_destroy(loudness);
    return lufs;
}

static double measure_with_library(const struct sound *s, const enum mm_channel *roles)
{
    ebur128_state *state =
        ebur128_init((unsigned)s->channels, (unsigned long)s->rate, EBUR128_MODE_I);
    assert_non_null(state);
    for (int c = 0; c < s->channels; c++)
        ebur128_set_channel(state, (unsigned)c,
                            roles[c] == MM_CHANNEL_LFE        ? EBUR128_UNUSED
                            : roles[c] == MM_CHANNEL_SURROUND ? EBUR128_LEFT_SURROUND
                                                              : EBUR128_LEFT);
    assert_int_equal(ebur128_add_frames_float(state, s->samples, s->frames), EBUR128_SUCCESS);
    double lufs;
    assert_int_equal(ebur128_loudness_global(state, &lufs), EBUR128_SUCCESS);
    ebur128_destroy(&state);
    return lufs;
}

static void loudness_is_that_of_libebur128(void **state)
{
    (void)state;
    static const int rates[] = {8000, 22050, 32000, 44100, 48000, 96000};
    static const enum mm_channel front[6] = {0};
    static const enum mm_channel around[6] = {
        [3] = MM_CHANNEL_LFE, [4] = MM_CHANNEL_SURROUND, [5] = MM_CHANNEL_SURROUND};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        for (int channels = 1; channels <= 6; channels += channels < 3 ? 1 : 3) {
            const enum mm_channel *roles = channels == 6 ? around : front;
            struct sound s = make_music(9.3, channels, rates[i]);
            double ours = measure(&s, roles, 1152);
            double theirs = measure_with_library(&s, roles);
            if (fabs(ours - theirs) > 0.01)
                fail_msg("%d Hz, %d channels: %f, not %f", rates[i], channels, ours, theirs);
            free(s.samples);
        }
}

static void blocks_may_be_cut_anywhere(void **state)
{
    (void)state;
    static const enum mm_channel front[3] = {0};
    struct sound s = make_music(3, 3, 44100);
    double whole = measure(&s, front, s.frames);
    assert_true(fabs(measure(&s, front, 1) - whole) < 1e-9);
    assert_true(fabs(measure(&s, front, 4409) - whole) < 1e-9);
    free(s.samples);
}

/* Corners beyond half the rate must not make the filter unstable. */
static void the_lowest_and_the_highest_rate_are_measured(void **state)
{
    (void)state;
    static const enum mm_channel front[1] = {0};
    static const int rates[] = {1000, 3000, 768000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct sound s = make_sound(2, 1, rates[i]);
        add_tone(&s, -1, 300, 0.1, 0, 2);
        double lufs = measure(&s, front, 4096);
        if (!(fabs(lufs + 23.7) < 2)) /* the cut of the bass lifts the rest at low rates */
            fail_msg("%d Hz: %f LUFS", rates[i], lufs);
        free(s.samples);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_filters_are_those_of_the_standard),
        cmocka_unit_test(loudness_is_that_of_libebur128),
        cmocka_unit_test(blocks_may_be_cut_anywhere),
        cmocka_unit_test(the_lowest_and_the_highest_rate_are_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
