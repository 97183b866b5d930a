/* SPDX-License-Identifier: BSD-2-Clause */
#include "audio/clip.h"

int mm_audio_clip(const char *path, double start_s, double length_s, struct mm_bytes *out,
                  struct mm_error *err)
{
    *out = (struct mm_bytes){0};
    if (!(start_s >= 0 && start_s < 1e7 && length_s > 0 && length_s < 1e7))
        return mm_error_set(err, MM_ERR_USAGE, "no such part of a song");
    struct mm_decoder *decoder;
    int result = mm_decoder_open(path, &decoder, err);
    if (result < 0)
        return result;
    result = mm_clip_copy(decoder, start_s, length_s, out, err);
    mm_decoder_close(decoder);
    if (result != MM_ERR_UNSUPPORTED)
        return result;
    mm_bytes_finish(out);
    result = mm_decoder_open(path, &decoder, err);
    if (result == 0)
        result = mm_clip_encode(decoder, start_s, length_s, false, out, err);
    mm_decoder_close(decoder);
    if (result < 0)
        mm_bytes_finish(out);
    return result;
}

int mm_audio_small_clip(const char *path, double start_s, double length_s, struct mm_bytes *out,
                        struct mm_error *err)
{
    *out = (struct mm_bytes){0};
    if (!(start_s >= 0 && start_s < 1e7 && length_s > 0 && length_s < 1e7))
        return mm_error_set(err, MM_ERR_USAGE, "no such part of a song");
    struct mm_decoder *decoder;
    int result = mm_decoder_open(path, &decoder, err);
    if (result == 0)
        result = mm_clip_encode(decoder, start_s, length_s, true, out, err);
    mm_decoder_close(decoder);
    if (result < 0)
        mm_bytes_finish(out);
    return result;
}
