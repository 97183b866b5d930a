/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icecast.c - a file on air, through libshout.
 *
 * libshout speaks both of Icecast's protocols, TLS, and puts metadata where each format wants them;
 * its own pacing is not used, since time has to go on while there is no connection. Sound is sent
 * two seconds ahead of its time, so that a short stall of the net is not heard.
 */
#include "musicmap/icecast.h"

#include <ctype.h>
#include <math.h>
#include <shout/shout.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"
#include "player/stream_file.h"

#define AHEAD_S   2.0
#define LATE_S    0.5 /* a busy machine may be: no more than listeners have in hand */
#define BACKLOG   ((ssize_t)512 << 10) /* bytes that wait to be sent: it does not take any */
#define CONNECT_S 15.0
#define PATIENCE  600.0 /* seconds without a connection */
#define MOST_WAIT 30.0

/* ---- addresses ---- */

static int wrong(const char *url, struct mm_error *err)
{
    return mm_error_set(
        err, MM_ERR_USAGE,
        "\"%s\" is no place at an Icecast server: http://HOST:8000/show.mp3 or .opus", url);
}

int mm_icecast_parse(const char *url, struct mm_icecast_place *out, struct mm_error *err)
{
    *out = (struct mm_icecast_place){.user = "source", .port = 8000};
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    const char *host = url + scheme;
    const char *mount = strchr(host, '/');
    if (!scheme || !mount || !mount[1] || strlen(mount) >= sizeof out->mount)
        return wrong(url, err);
    const char *at = memchr(host, '@', (size_t)(mount - host));
    if (at && memchr(host, ':', (size_t)(at - host)))
        return mm_error_set(
            err, MM_ERR_USAGE,
            "a password does not belong into a command line, where others can read "
            "it: ICECAST_PASSWORD in the environment or in the file of credentials");
    if (at && ((size_t)(at - host) >= sizeof out->user || at == host))
        return wrong(url, err);
    if (at)
        snprintf(out->user, sizeof out->user, "%.*s", (int)(at - host), host);
    host = at ? at + 1 : host;
    const char *end = memchr(host, ':', (size_t)(mount - host));
    if (end) {
        char *rest;
        long port = isdigit((unsigned char)end[1]) ? strtol(end + 1, &rest, 10) : 0;
        if (port < 1 || port > 65535 || rest != mount)
            return wrong(url, err);
        out->port = (int)port;
    } else {
        end = mount;
    }
    if (end == host || (size_t)(end - host) >= sizeof out->host)
        return wrong(url, err);
    snprintf(out->host, sizeof out->host, "%.*s", (int)(end - host), host);
    snprintf(out->mount, sizeof out->mount, "%s", mount);
    for (const char *p = url; *p; p++)
        if (iscntrl((unsigned char)*p) || *p == ' ' || *p == '?' || *p == '#')
            return wrong(url, err);
    out->tls = scheme == 8;
    return 0;
}

/* ---- the connection ---- */

struct air {
    const struct mm_icecast *in;
    struct mm_icecast_report *report;
    struct mm_stream_file stream;
    shout_t *shout; /* NULL = not connected */
    double begun;   /* time at which the file's beginning is on air */
    double away_since;
    double wait_s;
    size_t song; /* begun so far */
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int nap(struct air *a, double seconds, struct mm_error *err)
{
    for (double end = now_s() + seconds;;) {
        double left = end - now_s();
        if (mm_progress_cancelled(a->in->progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        if (left <= 0)
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = (long)(fmin(left, 0.1) * 1e9)}, NULL);
    }
}

static void hang_up(struct air *a)
{
    if (a->shout) {
        shout_close(a->shout);
        shout_free(a->shout);
    }
    a->shout = NULL;
}

static int set_up(struct air *a)
{
    const struct mm_icecast_place *p = &a->in->place;
    shout_t *s = a->shout;
    unsigned format = a->stream.ogg ? SHOUT_FORMAT_OGG : SHOUT_FORMAT_MP3;
    return shout_set_host(s, p->host) || shout_set_port(s, (unsigned short)p->port) ||
           shout_set_user(s, p->user) || shout_set_password(s, a->in->password) ||
           shout_set_mount(s, p->mount) || shout_set_protocol(s, SHOUT_PROTOCOL_HTTP) ||
           shout_set_tls(s, p->tls ? SHOUT_TLS_RFC2818 : SHOUT_TLS_DISABLED) ||
           shout_set_agent(s, "musicmap/" MM_VERSION) ||
           shout_set_content_format(s, format, SHOUT_USAGE_AUDIO, NULL) ||
           shout_set_meta(s, SHOUT_META_NAME, a->in->title) || shout_set_nonblocking(s, 1);
}

static int connect_fault(struct air *a, int code, struct mm_error *err)
{
    const struct mm_icecast_place *p = &a->in->place;
    char *words = mm_strdup(shout_get_error(a->shout));
    int result;
    if (words)
        mm_text_clean_line(words);
    if (code == SHOUTERR_NOLOGIN)
        result = mm_error_set(err, MM_ERR_USAGE,
                              "the Icecast at %s:%d does not take this password, or %s is in use",
                              p->host, p->port, p->mount);
    else if (code == SHOUTERR_TLSBADCERT || code == SHOUTERR_NOTLS)
        result = mm_error_set(err, MM_ERR_USAGE, "the server at %s:%d cannot be trusted: %s",
                              p->host, p->port, words ? words : "");
    else
        result = mm_error_set(err, MM_ERR_IO, "there is no Icecast at %s:%d: %s", p->host, p->port,
                              code == SHOUTERR_BUSY ? "it does not answer"
                              : words               ? words
                                                    : "");
    free(words);
    return result;
}

static int dial(struct air *a, struct mm_error *err)
{
    hang_up(a);
    a->shout = shout_new();
    if (!a->shout || set_up(a) != SHOUTERR_SUCCESS)
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    int code = shout_open(a->shout);
    int result = 0;
    for (double end = now_s() + CONNECT_S; code == SHOUTERR_BUSY && now_s() < end && result == 0;) {
        result = nap(a, 0.02, err);
        code = shout_get_connected(a->shout);
    }
    if (result == 0 && code != SHOUTERR_SUCCESS && code != SHOUTERR_CONNECTED)
        result = connect_fault(a, code, err);
    if (result < 0) {
        shout_free(a->shout); /* never open: nothing to close */
        a->shout = NULL;
        return result;
    }
    a->report->connections++;
    return 0;
}

/* ---- sending ---- */

/* Ogg has its songs' names in the stream itself. */
static void tell_name(struct air *a, size_t song)
{
    shout_metadata_t *names = a->shout && !a->stream.ogg ? shout_metadata_new() : NULL;
    if (!names)
        return;
    if (shout_metadata_add(names, "song", a->in->songs[song].name) == SHOUTERR_SUCCESS)
        for (int tries = 0;
             tries < 100 && shout_set_metadata_utf8(a->shout, names) == SHOUTERR_BUSY; tries++)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    shout_metadata_free(names);
}

static void begin_songs(struct air *a)
{
    bool any = false;
    while (a->song < a->in->n && a->in->songs[a->song].start_s <= a->stream.at_s + 0.01) {
        a->song++;
        any = true;
        if (a->in->begins)
            a->in->begins(a->in->ctx, a->song - 1);
    }
    if (any)
        tell_name(a, a->song - 1);
}

static bool send(struct air *a, const unsigned char *bytes, size_t size)
{
    int code = a->shout ? shout_send(a->shout, bytes, size) : SHOUTERR_UNCONNECTED;
    return (code == SHOUTERR_SUCCESS || code == SHOUTERR_BUSY) &&
           shout_queuelen(a->shout) < BACKLOG;
}

static void lose(struct air *a, const struct mm_error *why)
{
    hang_up(a);
    if (a->away_since <= 0) {
        a->away_since = now_s();
        a->wait_s = 1;
    }
    if (a->in->away)
        a->in->away(a->in->ctx, why, a->wait_s);
}

/* Tries once to connect again; what was missed meanwhile is passed over by the caller. */
static int come_back(struct air *a, struct mm_error *err)
{
    struct mm_error fault = {0};
    int result = nap(a, a->wait_s, err);
    if (result < 0)
        return result;
    a->wait_s = fmin(2 * a->wait_s, MOST_WAIT);
    result = dial(a, &fault);
    if (result == 0) {
        a->away_since = 0;
        if (a->in->back)
            a->in->back(a->in->ctx);
        return 0;
    }
    bool hopeless = result == MM_ERR_CANCELLED || result == MM_ERR_NO_MEMORY;
    if (!hopeless && now_s() - a->away_since < PATIENCE) {
        lose(a, &fault);
        return 0;
    }
    if (err) {
        *err = fault;
        err->code = hopeless ? fault.code : MM_ERR_AGAIN;
    }
    return hopeless ? result : MM_ERR_AGAIN;
}

/* One piece, at its time. */
static int air_piece(struct air *a, struct mm_error *err)
{
    static const struct mm_error broke = {MM_ERR_AGAIN, "the connection to the Icecast broke"};
    const struct mm_stream_file *s = &a->stream;
    double length = s->next_s - s->at_s;
    int result = 0;
    while (!a->shout && result == 0 && s->next_s > now_s() - a->begun) {
        result = come_back(a, err);
        /* A listener that hears an Ogg stream from its middle needs its head. */
        if (result == 0 && a->shout && s->ogg && !s->in_headers)
            send(a, s->headers, s->n_headers);
        if (result == 0 && a->shout && a->song)
            tell_name(a, a->song - 1);
    }
    double early = s->at_s - AHEAD_S - (now_s() - a->begun);
    if (result == 0 && early > 0)
        result = nap(a, early, err);
    if (result < 0)
        return result;
    begin_songs(a);
    bool late = s->next_s + LATE_S < now_s() - a->begun && !s->in_headers;
    if (!a->shout || late) {
        a->report->lost_s += length;
        return 0;
    }
    if (send(a, s->piece, s->size)) {
        a->report->sent_s += length;
    } else {
        a->report->lost_s += length;
        lose(a, &broke);
    }
    return 0;
}

int mm_icecast_play(const struct mm_icecast *in, struct mm_icecast_report *out,
                    struct mm_error *err)
{
    struct air a = {.in = in, .report = out};
    *out = (struct mm_icecast_report){0};
    int result = mm_stream_open(&a.stream, in->file, err);
    shout_init();
    if (result == 0)
        result = dial(&a, err);
    a.begun = now_s();
    while (result == 0 && (result = mm_stream_next(&a.stream, err)) > 0)
        result = air_piece(&a, err);
    /* The last seconds are on their way: they are heard before the line is cut. */
    if (result == 0 && a.shout)
        result = nap(&a, fmax(a.stream.next_s - (now_s() - a.begun), 0), err);
    for (int i = 0; a.shout && i < 50 && shout_queuelen(a.shout) > 0; i++) {
        (void)!shout_send(a.shout, NULL, 0);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    hang_up(&a);
    mm_stream_close(&a.stream);
    shout_shutdown();
    return result;
}
