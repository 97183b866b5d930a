/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * catalog.c - opening a library, its one lock, its transactions, and the figures of status.
 *
 * The lock is recursive, so that a callback may ask further questions, and is held from begin to
 * commit, so that no other thread's rows slip into a transaction.
 */
#include "catalog/catalog_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

#define FILE_NAME "catalog.sqlite"

struct mm_catalog {
    char *path; /* of the folder with sounds and clips */
    char *id;   /* of a shared library; NULL = path says it */
    struct mm_store *store;
    pthread_mutex_t lock;
    bool in_transaction; /* between begin and commit or rollback */
    unsigned readers;    /* read scopes that are open, one inside the other */
};

/* ---- opening ---- */

/* Tells the plain mistakes apart before the engine does, in words that help. */
static int look_at(const char *path, const char *file, bool create, struct mm_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        if (errno != ENOENT)
            return mm_error_errno(err, errno, "cannot open the library %s", path);
        if (create)
            return 0;
        return mm_error_set(err, MM_ERR_NOT_FOUND,
                            "there is no library at %s: make one with 'musicmap gather folder "
                            "DIR', or name another with --library",
                            path);
    }
    if (!S_ISDIR(st.st_mode))
        return mm_error_set(err, MM_ERR_INPUT, "%s is a file; a library is a folder", path);
    if (stat(file, &st) == 0)
        return S_ISREG(st.st_mode)
                   ? 0
                   : mm_error_set(err, MM_ERR_INPUT, "%s is not a regular file", file);
    if (errno != ENOENT)
        return mm_error_errno(err, errno, "cannot open the library %s", path);
    if (create)
        return 0;
    return mm_error_set(err, MM_ERR_NOT_FOUND,
                        "the folder %s holds no library: make one with 'musicmap gather folder "
                        "DIR', or name another with --library",
                        path);
}

static int open_store(struct mm_catalog *catalog, const char *path, bool create,
                      struct mm_error *err)
{
    char *given = mm_path_join(path, FILE_NAME);
    char *file = NULL;
    int result = given ? look_at(path, given, create, err) : mm_no_memory(err);
    if (result == 0 && create)
        result = mm_file_make_folder(path, err);
    if (result < 0)
        goto out;
    /* Absolute, so that changing the working directory later changes nothing. */
    catalog->path = realpath(path, NULL);
    if (!catalog->path) {
        result = mm_error_errno(err, errno, "cannot open the library %s", path);
        goto out;
    }
    file = mm_path_join(catalog->path, FILE_NAME);
    result = file ? mm_store_open(file, create, &catalog->store, err) : mm_no_memory(err);
out:
    free(file);
    free(given);
    return result;
}

/* A shared library's sounds and clips lie in a folder of each machine, or in one that all see. */
static char *files_folder(const char *id)
{
    const char *given = getenv("MUSICMAP_FILES");
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (given && *given)
        return mm_strdup(given);
    return data && *data ? mm_format("%s/musicmap/shared/%s", data, id)
                         : mm_format("%s/.local/share/musicmap/shared/%s", home ? home : "", id);
}

static int read_id(struct mm_catalog *catalog, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_begin(catalog->store, MM_STORE_READ, err);
    if (result < 0)
        return result;
    result =
        mm_store_prepare(catalog->store, "SELECT CAST(id AS text) FROM library", &statement, err);
    if (result == 0)
        result = mm_statement_step(statement, err);
    if (result == 1)
        result = mm_column_take_text(statement, 0, &catalog->id);
    mm_statement_release(statement);
    mm_store_rollback(catalog->store);
    return result == 0 && !catalog->id ? mm_no_memory(err) : result;
}

static int open_shared(struct mm_catalog *catalog, const char *uri, bool create,
                       struct mm_error *err)
{
    int result = mm_store_open(uri, create, &catalog->store, err);
    if (result == 0)
        result = read_id(catalog, err);
    if (result < 0)
        return result;
    char *folder = files_folder(catalog->id);
    result = folder ? mm_file_make_folder(folder, err) : mm_no_memory(err);
    if (result == 0 && !(catalog->path = realpath(folder, NULL)))
        result = mm_error_errno(err, errno, "cannot open the library's folder %s", folder);
    free(folder);
    return result;
}

int mm_catalog_open(const char *path, bool create, struct mm_catalog **out, struct mm_error *err)
{
    *out = NULL;
    if (!path || !*path)
        return mm_error_set(err, MM_ERR_USAGE, "a library needs a path");
    struct mm_catalog *catalog = calloc(1, sizeof *catalog);
    if (!catalog)
        return mm_no_memory(err);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&catalog->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);

    int result = mm_store_is_uri(path) ? open_shared(catalog, path, create, err)
                                       : open_store(catalog, path, create, err);
    if (result < 0) {
        mm_catalog_close(catalog);
        return result;
    }
    *out = catalog;
    return 0;
}

void mm_catalog_close(struct mm_catalog *catalog)
{
    if (!catalog)
        return;
    if (catalog->in_transaction)
        mm_catalog_rollback(catalog);
    mm_store_close(catalog->store);
    pthread_mutex_destroy(&catalog->lock);
    free(catalog->id);
    free(catalog->path);
    free(catalog);
}

const char *mm_catalog_path(const struct mm_catalog *catalog)
{
    return catalog->path;
}

const char *mm_catalog_name(const struct mm_catalog *catalog)
{
    return catalog->id ? mm_store_name(catalog->store) : catalog->path;
}

const char *mm_catalog_identity(const struct mm_catalog *catalog)
{
    return catalog->id ? catalog->id : catalog->path;
}

bool mm_catalog_is_shared(const struct mm_catalog *catalog)
{
    return mm_store_is_shared(catalog->store);
}

/* ---- transactions ---- */

static int begin(struct mm_catalog *catalog, enum mm_store_access access, struct mm_error *err)
{
    pthread_mutex_lock(&catalog->lock);
    int result;
    if (catalog->in_transaction)
        result = mm_error_set(err, MM_ERR_USAGE, "a transaction is open already");
    else if (catalog->readers)
        result = mm_error_set(err, MM_ERR_USAGE, "a callback may not begin a transaction");
    else
        result = mm_store_begin(catalog->store, access, err);
    if (result < 0)
        pthread_mutex_unlock(&catalog->lock);
    else
        catalog->in_transaction = true; /* and the lock stays ours */
    return result;
}

int mm_catalog_begin(struct mm_catalog *catalog, struct mm_error *err)
{
    return begin(catalog, MM_STORE_WRITE, err);
}

int mm_catalog_begin_beside(struct mm_catalog *catalog, struct mm_error *err)
{
    return begin(catalog, MM_STORE_BESIDE, err);
}

static void end_transaction(struct mm_catalog *catalog)
{
    catalog->in_transaction = false;
    pthread_mutex_unlock(&catalog->lock); /* the one of this call */
    pthread_mutex_unlock(&catalog->lock); /* the one of begin */
}

static int still_open(const struct mm_catalog *catalog, struct mm_error *err)
{
    if (mm_store_in_transaction(catalog->store))
        return 0;
    return mm_error_set(err, MM_ERR_IO,
                        "the transaction was undone after an earlier error (disk full?)");
}

int mm_catalog_commit(struct mm_catalog *catalog, struct mm_error *err)
{
    pthread_mutex_lock(&catalog->lock);
    if (!catalog->in_transaction || catalog->readers) {
        pthread_mutex_unlock(&catalog->lock);
        return mm_error_set(err, MM_ERR_USAGE, "there is no transaction to commit here");
    }
    int result = still_open(catalog, err);
    if (result == 0)
        result = mm_store_commit(catalog->store, err);
    if (result < 0)
        mm_store_rollback(catalog->store);
    end_transaction(catalog);
    return result;
}

void mm_catalog_rollback(struct mm_catalog *catalog)
{
    pthread_mutex_lock(&catalog->lock);
    if (!catalog->in_transaction || catalog->readers) {
        pthread_mutex_unlock(&catalog->lock);
        return;
    }
    mm_store_rollback(catalog->store);
    end_transaction(catalog);
}

/* ---- scopes ---- */

int mm_catalog_enter_read(struct mm_catalog *catalog, struct mm_store **store, struct mm_error *err)
{
    pthread_mutex_lock(&catalog->lock);
    int result = 0;
    if (!catalog->in_transaction && catalog->readers == 0)
        result = mm_store_begin(catalog->store, MM_STORE_READ, err);
    if (result < 0) {
        pthread_mutex_unlock(&catalog->lock);
        return result;
    }
    catalog->readers++;
    *store = catalog->store;
    return 0;
}

void mm_catalog_leave_read(struct mm_catalog *catalog)
{
    catalog->readers--;
    if (!catalog->in_transaction && catalog->readers == 0)
        mm_store_rollback(catalog->store);
    pthread_mutex_unlock(&catalog->lock);
}

int mm_catalog_enter(struct mm_catalog *catalog, enum mm_store_access access,
                     struct mm_store **store, struct mm_error *err)
{
    pthread_mutex_lock(&catalog->lock);
    int result;
    if (catalog->readers)
        result = mm_error_set(err, MM_ERR_USAGE, "a callback may not write to the library");
    else if (!catalog->in_transaction)
        result = mm_store_begin(catalog->store, access, err);
    else if ((result = still_open(catalog, err)) == 0)
        result = mm_store_savepoint(catalog->store, err);
    if (result < 0) {
        pthread_mutex_unlock(&catalog->lock);
        return result;
    }
    *store = catalog->store;
    return 0;
}

int mm_catalog_enter_write(struct mm_catalog *catalog, struct mm_store **store,
                           struct mm_error *err)
{
    return mm_catalog_enter(catalog, MM_STORE_WRITE, store, err);
}

int mm_catalog_leave_write(struct mm_catalog *catalog, int result, struct mm_error *err)
{
    struct mm_store *store = catalog->store;
    if (!catalog->in_transaction) {
        if (result >= 0)
            result = mm_store_commit(store, err);
        if (result < 0)
            mm_store_rollback(store);
    } else if (mm_store_in_transaction(store)) {
        if (result >= 0)
            result = mm_store_savepoint_release(store, err);
        if (result < 0)
            mm_store_savepoint_rollback(store);
    }
    pthread_mutex_unlock(&catalog->lock);
    return result;
}

int mm_catalog_ask(struct mm_catalog *catalog, const char *sql, struct mm_statement **out,
                   struct mm_error *err)
{
    *out = NULL;
    struct mm_store *store;
    int result = mm_catalog_enter_read(catalog, &store, err);
    if (result < 0)
        return result;
    result = mm_store_prepare(store, sql, out, err);
    if (result < 0) {
        *out = NULL;
        mm_catalog_leave_read(catalog);
    }
    return result;
}

int mm_catalog_answered(struct mm_catalog *catalog, struct mm_statement *statement, int result)
{
    if (statement) {
        mm_statement_release(statement);
        mm_catalog_leave_read(catalog);
    }
    return result;
}

int mm_catalog_tell(struct mm_catalog *catalog, enum mm_store_access access, const char *sql,
                    struct mm_statement **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_store *store;
    int result = mm_catalog_enter(catalog, access, &store, err);
    if (result < 0)
        return result;
    result = mm_store_prepare(store, sql, out, err);
    return result < 0 ? mm_catalog_leave_write(catalog, result, err) : 0;
}

int mm_catalog_told(struct mm_catalog *catalog, struct mm_statement *statement, size_t *changed,
                    struct mm_error *err)
{
    int result = mm_statement_finish(statement, err);
    if (changed)
        *changed = result == 0 ? mm_store_changes(catalog->store) : 0;
    return mm_catalog_leave_write(catalog, result, err);
}

int mm_catalog_wait(struct mm_catalog *catalog, double seconds, bool *woken, struct mm_error *err)
{
    pthread_mutex_lock(&catalog->lock);
    int result = catalog->in_transaction || catalog->readers
                     ? mm_error_set(err, MM_ERR_USAGE, "one may not wait inside a transaction")
                     : mm_store_wait(catalog->store, seconds, woken, err);
    pthread_mutex_unlock(&catalog->lock);
    return result;
}

int mm_catalog_limit_idle(struct mm_catalog *catalog, double seconds, struct mm_error *err)
{
    pthread_mutex_lock(&catalog->lock);
    int result = mm_store_limit_idle(catalog->store, seconds, err);
    pthread_mutex_unlock(&catalog->lock);
    return result;
}

/* ---- what the other files share ---- */

int mm_store_run_int(struct mm_store *store, const char *sql, int64_t value, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store, sql, &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, value);
    return mm_statement_finish(statement, err);
}

int mm_store_collect_ids(struct mm_statement *statement, int64_t **ids, size_t *count,
                         struct mm_error *err)
{
    int64_t *list = NULL;
    size_t n = 0;
    size_t capacity = 0;
    int result;
    do {
        if (mm_array_reserve(&list, &capacity, n + 1) < 0 || !list)
            result = mm_no_memory(err);
        else if ((result = mm_statement_step(statement, err)) == 1)
            list[n++] = mm_column_int(statement, 0);
    } while (result == 1);
    mm_statement_release(statement);
    if (result < 0) {
        free(list);
        list = NULL;
        n = 0;
    }
    *ids = list;
    *count = n;
    return result;
}

int mm_column_take_text(struct mm_statement *statement, int column, char **out)
{
    const char *text = mm_column_text(statement, column);
    if (!text && !mm_column_is_null(statement, column))
        return MM_ERR_NO_MEMORY;
    if (!text) {
        *out = NULL;
        return 0;
    }
    size_t length = strlen(text);
    /* We write clean text only, but a damaged page or another program's hand may not. */
    *out =
        mm_text_is_utf8(text, length) ? mm_strndup(text, length) : mm_text_clean_utf8(text, length);
    return *out ? 0 : MM_ERR_NO_MEMORY;
}

int mm_column_take_path(struct mm_statement *statement, int column, char **out,
                        struct mm_error *err)
{
    size_t count;
    const char *bytes = mm_column_bytes(statement, column, &count);
    if (count && memchr(bytes, '\0', count))
        return mm_error_set(err, MM_ERR_INPUT, "the library is damaged: a path holds a NUL");
    *out = mm_strndup(bytes ? bytes : "", count);
    return *out ? 0 : mm_no_memory(err);
}

int mm_check_text(const char *text, const char *what, struct mm_error *err)
{
    if (!text || mm_text_is_utf8(text, strlen(text)))
        return 0;
    return mm_error_set(err, MM_ERR_INPUT, "the %s is not UTF-8", what);
}

int mm_no_song(int64_t id, struct mm_error *err)
{
    return mm_error_set(err, MM_ERR_NOT_FOUND, "there is no song %" PRId64, id);
}

int mm_needs_song(int result, int64_t id, struct mm_error *err)
{
    return result == MM_ERR_NOT_FOUND ? mm_no_song(id, err) : result;
}

/* ---- figures ---- */

int mm_catalog_count(struct mm_catalog *catalog, struct mm_catalog_counts *out,
                     struct mm_error *err)
{
    *out = (struct mm_catalog_counts){0};
    struct mm_statement *statement;
    int result = mm_catalog_ask(
        catalog,
        "SELECT count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 1),"
        " count(*) FILTER (WHERE state = 2),"
        " count(*) FILTER (WHERE state = 0 AND codec IS NOT NULL),"
        " coalesce(sum(CASE WHEN state = 0 THEN duration_s END), 0.0),"
        " (SELECT count(*) FROM song s WHERE s.state = 0"
        "  AND EXISTS (SELECT 1 FROM measure m WHERE m.song = s.id)),"
        " (SELECT count(*) FROM failure),"
        " (SELECT count(*) FROM map_song WHERE map = (SELECT max(id) FROM map))"
        " FROM song",
        &statement, err);
    if (result == 0)
        result = mm_statement_step(statement, err);
    if (result == 1) {
        out->present = (size_t)mm_column_int(statement, 0);
        out->missing = (size_t)mm_column_int(statement, 1);
        out->hidden = (size_t)mm_column_int(statement, 2);
        out->probed = (size_t)mm_column_int(statement, 3);
        out->duration_s = mm_column_real(statement, 4);
        out->measured = (size_t)mm_column_int(statement, 5);
        out->failures = (size_t)mm_column_int(statement, 6);
        out->map_songs = (size_t)mm_column_int(statement, 7);
    }
    return mm_catalog_answered(catalog, statement, result < 0 ? result : 0);
}
