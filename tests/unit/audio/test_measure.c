/* SPDX-License-Identifier: BSD-2-Clause */
/* Loudness, tempo, key, intensity, the excerpt and the moment to start at, on sounds whose answers
 * are known. */
#include "made.h"

#include <sys/resource.h>

#include "musicmap/audio.h"

static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = check_make_folder();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    check_remove_folder(folder);
    return 0;
}

static struct mm_measure measure_file(const char *path, double excerpt_s, bool true_peak)
{
    struct mm_audio_request request = {
        .excerpt_s = excerpt_s, .true_peak = true_peak, .measure = true};
    struct mm_measure measure;
    struct mm_error err = {0};
    assert_ok(mm_audio_analyse(path, &request, NULL, NULL, &measure, &err), &err);
    return measure;
}

static struct mm_measure measure_sound(struct sound *s, double excerpt_s)
{
    char *path = write_wav(folder, "sound.wav", s, true);
    struct mm_measure measure = measure_file(path, excerpt_s, false);
    free(path);
    free(s->samples);
    return measure;
}

static double db(double x)
{
    return pow(10, x / 20);
}

static void expect_loudness(struct sound *s, double lufs)
{
    double got = measure_sound(s, 0).loudness_lufs;
    if (fabs(got - lufs) > 0.1)
        fail_msg("%f LUFS, not %f", got, lufs);
}

/* The cases of EBU Tech 3341, table 1, that ask for integrated loudness of tones. */
static void loudness_is_that_of_the_ebu_test_signals(void **state)
{
    (void)state;
    struct sound s = make_sound(20, 2, 48000);
    add_tone(&s, -1, 1000, db(-23), 0, 20);
    expect_loudness(&s, -23);
    s = make_sound(20, 2, 44100);
    add_tone(&s, -1, 1000, db(-33), 0, 20);
    expect_loudness(&s, -33);
    s = make_sound(80, 2, 48000); /* relative gate */
    add_tone(&s, -1, 1000, db(-36), 0, 10);
    add_tone(&s, -1, 1000, db(-23), 10, 70);
    add_tone(&s, -1, 1000, db(-36), 70, 80);
    expect_loudness(&s, -23);
    s = make_sound(100, 2, 48000); /* both gates */
    add_tone(&s, -1, 1000, db(-72), 0, 10);
    add_tone(&s, -1, 1000, db(-36), 10, 20);
    add_tone(&s, -1, 1000, db(-23), 20, 80);
    add_tone(&s, -1, 1000, db(-36), 80, 90);
    add_tone(&s, -1, 1000, db(-72), 90, 100);
    expect_loudness(&s, -23);
    s = make_sound(20, 2, 48000); /* 5.0 cannot be told in a plain WAV: 5.1 below */
    add_tone(&s, 0, 1000, db(-20), 0, 20);
    expect_loudness(&s, -23);
    s = make_sound(20, 6, 48000); /* L R C LFE LS RS; the LFE does not count */
    add_tone(&s, 0, 1000, db(-28), 0, 20);
    add_tone(&s, 1, 1000, db(-28), 0, 20);
    add_tone(&s, 2, 1000, db(-24), 0, 20);
    add_tone(&s, 3, 1000, db(-6), 0, 20);
    add_tone(&s, 4, 1000, db(-30), 0, 20);
    add_tone(&s, 5, 1000, db(-30), 0, 20);
    expect_loudness(&s, -23);
}

static void peaks_are_of_samples_or_between_them(void **state)
{
    (void)state;
    struct sound s = make_sound(2, 1, 48000);
    for (size_t i = 0; i < s.frames; i++) /* a quarter of the rate, samples beside the crests */
        s.samples[i] = (float)(0.5 * sin(M_PI / 2 * (double)i + M_PI / 4));
    char *path = write_wav(folder, "peak.wav", &s, true);
    assert_true(fabs(measure_file(path, 0, false).peak_dbfs - 20 * log10(0.5 * sqrt(0.5))) < 0.01);
    assert_true(fabs(measure_file(path, 0, true).peak_dbfs - 20 * log10(0.5)) < 0.3);
    free(path);
    free(s.samples);
}

static void silence_has_no_loudness_tempo_or_key(void **state)
{
    (void)state;
    struct sound s = make_sound(5, 2, 44100);
    struct mm_measure m = measure_sound(&s, 30);
    assert_true(m.loudness_lufs == -HUGE_VAL);
    assert_true(m.peak_dbfs == -HUGE_VAL);
    assert_true(m.tempo_bpm == 0 && m.tempo_confidence == 0);
    assert_int_equal(m.key, -1);
    assert_true(m.intensity == 0);
    assert_true(fabs(m.excerpt_length_s - 5) < 1e-6);
}

static void a_short_sound_is_measured_too(void **state)
{
    (void)state;
    struct sound s = make_sound(0.1, 2, 44100);
    add_tone(&s, -1, 1000, 0.5, 0, 0.1);
    struct mm_measure m = measure_sound(&s, 30);
    assert_true(isfinite(m.loudness_lufs) && m.loudness_lufs < -6 && m.loudness_lufs > -20);
    s = make_sound(1.0 / 44100, 1, 44100);
    s.samples[0] = 0.5f;
    m = measure_sound(&s, 30);
    assert_true(m.tempo_bpm == 0);
    assert_int_equal(m.key, -1);
}

/* Short bursts of noise on every beat, a little stronger on every fourth. */
static struct sound make_clicks(double bpm, double seconds)
{
    struct sound s = make_sound(seconds, 1, 22050);
    struct mm_random random = {7};
    size_t beat = 0;
    for (double t = 0.3; t < seconds - 0.1; t += 60 / bpm, beat++)
        for (size_t i = 0; i < 800; i++)
            s.samples[(size_t)(t * s.rate) + i] +=
                (float)((beat % 4 ? 0.2 : 0.3) * mm_random_normal(&random) * exp(-(double)i / 150));
    return s;
}

static void click_tracks_have_their_tempo(void **state)
{
    (void)state;
    for (double bpm = 60; bpm <= 180; bpm += SANITIZED ? 37.5 : 7.5) {
        struct sound s = make_clicks(bpm, 20);
        struct mm_measure m = measure_sound(&s, 30);
        double ratio = m.tempo_bpm / bpm;
        /* Alone, slow clicks may as well be every other beat. */
        bool good = fabs(ratio - 1) < 0.01 || (bpm < 90 && fabs(ratio - 2) < 0.02);
        if (!good || m.tempo_confidence < 0.3)
            fail_msg("%f is taken for %f (%f)", bpm, m.tempo_bpm, m.tempo_confidence);
    }
}

/* Not drawn to those whose beats are whole frames of the analysis apart (127.6, 132.5), and more
 * exact than what tags keep of it. */
static void tempo_is_exact_to_a_tenth(void **state)
{
    (void)state;
    static const double tempos[] = {92.3, 99.5, 118.6, 122.8, 128, 132.2, 137.4, 143.2};
    for (size_t i = 0; i < sizeof tempos / sizeof *tempos; i++) {
        struct sound s = make_clicks(tempos[i], 30);
        struct mm_measure m = measure_sound(&s, 30);
        if (fabs(m.tempo_bpm - tempos[i]) > 0.05)
            fail_msg("%f is taken for %f", tempos[i], m.tempo_bpm);
    }
}

static void noise_has_no_tempo_or_key_and_held_tones_no_tempo(void **state)
{
    (void)state;
    struct sound s = make_sound(20, 1, 44100);
    add_noise(&s, 0.2, 0, 20);
    struct mm_measure m = measure_sound(&s, 30);
    assert_true(m.tempo_bpm == 0);
    assert_int_equal(m.key, -1);
    s = make_sound(20, 1, 44100);
    add_tone(&s, -1, 330, 0.3, 0, 20);
    assert_true(measure_sound(&s, 30).tempo_bpm == 0);
}

/* A tone with eight harmonics, as strings have. */
static void add_note(struct sound *s, double midi, double a4, double begin, double end)
{
    double hz = a4 * pow(2, (midi - 69) / 12);
    for (int h = 1; h <= 8 && hz * h < s->rate / 2.2; h++)
        add_tone(s, -1, hz * h, 0.08 / h, begin, end);
}

static void add_chord(struct sound *s, int root, bool major, double a4, double begin, double end)
{
    add_note(s, root - 12, a4, begin, end);
    add_note(s, root, a4, begin, end);
    add_note(s, root + (major ? 4 : 3), a4, begin, end);
    add_note(s, root + 7, a4, begin, end);
}

/* I vi IV V I, or i iv V i VI i. */
static struct sound make_song(int tonic, enum mm_mode mode, double a4)
{
    struct sound s = make_sound(6, 1, 22050);
    static const int major[6] = {0, 9, 5, 7, 0, 0};
    static const int minor[6] = {0, 5, 7, 0, 8, 0};
    static const bool major_is_major[6] = {true, false, true, true, true, true};
    static const bool minor_is_major[6] = {false, false, true, false, true, false};
    for (int i = 0; i < 6; i++)
        add_chord(&s, 60 + tonic + (mode ? major[i] : minor[i]),
                  mode ? major_is_major[i] : minor_is_major[i], a4, i, i + 1);
    return s;
}

static void progressions_have_their_key(void **state)
{
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        for (int tonic = 0; tonic < 12; tonic += SANITIZED ? 5 : 1) {
            struct sound s = make_song(tonic, (enum mm_mode)mode, tonic % 2 ? 440 : 432);
            struct mm_measure m = measure_sound(&s, 30);
            if (m.key != tonic || (int)m.mode != mode || m.key_confidence <= 0.1)
                fail_msg("%s is taken for %s (%f)", mm_key_name(tonic, (enum mm_mode)mode),
                         mm_key_name(m.key, m.mode), m.key_confidence);
        }
    }
}

static void the_loud_part_is_the_excerpt(void **state)
{
    (void)state;
    struct sound s = make_sound(120, 1, 8000);
    add_noise(&s, 0.01, 0, 120);
    add_noise(&s, 0.2, 70, 100);
    char *wav = write_wav(folder, "long.wav", &s, false);
    char *mp3 = encode_wav(folder, "long.mp3", wav, "-ar 22050 -q:a 6");
    const char *paths[] = {wav, mp3};
    for (int i = 0; i < 2; i++) {
        struct mm_audio_request request = {
            .excerpt_s = 30, .measure = true, .n_rates = 1, .rates = {8000}};
        struct mm_measure m;
        struct kept kept = {0};
        struct mm_error err = {0};
        assert_ok(mm_audio_analyse(paths[i], &request, keep, &kept, &m, &err), &err);
        assert_true(fabs(m.excerpt_start_s - 70) <= 5);
        assert_true(fabs(m.excerpt_length_s - 30) < 0.001);
        assert_true(labs((long)kept.count - 240000) <= 1);
        /* What is said to be the excerpt is what was heard. */
        size_t at = (size_t)lrint(m.excerpt_start_s * 8000) + 80000;
        assert_true(labs(find_shift(s.samples, s.frames, at, kept.samples + 80000, 8000, 50)) <= 1);
        assert_true(m.onset_s >= m.excerpt_start_s && m.onset_s <= m.excerpt_start_s + 16);
        free(kept.samples);
    }
    free(wav);
    free(mp3);
    free(s.samples);
}

/* 3 s of silence, loud to 90 s, soft to 110 s, silence to 120 s. */
static void intro_and_outro_are_what_sounds_first_and_last(void **state)
{
    (void)state;
    struct sound s = make_sound(120, 1, 8000);
    add_noise(&s, 0.3, 3, 90);
    add_noise(&s, 0.05, 90, 110);
    char *wav = write_wav(folder, "ends.wav", &s, false);
    char *mp3 = encode_wav(folder, "ends.mp3", wav, "-ar 22050 -q:a 6");
    const char *paths[] = {wav, mp3};
    static const struct {
        enum mm_audio_part part;
        double from;
    } ends[] = {{MM_PART_INTRO, 3}, {MM_PART_OUTRO, 95}};
    for (int i = 0; i < 4; i++) {
        struct mm_audio_request request = {
            .part = ends[i / 2].part, .excerpt_s = 15, .n_rates = 1, .rates = {8000}};
        struct mm_measure m;
        struct kept kept = {0};
        struct mm_error err = {0};
        assert_ok(mm_audio_analyse(paths[i % 2], &request, keep, &kept, &m, &err), &err);
        if (fabs(m.excerpt_start_s - ends[i / 2].from) > 1.01)
            fail_msg("%s begins at %f", paths[i % 2], m.excerpt_start_s);
        assert_true(fabs(m.excerpt_length_s - 15) < 0.001);
        size_t at = (size_t)lrint(m.excerpt_start_s * 8000) + 40000;
        assert_true(labs(find_shift(s.samples, s.frames, at, kept.samples + 40000, 8000, 50)) <= 1);
        free(kept.samples);
    }
    free(wav);
    free(mp3);
    free(s.samples);
}

static void a_song_a_little_longer_than_the_excerpt_is_taken_whole(void **state)
{
    (void)state;
    struct sound s = make_sound(30.8, 1, 8000);
    add_noise(&s, 0.1, 0, 30.8);
    struct mm_measure m = measure_sound(&s, 30);
    assert_true(m.excerpt_start_s == 0);
    assert_true(fabs(m.excerpt_length_s - 30.8) < 0.001);
}

static void listening_starts_where_the_music_does(void **state)
{
    (void)state;
    struct sound s = make_sound(30, 1, 22050);
    add_noise(&s, 0.002, 0, 30);
    add_noise(&s, 0.2, 9, 30);
    struct mm_measure m = measure_sound(&s, 30);
    if (fabs(m.onset_s - 9) > 0.4)
        fail_msg("starts at %f", m.onset_s);
}

static void louder_and_busier_is_more_intense(void **state)
{
    (void)state;
    struct sound soft = make_song(0, MM_MODE_MAJOR, 440);
    for (size_t i = 0; i < soft.frames; i++)
        soft.samples[i] *= 0.1f;
    struct sound busy = make_clicks(240, 6);
    add_noise(&busy, 0.1, 0, 6);
    double low = measure_sound(&soft, 30).intensity;
    double high = measure_sound(&busy, 30).intensity;
    assert_true(low > 0 && low < high && high <= 1);
}

/* A WAV of noise written bit by bit, so that the test itself needs no memory. */
static char *write_long(const char *name, double seconds)
{
    struct sound minute = make_sound(60, 1, 8000);
    add_noise(&minute, 0.2, 0, 60);
    struct sound none = {.channels = 1, .rate = 8000};
    char *path = write_wav(folder, name, &none, false);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    uint32_t data = (uint32_t)(seconds * 8000) * 2;
    unsigned char size[4];
    put32(size, data);
    assert_int_equal(fseek(f, 40, SEEK_SET), 0);
    fwrite(size, 1, 4, f);
    for (size_t i = 0; i < data / 2; i++) {
        int16_t v = (int16_t)(minute.samples[i % minute.frames] * 20000);
        fwrite(&v, sizeof v, 1, f);
    }
    assert_int_equal(fclose(f), 0);
    free(minute.samples);
    return path;
}

/* The largest size of the process so far, KiB. */
static long largest(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void memory_does_not_grow_with_the_song(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* it keeps what is freed for a while */
#endif
    char *brief = write_long("brief.wav", 60);
    char *long_one = write_long("hours.wav", 1800);
    measure_file(brief, 0, false);
    long before = largest();
    struct mm_measure m = measure_file(long_one, 0, false);
    assert_true(fabs(m.excerpt_length_s - 1800) < 0.01);
    /* Kept as floats the sound would take 55 MB, at the rate of the features 155. */
    if (largest() - before > 4096)
        fail_msg("%ld KiB more", largest() - before);
    free(brief);
    free(long_one);
}

/* Bytes that this process has read so far; -1 where the system does not say. */
static long bytes_read(void)
{
    long bytes = -1;
    FILE *f = fopen("/proc/self/io", "r");
    if (f && fscanf(f, "rchar: %ld", &bytes) != 1)
        bytes = -1;
    if (f)
        fclose(f);
    return bytes;
}

/* Lengths of blocks add up to a hair less than the excerpt: nothing is decoded for that. */
static void nothing_is_read_behind_the_excerpt(void **state)
{
    (void)state;
    if (bytes_read() < 0)
        skip();
    char *path = write_long("long.wav", 1800);
    unsigned char rate[4];
    put32(rate, 22050); /* a block is no round number of seconds */
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 24, SEEK_SET), 0);
    fwrite(rate, 1, 4, f);
    assert_int_equal(fclose(f), 0);
    for (double excerpt_s = 5; excerpt_s <= 30; excerpt_s += 1) {
        long before = bytes_read();
        struct mm_measure m = measure_file(path, excerpt_s, false);
        assert_true(fabs(m.excerpt_length_s - excerpt_s) < 1e-6);
        assert_true(m.excerpt_start_s < 300);
        /* Half of the song would be 14 MB. */
        if (bytes_read() - before > 7000000)
            fail_msg("%ld bytes for %g s", bytes_read() - before, excerpt_s);
    }
    free(path);
}

static void the_same_file_gives_the_same_figures(void **state)
{
    (void)state;
    struct sound s = make_clicks(100, 12);
    add_noise(&s, 0.05, 3, 9);
    char *path = write_wav(folder, "same.wav", &s, true);
    struct mm_measure a = measure_file(path, 5, false);
    struct mm_measure b = measure_file(path, 5, false);
    assert_memory_equal(&a, &b, sizeof a);
    free(path);
    free(s.samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_does_not_grow_with_the_song),
        cmocka_unit_test(loudness_is_that_of_the_ebu_test_signals),
        cmocka_unit_test(peaks_are_of_samples_or_between_them),
        cmocka_unit_test(silence_has_no_loudness_tempo_or_key),
        cmocka_unit_test(a_short_sound_is_measured_too),
        cmocka_unit_test(click_tracks_have_their_tempo),
        cmocka_unit_test(tempo_is_exact_to_a_tenth),
        cmocka_unit_test(noise_has_no_tempo_or_key_and_held_tones_no_tempo),
        cmocka_unit_test(progressions_have_their_key),
        cmocka_unit_test(the_loud_part_is_the_excerpt),
        cmocka_unit_test(intro_and_outro_are_what_sounds_first_and_last),
        cmocka_unit_test(a_song_a_little_longer_than_the_excerpt_is_taken_whole),
        cmocka_unit_test(listening_starts_where_the_music_does),
        cmocka_unit_test(louder_and_busier_is_more_intense),
        cmocka_unit_test(nothing_is_read_behind_the_excerpt),
        cmocka_unit_test(the_same_file_gives_the_same_figures),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
