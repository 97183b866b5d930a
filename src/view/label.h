/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * label.h - where the names of countries go on the raster: as large as the country's room allows,
 * never over one another.
 *
 * All in units of the raster: node (i, j) is at i, j. Pure; deterministic.
 */
#ifndef VIEW_LABEL_H
#define VIEW_LABEL_H

#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

#define MM_LABEL_SHAPES 3
#define MM_LABEL_SEA    UINT32_MAX

struct mm_label_shape {
    double w, h; /* of the box at letter size 1; 0 = there is no such shape */
};

/* What is to be placed for one country. */
struct mm_label_want {
    struct mm_label_shape shapes[MM_LABEL_SHAPES]; /* the name on one line, on two, on three */
    struct mm_label_shape number;                  /* stands for a name that has no room */
};

struct mm_label_raster {
    size_t w, h;
    const uint32_t *country; /* [h][w]; MM_LABEL_SEA where there is none */
    size_t n_countries;
    double least, most;    /* letter sizes allowed */
    double x0, y0, x1, y1; /* labels stay within */
};

enum mm_label_form { MM_LABEL_AS_NOTHING, MM_LABEL_AS_NAME, MM_LABEL_AS_NUMBER };
struct mm_label {
    enum mm_label_form kind;
    int shape;   /* of a name */
    double size; /* of the letters */
    double x, y; /* the middle of the box */
    double w, h;
};

/* The largest connected piece of a country. */
struct mm_label_piece {
    uint32_t country;
    size_t area;           /* nodes; 0 = it is nowhere */
    size_t x0, y0, x1, y1; /* bounds, the last ones included */
    double x, y;           /* centre of mass */
};
/* largest: [n_countries]. < 0: out of memory. */
int mm_label_pieces(const struct mm_label_raster *raster, struct mm_label_piece *largest);

/* wants, labels: [n_countries]. A country that is nowhere on the raster gets MM_LABEL_AS_NOTHING.
 */
int mm_label_place(const struct mm_label_raster *raster, const struct mm_label_want *wants,
                   struct mm_label *labels, struct mm_error *err);

#endif
