/* SPDX-License-Identifier: BSD-2-Clause */
/* write.h - what the writers of files share. */
#ifndef SET_WRITE_H
#define SET_WRITE_H

#include "base/text.h"
#include "musicmap/set.h"

/* What one line of a file says about item i. Heap strings, never NULL: clean UTF-8 without control
 * characters, so that no title can end a line or a file. */
struct mm_line_texts {
    const struct mm_set_song *song;
    const struct mm_set_item *item;
    char *title;  /* the file's name for a song without one */
    char *artist; /* "" = not known */
    char *album;
    char *genre;
};
int mm_line_texts_init(struct mm_line_texts *texts, const struct mm_set_write *in, size_t i,
                       struct mm_error *err);
void mm_line_texts_finish(struct mm_line_texts *texts);

char *mm_set_title(const struct mm_set_write *in); /* clean; NULL when memory is out */

/* The song's path as a playlist in in->folder names it, bytes with \n and \r replaced; NULL: it has
 * no file ("" stands for none) or memory is out (*failed). */
char *mm_set_path(const struct mm_set_write *in, const struct mm_set_song *song, bool *failed);
/* The same as a URI reference, percent-encoded; absolute ones begin with file://. */
char *mm_set_uri(const struct mm_set_write *in, const struct mm_set_song *song, bool *failed);

/* "2026-10-01T20:03:33", local time without zone, of second s of the set; "20:03:33" when its day
 * is not known, "" when it has no time. */
void mm_set_time(const struct mm_set *set, double s, char out[32]);

/* MM_ERR_IO when the stream failed. */
int mm_stream_check(FILE *out, struct mm_error *err);

int mm_write_m3u8(const struct mm_set_write *in, FILE *out, struct mm_error *err);
int mm_write_xspf(const struct mm_set_write *in, FILE *out, struct mm_error *err);
int mm_write_jspf(const struct mm_set_write *in, FILE *out, struct mm_error *err);
int mm_write_json(const struct mm_set_write *in, FILE *out, struct mm_error *err);
int mm_write_cue(const struct mm_set_write *in, FILE *out, struct mm_error *err);
int mm_write_spinitron(const struct mm_set_write *in, FILE *out, struct mm_error *err);
int mm_write_soundexchange(const struct mm_set_write *in, FILE *out, struct mm_error *err);
int mm_write_text(const struct mm_set_write *in, FILE *out, struct mm_error *err);

#endif
