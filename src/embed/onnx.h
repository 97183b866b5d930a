/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * onnx.h - reads ONNX files (https://onnx.ai, opsets 7 to 18) of small networks into graphs.
 *
 * One input and one output of 32-bit floats; constants of 32-bit floats and 64-bit integers, inside
 * the file. An operation or attribute that does not exist here is named in the error
 * (MM_ERR_UNSUPPORTED). Nesting depth and sizes are checked before the file is parsed, and parsing
 * takes no more memory than limit_bytes.
 *
 * Threads: the calls share nothing.
 */
#ifndef EMBED_ONNX_H
#define EMBED_ONNX_H

#include "embed/graph.h"

#define MM_ONNX_LIMIT ((size_t)256 << 20)

/* mm_graph_finish(). MM_ERR_INPUT: not an ONNX file, damaged, or it contradicts itself. */
int mm_onnx_read(const char *path, size_t limit_bytes, struct mm_graph *out, struct mm_error *err);
int mm_onnx_parse(const void *bytes, size_t size, size_t limit_bytes, struct mm_graph *out,
                  struct mm_error *err);

#endif
