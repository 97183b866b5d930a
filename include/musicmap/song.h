/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * song.h - what the rooms say to one another about a song: its tags and its measures.
 *
 * Strings are UTF-8 without control characters, owned by the struct and released by
 * mm_tags_finish(); NULL means "not known".
 */
#ifndef MUSICMAP_SONG_H
#define MUSICMAP_SONG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mm_tags {
    char *title;
    char *artist;
    char *album;
    char *album_artist;
    char *isrc;           /* 12 characters, upper case, no hyphens */
    char *musicbrainz_id; /* recording id, lower-case UUID */
    char **genres;        /* in the order of the file, no duplicates */
    size_t n_genres;
    int year;  /* 0 = unknown */
    int track; /* 0 = unknown */
    int disc;  /* 0 = unknown */
};

/* Releases what tags owns and zeroes it. NULL is allowed. */
void mm_tags_finish(struct mm_tags *tags);

/* Appends a genre unless it is there already (compared without case). 0 or MM_ERR_NO_MEMORY. */
int mm_tags_add_genre(struct mm_tags *tags, const char *genre);

/*
 * Cuts one genre tag that names several ("Jazz; Latin/Bossa, Chill", NUL-separated ID3v2.4 values)
 * at ; / , and NUL and adds each. length counts bytes, NULs included.
 */
int mm_tags_split_genres(struct mm_tags *tags, const char *text, size_t length);

enum mm_mode { MM_MODE_MINOR = 0, MM_MODE_MAJOR = 1 };

/* What is measured once per song, from the excerpt (or all) of it. */
struct mm_measure {
    double excerpt_start_s; /* where the analysed part begins */
    double excerpt_length_s;
    double onset_s;          /* a telling moment to start listening at, from the file's start */
    double loudness_lufs;    /* EBU R 128 integrated; -HUGE_VAL when there is only silence */
    double peak_dbfs;        /* sample peak, or true peak when that was asked for */
    double tempo_bpm;        /* 0 = no pulse found */
    double tempo_confidence; /* 0..1 */
    int key;                 /* 0 = C, 1 = C sharp ... 11 = B; -1 = none found */
    enum mm_mode mode;
    double key_confidence; /* 0..1 */
    double intensity;      /* 0..1, formula in src/audio/intensity.c */
};

/* "C", "F#m", ... of key and mode; "" for key -1. Static string. */
const char *mm_key_name(int key, enum mm_mode mode);

#endif
