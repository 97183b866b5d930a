/* SPDX-License-Identifier: BSD-2-Clause */
/* flac.h - cutting a FLAC stream: frames say where in the song they are, and must be told anew. */
#ifndef AUDIO_FLAC_H
#define AUDIO_FLAC_H

#include <libavcodec/packet.h>
#include <stdint.h>

/* Counts what has been numbered; zero-initialise. */
struct mm_flac_counter {
    uint64_t frames;
    uint64_t samples;
};

/*
 * Gives the frame in packet the next number and sums it up anew. 0, or -1 when the packet is not
 * exactly one sound frame (its check sum tells) or memory is out.
 */
int mm_flac_renumber(struct mm_flac_counter *counter, AVPacket *packet);

/* Makes STREAMINFO (34 bytes) that of a stream of so many samples (0: unknown), without MD5. */
void mm_flac_patch_streaminfo(unsigned char *streaminfo, uint64_t samples);

#endif
