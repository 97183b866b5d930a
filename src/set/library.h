/* SPDX-License-Identifier: BSD-2-Clause */
/* library.h - the songs as the search sees them: names as numbers, vectors of length one. */
#ifndef SET_LIBRARY_H
#define SET_LIBRARY_H

#include "musicmap/set.h"
#include "set/names.h"

/* What songs have in common: rules of separation and limits count these. */
enum mm_field {
    MM_FIELD_ARTIST,
    MM_FIELD_ALBUM,
    MM_FIELD_COUNTRY,
    MM_FIELD_SOURCE,
    MM_FIELD_GENRE,  /* its first */
    MM_FIELD_DECADE, /* 197 = the seventies */
    MM_FIELD_WORK,
    MM_FIELDS
};
extern const char *const mm_field_names[MM_FIELDS];

/* Values of a row that the first look at all songs uses: similar.c. */
#define MM_LEAD  ((size_t)32)
#define MM_LANES ((size_t)16)

struct mm_set_library {
    size_t n;
    size_t dim;
    struct mm_set_song *songs; /* [n] */
    char *strings;             /* all their texts, one behind the other */
    const char **genres;       /* all their lists */
    char **countries;          /* [n_countries] */
    size_t n_countries;
    float *rows;                /* [n][dim] of length 1, or all 0 */
    float *intros, *outros;     /* [n][dim] likewise, or NULL */
    float *lead;                /* [n / MM_LANES + 1][MM_LEAD][MM_LANES] first values of the rows */
    float *rest;                /* [n] length of what lead leaves out */
    float *rank;                /* [n] 0..1, place of the intensity among all; 0.5 = not measured */
    uint32_t *field[MM_FIELDS]; /* [n] number; MM_SET_NONE = not known, shared by nobody */
    struct mm_intern names[MM_FIELDS]; /* folded; of ARTIST, ALBUM, COUNTRY, SOURCE, GENRE, WORK */
    uint32_t *genre_first;             /* [n + 1] */
    uint32_t *genre_ids;               /* [genre_first[n]] numbers in names[MM_FIELD_GENRE] */
    uint32_t *by_id;                   /* [n] indices in order of id */
    char hash[65];
};

static inline const float *mm_set_row(const struct mm_set_library *library, size_t i)
{
    return library->rows + i * library->dim;
}

/* Fills lead and rest from rows. */
int mm_set_index_rows(struct mm_set_library *library, struct mm_error *err);

/* a . b, always added up in the same order. */
float mm_dot(const float *a, const float *b, size_t dim);

#endif
