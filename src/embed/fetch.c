/* SPDX-License-Identifier: BSD-2-Clause */
/* Downloading weight files: into a file beside the final name, which it only gets when it is right.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "embed/weights.h"
#include "http/client.h"
#include "musicmap/store.h"

#define MAX_CUTS 20 /* connections that may break before we give up, as long as bytes arrive */

/* Goes on after a cut as long as each connection brings something. */
static int download(const struct mm_model_file *file, const char *part,
                    const struct mm_progress *progress, struct mm_fetch_report *report,
                    bool *resumed, struct mm_error *err)
{
    const struct mm_http_download what = {.url = file->url,
                                          .path = part,
                                          .limit = mm_weights_limits_default.file_bytes,
                                          .stage = "fetching"};
    *resumed = false;
    for (int cuts = 0;; cuts++) {
        struct mm_http_result got;
        int result = mm_http_fetch(&what, progress, &got, err);
        report->bytes += got.received;
        *resumed |= got.resumed;
        if (result != MM_ERR_AGAIN || got.received == 0 || cuts == MAX_CUTS)
            return result;
    }
}

/* Fetches part and compares it; a wrong one that began with an old beginning is fetched anew. */
static int download_right(const struct mm_model_file *file, const char *part,
                          const struct mm_progress *progress, struct mm_fetch_report *report,
                          struct mm_error *err)
{
    for (int tries = 0;; tries++) {
        bool resumed;
        int result = download(file, part, progress, report, &resumed, err);
        struct stat st;
        if (result < 0 && stat(part, &st) == 0 && st.st_size == 0)
            unlink(part); /* nothing to resume from */
        if (result < 0)
            return result;
        result = mm_store_verify(part, file, err);
        if (result != MM_ERR_INPUT)
            return result;
        unlink(part);
        if (!resumed || tries > 0)
            return mm_error_set(err, MM_ERR_INPUT,
                                "%s is not the file its authors published (%s): not installed",
                                file->url, file->checksum);
    }
}

static int fetch_file(const struct mm_model_file *file, const struct mm_progress *progress,
                      struct mm_fetch_report *report, struct mm_error *err)
{
    char *path = NULL;
    char *part = NULL;
    int result = mm_store_path(file, &path, err);
    if (result < 0)
        return result;
    if (access(path, R_OK) == 0 && mm_store_verify(path, file, NULL) == 0) {
        report->present++;
        goto out;
    }
    part = mm_format("%s.part", path);
    if (!part) {
        result = mm_no_memory(err);
        goto out;
    }
    result = download_right(file, part, progress, report, err);
    if (result == 0)
        result = mm_file_rename(part, path, err);
    if (result == 0)
        report->files++;
out:
    free(part);
    free(path);
    return result;
}

int mm_store_fetch(const struct mm_model *model, const struct mm_progress *progress,
                   struct mm_fetch_report *report, struct mm_error *err)
{
    *report = (struct mm_fetch_report){0};
    if (model->n_files == 0)
        return 0;
    char *folder;
    int result = mm_store_folder(&folder, err);
    if (result < 0)
        return result;
    result = mm_file_make_folder(folder, err);
    free(folder);
    for (size_t i = 0; result == 0 && i < model->n_files; i++)
        result = fetch_file(&model->files[i], progress, report, err);
    return result;
}
