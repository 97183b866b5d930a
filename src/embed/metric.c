/* SPDX-License-Identifier: BSD-2-Clause */
#include "musicmap/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/packed.h"
#include "embed/timbre.h"
#include "embed/weights_data.h"

#define LIMIT 6.0F /* deviations, beyond which a value says no more */

enum { MEAN, INVERSE, PROJECTION, ARRAYS };

struct mm_metric {
    struct mm_packed array[ARRAYS]; /* [dim], [dim] 1 / deviation, [dim in][dim out] */
};

int mm_metric_create(const char *model, size_t dim, struct mm_metric **out, struct mm_error *err)
{
    static const mm_packed_shape shapes[ARRAYS] = {
        {MM_TIMBRE_DIM}, {MM_TIMBRE_DIM}, {MM_TIMBRE_DIM, MM_TIMBRE_DIM}};
    *out = NULL;
    if (strcmp(model, "timbre") != 0 || dim != MM_TIMBRE_DIM)
        return 0;
    struct mm_metric *metric = calloc(1, sizeof *metric);
    if (!metric)
        return mm_no_memory(err);
    /* cppcheck-suppress comparePointers ; the linker's names for both ends of one object */
    size_t size = (size_t)(mm_metric_weights_end - mm_metric_weights);
    int result = mm_packed_read(mm_metric_weights, size, shapes, ARRAYS, metric->array, err);
    if (result < 0)
        mm_metric_destroy(metric);
    else
        *out = metric;
    return result;
}

void mm_metric_destroy(struct mm_metric *metric)
{
    if (!metric)
        return;
    mm_packed_finish(metric->array, ARRAYS);
    free(metric);
}

const char *mm_metric_version(const struct mm_metric *metric)
{
    (void)metric;
    return mm_metric_weights_version;
}

void mm_metric_apply(const struct mm_metric *metric, const float *rows, size_t count, float *out,
                     size_t stride)
{
    const float *mean = metric->array[MEAN].values;
    const float *inverse = metric->array[INVERSE].values;
    for (size_t row = 0; row < count; row++, rows += MM_TIMBRE_DIM, out += stride) {
        const float *direction = metric->array[PROJECTION].values;
        memset(out, 0, MM_TIMBRE_DIM * sizeof *out);
        for (size_t i = 0; i < MM_TIMBRE_DIM; i++, direction += MM_TIMBRE_DIM) {
            float value = fminf(fmaxf((rows[i] - mean[i]) * inverse[i], -LIMIT), LIMIT);
            for (size_t j = 0; j < MM_TIMBRE_DIM; j++)
                out[j] += value * direction[j];
        }
    }
}
