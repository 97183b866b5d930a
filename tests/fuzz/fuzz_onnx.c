/* SPDX-License-Identifier: BSD-2-Clause */
/* An ONNX file, read, planned for an input and run. */
#include <stdint.h>
#include <stdlib.h>

#include "embed/onnx.h"
#include "embed/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define LIMIT     ((size_t)4 << 20) /* of the reader */
#define WORK_MOST ((size_t)1 << 20) /* larger programs are planned, not run */

static void plan(const struct mm_graph *graph, const struct mm_shape *shape)
{
    struct mm_error err = {0};
    struct mm_program *program;
    struct mm_program_work *work;
    if (mm_program_create(graph, shape, mm_kernels_best(), &program, &err) < 0)
        return;
    size_t outputs = mm_shape_count(mm_program_output(program));
    if (mm_program_work_bytes(program) <= WORK_MOST && outputs <= WORK_MOST / sizeof(float) &&
        mm_program_work_create(program, &work, &err) == 0) {
        float *in = calloc(mm_shape_count(shape), sizeof *in);
        float *out = calloc(outputs, sizeof *out);
        if (in && out)
            mm_program_run(program, work, in, out);
        free(out);
        free(in);
        mm_program_work_destroy(work);
    }
    mm_program_destroy(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct mm_shape shapes[] = {
        {3, {1, 7, 6}}, {2, {1, 20}}, {4, {1, 2, 9, 8}}, {2, {2, 3}}};
    struct mm_graph graph = {0};
    struct mm_error err = {0};
    if (mm_onnx_parse(bytes, size, LIMIT, &graph, &err) < 0)
        return 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        plan(&graph, &shapes[i]);
    mm_graph_finish(&graph);
    return 0;
}
