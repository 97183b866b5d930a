/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of CSV as tracks.csv has them: quoted line ends, lists in cells, anything. */
#include <stdlib.h>
#include <string.h>

#include "source/csv.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    FILE *stream = size > 1 ? fmemopen((void *)(data + 1), size - 1, "r") : NULL;
    if (!stream)
        return 0;
    struct mm_csv csv;
    struct mm_error err = {0};
    size_t line = 0;
    mm_csv_init(&csv, stream, ",\t;"[data[0] % 3]);
    while (mm_csv_next(&csv, &err) == 1) {
        if (csv.line <= line || csv.n_cells == 0)
            abort(); /* rows move on */
        line = csv.line;
        for (size_t i = 0; i <= csv.n_cells; i++)
            if (strlen(mm_csv_cell(&csv, i)) > size)
                abort();
    }
    mm_csv_finish(&csv);
    fclose(stream);
    return 0;
}
