/* SPDX-License-Identifier: BSD-2-Clause */
/* Files made to break things: each gives an error or a result, and costs little. */
#include "made.h"

#include <sys/stat.h>
#include <unistd.h>

#include "musicmap/audio.h"

static char *folder;
static char *source;

static const struct {
    const char *name, *options;
} formats[] = {{"h.mp3", "-b:a 64k"},
               {"h.m4a", "-c:a aac"},
               {"h.ogg", "-c:a libvorbis"},
               {"h.opus", "-c:a libopus"},
               {"h.flac", ""},
               {"h.wma", "-c:a wmav2"},
               {"h.wv", ""},
               {"h.aiff", ""},
               {"h.aac", "-c:a aac"},
               {"h.mka", "-c:a libvorbis"},
               {"h.wav", "-c:a adpcm_ima_wav"},
               {"alac.m4a", "-c:a alac"}};
#define FORMATS (sizeof formats / sizeof *formats)

static int set_up(void **state)
{
    (void)state;
    folder = check_make_folder();
    struct sound s = make_sound(3, 2, 22050);
    add_noise(&s, 0.1, 0, 3);
    source = write_wav(folder, "source.wav", &s, false);
    free(s.samples);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(source);
    check_remove_folder(folder);
    return 0;
}

static int swallow(void *ctx, size_t rate, const float *samples, size_t count, struct mm_error *err)
{
    (void)ctx, (void)rate, (void)err;
    for (size_t i = 0; i < count; i++)
        assert_true(fabsf(samples[i]) < 16); /* not NaN either */
    return 0;
}

/* Every call on one file; results must hold what the headers promise. */
static int try_all(const char *path)
{
    struct mm_audio_info info;
    if (mm_audio_probe(path, &info, NULL) == 0) {
        assert_true(info.channels > 0 && info.sample_rate > 0 && info.duration_s >= 0);
        mm_audio_info_finish(&info);
    }
    struct mm_bytes bytes;
    if (mm_audio_cover(path, &bytes, NULL) == 0)
        mm_bytes_finish(&bytes);
    if (mm_audio_clip(path, 1, 1, &bytes, NULL) == 0)
        mm_bytes_finish(&bytes);
    struct mm_audio_request request = {
        .excerpt_s = 2, .measure = true, .n_rates = 2, .rates = {22050, 48000}};
    struct mm_measure m;
    struct mm_error err = {0};
    int result = mm_audio_analyse(path, &request, swallow, NULL, &m, &err);
    if (result < 0) {
        assert_int_equal(result, (int)err.code);
        assert_true(err.message[0] != '\0');
    } else {
        assert_true(m.excerpt_length_s > 0 && m.excerpt_length_s < 3.1);
        assert_true(m.intensity >= 0 && m.intensity <= 1 && m.key >= -1 && m.key < 12);
        assert_true(m.loudness_lufs < 40 && !isnan(m.peak_dbfs) && m.tempo_bpm < 300);
    }
    return result;
}

static void what_is_no_audio_is_bad_input(void **state)
{
    (void)state;
    char path[4200];
    char text[20000];
    unsigned char zeros[20000] = {0};
    snprintf(path, sizeof path, "%s/x.mp3", folder);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "The quick brown fox jumps over the lazy dog.\n"[i % 45];
    write_bytes(path, text, sizeof text);
    assert_int_equal(try_all(path), MM_ERR_INPUT);
    write_bytes(path, zeros, sizeof zeros);
    assert_int_equal(try_all(path), MM_ERR_INPUT);
    write_bytes(path, zeros, 0);
    assert_int_equal(try_all(path), MM_ERR_INPUT);
    write_bytes(path, "#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9,\nfile:///etc/passwd\n", 55);
    assert_int_equal(try_all(path), MM_ERR_INPUT);
    write_bytes(path, "ffconcat version 1.0\nfile source.wav\n", 37);
    assert_int_equal(try_all(path), MM_ERR_INPUT);
    assert_int_equal(try_all(folder), MM_ERR_INPUT);
    assert_int_equal(try_all("/dev/null"), MM_ERR_INPUT);
    assert_int_equal(try_all("/nowhere/at/all.mp3"), MM_ERR_NOT_FOUND);
    snprintf(path, sizeof path, "%s/pipe.wav", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(try_all(path), MM_ERR_INPUT);
}

static void names_are_never_taken_for_protocols(void **state)
{
    (void)state;
    assert_int_equal(chdir(folder), 0);
    static const char *const names[] = {"concat:a|b.mp3", "http:x.flac", "-i.wav",
                                        "file:q.wav",     "data:audio",  "a\xff%s\n.wav"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n;
        unsigned char *bytes = read_bytes_of(source, &n);
        write_bytes(names[i], bytes, n);
        free(bytes);
        assert_int_equal(try_all(names[i]), 0); /* a WAV in all of them: the ending is ignored */
    }
    assert_int_equal(try_all("concat:source.wav|source.wav"), MM_ERR_NOT_FOUND);
    assert_int_equal(chdir("/"), 0);
}

static void files_may_break_off_anywhere(void **state)
{
    (void)state;
    char path[4200];
    snprintf(path, sizeof path, "%s/cut", folder);
    for (size_t i = 0; i < FORMATS; i++) {
        char *whole = encode_wav(folder, formats[i].name, source, formats[i].options);
        assert_int_equal(try_all(whole), 0);
        size_t n;
        unsigned char *bytes = read_bytes_of(whole, &n);
        static const double parts[] = {0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.99};
        for (size_t p = SANITIZED; p < sizeof parts / sizeof *parts; p += 1 + SANITIZED) {
            write_bytes(path, bytes, (size_t)((double)n * parts[p]) + 1);
            int result = try_all(path);
            /* Of formats without an index at the end, 2.4 s are enough of a song. */
            if (parts[p] == 0.8 && result < 0 && !strstr(formats[i].name, "m4a"))
                fail_msg("%s: refused at four fifths", formats[i].name);
        }
        free(bytes);
        free(whole);
    }
}

static void flipped_bytes_do_no_harm(void **state)
{
    (void)state;
    char path[4200];
    snprintf(path, sizeof path, "%s/flipped", folder);
    struct mm_random random = {11};
    for (size_t i = 0; i < FORMATS; i++) {
        char *whole = encode_wav(folder, formats[i].name, source, formats[i].options);
        size_t n;
        unsigned char *bytes = read_bytes_of(whole, &n);
        unsigned char *broken = malloc(n);
        for (int round = 0; round < 12; round += 1 + 2 * SANITIZED) {
            memcpy(broken, bytes, n);
            /* Headers in every other round, where it hurts most. */
            size_t reach = round % 2 && n > 400 ? 400 : n;
            for (int k = 0; k < 1 + 4 * round; k++)
                broken[mm_random_below(&random, reach)] =
                    (unsigned char)mm_random_below(&random, 256);
            write_bytes(path, broken, n);
            try_all(path);
        }
        free(broken);
        free(bytes);
        free(whole);
    }
}

static void claims_of_a_day_of_sound_are_not_believed(void **state)
{
    (void)state;
    char path[4200];
    snprintf(path, sizeof path, "%s/day", folder);
    size_t n;
    unsigned char *bytes = read_bytes_of(source, &n);
    put32(bytes + 40, 0x7fffff00); /* the data chunk: 6.7 hours */
    put32(bytes + 4, 0x7fffff24);
    write_bytes(path, bytes, n);
    struct mm_audio_request request = {.excerpt_s = 2, .measure = true};
    struct mm_measure m;
    struct mm_error err = {0};
    assert_ok(mm_audio_analyse(path, &request, NULL, NULL, &m, &err), &err);
    assert_true(m.excerpt_start_s <= 1.1 && m.excerpt_length_s > 1.8);
    free(bytes);

    char *mp3 = encode_wav(folder, "day.mp3", source, "-q:a 5");
    bytes = read_bytes_of(mp3, &n);
    for (size_t i = 0; i + 12 < n; i++)
        if (memcmp(bytes + i, "Xing", 4) == 0 || memcmp(bytes + i, "Info", 4) == 0) {
            memcpy(bytes + i + 8, "\x00\x40\x00\x00", 4); /* 4 million frames: 30 hours */
            break;
        }
    write_bytes(mp3, bytes, n);
    assert_ok(mm_audio_analyse(mp3, &request, NULL, NULL, &m, &err), &err);
    assert_true(m.excerpt_length_s > 1.8 && m.excerpt_length_s < 3.1);
    free(bytes);
    free(mp3);

    char *flac = encode_wav(folder, "day.flac", source, "");
    bytes = read_bytes_of(flac, &n);
    bytes[21] = (unsigned char)((bytes[21] & 0xf0) | 0x0f); /* total samples: 2^36 - 1 */
    memset(bytes + 22, 0xff, 4);
    write_bytes(flac, bytes, n);
    assert_ok(mm_audio_analyse(flac, &request, NULL, NULL, &m, &err), &err);
    assert_true(m.excerpt_length_s > 1.8 && m.excerpt_length_s < 3.1);
    free(bytes);
    free(flac);
}

static void a_huge_picture_is_left_alone(void **state)
{
    (void)state;
    char *path = encode_wav(folder, "huge.mp3", source, "-b:a 64k -id3v2_version 0");
    size_t n;
    unsigned char *sound = read_bytes_of(path, &n);
    size_t picture = (size_t)20 << 20;
    size_t size = 10 + picture;
    unsigned char *all = calloc(10 + size + n, 1);
    memcpy(all, "ID3\4\0\0", 6);
    for (int i = 0; i < 4; i++)
        all[6 + i] = (unsigned char)(size >> (21 - 7 * i) & 0x7f);
    memcpy(all + 10, "APIC", 4);
    for (int i = 0; i < 4; i++)
        all[14 + i] = (unsigned char)(picture >> (21 - 7 * i) & 0x7f);
    memcpy(all + 20, "\0image/jpeg\0\3\0\xff\xd8\xff\xe0", 18);
    memcpy(all + 10 + size, sound, n);
    write_bytes(path, all, 10 + size + n);
    struct mm_audio_info info;
    struct mm_error err = {0};
    assert_ok(mm_audio_probe(path, &info, &err), &err);
    assert_string_equal(info.codec, "mp3");
    assert_false(info.has_cover);
    assert_true(fabs(info.duration_s - 3) < 0.1);
    mm_audio_info_finish(&info);
    struct mm_bytes cover;
    assert_int_equal(mm_audio_cover(path, &cover, NULL), MM_ERR_NOT_FOUND);
    assert_int_equal(try_all(path), 0);
    free(all);
    free(sound);
    free(path);
}

static int refuse(void *ctx, size_t rate, const float *samples, size_t count, struct mm_error *err)
{
    (void)rate, (void)samples, (void)count;
    ++*(int *)ctx;
    return mm_error_set(err, MM_ERR_CANCELLED, "enough");
}

static void a_sink_can_stop_the_call(void **state)
{
    (void)state;
    int calls = 0;
    struct mm_audio_request request = {.measure = true, .n_rates = 1, .rates = {16000}};
    struct mm_measure m;
    struct mm_error err = {0};
    assert_int_equal(mm_audio_analyse(source, &request, refuse, &calls, &m, &err),
                     MM_ERR_CANCELLED);
    assert_int_equal(calls, 1);
    assert_string_equal(err.message, "enough");
}

static void requests_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct mm_measure m;
    struct mm_audio_request request = {.excerpt_s = -1};
    assert_int_equal(mm_audio_analyse(source, &request, NULL, NULL, &m, NULL), MM_ERR_USAGE);
    request = (struct mm_audio_request){.excerpt_s = NAN};
    assert_int_equal(mm_audio_analyse(source, &request, NULL, NULL, &m, NULL), MM_ERR_USAGE);
    request = (struct mm_audio_request){.n_rates = 5};
    assert_int_equal(mm_audio_analyse(source, &request, swallow, NULL, &m, NULL), MM_ERR_USAGE);
    request = (struct mm_audio_request){.n_rates = 1, .rates = {0}};
    assert_int_equal(mm_audio_analyse(source, &request, swallow, NULL, &m, NULL), MM_ERR_USAGE);
    request = (struct mm_audio_request){.n_rates = 1, .rates = {22050}};
    assert_int_equal(mm_audio_analyse(source, &request, NULL, NULL, &m, NULL), MM_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_audio_is_bad_input),
        cmocka_unit_test(names_are_never_taken_for_protocols),
        cmocka_unit_test(files_may_break_off_anywhere),
        cmocka_unit_test(flipped_bytes_do_no_harm),
        cmocka_unit_test(claims_of_a_day_of_sound_are_not_believed),
        cmocka_unit_test(a_huge_picture_is_left_alone),
        cmocka_unit_test(a_sink_can_stop_the_call),
        cmocka_unit_test(requests_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
