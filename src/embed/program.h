/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program.h - a graph made ready to run for one shape of input.
 *
 *     struct mm_shape shape = {3, {1, 187, 96}};
 *     mm_program_create(&graph, &shape, mm_kernels_best(), &program, err);
 *     mm_program_work_create(program, &work, err);
 *     mm_program_run(program, work, patch, vector);
 *
 * Making it works out every shape, joins a convolution with the relu, batch norm and pooling behind
 * it and lays out all memory; running it then allocates nothing. The graph is not needed any more
 * afterwards.
 *
 * Threads: a program is read-only once made and shared; every thread has a work space of its own.
 */
#ifndef EMBED_PROGRAM_H
#define EMBED_PROGRAM_H

#include "embed/graph.h"
#include "embed/kernel/conv.h"

struct mm_program;

/* MM_ERR_INPUT: shapes that do not fit together, by the name of the node; MM_ERR_UNSUPPORTED: a
 * node in a form that does not exist here; MM_ERR_LIMIT: too much memory. */
int mm_program_create(const struct mm_graph *graph, const struct mm_shape *input,
                      const struct mm_kernels *kernels, struct mm_program **out,
                      struct mm_error *err);
void mm_program_destroy(struct mm_program *program);
const struct mm_shape *mm_program_output(const struct mm_program *program);
size_t mm_program_bytes(const struct mm_program *program); /* of the program itself */

struct mm_program_work;
int mm_program_work_create(const struct mm_program *program, struct mm_program_work **out,
                           struct mm_error *err);
void mm_program_work_destroy(struct mm_program_work *work);
size_t mm_program_work_bytes(const struct mm_program *program);

/* in and out have the shapes given and found when the program was made. */
void mm_program_run(const struct mm_program *program, struct mm_program_work *work, const float *in,
                    float *out);

#endif
