/* SPDX-License-Identifier: BSD-2-Clause */
/* A library's catalog as one file, and back. */
#include <jansson.h>
#include <stdlib.h>

#include "base/hash.h"
#include "cmd/command.h"

static void report(const char *done, const char *file, const unsigned char hash[MM_HASH_SIZE],
                   size_t rows, const char *kept)
{
    char hex[2 * MM_HASH_SIZE + 1];
    mm_hash_hex(hash, hex);
    if (cmd_common.json) {
        cmd_print_json(json_pack("{s:o, s:I, s:s, s:o*}", "file", cmd_json_text(file), "rows",
                                 (json_int_t)rows, "sha256", hex, "kept",
                                 *kept ? cmd_json_text(kept) : NULL));
        return;
    }
    cmd_say("%s %s: %zu row%s, checked; SHA-256 of what it says %s", done, file, rows, cmd_s(rows),
            hex);
    if (*kept)
        cmd_say("what was there is kept: %s", kept);
}

int cmd_backup(const struct command *self, int argc, char **argv)
{
    const struct cmd_option options[] = {{0}};
    char **files;
    size_t n;
    int status = cmd_parse(self, options, argc, argv, 1, 1, &files, &n);
    if (status)
        return status;
    struct mm_error err = {0};
    unsigned char hash[MM_HASH_SIZE];
    size_t rows = 0;
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    int result = mm_catalog_backup(catalog, files[0], cmd_progress(), hash, &rows, &err);
    cmd_progress_end();
    if (result < 0)
        status = cmd_fail_error(self, &err);
    else
        report("written to", files[0], hash, rows, "");
    mm_catalog_close(catalog);
    return status;
}

int cmd_restore(const struct command *self, int argc, char **argv)
{
    bool replace = false;
    const struct cmd_option options[] = {
        {"replace", 0, CMD_FLAG, &replace, NULL,
         "in place of the library that is there, whose catalog is kept beside it", 0, 0},
        {0},
    };
    char **files;
    size_t n;
    int status = cmd_parse(self, options, argc, argv, 1, 1, &files, &n);
    if (status)
        return status;
    struct mm_error err = {0};
    unsigned char hash[MM_HASH_SIZE];
    char kept[512];
    size_t rows = 0;
    char *path = cmd_library_path();
    if (!path)
        return cmd_fail(self, CMD_FAILED, "out of memory");
    int result =
        mm_catalog_restore(files[0], path, replace, cmd_progress(), kept, hash, &rows, &err);
    cmd_progress_end();
    if (result < 0)
        status = cmd_fail_error(self, &err);
    else
        report("restored from", files[0], hash, rows, kept);
    free(path);
    return status;
}
