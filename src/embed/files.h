/* SPDX-License-Identifier: BSD-2-Clause */
/* files.h - what every model with weight files does first: find them, hash them, read them. */
#ifndef EMBED_FILES_H
#define EMBED_FILES_H

#include "embed/kernel/conv.h"
#include "embed/weights.h"
#include "musicmap/embed.h"

/* The kernels that settings ask for. MM_ERR_USAGE: no such ones, or not on this processor. */
int mm_files_kernels(const struct mm_embed_settings *settings, const struct mm_kernels **out,
                     struct mm_error *err);

/*
 * Path of file number `index` of the model: beside settings->weights, which names the first one, or
 * where it is installed. *out: free(). MM_ERR_NOT_FOUND, with what to do, when it is not there.
 */
int mm_files_find(const struct mm_model *model, const struct mm_embed_settings *settings,
                  size_t index, char **out, struct mm_error *err);

/* Writes it, whole or not at all, to where mm_files_find() looks for it when nothing else is said.
 */
int mm_files_keep(const struct mm_model_file *file, const char *bytes, size_t count,
                  struct mm_error *err);

#define MM_FILES_HASH 17 /* 16 hexadecimal digits and a NUL */
/* Tells the content of all the model's files from any other: part of SHA-256. */
int mm_files_hash(const struct mm_model *model, const struct mm_embed_settings *settings,
                  char out[MM_FILES_HASH], struct mm_error *err);

/* Reads a Keras file, in a helper process when settings have one. mm_weights_finish(). */
int mm_files_keras(const struct mm_embed_settings *settings, const char *path,
                   struct mm_weights *out, struct mm_error *err);

#endif
