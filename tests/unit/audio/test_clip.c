/* SPDX-License-Identifier: BSD-2-Clause */
/* A clip is the part that was asked for, in a container a browser takes. */
#include "made.h"

#include <libavutil/crc.h>

#include "audio/flac.h"
#include "audio/mux.h"
#include "musicmap/audio.h"

#define SECONDS 20.0
#define RATE    44100

static char *folder;
static char *source;
static float *mono;
static struct sound sound;

static int set_up(void **state)
{
    (void)state;
    folder = check_make_folder();
    sound = make_sound(SECONDS, 2, RATE);
    add_noise(&sound, 0.2, 0, SECONDS);
    source = write_wav(folder, "source.wav", &sound, false);
    mono = calloc(sound.frames, sizeof *mono);
    for (size_t i = 0; i < sound.frames; i++)
        mono[i] = sound.samples[2 * i];
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(mono);
    free(source);
    free(sound.samples);
    check_remove_folder(folder);
    return 0;
}

/* Decodes the clip as a file of its own. */
static struct kept play(const struct mm_bytes *clip, double *duration_s)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/clip", folder);
    write_bytes(path, clip->data, clip->size);
    struct kept kept = {0};
    struct mm_audio_request request = {.n_rates = 1, .rates = {RATE}};
    struct mm_measure measure;
    struct mm_audio_info info;
    struct mm_error err = {0};
    assert_ok(mm_audio_probe(path, &info, &err), &err);
    *duration_s = info.duration_s;
    mm_audio_info_finish(&info);
    assert_ok(mm_audio_analyse(path, &request, keep, &kept, &measure, &err), &err);
    return kept;
}

static const struct format {
    const char *name, *options, *mime;
    long early, late; /* samples by which the clip may begin before or after the moment */
} formats[] = {
    {"a.mp3", "-b:a 128k", "audio/mpeg", 1, 1},
    {"vbr.mp3", "-q:a 3", "audio/mpeg", 1, 1},
    {"plain.mp3", "-q:a 6 -ac 1 -write_xing 0", "audio/mpeg", 1200, 1200},
    {"low.mp3", "-ar 22050 -b:a 32k", "audio/mpeg", 8, 8},
    {"a.m4a", "-c:a aac -b:a 128k", "audio/aac", 2048, 0},
    {"a.aac", "-c:a aac -b:a 128k", "audio/aac", 3072, 0},
    {"a.ogg", "-c:a libvorbis -q:a 5", "audio/ogg", 4096, 0},
    {"a.opus", "-c:a libopus -b:a 128k", "audio/ogg", 2, 2},
    {"a.webm", "-c:a libopus -b:a 128k", "audio/ogg", 96, 96},
    {"a.flac", "", "audio/flac", 4608, 0},
    {"flac.ogg", "-c:a flac", "audio/flac", 4608, 0},
    {"high.flac", "-ar 96000", "audio/flac", 2, 2},
    {"a.wav", "-c:a pcm_s24le", "audio/flac", 0, 0},
    {"alac.m4a", "-c:a alac", "audio/flac", 0, 0},
    {"six.wav", "-ac 6 -c:a pcm_s16le", "audio/flac", 0, 0},
    {"mono.aiff", "-ac 1", "audio/flac", 0, 0},
};
#define FORMATS (sizeof formats / sizeof *formats)

static void clips_hold_the_part_asked_for(void **state)
{
    (void)state;
    static const double starts[] = {8.123, 0};
    for (size_t i = 0; i < FORMATS; i++) {
        char *path = encode_wav(folder, formats[i].name, source, formats[i].options);
        for (size_t k = 0; k < 2 - SANITIZED; k++) {
            struct mm_bytes clip;
            struct mm_error err = {0};
            assert_ok(mm_audio_clip(path, starts[k], 5, &clip, &err), &err);
            assert_string_equal(clip.mime, formats[i].mime);
            double duration;
            struct kept kept = play(&clip, &duration);
            if (fabs((double)kept.count / RATE - 5) > 0.2 || fabs(duration - 5) > 0.3)
                fail_msg("%s: %f s, said to be %f", formats[i].name, (double)kept.count / RATE,
                         duration);
            size_t at = (size_t)lrint(starts[k] * RATE) + 88200;
            long shift = find_shift(mono, sound.frames, at, kept.samples + 88200, 768, 5000);
            if (-shift > formats[i].early || shift > formats[i].late)
                fail_msg("%s: from %.1f s: begins %ld samples late", formats[i].name, starts[k],
                         shift);
            /* The start must sound right too, not only the middle. */
            size_t begin = (size_t)lrint(starts[k] * RATE) + 2400;
            double like = likeness(mono + (long)begin + shift, kept.samples + 2400, 4000);
            if (like < 0.9)
                fail_msg("%s: from %.1f s: begins broken (%f)", formats[i].name, starts[k], like);
            free(kept.samples);
            mm_bytes_finish(&clip);
        }
        free(path);
    }
}

static void odd_requests_are_refused(void **state)
{
    (void)state;
    char *mp3 = encode_wav(folder, "odd.mp3", source, "-b:a 64k");
    struct mm_bytes clip;
    assert_int_equal(mm_audio_clip(mp3, -1, 5, &clip, NULL), MM_ERR_USAGE);
    assert_int_equal(mm_audio_clip(mp3, NAN, 5, &clip, NULL), MM_ERR_USAGE);
    assert_int_equal(mm_audio_clip(mp3, 0, 0, &clip, NULL), MM_ERR_USAGE);
    assert_int_equal(mm_audio_clip(mp3, 0, INFINITY, &clip, NULL), MM_ERR_USAGE);
    assert_int_equal(mm_audio_clip(mp3, 100, 5, &clip, NULL), MM_ERR_INPUT);
    assert_int_equal(mm_audio_clip(source, 100, 5, &clip, NULL), MM_ERR_INPUT);
    assert_null(clip.data);
    /* More than there is gives what there is. */
    double duration;
    assert_int_equal(mm_audio_clip(mp3, 15, 30, &clip, NULL), 0);
    struct kept kept = play(&clip, &duration);
    assert_true(fabs(duration - 5) < 0.1);
    free(kept.samples);
    mm_bytes_finish(&clip);
    free(mp3);
}

static void a_clip_is_never_larger_than_32_mib(void **state)
{
    (void)state;
    struct sound s = make_sound(200, 2, 48000);
    struct mm_random random = {3};
    for (size_t i = 0; i < s.frames * 2; i++)
        s.samples[i] = (float)(mm_random_unit(&random) * 2 - 1);
    char *path = write_wav(folder, "large.wav", &s, false);
    struct mm_bytes clip;
    assert_int_equal(mm_audio_clip(path, 0, 200, &clip, NULL), MM_ERR_LIMIT);
    assert_null(clip.data);
    free(path);
    free(s.samples);
}

static void flac_frames_of_every_number_length_are_renumbered(void **state)
{
    (void)state;
    char *path = encode_wav(folder, "numbers.flac", source, "");
    struct mm_bytes clip;
    assert_int_equal(mm_audio_clip(path, 3, 5, &clip, NULL), 0);
    /* The first frame of the clip, found by its sync code, has number 0. */
    size_t at = 42;
    while (at + 8 < clip.size && !(clip.data[at] == 0xff && clip.data[at + 1] == 0xf8))
        at++;
    assert_int_equal(clip.data[at + 4], 0);
    size_t end = at + 8;
    while (end + 8 < clip.size &&
           !(clip.data[end] == 0xff && clip.data[end + 1] == 0xf8 && clip.data[end + 4] == 1))
        end++;
    for (int shift = 0; shift < 31; shift += 3) {
        struct mm_flac_counter counter = {.frames = (uint64_t)1 << shift};
        AVPacket *packet = av_packet_alloc();
        assert_int_equal(av_new_packet(packet, (int)(end - at)), 0);
        memcpy(packet->data, clip.data + at, end - at);
        /* Twice: the second call checks the sums that the first has made. */
        assert_int_equal(mm_flac_renumber(&counter, packet), 0);
        counter.frames = 0;
        assert_int_equal(mm_flac_renumber(&counter, packet), 0);
        assert_int_equal(packet->size, end - at);
        assert_memory_equal(packet->data, clip.data + at, end - at);
        packet->data[20] ^= 1;
        assert_int_equal(mm_flac_renumber(&counter, packet), -1);
        av_packet_free(&packet);
    }
    mm_bytes_finish(&clip);
    free(path);
}

/* Silence is a few bytes: one channel of 16 bits, 4,096 times 0. */
static void short_flac_frames_are_renumbered(void **state)
{
    (void)state;
    unsigned char frame[11] = {0xff, 0xf8, 0xc9, 0x08, 0x00};
    frame[5] = (unsigned char)av_crc(av_crc_get_table(AV_CRC_8_ATM), 0, frame, 5);
    uint32_t sum = av_crc(av_crc_get_table(AV_CRC_16_ANSI), 0, frame, 9);
    frame[9] = (unsigned char)(sum & 0xff);
    frame[10] = (unsigned char)(sum >> 8);
    struct mm_flac_counter counter = {.frames = 1 << 16};
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(av_new_packet(packet, sizeof frame), 0);
    memcpy(packet->data, frame, sizeof frame);
    assert_int_equal(mm_flac_renumber(&counter, packet), 0);
    assert_int_equal(packet->size, sizeof frame + 3);
    assert_int_equal(counter.samples, 4096);
    counter.frames = 0;
    assert_int_equal(mm_flac_renumber(&counter, packet), 0);
    assert_int_equal(packet->size, sizeof frame);
    assert_memory_equal(packet->data, frame, sizeof frame);
    av_packet_free(&packet);
}

static void containers_that_cannot_are_told(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_mux mux;
    AVCodecParameters *parameters = avcodec_parameters_alloc();
    assert_non_null(parameters);
    parameters->codec_type = AVMEDIA_TYPE_AUDIO;
    parameters->codec_id = AV_CODEC_ID_PCM_S16LE;
    parameters->sample_rate = RATE;
    av_channel_layout_default(&parameters->ch_layout, 2);
    const AVRational time_base = {1, RATE};
    assert_int_equal(mm_mux_begin(&mux, "no such container", parameters, time_base, &err),
                     MM_ERR_UNSUPPORTED);
    assert_null(mux.format);
    assert_int_equal(mm_mux_begin(&mux, "mp3", parameters, time_base, &err), MM_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "does not take this stream"));
    assert_null(mux.format);
    avcodec_parameters_free(&parameters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clips_hold_the_part_asked_for),
        cmocka_unit_test(odd_requests_are_refused),
        cmocka_unit_test(a_clip_is_never_larger_than_32_mib),
        cmocka_unit_test(containers_that_cannot_are_told),
        cmocka_unit_test(flac_frames_of_every_number_length_are_renumbered),
        cmocka_unit_test(short_flac_frames_are_renumbered),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
