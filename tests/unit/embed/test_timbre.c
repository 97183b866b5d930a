/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in model on made signals: known values, what must not matter, and hostile input. */
#include <malloc.h>
#include <math.h>

#include "base/random.h"
#include "check.h"
#include "embed/timbre.h"
#include "musicmap/embed.h"

enum { RATE = MM_TIMBRE_RATE, DIM = MM_TIMBRE_DIM };

struct fixture {
    struct mm_embedder *embedder;
    struct mm_embed_stream *stream;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct mm_embed_settings settings = {.model = "timbre"};
    struct mm_error err = {0};
    assert_ok(mm_embedder_create(&settings, &fixture->embedder, &err), &err);
    assert_ok(mm_embed_stream_create(fixture->embedder, &fixture->stream, &err), &err);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mm_embed_stream_destroy(fixture->stream);
    mm_embedder_destroy(fixture->embedder);
    free(fixture);
    return 0;
}

/* The vector of samples pushed in pieces of at most piece. */
static void embed(void **state, const float *samples, size_t count, size_t piece, float out[DIM])
{
    struct fixture *fixture = *state;
    struct mm_error err = {0};
    for (size_t i = 0; i < count; i += piece)
        assert_ok(mm_embed_stream_push(fixture->stream, samples + i,
                                       piece < count - i ? piece : count - i, &err),
                  &err);
    struct mm_embedding embedding;
    assert_ok(mm_embed_stream_finish(fixture->stream, &embedding, &err), &err);
    assert_int_equal(embedding.n_windows, 1);
    assert_int_equal(embedding.dim, DIM);
    memcpy(out, embedding.values, DIM * sizeof *out);
    mm_embedding_finish(&embedding);
}

static float value(const float vector[DIM], const char *name)
{
    for (size_t i = 0; i < DIM; i++)
        if (strcmp(mm_timbre_names()[i], name) == 0)
            return vector[i];
    fail_msg("no dimension is called %s", name);
    return 0;
}

static float *make_silence(size_t count)
{
    float *samples = calloc(count, sizeof *samples);
    assert_non_null(samples);
    return samples;
}

static void add_tone(float *samples, size_t count, double hz, float volume)
{
    for (size_t i = 0; i < count; i++)
        samples[i] += volume * (float)sin(2 * M_PI * hz * (double)i / RATE);
}

/* Something like music: struck chords that die away over soft noise. */
static float *make_music(size_t count, double semitones)
{
    float *samples = make_silence(count);
    struct mm_random random = mm_random_stream(7, 0);
    static const int chords[4][3] = {{0, 4, 7}, {5, 9, 12}, {7, 11, 14}, {0, 4, 7}};
    for (size_t i = 0; i < count; i++) {
        size_t beat = i / (RATE / 2);
        double t = (double)(i % (RATE / 2)) / RATE;
        double sum = 0;
        for (int n = 0; n < 3; n++) {
            double hz = 220 * exp2((chords[beat / 4 % 4][n] + semitones) / 12);
            for (int h = 1; h <= 4; h++)
                sum += sin(2 * M_PI * hz * h * t) / h;
        }
        samples[i] = (float)(0.15 * exp(-6 * t) * sum + 0.003 * mm_random_normal(&random));
    }
    return samples;
}

static void every_dimension_has_a_name_of_its_own(void **state)
{
    (void)state;
    const char *const *names = mm_timbre_names();
    for (size_t i = 0; i < DIM; i++) {
        assert_true(names[i] && names[i][0]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(names[i], names[j]);
    }
}

static void the_cuts_between_pushes_do_not_matter(void **state)
{
    enum { COUNT = 9 * RATE + 123 };
    float *samples = make_music(COUNT, 0);
    float whole[DIM];
    float cut[DIM];
    embed(state, samples, COUNT, COUNT, whole);
    static const size_t pieces[] = {1, 7, 512, 2048, 2049, 65536};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        embed(state, samples, COUNT, pieces[i], cut);
        assert_memory_equal(cut, whole, sizeof whole);
    }
    free(samples);
}

static void volume_does_not_matter(void **state)
{
    enum { COUNT = 10 * RATE };
    float *samples = make_music(COUNT, 0);
    float loud[DIM];
    float soft[DIM];
    embed(state, samples, COUNT, COUNT, loud);
    for (size_t i = 0; i < COUNT; i++)
        samples[i] *= 0.037f;
    embed(state, samples, COUNT, COUNT, soft);
    for (size_t i = 0; i < DIM; i++)
        if (fabsf(loud[i] - soft[i]) > 2e-3f * (1 + fabsf(loud[i])))
            fail_msg("%s: %g and %g", mm_timbre_names()[i], (double)loud[i], (double)soft[i]);
    free(samples);
}

static void transposing_leaves_harmony_alone(void **state)
{
    enum { COUNT = 10 * RATE };
    float at[2][DIM];
    for (int i = 0; i < 2; i++) {
        float *samples = make_music(COUNT, i * 5);
        embed(state, samples, COUNT, COUNT, at[i]);
        free(samples);
    }
    static const char *const names[] = {"pitch_circle3", "pitch_circle4", "pitch_circle5"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_float_equal(value(at[0], names[i]), value(at[1], names[i]), 0.03f);
}

static void a_tone_lies_where_it_is_and_is_narrow(void **state)
{
    enum { COUNT = 3 * RATE };
    float *samples = make_silence(COUNT);
    float tone[DIM];
    float noise[DIM];
    add_tone(samples, COUNT, 2000, 0.5f);
    embed(state, samples, COUNT, COUNT, tone);
    struct mm_random random = mm_random_stream(1, 0);
    for (size_t i = 0; i < COUNT; i++)
        samples[i] = (float)(0.2 * mm_random_normal(&random));
    embed(state, samples, COUNT, COUNT, noise);
    /* log2(2 kHz / 1 kHz) */
    assert_float_equal(value(tone, "centroid_mean"), 1.0f, 0.01f);
    assert_float_equal(value(tone, "rolloff50_mean"), 1.0f, 0.02f);
    assert_true(value(tone, "bandwidth_mean") < 0.1f);
    assert_float_equal(value(tone, "centroid_deviation"), 0.0f, 0.01f);
    /* White noise: half of it lies above 5.5 kHz; its bins follow an exponential distribution whose
     * mean logarithm is 0.577 / ln 2 below the logarithm of the mean. */
    assert_float_equal(value(noise, "rolloff50_mean"), log2f(5.5125f), 0.05f);
    assert_float_equal(value(noise, "flatness_mean"), -0.5772f / 0.6931f, 0.03f);
    assert_true(value(tone, "flatness_mean") < -10);
    assert_true(value(tone, "contrast_1600_3200hz_mean") >
                value(noise, "contrast_1600_3200hz_mean") + 5);
    free(samples);
}

static void a_pulse_shows_at_its_lag_and_rate(void **state)
{
    enum { COUNT = 24 * RATE };
    float *samples = make_silence(COUNT);
    struct mm_random random = mm_random_stream(3, 0);
    for (size_t beat = 0; beat < 48; beat++) /* two strokes a second */
        for (size_t i = 0; i < 2000; i++)
            samples[beat * RATE / 2 + i] =
                (float)(exp(-(double)i / 300) * 0.5 * mm_random_normal(&random));
    float vector[DIM];
    embed(state, samples, COUNT, COUNT, vector);
    /* 0.5 s is 21.5 frames */
    assert_true(value(vector, "lag_high_418_580ms") > 0.4f);
    assert_true(value(vector, "lag_high_302_418ms") < 0.1f);
    assert_true(value(vector, "pulse_high_highest") > 0.4f);
    assert_true(value(vector, "rate_high_1_9hz") > value(vector, "rate_high_1_4hz"));
    assert_true(value(vector, "onset8_mean") > 0);
    free(samples);
}

static void memory_does_not_grow_with_the_song(void **state)
{
    struct fixture *fixture = *state;
    struct mm_error err = {0};
    float *samples = make_music(10 * RATE, 0);
    assert_ok(mm_embed_stream_push(fixture->stream, samples, 10 * RATE, &err), &err);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 20; i++)
        assert_ok(mm_embed_stream_push(fixture->stream, samples, 10 * RATE, &err), &err);
    assert_int_equal(mallinfo2().uordblks, before);
    struct mm_embedding embedding;
    assert_ok(mm_embed_stream_finish(fixture->stream, &embedding, &err), &err);
    mm_embedding_finish(&embedding);
    free(samples);
}

/* Fills samples with hostile signal number kind; returns false when there is no such kind. */
static bool make_hostile(int kind, float *samples, size_t count)
{
    struct mm_random random = mm_random_stream(5, (uint64_t)kind);
    for (size_t i = 0; i < count; i++) {
        switch (kind) {
        case 0: /* silence */
            samples[i] = 0;
            break;
        case 1: /* direct current */
            samples[i] = 0.7f;
            break;
        case 2: /* clipping far beyond what is allowed */
            samples[i] = i / 50 % 2 ? 1e30f : -1e30f;
            break;
        case 3: /* not numbers */
            samples[i] = i % 3 ? NAN : INFINITY;
            break;
        case 4: /* the highest frequency there is */
            samples[i] = i % 2 ? 1.0f : -1.0f;
            break;
        case 5: /* denormals */
            samples[i] = i % 2 ? 1e-42f : -1e-42f;
            break;
        case 6: /* a single impulse */
            samples[i] = i == count / 2 ? 1.0f : 0.0f;
            break;
        case 7: /* so soft that it counts as silence */
            samples[i] = (float)(1e-7 * mm_random_normal(&random));
            break;
        case 8: /* noise, then nothing */
            samples[i] = i < count / 2 ? (float)mm_random_normal(&random) : 0.0f;
            break;
        case 9: /* any bit pattern */
        {
            uint32_t bits = (uint32_t)mm_random_next(&random);
            memcpy(&samples[i], &bits, sizeof bits);
            break;
        }
        default:
            return false;
        }
    }
    return true;
}

static void hostile_input_gives_finite_numbers_and_leaves_nothing_behind(void **state)
{
    enum { COUNT = 8 * RATE };
    static const size_t lengths[] = {1, 2, 511, 2047, 2048, 2049, 2560, 6000, COUNT};
    float *music = make_music(COUNT, 0);
    float *samples = make_silence(COUNT);
    float expected[DIM];
    float vector[DIM];
    embed(state, music, COUNT, COUNT, expected);
    for (int kind = 0; make_hostile(kind, samples, COUNT); kind++)
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            make_hostile(kind, samples, lengths[l]);
            embed(state, samples, lengths[l], 4096, vector);
            for (size_t i = 0; i < DIM; i++)
                if (!isfinite(vector[i]) || fabsf(vector[i]) > 1e4f)
                    fail_msg("signal %d, %zu samples: %s is %g", kind, lengths[l],
                             mm_timbre_names()[i], (double)vector[i]);
        }
    embed(state, music, COUNT, COUNT, vector);
    assert_memory_equal(vector, expected, sizeof vector);
    free(samples);
    free(music);
}

static void silence_has_no_colour(void **state)
{
    float *samples = make_silence(4 * RATE);
    float vector[DIM];
    embed(state, samples, 4 * RATE, 4096, vector);
    static const char *const names[] = {"mfcc01_mean", "centroid_mean", "flatness_mean",
                                        "onset1_mean", "pulse_low_highest"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_float_equal(value(vector, names[i]), 0, 0);
    free(samples);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dimension_has_a_name_of_its_own),
        TEST(the_cuts_between_pushes_do_not_matter),
        TEST(volume_does_not_matter),
        TEST(transposing_leaves_harmony_alone),
        TEST(a_tone_lies_where_it_is_and_is_narrow),
        TEST(a_pulse_shows_at_its_lag_and_rate),
        TEST(memory_does_not_grow_with_the_song),
        TEST(hostile_input_gives_finite_numbers_and_leaves_nothing_behind),
        TEST(silence_has_no_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
