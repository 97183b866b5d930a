/* SPDX-License-Identifier: BSD-2-Clause */
/* made.h - audio made on the spot for the tests of this room. */
#ifndef TESTS_MADE_H
#define TESTS_MADE_H

#include "../check.h"

#include <math.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/random.h"

struct sound {
    float *samples; /* [frames][channels] */
    size_t frames;
    int channels;
    int rate;
};

static inline struct sound make_sound(double seconds, int channels, int rate)
{
    struct sound s = {.frames = (size_t)(seconds * rate + 0.5), .channels = channels, .rate = rate};
    s.samples = calloc(s.frames * (size_t)channels + 1, sizeof(float));
    assert_non_null(s.samples);
    return s;
}

/* A tone in one channel (-1: all), from begin to end seconds. */
static inline void add_tone(struct sound *s, int channel, double hz, double amplitude, double begin,
                            double end)
{
    size_t first = (size_t)(begin * s->rate);
    size_t last = (size_t)fmin((double)s->frames, end * s->rate);
    /* A pointer that turns: a sine of each sample would be most of what tests of audio take. */
    double step = 2 * M_PI * hz / s->rate;
    double turn_x = cos(step);
    double turn_y = sin(step);
    double x = cos(step * (double)first);
    double y = sin(step * (double)first);
    for (size_t i = first; i < last; i++) {
        for (int c = 0; c < s->channels; c++)
            if (channel < 0 || c == channel)
                s->samples[i * (size_t)s->channels + (size_t)c] += (float)(amplitude * y);
        double turned = x * turn_x - y * turn_y;
        y = x * turn_y + y * turn_x;
        x = turned;
    }
}

/* Noise without the top of the spectrum, which lossy codecs throw away; the same in all channels.
 */
static inline void add_noise(struct sound *s, double amplitude, double begin, double end)
{
    struct mm_random random = {42};
    size_t last = (size_t)fmin((double)s->frames, end * s->rate);
    double smooth = 0;
    double smoother = 0;
    for (size_t i = (size_t)(begin * s->rate); i < last; i++) {
        smooth += 0.2 * (mm_random_normal(&random) - smooth);
        smoother += 0.2 * (smooth - smoother);
        for (int c = 0; c < s->channels; c++)
            s->samples[i * (size_t)s->channels + (size_t)c] += (float)(2 * amplitude * smoother);
    }
}

static inline void put32(unsigned char *b, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        b[i] = (unsigned char)(v >> (8 * i));
}

/* A WAV file of 32-bit floats or 16-bit integers. */
static inline char *write_wav(const char *folder, const char *name, const struct sound *s,
                              bool floats)
{
    char *path = malloc(4200);
    snprintf(path, 4200, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    uint32_t width = floats ? 4 : 2;
    uint32_t data = (uint32_t)(s->frames * (size_t)s->channels) * width;
    unsigned char h[44] = "RIFF....WAVEfmt ";
    put32(h + 4, 36 + data);
    put32(h + 16, 16);
    h[20] = floats ? 3 : 1;
    h[22] = (unsigned char)s->channels;
    put32(h + 24, (uint32_t)s->rate);
    put32(h + 28, (uint32_t)s->rate * (uint32_t)s->channels * width);
    h[32] = (unsigned char)((uint32_t)s->channels * width);
    h[34] = (unsigned char)(8 * width);
    memcpy(h + 36, "data", 4);
    put32(h + 40, data);
    fwrite(h, 1, sizeof h, f);
    size_t n = s->frames * (size_t)s->channels;
    int16_t *whole = malloc(n * sizeof *whole + 1);
    assert_non_null(whole);
    for (size_t i = 0; !floats && i < n; i++)
        whole[i] = (int16_t)lrintf(fmaxf(-1, fminf(1, s->samples[i])) * 32767);
    if (floats)
        fwrite(s->samples, sizeof(float), n, f);
    else
        fwrite(whole, sizeof *whole, n, f);
    free(whole);
    assert_int_equal(fclose(f), 0);
    return path;
}

static inline void write_bytes(const char *path, const void *bytes, size_t count)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, count, f), count);
    assert_int_equal(fclose(f), 0);
}

static inline unsigned char *read_bytes_of(const char *path, size_t *count)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *count = (size_t)ftell(f);
    rewind(f);
    unsigned char *bytes = malloc(*count + 1);
    assert_int_equal(fread(bytes, 1, *count, f), *count);
    fclose(f);
    return bytes;
}

/* Runs the ffmpeg program: `before` are its inputs, `after` its options; the new file's path. */
static inline char *encode(const char *folder, const char *name, const char *before,
                           const char *after)
{
    char *path = malloc(4200);
    char *command = malloc(16384);
    snprintf(path, 4200, "%s/%s", folder, name);
    snprintf(command, 16384, "ffmpeg -nostdin -v error -y %s %s '%s'", before, after, path);
    if (system(command) != 0) /* NOLINT: a fixed command on a folder of our own */
        fail_msg("failed: %s", command);
    free(command);
    return path;
}

/* The same of one WAV file. With MUSICMAP_TEST_MADE, a folder, what was encoded once is taken from
 * there: the plain and the sanitized programs ask for the same files. */
static inline char *encode_wav(const char *folder, const char *name, const char *wav,
                               const char *options)
{
    const char *kept = getenv("MUSICMAP_TEST_MADE");
    char before[4400];
    char own[4200];
    char key[96];
    snprintf(before, sizeof before, "-i '%s'", wav);
    if (!kept || !*kept)
        return encode(folder, name, before, options);
    size_t size;
    unsigned char *sound = read_bytes_of(wav, &size);
    const char *ending = strrchr(name, '.');
    char hash[2][33];
    assert_int_equal(mm_hash_md5(sound, size, hash[0], NULL), 0);
    assert_int_equal(mm_hash_md5(options, strlen(options), hash[1], NULL), 0);
    free(sound);
    snprintf(key, sizeof key, "%s%s%s", hash[0], hash[1], ending ? ending : "");
    snprintf(own, sizeof own, "%s/%s", kept, key);
    if (access(own, R_OK) != 0) {
        char part[128]; /* of this process, and of the kind the ending says */
        snprintf(part, sizeof part, "part-%ld-%s", (long)getpid(), key);
        char *fresh = encode(kept, part, before, options);
        assert_int_equal(rename(fresh, own), 0);
        free(fresh);
    }
    char *path = malloc(4200);
    snprintf(path, 4200, "%s/%s", folder, name);
    unsigned char *bytes = read_bytes_of(own, &size);
    write_bytes(path, bytes, size);
    free(bytes);
    return path;
}

/* A sink that keeps everything of one rate. */
struct kept {
    float *samples;
    size_t count, capacity;
};

static inline int keep(void *ctx, size_t rate, const float *samples, size_t count,
                       struct mm_error *err)
{
    struct kept *k = ctx;
    (void)err;
    assert_int_equal(rate, 0);
    assert_true(count >= 1 && count <= 65536);
    if (k->count + count > k->capacity) {
        k->capacity = 2 * (k->count + count);
        k->samples = realloc(k->samples, k->capacity * sizeof(float));
        assert_non_null(k->samples);
    }
    memcpy(k->samples + k->count, samples, count * sizeof(float));
    k->count += count;
    return 0;
}

/* Normalised correlation of a and b. */
static inline double likeness(const float *a, const float *b, size_t n)
{
    double aa = 0;
    double bb = 0;
    double ab = 0;
    for (size_t i = 0; i < n; i++) {
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
        ab += (double)a[i] * (double)b[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* The shift in -reach .. reach at which part[0..n) is most like whole[at + shift ..). */
static inline long find_shift(const float *whole, size_t count, size_t at, const float *part,
                              size_t n, long reach)
{
    double best = -2;
    long found = 0;
    for (long shift = -reach; shift <= reach; shift++) {
        long from = (long)at + shift;
        if (from < 0 || (size_t)from + n > count)
            continue;
        double r = likeness(whole + from, part, n);
        if (r > best) {
            best = r;
            found = shift;
        }
    }
    return found;
}

#endif
