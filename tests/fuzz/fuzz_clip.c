/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sound that is cut without decoding it. An even first byte: a file, of which a part is taken. An
 * odd one: a FLAC frame that gets another number; check sums are put right first, since no made-up
 * frame has good ones.
 */
#include "fuzz.h"

#include <libavcodec/packet.h>
#include <libavutil/crc.h>
#include <libavutil/mem.h>

#include "audio/flac.h"
#include "musicmap/audio.h"

/* ---- frames ---- */

static void sum_up(unsigned char *b, size_t n, size_t header)
{
    b[header] = (unsigned char)av_crc(av_crc_get_table(AV_CRC_8_ATM), 0, b, header);
    uint32_t sum = av_crc(av_crc_get_table(AV_CRC_16_ANSI), 0, b, n - 2);
    b[n - 2] = (unsigned char)(sum & 0xff);
    b[n - 1] = (unsigned char)(sum >> 8);
}

static void renumber(const unsigned char *data, size_t size)
{
    AVPacket *packet = av_packet_alloc();
    struct mm_flac_counter counter = {0};
    if (size < 18 || size > 4096 || !packet || av_new_packet(packet, (int)size - 1) < 0) {
        av_packet_free(&packet);
        return;
    }
    size_t n = size - 1;
    memcpy(packet->data, data + 1, n);
    packet->data[0] = 0xff;
    packet->data[1] = 0xf8 | (packet->data[1] & 1);
    sum_up(packet->data, n, 5 + data[0] % 11); /* where the header ends */
    memcpy(&counter.frames, packet->data + n - 11, 4);
    memcpy(&counter.samples, packet->data + n - 7, 4);
    if (mm_flac_renumber(&counter, packet) == 0) { /* good again, and it stays as long */
        struct mm_flac_counter before = counter;
        int length = packet->size;
        must(mm_flac_renumber(&counter, packet) == 0);
        must(counter.frames == before.frames + 1 && counter.samples > before.samples);
        must(packet->size >= length && packet->size <= length + 6);
    }
    av_packet_free(&packet);
}

/* ---- files ---- */

static void must_be_info(const struct mm_audio_info *info)
{
    must_be_tags(&info->tags);
    must_be_length(info->duration_s);
    must(info->sample_rate >= 0 && info->channels >= 0);
    must(memchr(info->codec, 0, sizeof info->codec));
    must_be_clean(info->codec);
}

static void cut(const unsigned char *data, size_t size)
{
    struct mm_error err = {0};
    struct mm_audio_info info = {0};
    struct mm_bytes part = {0};
    struct memory_file file = file_of(data + 1, size - 1);
    int result = mm_audio_probe(file.path, &info, &err);
    must_say(result, &err);
    /* What cannot be copied is encoded, which takes too long here. */
    static const char *const copied[] = {"mp3", "aac", "vorbis", "opus", "flac"};
    bool copies = false;
    for (size_t i = 0; result == 0 && i < sizeof copied / sizeof *copied; i++)
        copies |= strcmp(info.codec, copied[i]) == 0;
    if (result == 0)
        must_be_info(&info);
    if (copies) {
        result = mm_audio_clip(file.path, data[0] / 512.0, 0.1, &part, &err);
        must_say(result, &err);
        must(result < 0 || (part.size && strncmp(part.mime, "audio/", 6) == 0));
        mm_bytes_finish(&part);
    }
    mm_audio_info_finish(&info);
    close(file.fd);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size < 2)
        return 0;
    if (data[0] % 2)
        renumber(data, size);
    else
        cut(data, size);
    return 0;
}
