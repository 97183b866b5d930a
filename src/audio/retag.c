/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tags back into files. TagLib was weighed: its C binding in Debian 12 knows neither tempo nor key,
 * and it renders every ID3v2 frame anew (2.3 becomes 2.4), so what DJ programs keep there would be
 * rewritten rather than kept. Editing in place of rendering keeps bytes by never touching them.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/retag.h"
#include "base/array.h"

#define LARGEST ((off_t)2 << 30)
enum { LONGEST = 256 };

const char *mm_retag_name(enum mm_retag_field field)
{
    static const char *const names[] = {"BPM", "key", "mood", "cluster"};
    return names[field];
}

int mm_retag_had(struct mm_retagging *r, enum mm_retag_field field, const void *text, size_t n)
{
    if (r->plan->had[field] && *r->plan->had[field])
        return 0;
    free(r->plan->had[field]);
    r->plan->had[field] = mm_text_clean_utf8(text, n < LONGEST ? n : LONGEST);
    return r->plan->had[field] ? 0 : MM_ERR_NO_MEMORY;
}

/* Half a character, or a blank at the end, would not be read back as it was written. */
static void cut(char *text)
{
    size_t n = strlen(text);
    if (n > LONGEST)
        for (n = LONGEST; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
            n--;
    while (n && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
}

static char *value_of(const struct mm_retag *w, enum mm_retag_field field, bool whole_bpm)
{
    char bpm[32] = "";
    const char *const texts[] = {w->bpm > 0 && isfinite(w->bpm) ? bpm : NULL, w->key, w->mood,
                                 w->cluster};
    bool whole = whole_bpm || fabs(w->bpm - round(w->bpm)) < 0.05;
    snprintf(bpm, sizeof bpm, "%.*f", whole ? 0 : 1, fmin(w->bpm, 9999));
    const char *text = texts[field];
    char *value = text && *text ? mm_text_clean_utf8(text, strlen(text)) : NULL;
    if (value)
        cut(value);
    if (value && *value)
        return value;
    free(value);
    return NULL;
}

bool mm_retag_decide(struct mm_retagging *r, bool whole_bpm)
{
    struct mm_retag_plan *plan = r->plan;
    bool any = false;
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        plan->value[f] = value_of(r->wanted, (enum mm_retag_field)f, whole_bpm);
        const char *had = plan->had[f] && *plan->had[f] ? plan->had[f] : NULL;
        plan->writes[f] =
            plan->value[f] && (!had || (r->wanted->replace && strcmp(had, plan->value[f]) != 0));
        any |= plan->writes[f];
    }
    return any;
}

static struct mm_piece *next_piece(struct mm_retagging *r)
{
    struct mm_retag_plan *plan = r->plan;
    if (mm_array_reserve(&plan->pieces, &r->capacity, plan->n + 1) < 0 || !plan->pieces)
        return NULL;
    plan->pieces[plan->n] = (struct mm_piece){0};
    return &plan->pieces[plan->n++];
}

int mm_retag_copy(struct mm_retagging *r, size_t from, size_t length)
{
    if (length == 0)
        return 0;
    struct mm_piece *last = r->plan->n ? &r->plan->pieces[r->plan->n - 1] : NULL;
    if (last && !last->bytes && last->from + last->length == from) {
        last->length += length;
        return 0;
    }
    struct mm_piece *piece = next_piece(r);
    if (piece)
        *piece = (struct mm_piece){.from = from, .length = length};
    return piece ? 0 : MM_ERR_NO_MEMORY;
}

int mm_retag_put(struct mm_retagging *r, const void *bytes, size_t length)
{
    if (length == 0)
        return 0;
    unsigned char *copy = malloc(length);
    struct mm_piece *piece = copy ? next_piece(r) : NULL;
    if (!piece) {
        free(copy);
        return MM_ERR_NO_MEMORY;
    }
    memcpy(copy, bytes, length);
    *piece = (struct mm_piece){.length = length, .bytes = copy};
    return 0;
}

void mm_retag_keep(struct mm_retagging *r, const void *bytes, size_t length)
{
    if (r->rest)
        mm_hash_add(r->rest, bytes, length);
}

/* By the first bytes, as the decoder does. FLAC may stand behind an ID3v2 tag, which stays. */
static int edit(struct mm_retagging *r, struct mm_error *err)
{
    const unsigned char *b = r->data;
    if (r->size < 64)
        return mm_error_set(err, MM_ERR_INPUT, "too short to be a song");
    size_t behind = 0;
    if (memcmp(b, "ID3", 3) == 0) {
        bool footer = b[3] == 4 && b[5] & 0x10;
        behind = (footer ? 20 : 10) + ((size_t)(b[6] & 0x7f) << 21 | (size_t)(b[7] & 0x7f) << 14 |
                                       (size_t)(b[8] & 0x7f) << 7 | (b[9] & 0x7f));
    }
    if (behind < r->size - 4 && memcmp(b + behind, "fLaC", 4) == 0)
        return mm_retag_flac(r, behind, err);
    if (memcmp(b, "ID3", 3) == 0 || (b[0] == 0xff && (b[1] & 0xe6) == 0xe2))
        return mm_retag_id3(r, err);
    if (memcmp(b, "OggS", 4) == 0)
        return mm_retag_ogg(r, err);
    if (memcmp(b + 4, "ftyp", 4) == 0)
        return mm_retag_mp4(r, err);
    return mm_error_set(err, MM_ERR_UNSUPPORTED,
                        "tags are written into MP3, FLAC, Ogg Vorbis, Opus and MP4 only");
}

static int edit_mapped(struct mm_retagging *r, struct mm_error *err)
{
    int result = r->wanted->hash ? mm_hash_begin(&r->rest, err) : 0;
    if (result < 0)
        return result;
    result = edit(r, err);
    int ended = r->rest ? mm_hash_end(r->rest, r->plan->rest, err) : 0;
    if (result == MM_ERR_NO_MEMORY)
        return mm_no_memory(err);
    return result < 0 ? result : ended;
}

int mm_audio_retag(const char *path, const struct mm_retag *wanted, struct mm_retag_plan *plan,
                   struct mm_error *err)
{
    struct stat st;
    *plan = (struct mm_retag_plan){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int result = mm_error_errno(err, errno, "cannot open");
        if (fd >= 0)
            close(fd);
        return result;
    }
    void *map = MAP_FAILED;
    int result = 0;
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        result = mm_error_set(err, MM_ERR_INPUT, "not a file with something in it");
    else if (st.st_size > LARGEST)
        result = mm_error_set(err, MM_ERR_LIMIT, "larger than 2 GiB");
    else if ((map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
        result = mm_error_errno(err, errno, "cannot read");
    close(fd);
    if (result < 0)
        return result;
    struct mm_retagging r = {
        .data = map, .size = (size_t)st.st_size, .wanted = wanted, .plan = plan};
    result = edit_mapped(&r, err);
    munmap(map, (size_t)st.st_size);
    if (result < 0)
        mm_retag_plan_finish(plan);
    return result;
}

void mm_retag_plan_finish(struct mm_retag_plan *plan)
{
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        free(plan->had[f]);
        free(plan->value[f]);
    }
    for (size_t i = 0; i < plan->n; i++)
        free(plan->pieces[i].bytes);
    free(plan->pieces);
    *plan = (struct mm_retag_plan){0};
}
