/* SPDX-License-Identifier: BSD-2-Clause */
/* set_work.h - what the two files that work on the page's sets share (doc/protocol.md). */
#ifndef VIEW_SET_WORK_H
#define VIEW_SET_WORK_H

#include <jansson.h>

#include "musicmap/catalog.h"
#include "musicmap/set.h"
#include "view/blob.h"

/* One thing to be done, as it was read. */
struct mm_set_work {
    struct mm_catalog *catalog;
    const struct mm_set_library *library;
    const json_t *json;
    const char *what; /* "make" */
    struct mm_set_rules *rules;
    uint32_t *way, *set; /* [n_way], [n_set] indices of the library */
    size_t n_way, n_set;
    double *line; /* [n_line][2] */
    struct mm_set_request request;
};

#define MM_SHAPES (MM_SHAPE_FILL + 1)
extern const char *const mm_set_shape_names[]; /* [MM_SHAPES], as enum mm_set_shape */

/* A member that is a string; NULL where it is none. */
const char *mm_set_work_text(const struct mm_set_work *t, const char *name);
/* The rules as text, with what was said beside them; heap, NULL when memory is out. */
char *mm_set_work_rules(const struct mm_set_work *t);
int mm_set_work_judge(const struct mm_set_work *t, const uint32_t *songs, size_t n,
                      struct mm_set **out, struct mm_error *err);
int mm_set_work_write(const struct mm_set_work *t, const struct mm_set *set, const char *name,
                      char **text, size_t *size, struct mm_error *err);
/* Takes root over; NULL = memory ran out. */
int mm_reply_json(json_t *root, struct mm_blob **out, struct mm_error *err);

/* ---- set_kept.c ---- */

int mm_set_work_keep(const struct mm_set_work *t, struct mm_blob **out, struct mm_error *err);
int mm_set_work_open(const struct mm_set_work *t, struct mm_blob **out, struct mm_error *err);

#endif
