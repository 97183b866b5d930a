/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write_tables.c - tables for people who report what was played: CSV (RFC 4180: CRLF, quoted
 * cells) and plain text. A cell that begins with = + - @ would be a formula in a spreadsheet: an
 * apostrophe goes in front of it, as spreadsheets write text themselves.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "set/bent.h"
#include "set/write.h"

static void put_cell(FILE *out, const char *text, bool last)
{
    bool formula = *text && strchr("=+-@", *text);
    bool quote = formula || strpbrk(text, ",\"\r\n\t;") || *text == ' ';
    if (quote)
        fputc('"', out);
    if (formula)
        fputc('\'', out);
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            fputc('"', out);
        fputc(*p, out);
    }
    if (quote)
        fputc('"', out);
    fputs(last ? "\r\n" : ",", out);
}

static void put_number(FILE *out, long long value, bool last)
{
    fprintf(out, "%lld%s", value, last ? "\r\n" : ",");
}

/* Calls put for every item with its texts. */
static int each_item(const struct mm_set_write *in, FILE *out,
                     void (*put)(const struct mm_set_write *in, const struct mm_line_texts *t,
                                 FILE *out),
                     struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < in->set->n && result == 0; i++) {
        struct mm_line_texts t;
        result = mm_line_texts_init(&t, in, i, err);
        if (result == 0)
            put(in, &t, out);
        mm_line_texts_finish(&t);
    }
    return result < 0 ? result : mm_stream_check(out, err);
}

/* ---- Spinitron ---- */

static void put_spin(const struct mm_set_write *in, const struct mm_line_texts *t, FILE *out)
{
    char at[32];
    char year[16] = "";
    mm_set_time(in->set, t->item->start_s, at);
    if (t->song->year > 0)
        snprintf(year, sizeof year, "%d", t->song->year);
    put_cell(out, at, false);
    put_number(out, llround(t->song->duration_s), false);
    put_cell(out, t->artist, false);
    put_cell(out, t->title, false);
    put_cell(out, t->album, false);
    put_cell(out, t->genre, false);
    put_cell(out, t->song->isrc ? t->song->isrc : "", false);
    put_cell(out, year, true);
}

int mm_write_spinitron(const struct mm_set_write *in, FILE *out, struct mm_error *err)
{
    fputs("start,duration,artist,song,release,genre,isrc,released\r\n", out);
    return each_item(in, out, put_spin, err);
}

/* ---- SoundExchange ---- */

static void put_use(const struct mm_set_write *in, const struct mm_line_texts *t, FILE *out)
{
    char *station =
        mm_text_clean_utf8(in->station ? in->station : "", in->station ? strlen(in->station) : 0);
    put_cell(out, station ? station : "", false);
    put_cell(out, "A", false); /* eligible nonsubscription transmission, not a music service's */
    put_cell(out, t->artist, false);
    put_cell(out, t->title, false);
    put_cell(out, t->song->isrc ? t->song->isrc : "", false);
    put_cell(out, t->album, false);
    put_cell(out, "", false); /* marketing label: not known to the library */
    put_number(out, 1, true);
    free(station);
}

int mm_write_soundexchange(const struct mm_set_write *in, FILE *out, struct mm_error *err)
{
    fputs("NAME_OF_SERVICE,TRANSMISSION_CATEGORY,FEATURED_ARTIST,SOUND_RECORDING_TITLE,ISRC,"
          "ALBUM_TITLE,MARKETING_LABEL,ACTUAL_TOTAL_PERFORMANCES\r\n",
          out);
    return each_item(in, out, put_use, err);
}

/* ---- plain text ---- */

/* The first-strong isolate of Unicode keeps a right-to-left title from turning its line around. */
static void put_isolated(FILE *out, const char *text)
{
    bool ascii = true;
    for (const char *p = text; *p; p++)
        ascii &= (unsigned char)*p < 0x80;
    fprintf(out, ascii ? "%s" : "\xE2\x81\xA8%s\xE2\x81\xA9", text);
}

static void put_air_line(const struct mm_set_write *in, const struct mm_line_texts *t, FILE *out)
{
    char *length = mm_clock(t->song->duration_s);
    if (in->set->has_start) {
        long s = (long)((in->set->start + llround(t->item->start_s)) % 86400);
        fprintf(out, "%02ld:%02ld:%02ld  ", s / 3600, s / 60 % 60, s % 60);
    } else {
        char *at = mm_clock(t->item->start_s);
        fprintf(out, "%8s  ", at ? at : "");
        free(at);
    }
    put_isolated(out, *t->artist ? t->artist : "(artist not known)");
    fputs(" - ", out);
    put_isolated(out, t->title);
    fprintf(out, "  (%s)\n", length ? length : "");
    free(length);
}

int mm_write_text(const struct mm_set_write *in, FILE *out, struct mm_error *err)
{
    char *title = mm_set_title(in);
    char *length = mm_clock(in->set->length_s);
    if (!title || !length) {
        free(title);
        free(length);
        return mm_no_memory(err);
    }
    fprintf(out, "%s\n%zu songs, %s\n\n", title, in->set->n, length);
    free(title);
    free(length);
    int result = each_item(in, out, put_air_line, err);
    for (size_t i = 0; i < in->set->n_bent && result == 0; i++) {
        const struct mm_set_bent *b = &in->set->bent[i];
        fprintf(out, "%s%s: %s; needed: %s\n", i ? "" : "\nBent rules\n", b->rule, b->what,
                b->needed);
    }
    return result < 0 ? result : mm_stream_check(out, err);
}
