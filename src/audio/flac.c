/* SPDX-License-Identifier: BSD-2-Clause */
/* Frame header: RFC 9639, section 9.1; the coded number: 9.1.5. */
#include "audio/flac.h"

#include <libavutil/crc.h>
#include <string.h>

#define MAX_NUMBER 7 /* bytes of a coded number */
#define SUMS       3 /* bytes: one behind the header, two behind the frame */

/* Length of the coded number that begins with this byte; 0 = not valid. */
static size_t number_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    size_t n = 0;
    while (n < 8 && lead & 0x80 >> n)
        n++;
    return n >= 2 && n <= MAX_NUMBER ? n : 0;
}

/* UTF-8 stretched to 36 bits; the bytes used. */
static size_t write_number(uint64_t number, unsigned char out[MAX_NUMBER])
{
    if (number < 0x80) {
        out[0] = (unsigned char)number;
        return 1;
    }
    size_t n = 2;
    while (n < MAX_NUMBER && number >> (5 * n + 1))
        n++;
    for (size_t i = n; i-- > 1; number >>= 6)
        out[i] = (unsigned char)(0x80 | (number & 0x3f));
    out[0] = (unsigned char)((0xff00 >> n & 0xff) | number);
    return n;
}

static uint32_t crc8(const unsigned char *b, size_t n)
{
    return av_crc(av_crc_get_table(AV_CRC_8_ATM), 0, b, n);
}

/* Over a frame and its own check sum this is 0. */
static uint32_t crc16(const unsigned char *b, size_t n)
{
    return av_crc(av_crc_get_table(AV_CRC_16_ANSI), 0, b, n);
}

/* Samples of the frame; `extra` stands behind the coded number. 0 = not valid. */
static unsigned block_size(unsigned code, const unsigned char *extra)
{
    if (code == 1)
        return 192;
    if (code >= 2 && code <= 5)
        return 576u << (code - 2);
    if (code == 6)
        return extra[0] + 1u;
    if (code == 7)
        return (unsigned)(extra[0] << 8 | extra[1]) + 1u;
    return code >= 8 ? 256u << (code - 8) : 0;
}

int mm_flac_renumber(struct mm_flac_counter *counter, AVPacket *packet)
{
    const unsigned char *in = packet->data;
    size_t n = (size_t)packet->size;
    if (n < 5 + SUMS || in[0] != 0xff || (in[1] & 0xfe) != 0xf8 || crc16(in, n) != 0)
        return -1;
    size_t old = number_length(in[4]);
    unsigned size_code = in[2] >> 4;
    unsigned rate_code = in[2] & 0x0f;
    size_t extra = (size_code == 6   ? 1
                    : size_code == 7 ? 2
                                     : 0) +
                   (rate_code == 12                      ? 1
                    : rate_code == 13 || rate_code == 14 ? 2
                                                         : 0);
    if (old == 0 || 4 + old + extra + SUMS > n || crc8(in, 4 + old + extra + 1) != 0)
        return -1;
    unsigned samples = block_size(size_code, in + 4 + old);
    if (samples == 0)
        return -1;
    unsigned char number[MAX_NUMBER];
    size_t new = write_number(in[1] & 1 ? counter->samples : counter->frames, number);

    AVPacket *fresh = av_packet_alloc();
    if (!fresh || av_new_packet(fresh, (int)(n - old + new)) < 0 ||
        av_packet_copy_props(fresh, packet) < 0) {
        av_packet_free(&fresh);
        return -1;
    }
    unsigned char *out = fresh->data;
    size_t size = (size_t)fresh->size;
    memcpy(out, in, 4);
    memcpy(out + 4, number, new);
    memcpy(out + 4 + new, in + 4 + old, n - 4 - old);
    size_t header = 4 + new + extra;
    out[header] = (unsigned char)crc8(out, header);
    uint32_t sum = crc16(out, size - 2);
    out[size - 2] = (unsigned char)(sum & 0xff); /* FFmpeg's table works on swapped bytes */
    out[size - 1] = (unsigned char)(sum >> 8);
    av_packet_unref(packet);
    av_packet_move_ref(packet, fresh);
    av_packet_free(&fresh);
    counter->frames++;
    counter->samples += samples;
    return 0;
}

void mm_flac_patch_streaminfo(unsigned char *streaminfo, uint64_t samples)
{
    streaminfo[13] = (unsigned char)((streaminfo[13] & 0xf0) | (samples >> 32 & 0x0f));
    for (size_t i = 0; i < 4; i++)
        streaminfo[14 + i] = (unsigned char)(samples >> (24 - 8 * i));
    memset(streaminfo + 18, 0, 16);
}
