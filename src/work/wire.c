/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/wire.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/array.h"

/* More than any song, meter or metronome gives. */
#define LONGEST  1e8 /* seconds */
#define MOST_DB  200.0
#define MOST_BPM 10000.0

static int send_all(int fd, const void *data, size_t length, struct mm_error *err)
{
    const unsigned char *at = data;
    while (length) {
        ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return mm_error_set(err, MM_ERR_CRASHED, "the helper process is gone");
        at += sent;
        length -= (size_t)sent;
    }
    return 0;
}

static int receive_all(int fd, void *data, size_t length, struct mm_error *err)
{
    unsigned char *at = data;
    while (length) {
        ssize_t got = recv(fd, at, length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return mm_error_set(err, MM_ERR_LIMIT, "the helper process gives no sign of life");
        if (got <= 0)
            return mm_error_set(err, MM_ERR_CRASHED, "the helper process is gone");
        at += got;
        length -= (size_t)got;
    }
    return 0;
}

int mm_wire_send(int fd, enum mm_wire_kind kind, const void *data, size_t length,
                 struct mm_error *err)
{
    if (length > MM_WIRE_MAX)
        return mm_error_set(err, MM_ERR_LIMIT, "a result of %zu bytes is too large", length);
    uint32_t header[2] = {(uint32_t)kind, (uint32_t)length};
    int result = send_all(fd, header, sizeof header, err);
    return result < 0 ? result : send_all(fd, data, length, err);
}

int mm_wire_receive(int fd, struct mm_wire_message *message, struct mm_error *err)
{
    uint32_t header[2];
    int result = receive_all(fd, header, sizeof header, err);
    if (result < 0)
        return result;
    if (header[1] > MM_WIRE_MAX)
        return mm_error_set(err, MM_ERR_CRASHED, "the helper process talks nonsense");
    if (mm_array_reserve(&message->data, &message->capacity, (size_t)header[1] + 1) < 0)
        return mm_no_memory(err);
    message->kind = header[0];
    message->length = header[1];
    return receive_all(fd, message->data, message->length, err);
}

void mm_wire_put_u64(struct mm_text *out, uint64_t value)
{
    mm_text_add_bytes(out, &value, sizeof value);
}

void mm_wire_put_f64(struct mm_text *out, double value)
{
    mm_text_add_bytes(out, &value, sizeof value);
}

void mm_wire_put_string(struct mm_text *out, const char *string)
{
    mm_wire_put_u64(out, string ? strlen(string) : UINT64_MAX);
    if (string)
        mm_text_add(out, string);
}

struct mm_wire_reader mm_wire_reader(const struct mm_wire_message *message)
{
    return (struct mm_wire_reader){message->data, message->data + message->length, false};
}

static bool take(struct mm_wire_reader *in, void *out, size_t count)
{
    if (in->bad || (size_t)(in->end - in->at) < count) {
        in->bad = true;
        memset(out, 0, count);
        return false;
    }
    memcpy(out, in->at, count);
    in->at += count;
    return true;
}

uint64_t mm_wire_get_u64(struct mm_wire_reader *in)
{
    uint64_t value;
    take(in, &value, sizeof value);
    return value;
}

double mm_wire_get_f64(struct mm_wire_reader *in)
{
    double value;
    take(in, &value, sizeof value);
    return value;
}

char *mm_wire_get_string(struct mm_wire_reader *in)
{
    uint64_t length = mm_wire_get_u64(in);
    if (in->bad || length == UINT64_MAX)
        return NULL;
    if (length > (uint64_t)(in->end - in->at)) {
        in->bad = true;
        return NULL;
    }
    char *string = mm_strndup((const char *)in->at, (size_t)length);
    in->at += length;
    return string;
}

char *mm_wire_get_text(struct mm_wire_reader *in)
{
    char *bytes = mm_wire_get_string(in);
    char *text = bytes ? mm_text_clean_utf8(bytes, strlen(bytes)) : NULL;
    in->bad |= bytes && !text;
    free(bytes);
    return text;
}

/* A number from 0 to most; what lies outside makes no sense. */
static int get_count(struct mm_wire_reader *in, uint64_t most)
{
    uint64_t value = mm_wire_get_u64(in);
    in->bad |= value > most;
    return in->bad ? 0 : (int)value;
}

/* A number, brought to where it can be. */
static double get_within(struct mm_wire_reader *in, double low, double high)
{
    double value = mm_wire_get_f64(in);
    in->bad |= isnan(value);
    return fmin(fmax(value, low), high);
}

/* ---- structs ---- */

static void put_tags(struct mm_text *out, const struct mm_tags *tags)
{
    mm_wire_put_string(out, tags->title);
    mm_wire_put_string(out, tags->artist);
    mm_wire_put_string(out, tags->album);
    mm_wire_put_string(out, tags->album_artist);
    mm_wire_put_string(out, tags->isrc);
    mm_wire_put_string(out, tags->musicbrainz_id);
    mm_wire_put_u64(out, (uint64_t)(int64_t)tags->year);
    mm_wire_put_u64(out, (uint64_t)(int64_t)tags->track);
    mm_wire_put_u64(out, (uint64_t)(int64_t)tags->disc);
    mm_wire_put_u64(out, tags->n_genres);
    for (size_t i = 0; i < tags->n_genres; i++)
        mm_wire_put_string(out, tags->genres[i]);
}

static void get_tags(struct mm_wire_reader *in, struct mm_tags *tags)
{
    tags->title = mm_wire_get_text(in);
    tags->artist = mm_wire_get_text(in);
    tags->album = mm_wire_get_text(in);
    tags->album_artist = mm_wire_get_text(in);
    tags->isrc = mm_wire_get_text(in);
    tags->musicbrainz_id = mm_wire_get_text(in);
    tags->year = get_count(in, 9999);
    tags->track = get_count(in, 99999); /* as mm_audio_probe() has it */
    tags->disc = get_count(in, 99999);
    uint64_t genres = mm_wire_get_u64(in);
    for (uint64_t i = 0; i < genres && !in->bad; i++) {
        char *genre = mm_wire_get_text(in);
        if (!genre || mm_tags_add_genre(tags, genre) < 0)
            in->bad = true;
        free(genre);
    }
}

void mm_wire_put_info(struct mm_text *out, const struct mm_audio_info *info)
{
    put_tags(out, &info->tags);
    mm_wire_put_f64(out, info->duration_s);
    mm_wire_put_u64(out, (uint64_t)info->sample_rate);
    mm_wire_put_u64(out, (uint64_t)info->channels);
    mm_wire_put_string(out, info->codec);
    mm_wire_put_u64(out, info->has_cover);
}

void mm_wire_get_info(struct mm_wire_reader *in, struct mm_audio_info *info)
{
    *info = (struct mm_audio_info){0};
    get_tags(in, &info->tags);
    info->duration_s = get_within(in, 0, LONGEST);
    info->sample_rate = get_count(in, INT_MAX);
    info->channels = get_count(in, INT_MAX);
    char *codec = mm_wire_get_text(in);
    in->bad |= codec && strlen(codec) >= sizeof info->codec;
    if (codec && !in->bad)
        memcpy(info->codec, codec, strlen(codec) + 1);
    free(codec);
    info->has_cover = mm_wire_get_u64(in) != 0;
}

void mm_wire_put_measure(struct mm_text *out, const struct mm_measure *m)
{
    const double values[] = {
        m->excerpt_start_s, m->excerpt_length_s, m->onset_s, m->loudness_lufs, m->peak_dbfs,
        m->tempo_bpm,       m->tempo_confidence, m->key,     m->mode,          m->key_confidence,
        m->intensity};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        mm_wire_put_f64(out, values[i]);
}

void mm_wire_get_measure(struct mm_wire_reader *in, struct mm_measure *m)
{
    m->excerpt_start_s = get_within(in, 0, LONGEST);
    m->excerpt_length_s = get_within(in, 0, LONGEST);
    m->onset_s = get_within(in, 0, LONGEST);
    m->loudness_lufs = get_within(in, -HUGE_VAL, MOST_DB); /* -infinity: silence */
    m->peak_dbfs = get_within(in, -HUGE_VAL, MOST_DB);
    m->tempo_bpm = get_within(in, 0, MOST_BPM);
    m->tempo_confidence = get_within(in, 0, 1);
    m->key = (int)get_within(in, -1, 11);
    m->mode = get_within(in, 0, 1) > 0.5 ? MM_MODE_MAJOR : MM_MODE_MINOR;
    m->key_confidence = get_within(in, 0, 1);
    m->intensity = get_within(in, 0, 1);
}

void mm_wire_put_request(struct mm_text *out, const struct mm_audio_request *request)
{
    mm_wire_put_u64(out, request->part);
    mm_wire_put_f64(out, request->excerpt_s);
    mm_wire_put_u64(out, request->true_peak);
    mm_wire_put_u64(out, request->measure);
    mm_wire_put_u64(out, request->n_rates);
    for (size_t i = 0; i < request->n_rates; i++)
        mm_wire_put_u64(out, (uint64_t)request->rates[i]);
}

void mm_wire_get_request(struct mm_wire_reader *in, struct mm_audio_request *request)
{
    *request = (struct mm_audio_request){0};
    uint64_t part = mm_wire_get_u64(in);
    if (part > MM_PART_OUTRO)
        in->bad = true;
    request->part = part == MM_PART_INTRO   ? MM_PART_INTRO
                    : part == MM_PART_OUTRO ? MM_PART_OUTRO
                                            : MM_PART_EXCERPT;
    request->excerpt_s = mm_wire_get_f64(in);
    request->true_peak = mm_wire_get_u64(in) != 0;
    request->measure = mm_wire_get_u64(in) != 0;
    uint64_t rates = mm_wire_get_u64(in);
    if (rates > MM_AUDIO_MAX_RATES) {
        in->bad = true;
        return;
    }
    request->n_rates = (size_t)rates;
    for (size_t i = 0; i < request->n_rates; i++)
        request->rates[i] = (int)mm_wire_get_u64(in);
}
