/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire.h - what the program and its helper processes say to each other over a socket.
 *
 * A message is a header (kind, length) and that many bytes. Both ends run the same program on the
 * same machine, so numbers travel as they lie in memory; but a helper has read a stranger's file,
 * so the program checks every length of a reply before it believes it.
 *
 * One request is answered by any number of MM_WIRE_SAMPLES and then one MM_WIRE_DONE or
 * MM_WIRE_FAILED.
 */
#ifndef WORK_WIRE_H
#define WORK_WIRE_H

#include <stdint.h>

#include "base/text.h"
#include "musicmap/audio.h"

enum mm_wire_kind {
    /* requests */
    MM_WIRE_PROBE = 1,
    MM_WIRE_COVER,
    MM_WIRE_ANALYSE,
    MM_WIRE_CLIP,
    MM_WIRE_SMALL_CLIP,
    MM_WIRE_WEIGHTS,
    MM_WIRE_STEREO,
    MM_WIRE_RETAG,
    /* replies */
    MM_WIRE_SAMPLES,
    MM_WIRE_DONE,
    MM_WIRE_FAILED,
};

#define MM_WIRE_MAX (48u << 20) /* bytes of one message: the largest clip or weights and some */

struct mm_wire_message {
    uint32_t kind;
    uint32_t length;
    unsigned char *data; /* kept between messages: see mm_wire_receive */
    size_t capacity;
};

/* Sends one message. MM_ERR_CRASHED when the other end is gone. */
int mm_wire_send(int fd, enum mm_wire_kind kind, const void *data, size_t length,
                 struct mm_error *err);

/* Receives one message into *message, whose buffer grows as needed and is reused; free(data) at the
 * end. MM_ERR_CRASHED: the other end is gone. MM_ERR_LIMIT: silence for longer than the socket's
 * receive timeout. */
int mm_wire_receive(int fd, struct mm_wire_message *message, struct mm_error *err);

/* Writing a message body: append to a struct mm_text. */
void mm_wire_put_u64(struct mm_text *out, uint64_t value);
void mm_wire_put_f64(struct mm_text *out, double value);
void mm_wire_put_string(struct mm_text *out, const char *string); /* NULL is kept apart from "" */

/* Reading one: a position that stops and stays at the first thing that does not fit. */
struct mm_wire_reader {
    const unsigned char *at;
    const unsigned char *end;
    bool bad;
};
struct mm_wire_reader mm_wire_reader(const struct mm_wire_message *message);
uint64_t mm_wire_get_u64(struct mm_wire_reader *in);
double mm_wire_get_f64(struct mm_wire_reader *in);
char *mm_wire_get_string(struct mm_wire_reader *in); /* heap copy or NULL */
/* The same, made clean for people: who sent it may have been taken over by the file it read. */
char *mm_wire_get_text(struct mm_wire_reader *in);

/* The structs that travel. */
void mm_wire_put_info(struct mm_text *out, const struct mm_audio_info *info);
void mm_wire_get_info(struct mm_wire_reader *in, struct mm_audio_info *info);
void mm_wire_put_measure(struct mm_text *out, const struct mm_measure *measure);
void mm_wire_get_measure(struct mm_wire_reader *in, struct mm_measure *measure);
void mm_wire_put_request(struct mm_text *out, const struct mm_audio_request *request);
void mm_wire_get_request(struct mm_wire_reader *in, struct mm_audio_request *request);
void mm_wire_put_retag(struct mm_text *out, const struct mm_retag *wanted);
/* Its texts are heap copies: free them. */
void mm_wire_get_retag(struct mm_wire_reader *in, struct mm_retag *wanted);
void mm_wire_put_plan(struct mm_text *out, const struct mm_retag_plan *plan);
void mm_wire_get_plan(struct mm_wire_reader *in, struct mm_retag_plan *plan);

#endif
