/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * csv.h - rows of comma- (or tab-, semicolon-) separated values, RFC 4180 and what people write:
 * cells in quotes hold the separator, doubled quotes and line ends; lines end in LF, CRLF or CR;
 * the last line need not. One row is in memory at a time.
 */
#ifndef SOURCE_CSV_H
#define SOURCE_CSV_H

#include <stdio.h>

#include "base/text.h"
#include "musicmap/error.h"

#define MM_CSV_MAX_ROW   ((size_t)16 << 20) /* bytes */
#define MM_CSV_MAX_CELLS 4096

struct mm_csv {
    FILE *stream; /* the caller's */
    char separator;
    size_t line; /* number of the line the current row begins on, from 1 */
    size_t next_line;
    struct mm_text bytes; /* the row's cells, each with a NUL behind */
    size_t *starts;       /* [n_cells] offsets into bytes */
    size_t n_cells;
    size_t capacity;
};
void mm_csv_init(struct mm_csv *csv, FILE *stream, char separator);
void mm_csv_finish(struct mm_csv *csv);

/* 1 = a row (never an empty line), 0 = the end. MM_ERR_LIMIT: a row is too large. */
int mm_csv_next(struct mm_csv *csv, struct mm_error *err);

/* Cell i of the row, "" behind the last; valid until the next row. A NUL ends it early. */
const char *mm_csv_cell(const struct mm_csv *csv, size_t i);

#endif
