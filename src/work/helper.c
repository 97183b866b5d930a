/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The helper process: the only place where a stranger's audio is opened. It knows one descriptor,
 * answers one request after another and ends when the other end closes.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/hash.h"
#include "musicmap/work.h"
#include "work/confine.h"
#include "work/wire.h"

/* An hour of music takes about 15 s; a file that takes this long is not worth more. */
#define MOST_SECONDS 900.0

#ifdef MM_COVERAGE /* counts are written when main returns, which must not be cut short */
#define GRACE_MS 1500
#else
#define GRACE_MS 0
#endif

/* The program may be killed while a decoder here is stuck; nobody else would end this process. */
static void *end_with_parent(void *arg)
{
    struct pollfd watched = {.fd = *(const int *)arg, .events = POLLRDHUP};
    for (;;) {
        if (poll(&watched, 1, -1) > 0 && (watched.revents & (POLLRDHUP | POLLHUP | POLLERR))) {
            poll(NULL, 0, GRACE_MS);
            _exit(0);
        }
    }
    return NULL;
}

enum { PARCEL = 16384 /* samples sent at once: a decoder hands out a few hundred at a time */ };

/* Samples wait here, each rate's apart, until a parcel is full. */
struct sample_sender {
    int fd;
    struct {
        unsigned char *bytes; /* rate index, then the samples */
        size_t samples;
    } parcels[MM_AUDIO_MAX_RATES];
};

static int send_parcel(struct sample_sender *sender, size_t rate_index, struct mm_error *err)
{
    size_t samples = sender->parcels[rate_index].samples;
    sender->parcels[rate_index].samples = 0;
    return samples ? mm_wire_send(sender->fd, MM_WIRE_SAMPLES, sender->parcels[rate_index].bytes,
                                  sizeof(uint64_t) + samples * sizeof(float), err)
                   : 0;
}

static int send_samples(void *ctx, size_t rate_index, const float *samples, size_t count,
                        struct mm_error *err)
{
    struct sample_sender *sender = ctx;
    const uint64_t index = rate_index;
    unsigned char *bytes = sender->parcels[rate_index].bytes;
    if (!bytes) {
        bytes = malloc(sizeof index + PARCEL * sizeof *samples);
        if (!bytes)
            return mm_no_memory(err);
        memcpy(bytes, &index, sizeof index);
        sender->parcels[rate_index].bytes = bytes;
    }
    int result = 0;
    while (count && result == 0) {
        size_t room = PARCEL - sender->parcels[rate_index].samples;
        size_t n = count < room ? count : room;
        memcpy(bytes + sizeof index + sender->parcels[rate_index].samples * sizeof *samples,
               samples, n * sizeof *samples);
        sender->parcels[rate_index].samples += n;
        samples += n;
        count -= n;
        if (n == room)
            result = send_parcel(sender, rate_index, err);
    }
    return result;
}

/* The last, partly filled parcels go out when all went well. */
static int finish_sending(struct sample_sender *sender, int result, struct mm_error *err)
{
    for (size_t i = 0; i < MM_AUDIO_MAX_RATES; i++) {
        if (result == 0)
            result = send_parcel(sender, i, err);
        free(sender->parcels[i].bytes);
    }
    return result;
}

static int do_probe(const char *path, struct mm_text *reply, struct mm_error *err)
{
    unsigned char hash[MM_HASH_SIZE];
    struct mm_audio_info info = {0};
    int result = mm_hash_file(path, hash, err);
    if (result == 0)
        result = mm_audio_probe(path, &info, err);
    if (result == 0) {
        mm_text_add_bytes(reply, hash, sizeof hash);
        mm_wire_put_info(reply, &info);
    }
    mm_audio_info_finish(&info);
    return result;
}

static int do_analyse(int fd, const char *path, struct mm_wire_reader *in, struct mm_text *reply,
                      struct mm_error *err)
{
    struct mm_audio_request request;
    mm_wire_get_request(in, &request);
    if (in->bad)
        return mm_error_set(err, MM_ERR_BUG, "malformed request");
    struct sample_sender sender = {.fd = fd};
    struct mm_measure measure = {.key = -1};
    int result = mm_audio_analyse(path, &request, send_samples, &sender, &measure, err);
    result = finish_sending(&sender, result, err);
    if (result == 0)
        mm_wire_put_measure(reply, &measure);
    return result;
}

static int do_stereo(int fd, const char *path, struct mm_wire_reader *in, struct mm_error *err)
{
    uint64_t rate = mm_wire_get_u64(in);
    if (in->bad || rate > 192000)
        return mm_error_set(err, MM_ERR_BUG, "malformed request");
    struct sample_sender sender = {.fd = fd};
    int result = mm_audio_stereo(path, (int)rate, send_samples, &sender, err);
    return finish_sending(&sender, result, err);
}

static int do_retag(const char *path, struct mm_wire_reader *in, struct mm_text *reply,
                    struct mm_error *err)
{
    struct mm_retag wanted;
    struct mm_retag_plan plan = {0};
    mm_wire_get_retag(in, &wanted);
    int result = in->bad ? mm_error_set(err, MM_ERR_BUG, "malformed request")
                         : mm_audio_retag(path, &wanted, &plan, err);
    if (result == 0)
        mm_wire_put_plan(reply, &plan);
    mm_retag_plan_finish(&plan);
    free((char *)wanted.key);
    free((char *)wanted.mood);
    free((char *)wanted.cluster);
    return result;
}

static void put_bytes(struct mm_text *reply, struct mm_bytes *bytes)
{
    mm_wire_put_string(reply, bytes->mime);
    mm_text_add_bytes(reply, bytes->data, bytes->size);
    mm_bytes_finish(bytes);
}

static int answer(int fd, const struct mm_wire_message *message, struct mm_text *reply,
                  struct mm_error *err)
{
    struct mm_wire_reader in = mm_wire_reader(message);
    char *path = mm_wire_get_string(&in);
    struct mm_bytes bytes = {0};
    int result;
    if (!path)
        return mm_error_set(err, MM_ERR_BUG, "malformed request");
    switch (message->kind) {
    case MM_WIRE_PROBE:
        result = do_probe(path, reply, err);
        break;
    case MM_WIRE_COVER:
        result = mm_audio_cover(path, &bytes, err);
        if (result == 0)
            put_bytes(reply, &bytes);
        break;
    case MM_WIRE_ANALYSE:
        result = do_analyse(fd, path, &in, reply, err);
        break;
    case MM_WIRE_CLIP:
    case MM_WIRE_SMALL_CLIP: {
        double start = mm_wire_get_f64(&in);
        double length = mm_wire_get_f64(&in);
        result = message->kind == MM_WIRE_CLIP
                     ? mm_audio_clip(path, start, length, &bytes, err)
                     : mm_audio_small_clip(path, start, length, &bytes, err);
        if (result == 0)
            put_bytes(reply, &bytes);
        break;
    }
    case MM_WIRE_STEREO:
        result = do_stereo(fd, path, &in, err);
        break;
    case MM_WIRE_RETAG:
        result = do_retag(path, &in, reply, err);
        break;
    case MM_WIRE_WEIGHTS:
        result = mm_embed_read_weights(path, &bytes, err);
        if (result == 0)
            put_bytes(reply, &bytes);
        break;
    default:
        result = mm_error_set(err, MM_ERR_BUG, "unknown request");
    }
    free(path);
    return result;
}

static int send_failure(int fd, const struct mm_error *failure, struct mm_error *err)
{
    struct mm_text body = {0};
    mm_wire_put_u64(&body, (uint64_t)(int64_t)failure->code);
    mm_wire_put_string(&body, failure->message);
    int result = body.failed ? MM_ERR_NO_MEMORY
                             : mm_wire_send(fd, MM_WIRE_FAILED, body.data, body.length, err);
    mm_text_finish(&body);
    return result;
}

int mm_helper_main(int fd)
{
    mm_confine();
    pthread_t watcher;
    if (pthread_create(&watcher, NULL, end_with_parent, &fd) != 0)
        return 1;
    pthread_detach(watcher);

    struct mm_wire_message message = {0};
    struct mm_error err = {0};
    while (mm_wire_receive(fd, &message, &err) == 0) {
        mm_confine_time(MOST_SECONDS);
        struct mm_error failure = {0};
        struct mm_text reply = {0};
        int result = answer(fd, &message, &reply, &failure);
        if (result == 0 && reply.failed)
            result = mm_no_memory(&failure);
        if (result == 0)
            result = mm_wire_send(fd, MM_WIRE_DONE, reply.data, reply.length, &failure);
        if (result < 0 && result != MM_ERR_CRASHED)
            result = send_failure(fd, &failure, &err);
        mm_text_finish(&reply);
        if (result < 0)
            break;
    }
    free(message.data);
    return 0;
}
