/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays as numpy writes them. */
#include <math.h>
#include <stdlib.h>

#include "work/npy.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct mm_npy array;
    struct mm_error err = {0};
    int result = mm_npy_parse(data, size, &array, &err);
    if (result < 0 && !*err.message)
        abort();
    if (result < 0)
        return 0;
    if (array.rows == 0 || array.columns == 0 || array.columns > size)
        abort();
    float *row = malloc(array.columns * sizeof *row);
    for (size_t i = 0; row && i < array.rows && i < 16; i++)
        if (mm_npy_row(&array, i, row) && !isfinite(row[0]))
            abort();
    if (row)
        (void)mm_npy_row(&array, array.rows - 1, row);
    free(row);
    return 0;
}
