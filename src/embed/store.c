/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of weight files: names, checksums, installing. */
#include "musicmap/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "embed/files.h"
#include "embed/weights.h"

int mm_store_folder(char **out, struct mm_error *err)
{
    const char *own = getenv("MUSICMAP_MODELS");
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (own && *own)
        *out = mm_strdup(own);
    else if (data && *data == '/')
        *out = mm_format("%s/musicmap/models", data);
    else if (home && *home)
        *out = mm_format("%s/.local/share/musicmap/models", home);
    else
        return mm_error_set(err, MM_ERR_NOT_FOUND,
                            "no folder for models: neither HOME nor MUSICMAP_MODELS is set");
    return *out ? 0 : mm_no_memory(err);
}

int mm_store_path(const struct mm_model_file *file, char **out, struct mm_error *err)
{
    char *folder;
    int result = mm_store_folder(&folder, err);
    if (result < 0)
        return result;
    *out = mm_path_join(folder, file->name);
    free(folder);
    return *out ? 0 : mm_no_memory(err);
}

bool mm_store_has(const struct mm_model *model)
{
    bool all = true;
    for (size_t i = 0; all && i < model->n_files; i++) {
        char *path = NULL;
        all = mm_store_path(&model->files[i], &path, NULL) == 0 && access(path, R_OK) == 0;
        free(path);
    }
    return all;
}

const char *mm_model_default(void)
{
    static const char best[] = "openl3-music-mel256-512";
    const struct mm_model *model = mm_model_find(best);
    return model && mm_store_has(model) ? best : MM_MODEL_JOIN;
}

/* Both names that a table can give to a file's content. */
struct identity {
    char sha256[7 + 2 * MM_HASH_SIZE + 1];  /* "sha256:..." */
    char git[4 + 2 * MM_HASH_GIT_SIZE + 1]; /* "git:..." */
};

static int identify(const void *bytes, size_t count, struct identity *out, struct mm_error *err)
{
    unsigned char sha256[MM_HASH_SIZE] = {0};
    unsigned char git[MM_HASH_GIT_SIZE] = {0};
    int result = mm_hash_bytes(bytes, count, sha256, err);
    if (result == 0)
        result = mm_hash_git_blob(bytes, count, git, err);
    if (result < 0)
        return result;
    memcpy(out->sha256, "sha256:", 7);
    mm_hash_hex(sha256, out->sha256 + 7);
    memcpy(out->git, "git:", 4);
    for (int i = 0; i < MM_HASH_GIT_SIZE; i++)
        snprintf(out->git + 4 + 2 * i, 3, "%02x", git[i]);
    return 0;
}

static bool is_that(const struct identity *identity, const struct mm_model_file *file)
{
    return strcmp(file->checksum, identity->sha256) == 0 ||
           strcmp(file->checksum, identity->git) == 0;
}

/* Reads a weight file whole and says what it is. *bytes: free(). */
static int read_file(const char *path, char **bytes, size_t *count, struct identity *identity,
                     struct mm_error *err)
{
    int result = mm_file_read(path, mm_weights_limits_default.file_bytes, bytes, count, err);
    if (result < 0)
        return result;
    result = identify(*bytes, *count, identity, err);
    if (result < 0) {
        free(*bytes);
        *bytes = NULL;
    }
    return result;
}

int mm_store_verify(const char *path, const struct mm_model_file *file, struct mm_error *err)
{
    struct identity identity;
    char *bytes;
    size_t count;
    int result = read_file(path, &bytes, &count, &identity, err);
    if (result < 0)
        return result;
    free(bytes);
    if (is_that(&identity, file))
        return 0;
    return mm_error_set(err, MM_ERR_INPUT, "%s is not what its authors published: it has %s", path,
                        strncmp(file->checksum, "git:", 4) == 0 ? identity.git : identity.sha256);
}

static const struct mm_model_file *recognise(const struct identity *identity)
{
    size_t n_models;
    const struct mm_model *models = mm_models(&n_models);
    for (size_t m = 0; m < n_models; m++)
        for (size_t f = 0; f < models[m].n_files; f++)
            if (is_that(identity, &models[m].files[f]))
                return &models[m].files[f];
    return NULL;
}

int mm_store_install(const char *path, const struct mm_model_file **file, struct mm_error *err)
{
    *file = NULL;
    struct identity identity;
    char *bytes;
    size_t count;
    int result = read_file(path, &bytes, &count, &identity, err);
    if (result < 0)
        return result;
    const struct mm_model_file *known = recognise(&identity);
    if (known)
        result = mm_files_keep(known, bytes, count, err);
    else
        result = mm_error_set(err, MM_ERR_UNSUPPORTED,
                              "%s is no weight file that musicmap knows (%s); --weights takes a "
                              "file of the same layout",
                              path, identity.sha256);
    free(bytes);
    if (result == 0)
        *file = known;
    return result;
}
