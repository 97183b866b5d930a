/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream_file.h - an encoded file cut where a stream may be cut: frames of MP3 (ISO 11172-3,
 * 2.4.1.3), pages of Ogg (RFC 3533) with Opus in it (RFC 7845), each with its time.
 */
#ifndef PLAYER_STREAM_FILE_H
#define PLAYER_STREAM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "musicmap/error.h"

struct mm_stream_file {
    FILE *file;
    bool ogg;
    unsigned char *piece; /* [size] the last one read */
    size_t size, capacity;
    double at_s;            /* where it begins in the sound */
    double next_s;          /* where the next one does */
    double chain_s;         /* Ogg: where the stream in hand begins */
    unsigned char *headers; /* Ogg: [n_headers] what a listener who comes later needs first */
    size_t n_headers, headers_capacity;
    bool in_headers;
};
int mm_stream_open(struct mm_stream_file *stream, const char *path, struct mm_error *err);
/* 1 = a piece was read, 0 = the end. MM_ERR_INPUT: it is neither. */
int mm_stream_next(struct mm_stream_file *stream, struct mm_error *err);
void mm_stream_close(struct mm_stream_file *stream);

#endif
