/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audio.h - from a file to tags, samples, measures and clips.
 *
 * Everything here reads files of unknown origin with FFmpeg: in the program it runs only inside
 * helper processes (src/work/helper.c). Memory does not grow with the length of the song.
 *
 * Threads: every call is self-contained and may run beside others.
 */
#ifndef MUSICMAP_AUDIO_H
#define MUSICMAP_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "song.h"

/* What the container says, without decoding more than is needed to know the stream. */
struct mm_audio_info {
    struct mm_tags tags;
    double duration_s; /* without encoder delay and padding; 0 = not known */
    int sample_rate;   /* Hz */
    int channels;
    char codec[32]; /* FFmpeg's short name: "mp3", "flac", "vorbis", ... */
    bool has_cover; /* an embedded picture */
};

/*
 * Reads tags and stream facts. Tags are made clean UTF-8 (Latin-1 guessed where they are not).
 * MM_ERR_INPUT: no audio stream, empty, broken. MM_ERR_UNSUPPORTED: no decoder.
 */
int mm_audio_probe(const char *path, struct mm_audio_info *info, struct mm_error *err);
void mm_audio_info_finish(struct mm_audio_info *info);

/* A block of bytes on the heap; release with mm_bytes_finish(). */
struct mm_bytes {
    unsigned char *data;
    size_t size;
    char mime[32]; /* "audio/mpeg", "image/jpeg", ... */
};
void mm_bytes_finish(struct mm_bytes *bytes);

/* The embedded cover picture as it is stored, at most 16 MiB. MM_ERR_NOT_FOUND: there is none. */
int mm_audio_cover(const char *path, struct mm_bytes *out, struct mm_error *err);

#define MM_AUDIO_MAX_RATES 4

/* Which part of a longer song is analysed: the rules are those of src/audio/excerpt.c. */
enum mm_audio_part {
    MM_PART_EXCERPT, /* what tells the song apart */
    MM_PART_INTRO,   /* where its sound begins */
    MM_PART_OUTRO,   /* up to where its sound ends */
};

struct mm_audio_request {
    enum mm_audio_part part;
    double
        excerpt_s;  /* analyse this much of a longer song (30); 0 = all of it, whatever the part */
    bool true_peak; /* 4 x oversampled peak instead of the sample peak */
    bool measure;   /* false: only feed the sink (measure members stay unset but the excerpt's) */
    size_t n_rates; /* 0..MM_AUDIO_MAX_RATES: sample rates the sink wants */
    int rates[MM_AUDIO_MAX_RATES]; /* Hz, mono = mean of the channels */
};

/*
 * Receives mono float samples in order, per rate. Returning non-zero stops the call with that code.
 * count is at most 65536.
 */
typedef int mm_audio_sink(void *ctx, size_t rate_index, const float *samples, size_t count,
                          struct mm_error *err);

/*
 * Decodes path once and feeds everything: the measures and, at each rate of the request, the sink.
 * Encoder delay and padding are removed. Non-finite
 * samples are replaced by 0 and values limited to +-8. MM_ERR_INPUT when nothing can be decoded;
 * a file that breaks off after at least one second counts as that much of a song.
 */
int mm_audio_analyse(const char *path, const struct mm_audio_request *request, mm_audio_sink *sink,
                     void *sink_ctx, struct mm_measure *measure, struct mm_error *err);

/*
 * The part [start, start + length) of path for a browser: the packets as they are where browsers
 * play the codec (MP3, AAC, Vorbis, Opus, FLAC), else encoded. At most 32 MiB.
 */
int mm_audio_clip(const char *path, double start_s, double length_s, struct mm_bytes *out,
                  struct mm_error *err);
/* The same as MP3 of one channel, 56 kbit/s, whatever it was: 7 kB a second. */
int mm_audio_small_clip(const char *path, double start_s, double length_s, struct mm_bytes *out,
                        struct mm_error *err);

/*
 * All of path as interleaved stereo at rate Hz into sink (rate_index 0; count = samples, two a
 * frame), for mixing.
 */
int mm_audio_stereo(const char *path, int rate, mm_audio_sink *sink, void *sink_ctx,
                    struct mm_error *err);

/*
 * A sound file of our own making, stereo: MP3 of 256 kbit/s, FLAC or WAV of 16 bits, or Ogg Opus of
 * 160 kbit/s by the ending of name; path is where it is written. A file that was not finished is of
 * no use.
 */
struct mm_sound_file;
int mm_sound_file_create(const char *path, const char *name, int rate, struct mm_sound_file **out,
                         struct mm_error *err);
/* samples: [frames][2]; what lies outside -1..1 is cut. */
int mm_sound_file_write(struct mm_sound_file *file, const float *samples, size_t frames,
                        struct mm_error *err);
/* What follows is another song: an Ogg file gets a stream of its own for it, with its names (either
 * may be NULL), one behind the other; the other kinds go on. */
int mm_sound_file_next(struct mm_sound_file *file, const char *artist, const char *title,
                       struct mm_error *err);
int mm_sound_file_rate(const char *path); /* samples a second that this kind is made of */
int mm_sound_file_finish(struct mm_sound_file *file, struct mm_error *err);
void mm_sound_file_destroy(struct mm_sound_file *file);
bool mm_sound_file_knows(const char *path); /* by its ending */

/* ---- tags back into files ---- */

enum mm_retag_field {
    MM_RETAG_BPM,
    MM_RETAG_KEY,
    MM_RETAG_MOOD,
    MM_RETAG_CLUSTER,
    MM_RETAG_FIELDS
};
const char *mm_retag_name(enum mm_retag_field field); /* "BPM", "key", "mood", "cluster" */

struct mm_retag {
    double bpm;                       /* 0 = not known */
    const char *key, *mood, *cluster; /* UTF-8 of at most 256 bytes; NULL = not known */
    bool replace; /* also what the file says already; else only what it does not say */
    bool hash;    /* fill in rest of the plan, too: reads all of the file */
};

struct mm_piece {
    uint64_t from, length; /* of the old file; from is 0 for bytes */
    unsigned char *bytes;  /* [length] these instead; NULL = the old file's */
};
/* A file with other tags, as pieces in order. Nothing is written by making one. */
struct mm_retag_plan {
    char *had[MM_RETAG_FIELDS];   /* what the file says now; NULL = nothing */
    char *value[MM_RETAG_FIELDS]; /* what it is to say, as this container says it; NULL = nothing */
    bool writes[MM_RETAG_FIELDS]; /* and does not say yet */
    unsigned char rest[32]; /* SHA-256 of all that the plan leaves alone: every other field as it
                               is stored, pictures, and all sound */
    size_t n;
    struct mm_piece *pieces; /* [n]; none when nothing is to be written */
};
/*
 * How path would be written: ID3v2 (MP3), Vorbis comments (FLAC, Ogg Vorbis, Opus), MP4.
 * MM_ERR_UNSUPPORTED: another kind of file, or one that cannot be changed safely, and why.
 * MM_ERR_INPUT: its tags make no sense. A file of at most 2 GiB.
 */
int mm_audio_retag(const char *path, const struct mm_retag *wanted, struct mm_retag_plan *plan,
                   struct mm_error *err);
void mm_retag_plan_finish(struct mm_retag_plan *plan);

#endif
