/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/csv.h"

#include <errno.h>
#include <stdbool.h>

#include "base/array.h"

void mm_csv_init(struct mm_csv *csv, FILE *stream, char separator)
{
    *csv = (struct mm_csv){.stream = stream, .separator = separator, .next_line = 1};
}

void mm_csv_finish(struct mm_csv *csv)
{
    mm_text_finish(&csv->bytes);
    free(csv->starts);
    *csv = (struct mm_csv){0};
}

const char *mm_csv_cell(const struct mm_csv *csv, size_t i)
{
    return i < csv->n_cells ? csv->bytes.data + csv->starts[i] : "";
}

static int begin_cell(struct mm_csv *csv, struct mm_error *err)
{
    if (csv->n_cells == MM_CSV_MAX_CELLS)
        return mm_error_set(err, MM_ERR_LIMIT, "line %zu has more than %d cells", csv->line,
                            MM_CSV_MAX_CELLS);
    if (mm_array_reserve(&csv->starts, &csv->capacity, csv->n_cells + 1) < 0)
        return mm_no_memory(err);
    csv->starts[csv->n_cells++] = csv->bytes.length;
    return 0;
}

static int add(struct mm_csv *csv, int c, struct mm_error *err)
{
    if (csv->bytes.length >= MM_CSV_MAX_ROW)
        return mm_error_set(err, MM_ERR_LIMIT, "the row that begins on line %zu does not end",
                            csv->line);
    char byte = (char)c;
    mm_text_add_bytes(&csv->bytes, &byte, 1);
    return csv->bytes.failed ? mm_no_memory(err) : 0;
}

/* The rest of a quoted cell, up to and without the quote that ends it (or the end of the file). */
static int read_quoted(struct mm_csv *csv, struct mm_error *err)
{
    int result = 0;
    for (int c; result == 0 && (c = getc(csv->stream)) != EOF;) {
        if (c == '"') {
            int after = getc(csv->stream);
            if (after != '"') {
                ungetc(after, csv->stream);
                return 0;
            }
        }
        csv->next_line += c == '\n';
        result = add(csv, c, err);
    }
    return result;
}

/* One row; *end = the file ended where a row would have begun. */
static int read_row(struct mm_csv *csv, bool *end, struct mm_error *err)
{
    csv->bytes.length = 0;
    csv->n_cells = 0;
    csv->line = csv->next_line;
    int result = begin_cell(csv, err);
    bool fresh = true; /* nothing of this cell was read yet */
    bool any = false;
    while (result == 0) {
        int c = getc(csv->stream);
        if (c == EOF || c == '\n' || c == '\r') {
            *end = c == EOF && !any;
            if (c == '\r' && (c = getc(csv->stream)) != '\n')
                ungetc(c, csv->stream);
            csv->next_line++;
            return add(csv, '\0', err);
        }
        any = true;
        if (c == csv->separator) {
            if ((result = add(csv, '\0', err)) == 0)
                result = begin_cell(csv, err);
            fresh = true;
        } else if (c == '"' && fresh) {
            result = read_quoted(csv, err);
            fresh = false;
        } else {
            result = add(csv, c, err);
            fresh = false;
        }
    }
    return result;
}

int mm_csv_next(struct mm_csv *csv, struct mm_error *err)
{
    bool end = false;
    int result;
    do {
        result = read_row(csv, &end, err);
        if (result < 0)
            return result;
        if (ferror(csv->stream))
            return mm_error_errno(err, errno, "cannot read on line %zu", csv->line);
    } while (!end && csv->n_cells == 1 && !*mm_csv_cell(csv, 0));
    return end ? 0 : 1;
}
