/* SPDX-License-Identifier: BSD-2-Clause */
/* Tags and pictures as every container stores them. */
#include "made.h"

#include "audio/tags.h"
#include "musicmap/audio.h"

static char *folder;
static char *source;

static int set_up(void **state)
{
    (void)state;
    folder = check_make_folder();
    struct sound s = make_sound(1, 1, 44100);
    add_noise(&s, 0.1, 0, 1);
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

static struct mm_audio_info probe(const char *path)
{
    struct mm_audio_info info;
    struct mm_error err = {0};
    assert_ok(mm_audio_probe(path, &info, &err), &err);
    return info;
}

#define UUID "0f0e6ef4-36b8-4d12-a2b6-5b0a9d8c7e6f"

static void common_tags_are_read_from_every_container(void **state)
{
    (void)state;
    static const struct {
        const char *name, *options, *codec;
    } cases[] = {
        {"t.mp3", "-b:a 64k -metadata TSRC=us-rc1-76-07839", "mp3"},
        {"v3.mp3", "-b:a 64k -id3v2_version 3 -metadata TSRC=USRC17607839", "mp3"},
        {"t.flac", "-metadata ISRC=USRC17607839 -metadata MUSICBRAINZ_TRACKID=" UUID, "flac"},
        {"t.ogg", "-c:a libvorbis -metadata ISRC=USRC17607839 -metadata MUSICBRAINZ_TRACKID=" UUID,
         "vorbis"},
        {"t.opus", "-c:a libopus -metadata ISRC=USRC17607839 -metadata MUSICBRAINZ_TRACKID=" UUID,
         "opus"},
        {"t.m4a", "-c:a aac", "aac"},
        {"t.wma",
         "-c:a wmav2 -metadata WM/ISRC=USRC17607839 -metadata MusicBrainz/Track\\ Id=" UUID,
         "wmav2"},
        {"t.wv", "-metadata ISRC=USRC17607839 -metadata MUSICBRAINZ_TRACKID=" UUID, "wavpack"},
        {"t.aiff", "-write_id3v2 1 -metadata TSRC=USRC17607839", "pcm_s16be"},
        {"t.mka", "-c:a flac -metadata ISRC=USRC17607839", "flac"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char options[2000];
        snprintf(options, sizeof options,
                 "-metadata title='Gr\xc3\xbc\xc3\x9f' -metadata artist='A; B' -metadata album=Al "
                 "-metadata album_artist=AA -metadata genre='Jazz; Latin/Bossa Nova, jazz' "
                 "-metadata date=1999-05-06 -metadata track=3/12 -metadata disc=2/2 %s",
                 cases[i].options);
        char *path = encode_wav(folder, cases[i].name, source, options);
        struct mm_audio_info info = probe(path);
        struct mm_tags *t = &info.tags;
        assert_string_equal(info.codec, cases[i].codec);
        assert_string_equal(t->title, "Gr\xc3\xbc\xc3\x9f");
        assert_string_equal(t->artist, "A; B");
        assert_string_equal(t->album, "Al");
        assert_string_equal(t->album_artist, "AA");
        if (t->n_genres != 3 || strcmp(t->genres[2], "Bossa Nova") != 0)
            fail_msg("%s: %zu genres", cases[i].name, t->n_genres);
        assert_int_equal(t->year, 1999);
        if (t->track != 3 || t->disc != 2)
            fail_msg("%s: track %d disc %d", cases[i].name, t->track, t->disc);
        if (strstr(cases[i].options, "SRC") && (!t->isrc || strcmp(t->isrc, "USRC17607839") != 0))
            fail_msg("%s: ISRC %s", cases[i].name, t->isrc ? t->isrc : "none");
        if (strstr(cases[i].options, UUID) &&
            (!t->musicbrainz_id || strcmp(t->musicbrainz_id, UUID) != 0))
            fail_msg("%s: no MusicBrainz id", cases[i].name);
        assert_int_equal(info.sample_rate, cases[i].codec[0] == 'o' ? 48000 : 44100);
        assert_int_equal(info.channels, 1);
        assert_false(info.has_cover);
        mm_audio_info_finish(&info);
        free(path);
    }
}

/* Appends an ID3v2 frame. */
static size_t frame(unsigned char *out, const char *id, const void *content, size_t size)
{
    memcpy(out, id, 4);
    memset(out + 4, 0, 6);
    out[6] = (unsigned char)(size >> 7); /* the same in versions 3 and 4 below 128 */
    out[7] = (unsigned char)(size & 0x7f);
    memcpy(out + 10, content, size);
    return 10 + size;
}

/* An MP3 with this ID3v2 tag in front. */
static char *with_flagged_id3(int version, int flags, const unsigned char *frames, size_t size)
{
    char *path = encode_wav(folder, "id3.mp3", source, "-b:a 64k -id3v2_version 0");
    size_t n;
    unsigned char *sound = read_bytes_of(path, &n);
    unsigned char *all = malloc(10 + size + n);
    memcpy(all, "ID3", 3);
    all[3] = (unsigned char)version;
    memset(all + 4, 0, 4);
    all[5] = (unsigned char)flags;
    all[8] = (unsigned char)(size >> 7);
    all[9] = (unsigned char)(size & 0x7f);
    memcpy(all + 10, frames, size);
    memcpy(all + 10 + size, sound, n);
    write_bytes(path, all, 10 + size + n);
    free(all);
    free(sound);
    return path;
}

static char *with_id3(int version, const unsigned char *frames, size_t size)
{
    return with_flagged_id3(version, 0, frames, size);
}

static void id3_frames_that_ffmpeg_leaves_out_are_read(void **state)
{
    (void)state;
    unsigned char b[512];
    size_t n = frame(b, "TCON",
                     "\3Dub\0Caf\xc3\xa9 Music\0"
                     "17\0",
                     20);
    n += frame(b + n, "UFID", "http://musicbrainz.org\0" UUID, 59);
    char *path = with_id3(4, b, n);
    struct mm_audio_info info = probe(path);
    assert_int_equal(info.tags.n_genres, 3);
    assert_string_equal(info.tags.genres[1], "Caf\xc3\xa9 Music");
    assert_string_equal(info.tags.genres[2], "Rock");
    assert_string_equal(info.tags.musicbrainz_id, UUID);
    mm_audio_info_finish(&info);
    free(path);

    n = frame(b, "TCON", "\0(4)(13)Eurodisco", 17);
    path = with_id3(3, b, n);
    info = probe(path);
    assert_int_equal(info.tags.n_genres, 3);
    assert_string_equal(info.tags.genres[0], "Disco");
    assert_string_equal(info.tags.genres[1], "Pop");
    assert_string_equal(info.tags.genres[2], "Eurodisco");
    mm_audio_info_finish(&info);
    free(path);

    n = frame(b, "TCON", "\1\xff\xfeR\0&\0B\0\0\0\xff\xfeS\0o\0u\0l\0", 21);
    n += frame(b + n, "TIT2", "\0Caf\xe9", 5);
    path = with_id3(4, b, n);
    info = probe(path);
    assert_int_equal(info.tags.n_genres, 2);
    assert_string_equal(info.tags.genres[0], "R&B");
    assert_string_equal(info.tags.genres[1], "Soul");
    assert_string_equal(info.tags.title, "Caf\xc3\xa9");
    mm_audio_info_finish(&info);
    free(path);
}

/* In version 3 it runs over all frames, whose lengths are those from before. */
static void an_unsynchronised_id3_tag_is_read(void **state)
{
    (void)state;
    unsigned char plain[512];
    unsigned char b[1024];
    size_t n = frame(plain, "TIT2", "\1\xff\xfeS\0o\0n\0g\0", 11);
    n += frame(plain + n, "TPE1", "\1\xff\xfeM\0e\0", 7);
    n += frame(plain + n, "TCON", "\1\xff\xfeR\0&\0B\0\0\0\xff\xfeS\0o\0u\0l\0", 21);
    n += frame(plain + n, "TCOM", "\0Bach", 5);
    n += frame(plain + n, "TYER", "\0001999", 5);
    n += frame(plain + n, "TRCK", "\0003/12", 5);
    n += frame(plain + n, "UFID", "http://musicbrainz.org\0" UUID, 59);
    size_t size = 0;
    for (size_t i = 0; i < n; i++) {
        b[size++] = plain[i];
        if (plain[i] == 0xff && (plain[i + 1] >= 0xe0 || plain[i + 1] == 0))
            b[size++] = 0;
    }
    assert_true(size > n + 3);
    char *path = with_flagged_id3(3, 0x80, b, size);
    struct mm_audio_info info = probe(path);
    assert_string_equal(info.tags.title, "Song");
    assert_string_equal(info.tags.artist, "Me");
    assert_int_equal(info.tags.year, 1999);
    assert_int_equal(info.tags.track, 3);
    assert_int_equal(info.tags.n_genres, 2);
    assert_string_equal(info.tags.genres[1], "Soul");
    assert_non_null(info.tags.musicbrainz_id);
    assert_string_equal(info.tags.musicbrainz_id, UUID);
    mm_audio_info_finish(&info);
    free(path);
}

static void broken_id3_tags_do_no_harm(void **state)
{
    (void)state;
    unsigned char b[512];
    struct mm_random random = {5};
    for (int round = 0; round < 40; round++) {
        size_t n = frame(b, "TCON", "\1\xff\xfeR\0&\0B\0\0\0\xff\xfeS\0o\0u\0l\0", 21);
        n += frame(b + n, "UFID", "http://musicbrainz.org\0" UUID, 59);
        for (int k = 0; k < 6; k++)
            b[mm_random_below(&random, n)] = (unsigned char)mm_random_below(&random, 256);
        char *path = with_flagged_id3(2 + round % 3, round % 2 ? 0x80 : 0, b, n);
        struct mm_audio_info info;
        if (mm_audio_probe(path, &info, NULL) == 0)
            mm_audio_info_finish(&info);
        free(path);
    }
}

static void several_ape_values_are_read(void **state)
{
    (void)state;
    static const char value[] = "Dub\0Ska\0Rocksteady";
    char *path = encode_wav(folder, "ape.mp3", source, "-b:a 64k -id3v2_version 0");
    size_t n;
    unsigned char *all = read_bytes_of(path, &n);
    all = realloc(all, n + 200);
    unsigned char *item = all + n;
    memset(item, 0, 200);
    put32(item, sizeof value - 1);
    memcpy(item + 8, "Genre", 6);
    memcpy(item + 14, value, sizeof value - 1);
    unsigned char *footer = item + 14 + sizeof value - 1;
    memcpy(footer, "APETAGEX", 8);
    put32(footer + 8, 2000);
    put32(footer + 12, (uint32_t)(footer + 32 - item));
    put32(footer + 16, 1);
    write_bytes(path, all, (size_t)(footer + 32 - all));
    struct mm_audio_info info = probe(path);
    assert_int_equal(info.tags.n_genres, 3);
    assert_string_equal(info.tags.genres[2], "Rocksteady");
    mm_audio_info_finish(&info);
    free(all);
    free(path);
}

static void text_of_any_encoding_becomes_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain", "plain"},
        {"Caf\xe9", "Caf\xc3\xa9"},
        {"\x93quoted\x94 \x80", "\xe2\x80\x9cquoted\xe2\x80\x9d \xe2\x82\xac"},
        {"Caf\xc3\x83\xc2\xa9", "Caf\xc3\xa9"}, /* encoded twice */
        {"na\xc3\xafve", "na\xc3\xafve"},       /* only once */
        {"\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac"},
        {" a\n b ", "a b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out = mm_tags_decode(cases[i].in, strlen(cases[i].in));
        assert_string_equal(out, cases[i].out);
        free(out);
    }
}

static void ids_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *in, *isrc;
    } cases[] = {{"us-rc1-76-07839", "USRC17607839"},
                 {"ISRC GBAYE6800011", "GBAYE6800011"},
                 {"USRC17607839; USRC17607840", "USRC17607839"},
                 {"USRC1760783", NULL},
                 {"USRC176078399", NULL},
                 {"12RC17607839", NULL},
                 {"none", NULL},
                 {"", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mm_tags tags = {0};
        assert_int_equal(mm_tags_set_isrc(&tags, cases[i].in), 0);
        if (cases[i].isrc)
            assert_string_equal(tags.isrc, cases[i].isrc);
        else
            assert_null(tags.isrc);
        mm_tags_finish(&tags);
    }
    struct mm_tags tags = {0};
    mm_tags_set_musicbrainz(&tags, "not an id");
    mm_tags_set_musicbrainz(&tags, UUID "0");
    assert_null(tags.musicbrainz_id);
    mm_tags_set_musicbrainz(&tags, "0F0E6EF4-36B8-4D12-A2B6-5B0A9D8C7E6F");
    assert_string_equal(tags.musicbrainz_id, UUID);
    mm_tags_finish(&tags);
    assert_string_equal(mm_tags_id3_genre(0), "Blues");
    assert_string_equal(mm_tags_id3_genre(147), "Synthpop");
    assert_string_equal(mm_tags_id3_genre(191), "Psybient");
    assert_null(mm_tags_id3_genre(192));
    assert_null(mm_tags_id3_genre(-1));
}

static void embedded_covers_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *picture, *codec, *mime;
    } pictures[] = {{"c.jpg", "", "image/jpeg"}, {"c.png", "", "image/png"}};
    static const char *const names[] = {"c.mp3", "c.flac", "c.m4a"};
    for (size_t p = 0; p < 2; p++) {
        char *picture =
            encode(folder, pictures[p].picture, "-f lavfi -i color=c=red:s=32x32", "-frames:v 1");
        size_t n;
        unsigned char *bytes = read_bytes_of(picture, &n);
        for (size_t i = 0; i < 3; i++) {
            char before[9000];
            snprintf(before, sizeof before, "-i '%s' -i '%s'", source, picture);
            char *path = encode(folder, names[i], before,
                                "-map 0 -map 1 -c:v copy -disposition:v attached_pic");
            struct mm_audio_info info = probe(path);
            assert_true(info.has_cover);
            mm_audio_info_finish(&info);
            struct mm_bytes cover;
            struct mm_error err = {0};
            assert_ok(mm_audio_cover(path, &cover, &err), &err);
            assert_string_equal(cover.mime, pictures[p].mime);
            assert_int_equal(cover.size, n);
            assert_memory_equal(cover.data, bytes, n);
            mm_bytes_finish(&cover);
            free(path);
        }
        free(bytes);
        free(picture);
    }
    struct mm_bytes cover;
    assert_int_equal(mm_audio_cover(source, &cover, NULL), MM_ERR_NOT_FOUND);
    assert_null(cover.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_tags_are_read_from_every_container),
        cmocka_unit_test(id3_frames_that_ffmpeg_leaves_out_are_read),
        cmocka_unit_test(an_unsynchronised_id3_tag_is_read),
        cmocka_unit_test(broken_id3_tags_do_no_harm),
        cmocka_unit_test(several_ape_values_are_read),
        cmocka_unit_test(text_of_any_encoding_becomes_utf8),
        cmocka_unit_test(ids_are_checked),
        cmocka_unit_test(embedded_covers_are_found),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
