/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.h - the weight files of models: where they live, getting them there, proving them right.
 *
 * A file is installed when it lies in the store's folder under the name its row in the table gives.
 * It only gets there whole and with the right checksum, by a rename; nothing here deletes one.
 *
 * Threads: every call is self-contained and may run beside others.
 */
#ifndef MUSICMAP_STORE_H
#define MUSICMAP_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "embed.h"
#include "error.h"
#include "progress.h"

/* $MUSICMAP_MODELS, else $XDG_DATA_HOME/musicmap/models, else ~/.local/share/musicmap/models.
 * *out: free(). MM_ERR_NOT_FOUND when the environment names no home. */
int mm_store_folder(char **out, struct mm_error *err);

/* Where this file lies once it is installed, whether it does or not. *out: free(). */
int mm_store_path(const struct mm_model_file *file, char **out, struct mm_error *err);

/* All files of the model are there (always true of a built-in one). Says nothing of their content.
 */
bool mm_store_has(const struct mm_model *model);

/* A model that is always there: made by hand, no weights. */
#define MM_MODEL_BUILT_IN "timbre"

/* What is embedded with when nobody says and nothing was downloaded: both parts are built in. A
 * library that has all parts of it is mapped by it when nobody says. */
#define MM_MODEL_JOIN "mm1+timbre"

/* The model, or join of models, to embed with when nobody says: OpenL3 once it is installed, else
 * MM_MODEL_JOIN. */
const char *mm_model_default(void);

/* 0 when the content of path has the file's checksum, MM_ERR_INPUT when it has another. */
int mm_store_verify(const char *path, const struct mm_model_file *file, struct mm_error *err);

/*
 * Copies a file that the user brought into the store. What it is, is told by its content: *file is
 * the entry of the table whose checksum fits. MM_ERR_UNSUPPORTED when it is none of them.
 */
int mm_store_install(const char *path, const struct mm_model_file **file, struct mm_error *err);

struct mm_fetch_report {
    size_t files;   /* fetched now */
    size_t present; /* were there already and are right */
    size_t bytes;   /* received */
};
/*
 * Gets the model's missing files from where its row says. A download that was cut goes on where it
 * stopped; a file with another checksum is not installed (MM_ERR_INPUT) and nothing is left of it.
 * Progress counts the bytes of the file in hand.
 */
int mm_store_fetch(const struct mm_model *model, const struct mm_progress *progress,
                   struct mm_fetch_report *report, struct mm_error *err);

/* ---- does it compute what it should ---- */

enum mm_check_state { MM_CHECK_RIGHT, MM_CHECK_WRONG, MM_CHECK_NOT_DONE };
struct mm_model_check {
    char name[64]; /* "files", "finite", "repeatable", "reference ..." */
    enum mm_check_state state;
    char detail[192]; /* figures, or why it was not done */
};
#define MM_MODEL_CHECKS 8

/* The sound that a model's authors test with, and what they get. */
struct mm_model_reference {
    const float *samples; /* at the model's rate */
    size_t n_samples;
    const float
        *embedding; /* [windows][dim]; NULL = not at hand, the built-in figures have to do */
    size_t n_values;
};
/* Are there figures of the authors for this model and front end? */
bool mm_model_has_reference(const struct mm_embed_settings *settings);

/*
 * Loads the model as settings say and proves it: files as published, finite values, the same values
 * however samples arrive, and the authors' figures where there are any and reference (may be NULL)
 * has their sound. *count gets how many checks were written. 0 also when some are MM_CHECK_WRONG;
 * an error when the model cannot be loaded.
 */
int mm_model_check(const struct mm_embed_settings *settings,
                   const struct mm_model_reference *reference,
                   struct mm_model_check checks[MM_MODEL_CHECKS], size_t *count,
                   struct mm_error *err);

#endif
