/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write_lists.c - playlists that are lists of files: M3U8, XSPF, CUE.
 *
 * None of them has an escape for everything a title may hold: what cannot be written is replaced,
 * never passed through. CUE knows no quote inside quotes, 99 tracks and 80 characters a text.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "set/write.h"

/* ---- M3U8 ---- */

static int m3u8_line(const struct mm_set_write *in, const struct mm_line_texts *t, FILE *out,
                     struct mm_error *err)
{
    bool failed;
    char *path = mm_set_path(in, t->song, &failed);
    if (failed)
        return mm_no_memory(err);
    fprintf(out, "#EXTINF:%lld,%s%s%s\n", llround(t->song->duration_s), t->artist,
            *t->artist ? " - " : "", t->title);
    if (*t->album)
        fprintf(out, "#EXTALB:%s\n", t->album);
    if (path)
        fprintf(out, "%s\n", path);
    else
        fprintf(out, "# no file: %s %s\n", t->song->source ? t->song->source : "", t->title);
    free(path);
    return 0;
}

int mm_write_m3u8(const struct mm_set_write *in, FILE *out, struct mm_error *err)
{
    char *title = mm_set_title(in);
    int result = title ? 0 : mm_no_memory(err);
    fprintf(out, "#EXTM3U\n#EXTENC:UTF-8\n#PLAYLIST:%s\n", title ? title : "");
    for (size_t i = 0; i < in->set->n && result == 0; i++) {
        struct mm_line_texts t;
        result = mm_line_texts_init(&t, in, i, err);
        if (result == 0)
            result = m3u8_line(in, &t, out, err);
        mm_line_texts_finish(&t);
    }
    free(title);
    return result < 0 ? result : mm_stream_check(out, err);
}

/* ---- XSPF ---- */

/* text is clean: no control characters; U+FFFE and U+FFFF, which XML forbids as well, are dropped.
 */
static void put_xml(FILE *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (memcmp(p, "\xEF\xBF\xBE", strnlen(p, 3)) == 0 && strnlen(p, 3) == 3)
            p += 2;
        else if (memcmp(p, "\xEF\xBF\xBF", strnlen(p, 3)) == 0 && strnlen(p, 3) == 3)
            p += 2;
        else if (*p == '<')
            fputs("&lt;", out);
        else if (*p == '>')
            fputs("&gt;", out);
        else if (*p == '&')
            fputs("&amp;", out);
        else
            fputc(*p, out);
    }
}

static void put_element(FILE *out, const char *indent, const char *name, const char *text)
{
    if (!*text)
        return;
    fprintf(out, "%s<%s>", indent, name);
    put_xml(out, text);
    fprintf(out, "</%s>\n", name);
}

static int xspf_track(const struct mm_set_write *in, size_t i, const struct mm_line_texts *t,
                      FILE *out, struct mm_error *err)
{
    bool failed;
    char *uri = mm_set_uri(in, t->song, &failed);
    if (failed)
        return mm_no_memory(err);
    fputs("    <track>\n", out);
    put_element(out, "      ", "location", uri ? uri : "");
    put_element(out, "      ", "title", t->title);
    put_element(out, "      ", "creator", t->artist);
    put_element(out, "      ", "album", t->album);
    fprintf(out, "      <trackNum>%zu</trackNum>\n      <duration>%lld</duration>\n    </track>\n",
            i + 1, llround(t->song->duration_s * 1000));
    free(uri);
    return 0;
}

int mm_write_xspf(const struct mm_set_write *in, FILE *out, struct mm_error *err)
{
    char *title = mm_set_title(in);
    int result = title ? 0 : mm_no_memory(err);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<playlist version=\"1\" xmlns=\"http://xspf.org/ns/0/\">\n",
          out);
    put_element(out, "  ", "title", title ? title : "");
    fputs("  <creator>musicmap</creator>\n  <trackList>\n", out);
    for (size_t i = 0; i < in->set->n && result == 0; i++) {
        struct mm_line_texts t;
        result = mm_line_texts_init(&t, in, i, err);
        if (result == 0)
            result = xspf_track(in, i, &t, out, err);
        mm_line_texts_finish(&t);
    }
    fputs("  </trackList>\n</playlist>\n", out);
    free(title);
    return result < 0 ? result : mm_stream_check(out, err);
}

/* ---- CUE ---- */

#define CUE_TRACKS 99
#define CUE_TEXT   80 /* characters */

/* At most 80 characters, whole ones, without quotes. */
static void put_cue(FILE *out, const char *indent, const char *name, const char *text)
{
    if (!*text)
        return;
    fprintf(out, "%s%s \"", indent, name);
    size_t characters = 0;
    for (const char *p = text; *p; p++) {
        if (((unsigned char)*p & 0xC0) != 0x80 && ++characters > CUE_TEXT)
            break;
        fputc(*p == '"' ? '\'' : *p, out);
    }
    fputs("\"\n", out);
}

static const char *cue_type(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot && strcasecmp(dot, ".mp3") == 0)
        return "MP3";
    if (dot && (strcasecmp(dot, ".aif") == 0 || strcasecmp(dot, ".aiff") == 0))
        return "AIFF";
    return "WAVE"; /* what players take for everything else, FLAC too */
}

static void put_cue_file(FILE *out, const char *path)
{
    fputs("FILE \"", out);
    for (const char *p = path; *p; p++)
        fputc(*p == '"' ? '\'' : *p, out);
    fprintf(out, "\" %s\n", cue_type(path));
}

static void put_index(FILE *out, double seconds)
{
    long long frames = llround(seconds * 75);
    fprintf(out, "    INDEX 01 %02lld:%02lld:%02lld\n", frames / 75 / 60, frames / 75 % 60,
            frames % 75);
}

static int cue_track(const struct mm_set_write *in, size_t i, const struct mm_line_texts *t,
                     FILE *out, struct mm_error *err)
{
    if (!in->rendered) {
        bool failed;
        char *path = mm_set_path(in, t->song, &failed);
        if (failed)
            return mm_no_memory(err);
        put_cue_file(out, path ? path : t->title);
        free(path);
    }
    fprintf(out, "  TRACK %02zu AUDIO\n", i + 1);
    put_cue(out, "    ", "TITLE", t->title);
    put_cue(out, "    ", "PERFORMER", t->artist);
    if (t->song->isrc && strlen(t->song->isrc) == 12 &&
        strspn(t->song->isrc, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 12)
        fprintf(out, "    ISRC %s\n", t->song->isrc);
    put_index(out, in->rendered ? t->item->start_s : 0);
    return 0;
}

int mm_write_cue(const struct mm_set_write *in, FILE *out, struct mm_error *err)
{
    if (in->set->n > CUE_TRACKS)
        return mm_error_set(err, MM_ERR_LIMIT, "a CUE sheet has at most %d tracks, the set has %zu",
                            CUE_TRACKS, in->set->n);
    char *title = mm_set_title(in);
    int result = title ? 0 : mm_no_memory(err);
    put_cue(out, "", "TITLE", title ? title : "");
    if (in->rendered)
        put_cue_file(out, in->rendered);
    for (size_t i = 0; i < in->set->n && result == 0; i++) {
        struct mm_line_texts t;
        result = mm_line_texts_init(&t, in, i, err);
        if (result == 0)
            result = cue_track(in, i, &t, out, err);
        mm_line_texts_finish(&t);
    }
    free(title);
    return result < 0 ? result : mm_stream_check(out, err);
}
