/* SPDX-License-Identifier: BSD-2-Clause */
/* Tags written back: they are there, every other byte of a tag and all sound is as it was. */
#include "made.h"

#include "audio/retag.h"
#include "musicmap/audio.h"

static char *folder;
static char *source;

static int set_up(void **state)
{
    (void)state;
    folder = check_make_folder();
    struct sound s = make_sound(2, 1, 44100);
    add_noise(&s, 0.2, 0, 2);
    add_tone(&s, 0, 440, 0.3, 0, 2);
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

static const struct mm_retag wanted = {
    .bpm = 123.45, .key = "F#m", .mood = "happy", .cluster = "Süße Töne", .hash = true};

static char *text_of(const char *command)
{
    char *out = calloc(1, 65536);
    FILE *f = popen(command, "r"); /* NOLINT: a fixed command on a folder of our own */
    assert_non_null(f);
    assert_non_null(out);
    size_t n = fread(out, 1, 65535, f);
    out[n] = '\0';
    assert_int_equal(pclose(f), 0);
    return out;
}

/* The packets, and the samples, of two files sum up to the same. */
static void sound_the_same(const char *one, const char *other)
{
    char command[9000];
    snprintf(command, sizeof command,
             "ffmpeg -nostdin -v error -i '%s' -i '%s' -map 0:a -c copy -f md5 - -map 0:a -f md5 - "
             "-map 1:a -c copy -f md5 - -map 1:a -f md5 -",
             one, other);
    char *text = text_of(command);
    char sum[4][40];
    assert_int_equal(
        sscanf(text, "MD5=%32s MD5=%32s MD5=%32s MD5=%32s", sum[0], sum[1], sum[2], sum[3]), 4);
    assert_string_not_equal(sum[0], sum[1]);
    assert_string_equal(sum[0], sum[2]);
    assert_string_equal(sum[1], sum[3]);
    free(text);
}

static char *apply(const char *path, const struct mm_retag_plan *plan)
{
    size_t n;
    unsigned char *old = read_bytes_of(path, &n);
    char *out = malloc(4200);
    snprintf(out, 4200, "%s/new-%s", folder, strrchr(path, '/') + 1);
    FILE *f = fopen(out, "wb");
    assert_non_null(f);
    for (size_t i = 0; i < plan->n; i++) {
        const struct mm_piece *p = &plan->pieces[i];
        assert_true(p->bytes || (p->from <= n && p->length <= n - p->from));
        assert_int_equal(fwrite(p->bytes ? p->bytes : old + p->from, 1, p->length, f), p->length);
    }
    assert_int_equal(fclose(f), 0);
    free(old);
    return out;
}

/* Writes the tags into a copy and checks all that is promised; the copy's path. */
static char *write_and_check(const char *path, const struct mm_retag *what)
{
    struct mm_error err = {0};
    struct mm_retag_plan plan;
    struct mm_retag_plan again;
    assert_ok(mm_audio_retag(path, what, &plan, &err), &err);
    assert_true(plan.n > 0);
    char *written = apply(path, &plan);
    assert_ok(mm_audio_retag(written, what, &again, &err), &err);
    assert_int_equal(again.n, 0); /* it says all of it */
    assert_memory_equal(plan.rest, again.rest, sizeof plan.rest);
    for (int f = 0; f < MM_RETAG_FIELDS; f++)
        if (plan.writes[f])
            assert_string_equal(again.had[f], plan.value[f]);
    sound_the_same(path, written);
    mm_retag_plan_finish(&plan);
    mm_retag_plan_finish(&again);
    return written;
}

static void has_tags(const char *path, const char *const *names, const char *const *values)
{
    char command[9000];
    snprintf(command, sizeof command,
             "ffprobe -v error -show_entries format_tags:stream_tags -of default=nw=1 '%s'", path);
    char *text = text_of(command);
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        char line[256];
        snprintf(line, sizeof line, "TAG:%s=%s\n", names[f], values[f]);
        if (names[f] && !strstr(text, line))
            fail_msg("no %s in: %s", line, text);
    }
    free(text);
}

static void every_container_is_written_and_read_back(void **state)
{
    (void)state;
    static const char *const id3[] = {"TBPM", "TKEY", "TMOO", "CLUSTER"};
    static const char *const vorbis[] = {"BPM", "INITIALKEY", "MOOD", "CLUSTER"};
    static const char *const mp4[] = {NULL, "initialkey", "MOOD", "CLUSTER"}; /* tmpo: unknown to */
    static const char *const whole[] = {"123", "F#m", "happy", "Süße Töne"};  /* Debian 12's */
    static const char *const decimal[] = {"123.5", "F#m", "happy", "Süße Töne"};
    static const struct {
        const char *name, *options;
        const char *const *names, *const *values;
    } cases[] = {
        {"v4.mp3", "-b:a 64k -metadata title=T", id3, whole},
        {"v3.mp3", "-b:a 64k -id3v2_version 3 -metadata title=T", id3, whole},
        {"none.mp3", "-b:a 64k -id3v2_version 0 -map_metadata -1 -write_xing 0", id3, whole},
        {"v1.mp3", "-b:a 64k -write_id3v1 1 -metadata title=T", id3, whole},
        {"t.flac", "-metadata title=T", vorbis, decimal},
        {"t.ogg", "-c:a libvorbis -metadata title=T", vorbis, decimal},
        {"t.opus", "-c:a libopus -metadata title=T", vorbis, decimal},
        {"t.m4a", "-c:a aac -metadata title=T", mp4, whole},
        {"fast.m4a", "-c:a aac -movflags +faststart -metadata title=T", mp4, whole},
        {"bare.m4a", "-c:a aac -movflags +faststart -map_metadata -1 -fflags +bitexact", mp4,
         whole},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = encode_wav(folder, cases[i].name, source, cases[i].options);
        char *written = write_and_check(path, &wanted);
        has_tags(written, cases[i].names, cases[i].values);
        free(written);
        free(path);
    }
}

/* ---- frames of others ---- */

struct block {
    unsigned char bytes[4096];
    size_t n;
};

static void add_frame(struct block *b, int version, const char *id, const void *body, size_t n)
{
    size_t width = version == 2 ? 3 : 4;
    memcpy(b->bytes + b->n, id, width);
    unsigned char *size = b->bytes + b->n + width;
    for (size_t i = 0; i < width; i++)
        size[i] = (unsigned char)(version == 4 ? n >> (7 * (width - 1 - i)) & 0x7f
                                               : n >> (8 * (width - 1 - i)));
    b->n += version == 2 ? 6 : 10;
    if (version != 2)
        b->bytes[b->n - 1] = b->bytes[b->n - 2] = 0;
    memcpy(b->bytes + b->n, body, n);
    b->n += n;
}

/* What Serato, Traktor, players and taggers leave in a file. */
static void add_frames_of_others(struct block *b, int version)
{
    unsigned char cues[300];
    for (size_t i = 0; i < sizeof cues; i++)
        cues[i] = (unsigned char)(i * 37 + (i > 250 ? 0xff : 0));
    memcpy(cues, "\0application/octet-stream\0\0Serato Markers2\0", 42);
    add_frame(b, version, version == 2 ? "GEO" : "GEOB", cues, sizeof cues);
    add_frame(b, version, version == 2 ? "POP" : "POPM", "Rating@Winamp.com\0\xc4\0\0\0\x11", 23);
    add_frame(b, version, version == 2 ? "XYZ" : "PRIV", "TRAKTOR4\0\1\2\3\xff\xe0\xfe\0", 17);
    add_frame(b, version, version == 2 ? "TXX" : "TXXX", "\0CLUSTERED\0by hand", 18);
}

static char *join(const char *name, const unsigned char *head, const struct block *b,
                  const char *sound)
{
    size_t n;
    unsigned char *mp3 = read_bytes_of(sound, &n);
    char *path = malloc(4200);
    snprintf(path, 4200, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(head, 1, 10, f);
    fwrite(b->bytes, 1, b->n, f);
    fwrite("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 1, 20, f);
    fwrite(mp3, 1, n, f);
    assert_int_equal(fclose(f), 0);
    free(mp3);
    return path;
}

static char *join_tag(const char *name, int version, const struct block *b, const char *sound)
{
    unsigned char head[10] = {'I', 'D', '3', (unsigned char)version};
    head[8] = (unsigned char)((b->n + 20) >> 7);
    head[9] = (unsigned char)((b->n + 20) & 0x7f);
    return join(name, head, b, sound);
}

static char *sound_without_tag(void)
{
    return encode_wav(folder, "sound.mp3", source,
                      "-b:a 64k -id3v2_version 0 -map_metadata -1 -write_xing 0");
}

static void frames_of_other_programs_keep_their_bytes(void **state)
{
    (void)state;
    char *sound = sound_without_tag();
    for (int version = 2; version <= 4; version++) {
        struct block b = {.n = 0};
        add_frames_of_others(&b, version);
        size_t others = b.n;
        add_frame(&b, version, version == 2 ? "TBP" : "TBPM",
                  "\0"
                  "99",
                  3);
        char name[32];
        snprintf(name, sizeof name, "others%d.mp3", version);
        char *path = join_tag(name, version, &b, sound);

        struct mm_retag what = wanted;
        char *written = write_and_check(path, &what); /* 99 stays: it was there */
        size_t n;
        unsigned char *bytes = read_bytes_of(written, &n);
        assert_memory_equal(bytes + 10, b.bytes, b.n);
        free(bytes);
        free(written);
        what.replace = true;
        written = write_and_check(path, &what);
        bytes = read_bytes_of(written, &n);
        assert_int_equal(bytes[3], version);
        assert_memory_equal(bytes + 10, b.bytes, others);
        assert_null(memmem(bytes + 10 + others, 40, "99", 2)); /* it was, and went */
        free(bytes);
        free(written);
        free(path);
    }
    free(sound);
}

static void add_flagged(struct block *b, const char *id, unsigned flags, const void *body, size_t n)
{
    size_t at = b->n;
    add_frame(b, 4, id, body, n);
    b->bytes[at + 9] = (unsigned char)flags;
}

/* What mutagen, eyeD3 and others write into 2.4: a length before the text, zeros within it. */
static void a_frame_with_flags_is_seen(void **state)
{
    (void)state;
    struct block b = {.n = 0};
    add_flagged(&b, "TBPM", 0x01,
                "\0\0\0\3\0"
                "99",
                7);
    add_flagged(&b, "TKEY", 0x02,
                "\1\xff\0\xfe"
                "A\0m\0",
                8);
    add_flagged(&b, "TXXX", 0x03,
                "\0\0\0\x1d\1\xff\0\xfe"
                "C\0L\0U\0S\0T\0E\0R\0\0\0\xff\0\xfe"
                "m\0y\0",
                31);
    char *sound = sound_without_tag();
    char *path = join_tag("flags.mp3", 4, &b, sound);
    struct mm_retag what = wanted;
    struct mm_retag_plan plan;
    struct mm_error err = {0};
    assert_ok(mm_audio_retag(path, &what, &plan, &err), &err);
    static const char *const had[] = {"99", "Am", NULL, "my"};
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        assert_int_equal(plan.writes[f], !had[f]);
        if (had[f])
            assert_string_equal(plan.had[f], had[f]);
    }
    mm_retag_plan_finish(&plan);

    what.replace = true; /* ours instead of theirs, not beside them */
    char *written = write_and_check(path, &what);
    size_t n;
    unsigned char *bytes = read_bytes_of(written, &n);
    for (int i = 0; i < 3; i++) {
        const char *id = &"TBPM\0TKEY\0TXXX"[(size_t)5 * (size_t)i];
        unsigned char *first = memmem(bytes, n, id, 4);
        assert_non_null(first);
        assert_null(memmem(first + 4, n - (size_t)(first + 4 - bytes), id, 4));
    }
    free(bytes);
    free(written);
    free(path);
    free(sound);
}

/* Countries have names of genres and artists, which may be written in anything. */
static void names_of_any_script_and_length_are_read_back(void **state)
{
    (void)state;
    char *sound = sound_without_tag();
    char *flac = encode_wav(folder, "plain.flac", source, "");
    char cluster[257] = "\xf0\x9d\x84\x9e Klang, ";
    while (strlen(cluster) < 254)
        strcat(cluster, "\xe9\x9f\xb3");
    assert_int_equal(strlen(cluster), 255);
    strcat(cluster, "\xe9"); /* a character's first byte was all there was room for */
    static const char *const shorter = "\xf0\x9f\x8e\xb5";
    for (int version = 2; version <= 5; version++) {
        struct block b = {.n = 0};
        add_frames_of_others(&b, version == 5 ? 4 : version);
        char *path = version == 5 ? flac : join_tag("script.mp3", version, &b, sound);
        struct mm_retag what = {.cluster = shorter, .hash = true};
        char *written = write_and_check(path, &what);
        what.cluster = cluster;
        what.replace = true;
        free(write_and_check(written, &what));
        free(written);
        free(path);
    }
    free(sound);
}

/* A file whose comments hold so many bytes. */
static char *with_large_comment(const char *name, const char *options, size_t size)
{
    char *text = malloc(size + 100);
    assert_non_null(text);
    int n = sprintf(text, ";FFMETADATA1\ntitle=T\nPICTURE=");
    memset(text + n, 'A', size);
    strcpy(text + n + size, "\n");
    char list[4200];
    snprintf(list, sizeof list, "%s/large.txt", folder);
    write_bytes(list, text, strlen(text));
    free(text);
    char inputs[9000];
    snprintf(inputs, sizeof inputs, "-i '%s' -f ffmetadata -i '%s' -map 0:a -map_metadata 1",
             source, list);
    return encode(folder, name, inputs, options);
}

static void large_comments_stay(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"large.ogg", "-c:a libvorbis"}, {"large.opus", "-c:a libopus"}, {"large.flac", ""}};
    for (size_t i = 0; i < 3; i++) {
        char *path = with_large_comment(cases[i][0], cases[i][1], 150000);
        free(write_and_check(path, &wanted));
        free(path);
    }
}

static void pages_are_numbered_anew_when_there_is_one_more(void **state)
{
    (void)state;
    char *path = with_large_comment("full.opus", "-c:a libopus", 64800);
    char cluster[257];
    memset(cluster, 'x', 256);
    cluster[256] = '\0';
    const struct mm_retag what = {.cluster = cluster, .hash = true};
    struct mm_error err = {0};
    struct mm_retag_plan plan;
    assert_ok(mm_audio_retag(path, &what, &plan, &err), &err);
    assert_true(plan.n > 6); /* each page of sound is a head of ours and a body of its own */
    mm_retag_plan_finish(&plan);
    char *written = write_and_check(path, &what);
    /* And back to one page. */
    const struct mm_retag less = {.cluster = "x", .replace = true, .hash = true};
    free(write_and_check(written, &less));
    free(written);
    free(path);
}

/* The next song of a chain keeps its bytes, though some program gave it the same serial number. */
static void only_one_song_of_a_chain_is_numbered_anew(void **state)
{
    (void)state;
    char *one = with_large_comment("link.opus", "-c:a libopus", 64800);
    size_t n;
    unsigned char *bytes = read_bytes_of(one, &n);
    unsigned char *twice = malloc(2 * n);
    assert_non_null(twice);
    memcpy(twice, bytes, n);
    memcpy(twice + n, bytes, n);
    char path[4200];
    snprintf(path, sizeof path, "%s/chain.opus", folder);
    write_bytes(path, twice, 2 * n);
    char cluster[257] = "";
    memset(cluster, 'x', 256);
    const struct mm_retag what = {.cluster = cluster, .hash = true};
    struct mm_retag_plan plan;
    struct mm_error err = {0};
    assert_ok(mm_audio_retag(path, &what, &plan, &err), &err);
    char *written = apply(path, &plan);
    size_t size;
    unsigned char *made = read_bytes_of(written, &size);
    assert_true(size > 2 * n);
    assert_memory_equal(made + size - n, bytes, n);
    mm_retag_plan_finish(&plan);
    free(made);
    free(written);
    free(twice);
    free(bytes);
    free(one);
}

/* An empty field says nothing; one behind it may. */
static void a_field_behind_an_empty_one_stays(void **state)
{
    (void)state;
    struct block b = {.n = 0};
    add_frame(&b, 3, "TMOO", "\0", 1);
    add_frame(&b, 3, "TMOO", "\0sad", 4);
    char *sound = sound_without_tag();
    char *path = join_tag("empty.mp3", 3, &b, sound);
    struct mm_retag_plan plan;
    struct mm_error err = {0};
    assert_ok(mm_audio_retag(path, &wanted, &plan, &err), &err);
    assert_false(plan.writes[MM_RETAG_MOOD]);
    assert_string_equal(plan.had[MM_RETAG_MOOD], "sad");
    mm_retag_plan_finish(&plan);
    free(path);
    free(sound);
}

static void what_is_there_stays_unless_replaced(void **state)
{
    (void)state;
    char *path = encode_wav(folder, "own.flac", source, "-metadata BPM=174 -metadata MOOD=sad");
    struct mm_error err = {0};
    struct mm_retag_plan plan;
    assert_ok(mm_audio_retag(path, &wanted, &plan, &err), &err);
    assert_false(plan.writes[MM_RETAG_BPM]);
    assert_string_equal(plan.had[MM_RETAG_BPM], "174");
    assert_true(plan.writes[MM_RETAG_KEY]);
    mm_retag_plan_finish(&plan);
    struct mm_retag what = wanted;
    what.replace = true;
    assert_ok(mm_audio_retag(path, &what, &plan, &err), &err);
    assert_true(plan.writes[MM_RETAG_BPM]);
    mm_retag_plan_finish(&plan);
    free(path);
}

static void other_kinds_are_refused(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_retag_plan plan;
    assert_int_equal(mm_audio_retag(source, &wanted, &plan, &err), MM_ERR_UNSUPPORTED);
    char *path =
        encode_wav(folder, "pieces.m4a", source, "-c:a aac -movflags +frag_keyframe+empty_moov");
    assert_int_equal(mm_audio_retag(path, &wanted, &plan, &err), MM_ERR_UNSUPPORTED);
    free(path);
    path = encode_wav(folder, "f.oga", source, "-c:a flac -f ogg");
    assert_int_equal(mm_audio_retag(path, &wanted, &plan, &err), MM_ERR_UNSUPPORTED);
    free(path);
}

/* The file with its first box of that kind given another length, or another kind. */
static void damage_box(unsigned char *bytes, size_t n, const char *kind, uint32_t length,
                       const char *other)
{
    unsigned char *box = memmem(bytes, n, kind, 4);
    assert_non_null(box);
    if (other)
        memcpy(box, other, 4);
    else
        for (int i = 0; i < 4; i++)
            box[i - 4] = (unsigned char)(length >> (24 - 8 * i));
}

/* Where the sound lies behind the tags it moves, and every table that says where must be found. */
static void mp4_whose_tables_are_not_found_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        uint32_t length; /* 0: to the end */
        const char *other;
    } cases[] = {{"tkhd", 0, NULL},          {"mdhd", 0, NULL}, {"smhd", 0, NULL},
                 {"smhd", 0x7fffffff, NULL}, {"stsd", 0, NULL}, {"trak", 0, "cmov"}};
    char *path = encode_wav(folder, "moved.m4a", source, "-c:a aac -movflags +faststart");
    char broken[4200];
    snprintf(broken, sizeof broken, "%s/broken.m4a", folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mm_retag_plan plan;
        struct mm_error err = {0};
        size_t n;
        unsigned char *bytes = read_bytes_of(path, &n);
        damage_box(bytes, n, cases[i].kind, cases[i].length, cases[i].other);
        write_bytes(broken, bytes, n);
        free(bytes);
        assert_int_equal(mm_audio_retag(broken, &wanted, &plan, &err), MM_ERR_UNSUPPORTED);
        assert_non_null(strstr(err.message, "table of chunks"));
    }
    free(path);
}

/* Cut short or with a byte changed anywhere in its first part: a plan or an error, never a crash
 * (the sanitized build looks on), and a plan that stays within the file. */
static void damaged_files_are_survived(void **state)
{
    (void)state;
    static const char *const names[] = {"v3.mp3", "t.flac",   "t.ogg",       "t.opus",
                                        "t.m4a",  "fast.m4a", "others4.mp3", "others2.mp3"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        char path[4200];
        char broken[4200];
        snprintf(path, sizeof path, "%s/%s", folder, names[k]);
        snprintf(broken, sizeof broken, "%s/broken", folder);
        size_t n;
        unsigned char *bytes = read_bytes_of(path, &n);
        struct mm_random random = {7 + k};
        size_t head = n < 3000 ? n : 3000;
        for (int round = 0; round < 100; round++) {
            size_t at = mm_random_below(&random, head);
            bool tail = strstr(names[k], "t.m4a") && names[k][0] == 't' && round % 2;
            at = tail ? n - 1 - at : at; /* there moov is at the end */
            unsigned char had = bytes[at];
            bytes[at] = (unsigned char)mm_random_below(&random, 256);
            write_bytes(broken, bytes, round % 3 ? n : at);
            bytes[at] = had;
            struct mm_retag_plan plan;
            struct mm_error err = {0};
            if (mm_audio_retag(broken, &wanted, &plan, &err) < 0)
                assert_true(err.message[0]);
            for (size_t i = 0; i < plan.n; i++)
                assert_true(plan.pieces[i].bytes ||
                            plan.pieces[i].from + plan.pieces[i].length <= n);
            mm_retag_plan_finish(&plan);
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_container_is_written_and_read_back),
        cmocka_unit_test(frames_of_other_programs_keep_their_bytes),
        cmocka_unit_test(a_frame_with_flags_is_seen),
        cmocka_unit_test(names_of_any_script_and_length_are_read_back),
        cmocka_unit_test(large_comments_stay),
        cmocka_unit_test(pages_are_numbered_anew_when_there_is_one_more),
        cmocka_unit_test(only_one_song_of_a_chain_is_numbered_anew),
        cmocka_unit_test(a_field_behind_an_empty_one_stays),
        cmocka_unit_test(what_is_there_stays_unless_replaced),
        cmocka_unit_test(other_kinds_are_refused),
        cmocka_unit_test(mp4_whose_tables_are_not_found_is_refused),
        cmocka_unit_test(damaged_files_are_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
