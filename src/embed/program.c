/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and running programs: memory and order. What each operation does is in plan_ops.c and
 * run_ops.c. */
#include "embed/program.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/kernel/memory.h"
#include "embed/program_impl.h"

#define MAX_WORK_FLOATS ((size_t)64 << 20)

struct mm_program_work {
    float *floats;
};

int plan_reserve(struct plan *plan, size_t count, size_t *offset)
{
    struct mm_program *program = plan->program;
    if (count > MAX_WORK_FLOATS || program->work_floats + count > MAX_WORK_FLOATS - MM_LANES)
        return mm_error_set(plan->err, MM_ERR_LIMIT, "the network needs more than %zu MB to run",
                            MAX_WORK_FLOATS * sizeof(float) >> 20);
    *offset = program->work_floats;
    program->work_floats += (count + MM_LANES - 1) / MM_LANES * MM_LANES;
    return 0;
}

/* Copies the graph's constants of floats, which become operands. */
static int take_constants(struct plan *plan)
{
    struct mm_program *program = plan->program;
    const struct mm_graph *graph = plan->graph;
    program->constants = mm_calloc3(graph->n_values, sizeof *program->constants, 1);
    if (!program->constants)
        return mm_no_memory(plan->err);
    program->n_constants = graph->n_values;
    for (size_t i = 0; i < graph->n_values; i++) {
        const struct mm_value *value = &graph->values[i];
        if (value->kind != MM_VALUE_FLOATS)
            continue;
        size_t count = mm_shape_count(&value->shape);
        program->constants[i] = mm_floats_alloc(count);
        if (!program->constants[i])
            return mm_no_memory(plan->err);
        memcpy(program->constants[i], value->floats, count * sizeof(float));
        program->bytes += count * sizeof(float);
        plan->operands[i] =
            (struct operand){.constant = program->constants[i], .shape = value->shape};
    }
    return 0;
}

/* Who reads each value; SIZE_MAX when that are none or several, or the caller does. */
static void find_consumers(struct plan *plan)
{
    const struct mm_graph *graph = plan->graph;
    for (size_t v = 0; v < graph->n_values; v++) {
        size_t readers = v == graph->output;
        plan->consumer[v] = SIZE_MAX;
        for (size_t n = 0; n < graph->n_nodes; n++)
            for (size_t i = 0; i < graph->nodes[n].n_inputs; i++)
                if (graph->nodes[n].inputs[i] == v) {
                    readers++;
                    plan->consumer[v] = n;
                }
        if (readers != 1)
            plan->consumer[v] = SIZE_MAX;
    }
}

static int plan_steps(struct plan *plan)
{
    struct mm_program *program = plan->program;
    const struct mm_graph *graph = plan->graph;
    program->steps = mm_calloc3(graph->n_nodes, sizeof *program->steps, 1);
    if (!program->steps)
        return mm_no_memory(plan->err);
    for (size_t i = 0; i < graph->n_nodes; i++) {
        if (plan->joined[i])
            continue;
        /* The step is counted before it is planned, so that destroying releases half a plan. */
        struct step *step = &program->steps[program->n_steps++];
        int result = plan_node(plan, i, step);
        if (result < 0)
            return result;
        if (!step->run)
            program->n_steps--;
    }
    return 0;
}

static int make_plan(struct plan *plan, const struct mm_shape *input)
{
    struct mm_program *program = plan->program;
    const struct mm_graph *graph = plan->graph;
    int result = take_constants(plan);
    if (result < 0)
        return result;
    program->input.shape = *input;
    size_t count = mm_shape_count(input);
    if (count == 0)
        return mm_error_set(plan->err, MM_ERR_USAGE, "no input of this shape");
    result = plan_reserve(plan, count, &program->input.offset);
    if (result < 0)
        return result;
    plan->operands[graph->input] = program->input;
    find_consumers(plan);
    result = plan_steps(plan);
    if (result < 0)
        return result;
    program->output = plan->operands[graph->output];
    program->bytes += graph->n_nodes * sizeof *program->steps;
    return 0;
}

int mm_program_create(const struct mm_graph *graph, const struct mm_shape *input,
                      const struct mm_kernels *kernels, struct mm_program **out,
                      struct mm_error *err)
{
    *out = NULL;
    struct plan plan = {.graph = graph, .kernels = kernels, .err = err};
    plan.program = calloc(1, sizeof *plan.program);
    plan.operands = mm_calloc3(graph->n_values, sizeof *plan.operands, 1);
    plan.consumer = mm_calloc3(graph->n_values, sizeof *plan.consumer, 1);
    plan.joined = mm_calloc3(graph->n_nodes, sizeof *plan.joined, 1);
    int result;
    if (!plan.program || !plan.operands || !plan.consumer || !plan.joined)
        result = mm_no_memory(err);
    else
        result = make_plan(&plan, input);
    free(plan.joined);
    free(plan.consumer);
    free(plan.operands);
    if (result < 0)
        mm_program_destroy(plan.program);
    else
        *out = plan.program;
    return result;
}

static void finish_step(struct step *step)
{
    if (step->run == run_conv) {
        mm_conv_destroy(step->conv.conv);
    } else if (step->run == run_norm) {
        free(step->norm.scale);
        free(step->norm.shift);
    }
}

void mm_program_destroy(struct mm_program *program)
{
    if (!program)
        return;
    for (size_t i = 0; i < program->n_steps; i++)
        finish_step(&program->steps[i]);
    free(program->steps);
    for (size_t i = 0; i < program->n_constants; i++)
        free(program->constants[i]);
    free(program->constants);
    free(program);
}

const struct mm_shape *mm_program_output(const struct mm_program *program)
{
    return &program->output.shape;
}

size_t mm_program_bytes(const struct mm_program *program)
{
    return program->bytes + sizeof *program;
}

size_t mm_program_work_bytes(const struct mm_program *program)
{
    return program->work_floats * sizeof(float);
}

int mm_program_work_create(const struct mm_program *program, struct mm_program_work **out,
                           struct mm_error *err)
{
    *out = NULL;
    struct mm_program_work *work = calloc(1, sizeof *work);
    if (!work)
        return mm_no_memory(err);
    work->floats = mm_floats_alloc(program->work_floats);
    if (!work->floats) {
        free(work);
        return mm_no_memory(err);
    }
    *out = work;
    return 0;
}

void mm_program_work_destroy(struct mm_program_work *work)
{
    if (!work)
        return;
    free(work->floats);
    free(work);
}

void mm_program_run(const struct mm_program *program, struct mm_program_work *work, const float *in,
                    float *out)
{
    const struct operand *output = &program->output;
    memcpy(work->floats + program->input.offset, in,
           mm_shape_count(&program->input.shape) * sizeof *in);
    for (size_t i = 0; i < program->n_steps; i++)
        program->steps[i].run(&program->steps[i], work->floats);
    memcpy(out, output->constant ? output->constant : work->floats + output->offset,
           mm_shape_count(&output->shape) * sizeof *out);
}
