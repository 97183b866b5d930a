/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "musicmap/store.h"

int mm_files_kernels(const struct mm_embed_settings *settings, const struct mm_kernels **out,
                     struct mm_error *err)
{
    const char *name = settings->cpu ? settings->cpu : mm_kernels_named();
    *out = name ? mm_kernels_find(name) : mm_kernels_best();
    if (*out)
        return 0;
    struct mm_text names = {0};
    size_t count;
    const struct mm_kernels *const *all = mm_kernels_all(&count);
    for (size_t i = 0; i < count; i++)
        if (all[i]->usable())
            mm_text_addf(&names, "%s%s", names.length ? ", " : "", all[i]->name);
    int result = mm_error_set(err, MM_ERR_USAGE, "this machine has no kernels \"%s\", only %s",
                              name, names.data ? names.data : "");
    mm_text_finish(&names);
    return result;
}

/* File `index` in the folder of the first one. */
static char *beside(const char *first, const struct mm_model_file *files, size_t index)
{
    if (index == 0)
        return mm_strdup(first);
    size_t length = (size_t)(mm_path_name(first) - first);
    return mm_format("%.*s%s", (int)length, first, files[index].name);
}

int mm_files_find(const struct mm_model *model, const struct mm_embed_settings *settings,
                  size_t index, char **out, struct mm_error *err)
{
    *out = NULL;
    char *path = NULL;
    if (settings->weights) {
        path = beside(settings->weights, model->files, index);
        if (!path)
            return mm_no_memory(err);
    } else {
        int result = mm_store_path(&model->files[index], &path, err);
        if (result < 0)
            return result;
    }
    if (access(path, R_OK) == 0) {
        *out = path;
        return 0;
    }
    if (settings->weights)
        mm_error_set(err, MM_ERR_NOT_FOUND, "%s is needed by %s and cannot be read", path,
                     model->name);
    else
        mm_error_set(err, MM_ERR_NOT_FOUND,
                     "the model %s is not installed (%s is missing): \"musicmap model fetch %s\" "
                     "gets it",
                     model->name, model->files[index].name, model->name);
    free(path);
    return MM_ERR_NOT_FOUND;
}

int mm_files_keep(const struct mm_model_file *file, const char *bytes, size_t count,
                  struct mm_error *err)
{
    char *folder = NULL;
    char *path = NULL;
    int result = mm_store_folder(&folder, err);
    if (result == 0)
        result = mm_file_make_folder(folder, err);
    if (result == 0)
        result = mm_store_path(file, &path, err);
    if (result == 0)
        result = mm_file_write(path, bytes, count, err);
    free(path);
    free(folder);
    return result;
}

int mm_files_hash(const struct mm_model *model, const struct mm_embed_settings *settings,
                  char out[MM_FILES_HASH], struct mm_error *err)
{
    struct mm_text all = {0};
    unsigned char hash[MM_HASH_SIZE];
    char hex[2 * MM_HASH_SIZE + 1];
    int result = 0;
    for (size_t i = 0; result == 0 && i < model->n_files; i++) {
        char *path = NULL;
        char *bytes = NULL;
        size_t count = 0;
        result = mm_files_find(model, settings, i, &path, err);
        if (result == 0)
            result = mm_file_read(path, mm_weights_limits_default.file_bytes, &bytes, &count, err);
        if (result == 0)
            result = mm_hash_bytes(bytes, count, hash, err);
        mm_text_add_bytes(&all, hash, sizeof hash);
        free(bytes);
        free(path);
    }
    if (result == 0 && all.failed)
        result = mm_no_memory(err);
    if (result == 0)
        result = mm_hash_bytes(all.data, all.length, hash, err);
    mm_text_finish(&all);
    if (result < 0)
        return result;
    mm_hash_hex(hash, hex);
    memcpy(out, hex, MM_FILES_HASH - 1);
    out[MM_FILES_HASH - 1] = '\0';
    return 0;
}

int mm_files_keras(const struct mm_embed_settings *settings, const char *path,
                   struct mm_weights *out, struct mm_error *err)
{
    *out = (struct mm_weights){0};
    if (!settings->read_weights)
        return mm_weights_read_keras(path, &mm_weights_limits_default, out, err);
    struct mm_bytes flat = {0};
    int result = settings->read_weights(settings->read_weights_ctx, path, &flat, err);
    if (result == 0)
        result = mm_weights_unpack(flat.data, flat.size, &mm_weights_limits_default, out, err);
    mm_bytes_finish(&flat);
    return result;
}

int mm_embed_read_weights(const char *path, struct mm_bytes *out, struct mm_error *err)
{
    *out = (struct mm_bytes){0};
    struct mm_weights weights;
    int result = mm_weights_read_keras(path, &mm_weights_limits_default, &weights, err);
    if (result < 0)
        return result;
    result = mm_weights_pack(&weights, &out->data, &out->size, err);
    mm_weights_finish(&weights);
    return result;
}
