/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * care.c - backup, restore, examination and rebuilding of a library's catalog.
 *
 * Whatever is put in a catalog's place was made whole elsewhere in the same folder first, and what
 * stood there is kept under a name that nothing else uses.
 */
#include "catalog/care.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/catalog_impl.h"

#define FILE_NAME "catalog.sqlite"

/* ---- a folder of our own, beside where the result goes ---- */

struct bench {
    char *folder; /* "PATH.XXXXXX" */
    char *file;   /* FILE_NAME in it */
};

static void bench_finish(struct bench *bench)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; bench->file && i < sizeof endings / sizeof *endings; i++) {
        char *name = mm_format("%s%s", bench->file, endings[i]);
        if (name)
            unlink(name);
        free(name);
    }
    if (bench->folder)
        rmdir(bench->folder);
    free(bench->file);
    free(bench->folder);
    *bench = (struct bench){0};
}

static int bench_init(struct bench *bench, const char *beside, struct mm_error *err)
{
    *bench = (struct bench){.folder = mm_format("%s.XXXXXX", beside)};
    if (!bench->folder)
        return mm_no_memory(err);
    if (!mkdtemp(bench->folder)) {
        int result = mm_error_errno(err, errno, "cannot write beside %s", beside);
        free(bench->folder);
        bench->folder = NULL;
        return result;
    }
    bench->file = mm_path_join(bench->folder, FILE_NAME);
    return bench->file ? 0 : mm_no_memory(err);
}

/* ---- looking ---- */

struct count {
    mm_finding_fn *fn;
    void *ctx;
    size_t damage, strays;
};

static void count_finding(void *ctx, const struct mm_finding *finding)
{
    struct count *count = ctx;
    count->damage += finding->kind == MM_FINDING_DAMAGE;
    count->strays += finding->kind == MM_FINDING_STRAY;
    if (count->fn)
        count->fn(count->ctx, finding);
}

/* A copy that is damaged is none. */
static int check_copy(const char *file, struct mm_error *err)
{
    struct count count = {0};
    int result = mm_sqlite_examine(file, count_finding, &count, err);
    if (result == 0 && (count.damage || count.strays))
        result = mm_error_set(err, MM_ERR_INPUT,
                              "the catalog is damaged: 'musicmap doctor' says "
                              "what can be saved");
    return result;
}

int mm_catalog_examine(const char *path, mm_finding_fn *fn, void *ctx, struct mm_error *err)
{
    if (mm_store_is_uri(path))
        return 0;
    char *file = mm_path_join(path, FILE_NAME);
    int result = file ? mm_sqlite_examine(file, fn, ctx, err) : mm_no_memory(err);
    free(file);
    return result;
}

static int say_hash(const char *folder, unsigned char hash[32], size_t *rows, struct mm_error *err)
{
    struct mm_catalog *catalog = NULL;
    int result = mm_catalog_open(folder, false, &catalog, err);
    if (result == 0)
        result = mm_catalog_hash(catalog, hash, rows, err);
    mm_catalog_close(catalog);
    return result;
}

/* ---- backup ---- */

static int copy_shared(struct mm_catalog *catalog, const char *folder,
                       const struct mm_progress *progress, struct mm_error *err)
{
    struct mm_catalog *to = NULL;
    size_t rows;
    int result = mm_catalog_open(folder, true, &to, err);
    if (result == 0)
        result = mm_catalog_copy(catalog, to, progress, &rows, err);
    mm_catalog_close(to);
    return result;
}

int mm_catalog_backup(struct mm_catalog *catalog, const char *file,
                      const struct mm_progress *progress, unsigned char hash[32], size_t *rows,
                      struct mm_error *err)
{
    struct bench bench;
    char *from = mm_path_join(mm_catalog_path(catalog), FILE_NAME);
    int result = from ? bench_init(&bench, file, err) : mm_no_memory(err);
    if (!from)
        return result;
    if (result == 0)
        result = mm_catalog_is_shared(catalog) ? copy_shared(catalog, bench.folder, progress, err)
                                               : mm_sqlite_clone(from, bench.file, progress, err);
    if (result == 0)
        result = check_copy(bench.file, err);
    if (result == 0)
        result = say_hash(bench.folder, hash, rows, err);
    if (result == 0)
        result = mm_sqlite_settle(bench.file, err);
    if (result == 0)
        result = mm_file_rename(bench.file, file, err);
    bench_finish(&bench);
    free(from);
    return result;
}

/* ---- restore ---- */

/* The file, checked and brought up to date, in a folder of ours: it itself is never written to. */
static int take_backup(const char *file, struct bench *bench, const struct mm_progress *progress,
                       struct mm_error *err)
{
    struct stat st;
    struct mm_catalog *catalog = NULL;
    if (stat(file, &st) != 0)
        return mm_error_errno(err, errno, "%s", file);
    if (!S_ISREG(st.st_mode))
        return mm_error_set(err, MM_ERR_INPUT, "%s is no file", file);
    int result = mm_sqlite_clone(file, bench->file, progress, err);
    if (result == 0)
        result = mm_catalog_open(bench->folder, false, &catalog, err);
    mm_catalog_close(catalog);
    return result < 0 ? result : check_copy(bench->file, err);
}

/* The first free "FILE.WHY", "FILE.WHY-2", ... */
static int keep_name(const char *file, const char *why, char kept[512], struct mm_error *err)
{
    struct stat st;
    for (int n = 1; n < 1000; n++) {
        int length = n == 1 ? snprintf(kept, 512, "%s.%s", file, why)
                            : snprintf(kept, 512, "%s.%s-%d", file, why, n);
        if (length >= 512)
            break;
        if (lstat(kept, &st) != 0 && errno == ENOENT)
            return 0;
    }
    return mm_error_set(err, MM_ERR_LIMIT, "too much is kept beside %s already", file);
}

/* The damaged file goes aside with what belongs to it, the new one takes its name. */
static int change_places(const char *file, const char *fresh, const char *kept,
                         struct mm_error *err)
{
    static const char *const endings[] = {"-wal", "-shm"};
    int result = mm_file_rename(file, kept, err);
    for (size_t i = 0; result == 0 && i < sizeof endings / sizeof *endings; i++) {
        char *from = mm_format("%s%s", file, endings[i]);
        char *to = mm_format("%s%s", kept, endings[i]);
        if (!from || !to)
            result = mm_no_memory(err);
        else if (rename(from, to) != 0 && errno != ENOENT)
            result = mm_error_errno(err, errno, "%s", from);
        free(to);
        free(from);
    }
    return result < 0 ? result : mm_file_rename(fresh, file, err);
}

/* A catalog so damaged that it can be neither copied nor written to goes aside as it is. */
static int replace_damaged(const struct bench *bench, const char *file, const char *kept,
                           struct mm_error *err)
{
    unlink(kept); /* what the copy left */
    int result = mm_sqlite_hold(file, err);
    if (result == 0)
        result = mm_sqlite_settle(bench->file, err);
    return result == 0 ? change_places(file, bench->file, kept, err) : result;
}

static int restore_folder(const struct bench *bench, const char *path, bool replace,
                          const struct mm_progress *progress, char kept[512], struct mm_error *err)
{
    struct stat st;
    char *file = mm_path_join(path, FILE_NAME);
    struct mm_catalog *catalog = NULL;
    bool damaged = false;
    int result = 0;
    if (!file)
        return mm_no_memory(err);
    if (stat(file, &st) == 0) {
        if (!replace)
            result = mm_error_set(err, MM_ERR_USAGE,
                                  "there is a library at %s: --replace keeps its catalog beside "
                                  "the restored one",
                                  path);
        if (result == 0)
            result = keep_name(file, "before-restore", kept, err);
        if (result == 0) {
            result = mm_sqlite_clone(file, kept, progress, err);
            damaged = result == MM_ERR_INPUT;
        }
        if (damaged)
            result = replace_damaged(bench, file, kept, err);
        else if (result == 0)
            result = mm_sqlite_settle(kept, err);
    } else { /* made as any other is, so that one that is half restored is empty, and opens */
        result = mm_catalog_open(path, true, &catalog, err);
        mm_catalog_close(catalog);
    }
    if (result == 0 && !damaged)
        result = mm_sqlite_clone(bench->file, file, progress, err);
    free(file);
    return result;
}

/* Rights, owners and what else a server keeps are not ours to drop. */
static int restore_shared(const struct bench *bench, const char *uri, bool replace,
                          const struct mm_progress *progress, struct mm_error *err)
{
    struct mm_catalog *from = NULL;
    struct mm_catalog *to = NULL;
    size_t rows;
    if (replace)
        return mm_error_set(err, MM_ERR_USAGE,
                            "--replace is for a library in a folder: in PostgreSQL keep what is "
                            "there with pg_dump, DROP SCHEMA musicmap CASCADE, then restore");
    int result = mm_catalog_open(bench->folder, false, &from, err);
    if (result == 0)
        result = mm_catalog_open(uri, true, &to, err);
    if (result == 0)
        result = mm_catalog_copy(from, to, progress, &rows, err);
    mm_catalog_close(to);
    mm_catalog_close(from);
    return result;
}

/* Where a new library's folder goes: on a new machine there is not even that. Takes slashes off
 * path's end. */
static int make_parent(char *path, struct mm_error *err)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        path[--n] = '\0';
    char *parent = mm_strndup(path, (size_t)(mm_path_name(path) - path));
    int result = !parent ? mm_no_memory(err) : *parent ? mm_file_make_folder(parent, err) : 0;
    free(parent);
    return result;
}

int mm_catalog_restore(const char *file, const char *path, bool replace,
                       const struct mm_progress *progress, char kept[512], unsigned char hash[32],
                       size_t *rows, struct mm_error *err)
{
    struct bench bench = {0};
    unsigned char wanted[32] = {0};
    bool shared = mm_store_is_uri(path);
    const char *where = getenv("TMPDIR");
    char *beside = shared ? mm_path_join(where && *where ? where : "/tmp", "musicmap-restore")
                          : mm_strdup(path);
    kept[0] = '\0';
    int result = beside ? 0 : mm_no_memory(err);
    if (result == 0 && !shared)
        result = make_parent(beside, err);
    if (result == 0)
        result = bench_init(&bench, beside, err);
    if (result == 0)
        result = take_backup(file, &bench, progress, err);
    if (result == 0)
        result = say_hash(bench.folder, wanted, rows, err);
    if (result == 0)
        result = shared ? restore_shared(&bench, path, replace, progress, err)
                        : restore_folder(&bench, path, replace, progress, kept, err);
    if (result == 0)
        result = say_hash(path, hash, rows, err);
    if (result == 0 && memcmp(hash, wanted, sizeof wanted) != 0)
        result = mm_error_set(err, MM_ERR_AGAIN,
                              "the library does not say what %s says: was it written to meanwhile?",
                              file);
    bench_finish(&bench);
    free(beside);
    return result;
}

/* ---- rebuilding ---- */

int mm_catalog_rebuild(const char *path, const struct mm_progress *progress,
                       struct mm_salvage_report *report, struct mm_error *err)
{
    struct bench bench = {0};
    struct mm_catalog *catalog = NULL;
    *report = (struct mm_salvage_report){0};
    if (mm_store_is_uri(path))
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "a library in PostgreSQL is its server's to look after");
    char *file = mm_path_join(path, FILE_NAME);
    int result = file ? mm_sqlite_hold(file, err) : mm_no_memory(err);
    if (result == 0)
        result = bench_init(&bench, file, err);
    if (result == 0)
        result = mm_catalog_open(bench.folder, true, &catalog, err);
    mm_catalog_close(catalog);
    if (result == 0)
        result = mm_sqlite_salvage(file, bench.file, progress, report, err);
    if (result == 0 && report->rows == 0)
        result = mm_error_set(err, MM_ERR_INPUT,
                              "nothing of %s can be read: restore a backup, or move it away and "
                              "gather again",
                              file);
    if (result == 0)
        result = check_copy(bench.file, err);
    if (result == 0)
        result = mm_sqlite_settle(bench.file, err);
    if (result == 0)
        result = keep_name(file, "damaged", report->kept, err);
    if (result == 0)
        result = change_places(file, bench.file, report->kept, err);
    bench_finish(&bench);
    free(file);
    return result;
}
