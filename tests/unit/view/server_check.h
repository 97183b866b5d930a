/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_check.h - for the tests of the server: a small real library, a server on it, and a client
 * that sends exactly the bytes it is told to.
 *
 * A test program that includes this is its own helper program: main() must start with
 * SERVER_CHECK_HELPER.
 */
#ifndef TESTS_SERVER_CHECK_H
#define TESTS_SERVER_CHECK_H

#include "check.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "musicmap/view.h"

#define SERVER_CHECK_HELPER                              \
    do {                                                 \
        if (argc == 3 && strcmp(argv[1], "helper") == 0) \
            return mm_helper_main(atoi(argv[2]));        \
    } while (0)

/* ---- the client ---- */

struct reply {
    int status;
    char *head; /* NUL-terminated, with the final empty line */
    char *body; /* NUL behind size bytes */
    size_t size;
    char *all; /* what both lie in */
};

static inline void reply_finish(struct reply *reply)
{
    free(reply->all);
    *reply = (struct reply){0};
}

static inline int client_connect(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval patience = {.tv_sec = 60};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd); /* perhaps just stopped; a test that minds sees status 0 */
        return -1;
    }
    return fd;
}

static inline void client_send(int fd, const char *bytes, size_t count)
{
    while (count) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the server may have enough of us */
        bytes += sent;
        count -= (size_t)sent;
    }
}

/* Reads until the server closes; status 0 when that was no reply. */
static inline struct reply client_read(int fd)
{
    struct reply reply = {0};
    size_t length = 0;
    size_t capacity = 1 << 16;
    reply.all = malloc(capacity);
    ssize_t got;
    while ((got = recv(fd, reply.all + length, capacity - length - 1, 0)) > 0) {
        length += (size_t)got;
        if (capacity - length < 2) {
            capacity *= 2;
            reply.all = realloc(reply.all, capacity);
        }
    }
    reply.all[length] = '\0';
    char *end = strstr(reply.all, "\r\n\r\n");
    if (!end || strncmp(reply.all, "HTTP/1.", 7) != 0)
        return reply;
    reply.status = (int)strtol(reply.all + 9, NULL, 10);
    reply.head = reply.all;
    end[2] = '\0';
    reply.body = end + 4;
    reply.size = length - (size_t)(reply.body - reply.all);
    return reply;
}

static inline struct reply client_raw(int port, const char *bytes, size_t count)
{
    int fd = client_connect(port);
    if (fd < 0)
        return (struct reply){0};
    client_send(fd, bytes, count);
    struct reply reply = client_read(fd);
    close(fd);
    return reply;
}

/* headers: further lines, each with its end of line. */
static inline struct reply client_ask(int port, const char *method, const char *path,
                                      const char *headers)
{
    char *text = mm_format("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n",
                           method, path, headers);
    struct reply reply = client_raw(port, text, strlen(text));
    free(text);
    return reply;
}

static inline struct reply client_get(int port, const char *path)
{
    return client_ask(port, "GET", path, "");
}

/* Only the status of a GET. */
static inline int client_status(int port, const char *path)
{
    struct reply reply = client_get(port, path);
    int status = reply.status;
    reply_finish(&reply);
    return status;
}

/* The value of a header, in a buffer of its own; "" when it is not there. */
static inline const char *reply_header(const struct reply *reply, const char *name)
{
    static _Thread_local char value[8][1024];
    static _Thread_local unsigned turn;
    char *out = value[turn++ % 8];
    size_t length = strlen(name);
    out[0] = '\0';
    for (const char *line = reply->head; line && *line; line = strstr(line, "\r\n")) {
        line += strncmp(line, "\r\n", 2) == 0 ? 2 : 0;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *start = line + length + 1 + strspn(line + length + 1, " ");
        snprintf(out, 1024, "%.*s", (int)strcspn(start, "\r"), start);
        break;
    }
    return out;
}

/* ---- the library ---- */

enum {
    TONE = 1,   /* a WAV with measure and tags */
    NAMELESS,   /* a WAV with neither */
    WITH_COVER, /* an MP3 with a picture */
    BROKEN,     /* no audio in it */
    GONE,       /* its state is missing */
    HIDDEN,     /* its state is hidden */
    VANISHED,   /* present, but the file is not there */
    FALSE_PICTURE /* an MP3 whose "picture" is a script */,
    N_SONGS = FALSE_PICTURE
};

struct library {
    char *folder;
    struct mm_catalog *catalog;
    struct mm_helpers *helpers;
    struct mm_server *server;
    int port;
    struct mm_error err;
};

static inline void put_le(FILE *f, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        fputc((int)(value >> 8 * i & 255), f);
}

static inline void write_wav(const char *path, double hz, double seconds)
{
    enum { RATE = 8000 };
    uint32_t n = (uint32_t)(RATE * seconds);
    FILE *f = fopen(path, "wb");
    fwrite("RIFF", 4, 1, f);
    put_le(f, 36 + 2 * n, 4);
    fwrite("WAVEfmt ", 8, 1, f);
    put_le(f, 16, 4);
    put_le(f, 1, 2);
    put_le(f, 1, 2);
    put_le(f, RATE, 4);
    put_le(f, 2 * RATE, 4);
    put_le(f, 2, 2);
    put_le(f, 16, 2);
    fwrite("data", 4, 1, f);
    put_le(f, 2 * n, 4);
    for (uint32_t i = 0; i < n; i++)
        put_le(f, (uint32_t)(int32_t)(8000 * sin(6.283185307 * hz * i / RATE)), 2);
    fclose(f);
}

/* An ID3v2.3 tag with one APIC frame, then frames of silence (MPEG 1, layer III, 128 kbit/s). */
static inline void write_mp3(const char *path, const void *picture, size_t count)
{
    static const char mime[] = "image/png";
    uint32_t frame = (uint32_t)(1 + sizeof mime + 1 + 1 + count);
    uint32_t tag = 10 + frame;
    FILE *f = fopen(path, "wb");
    fwrite("ID3\3\0\0", 6, 1, f);
    for (int shift = 21; shift >= 0; shift -= 7)
        fputc((int)(tag >> shift & 127), f);
    fwrite("APIC", 4, 1, f);
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc((int)(frame >> shift & 255), f);
    put_le(f, 0, 3); /* two flags, text encoding */
    fwrite(mime, sizeof mime, 1, f);
    fputc(3, f); /* front cover */
    fputc(0, f);
    fwrite(picture, count, 1, f);
    for (int i = 0; i < 100; i++) {
        unsigned char silence[417] = {0xff, 0xfb, 0x90, 0x64};
        fwrite(silence, sizeof silence, 1, f);
    }
    fclose(f);
}

/* The smallest PNG there is: 1 x 1. */
static const unsigned char tiny_png[] = {
    0x89, 'P',  'N',  'G',  13,   10,   26,  10,  0,   0,   0,    13,   'I',  'H',
    'D',  'R',  0,    0,    0,    1,    0,   0,   0,   1,   8,    6,    0,    0,
    0,    0x1f, 0x15, 0xc4, 0x89, 0,    0,   0,   13,  'I', 'D',  'A',  'T',  0x78,
    0x9c, 0x63, 0x60, 0x60, 0x60, 0x60, 0,   0,   0,   5,   0,    1,    0xa5, 0xf6,
    0x45, 0x40, 0,    0,    0,    0,    'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};

static inline void write_song_file(int which, const char *path)
{
    static const char script[] = "<script>alert(1)</script> is no picture at all";
    switch (which) {
    case WITH_COVER:
        write_mp3(path, tiny_png, sizeof tiny_png);
        break;
    case FALSE_PICTURE:
        write_mp3(path, script, sizeof script);
        break;
    case BROKEN:
        mm_file_write(path, "this is no audio", 16, NULL);
        break;
    case VANISHED:
        break;
    default:
        write_wav(path, 200 + 50 * which, 2);
    }
}

static inline void add_song(struct library *library, int which)
{
    static char *genres[] = {(char *)"Latin", (char *)"Bossa \"Nova\" </script>"};
    static const char *const endings[N_SONGS + 1] = {[WITH_COVER] = "mp3", [FALSE_PICTURE] = "mp3"};
    char *path = mm_format("%s/music/song %d.%s", library->folder, which,
                           endings[which] ? endings[which] : "wav");
    write_song_file(which, path);
    struct mm_song song = {.source = (char *)"folder",
                           .key = path,
                           .size = 1,
                           .mtime_ns = which,
                           .hash = {(unsigned char)which},
                           .duration_s = 2,
                           .sample_rate = 8000,
                           .channels = 1,
                           .codec = (char *)"pcm_s16le",
                           .has_cover = which == WITH_COVER || which == FALSE_PICTURE};
    if (which == GONE)
        song.state = MM_SONG_MISSING;
    if (which == HIDDEN)
        song.state = MM_SONG_HIDDEN;
    if (which == TONE)
        song.tags = (struct mm_tags){.title = (char *)"<b>Caf\xc3\xa9</b>",
                                     .artist = (char *)"Ann",
                                     .album = (char *)"First",
                                     .genres = genres,
                                     .n_genres = 2,
                                     .year = 1999};
    assert_ok(mm_catalog_add_song(library->catalog, &song, &library->err), &library->err);
    assert_int_equal(song.id, which);
    free(path);
    struct mm_measure measure = {.excerpt_length_s = 2,
                                 .onset_s = 0.5,
                                 .loudness_lufs = -22,
                                 .peak_dbfs = -12,
                                 .tempo_bpm = 126.5,
                                 .key = 6,
                                 .mode = MM_MODE_MINOR,
                                 .intensity = 0.25};
    if (which == TONE)
        assert_ok(
            mm_catalog_put_measure(library->catalog, which, "excerpt=30", &measure, &library->err),
            &library->err);
}

/* A map of the first n songs in two clusters; turn makes each differ from the last. */
static inline void put_map(struct library *library, size_t n, int turn)
{
    struct mm_map_song songs[N_SONGS];
    char *names[] = {(char *)"Bossa <i>", (char *)"Rock"};
    for (size_t i = 0; i < n; i++)
        songs[i] = (struct mm_map_song){.song = (int64_t)i + 1,
                                        .x = (float)cos(i + 0.1 * turn),
                                        .y = (float)sin(i * 2.5),
                                        .cluster = (uint32_t)(i % 2)};
    struct mm_map_record map = {.model = (char *)"timbre",
                                .settings = (char *)"k=2",
                                .report = (char *)"{}",
                                .n_songs = n,
                                .songs = songs,
                                .n_clusters = 2,
                                .cluster_names = names};
    assert_ok(mm_catalog_put_map(library->catalog, &map, &library->err), &library->err);
}

static inline void start_server(struct library *library)
{
    struct mm_server_settings settings = {.port = 0, .port_tries = 1};
    assert_ok(mm_server_start(library->catalog, library->helpers, &settings, &library->server,
                              &library->err),
              &library->err);
    const char *url = mm_server_url(library->server);
    assert_int_equal(sscanf(url, "http://127.0.0.1:%d/", &library->port), 1);
}

static inline void stop_server(struct library *library)
{
    mm_server_stop(library->server);
    library->server = NULL;
}

static inline int open_library(void **state)
{
    struct library *library = calloc(1, sizeof *library);
    struct mm_helper_settings helpers = {.count = 2};
    library->folder = check_make_folder();
    char *music = mm_path_join(library->folder, "music");
    char *where = mm_path_join(library->folder, "library");
    assert_ok(mm_file_make_folder(music, &library->err), &library->err);
    assert_ok(mm_catalog_open(where, true, &library->catalog, &library->err), &library->err);
    assert_ok(mm_helpers_create(&helpers, &library->helpers, &library->err), &library->err);
    for (int which = 1; which <= N_SONGS; which++)
        add_song(library, which);
    free(music);
    free(where);
    start_server(library);
    *state = library;
    return 0;
}

static inline int open_library_with_map(void **state)
{
    open_library(state);
    put_map(*state, N_SONGS, 0);
    return 0;
}

static inline int close_library(void **state)
{
    struct library *library = *state;
    mm_server_stop(library->server);
    mm_helpers_destroy(library->helpers);
    mm_catalog_close(library->catalog);
    check_remove_folder(library->folder);
    free(library);
    return 0;
}

#endif
