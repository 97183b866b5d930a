/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postgres.c - the store that many machines share: connections, transactions, errors.
 *
 * One writer at a time, as in the embedded store, is an advisory lock that every WRITE transaction
 * takes first; transactions BESIDE take it shared. A lost connection ends the transaction in hand
 * with MM_ERR_AGAIN; the next begin connects again, and waits some seconds for a server that is
 * being restarted.
 */
#include "catalog/postgres.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"

enum {
    OLDEST_SERVER = 130000,
    RECONNECT_MS = 10000,
    RECONNECT_ROUND_MS = 200,
    IDLE_S = 600,
};

/* The advisory lock of our writers; any number that others do not use. */
#define WRITER "1297106288"

static const char *const sql_begin[] = {
    [MM_STORE_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    [MM_STORE_WRITE] = "BEGIN; SELECT pg_advisory_xact_lock(" WRITER ")",
    [MM_STORE_BESIDE] = "BEGIN; SELECT pg_advisory_xact_lock_shared(" WRITER ")",
    [MM_STORE_LEASE] = "BEGIN; SET LOCAL synchronous_commit = off",
};

/* Plans by cost are right without compiling. */
static const char sql_session[] = "SET search_path = musicmap;"
                                  "SET lock_timeout = '10s';"
                                  "SET client_min_messages = warning;"
                                  "SET jit = off";

/* ---- errors ---- */

/* Of words in several lines, the first, without the level in front. */
static void first_line(const char *said, char out[256])
{
    const char *colon = strstr(said, ":  ");
    const char *begin = colon && colon < said + 12 ? colon + 3 : said;
    size_t n = strcspn(begin, "\n");
    n = n < 255 ? n : 255;
    memcpy(out, begin, n);
    out[n] = '\0';
    mm_text_clean_line(out);
}

static int lost(const struct postgres_store *store, const char *said, struct mm_error *err)
{
    return mm_error_set(err, MM_ERR_AGAIN, "the connection to %s was lost (%s)", store->shown,
                        said);
}

static int constraint_error(const char *state, const char *said, struct mm_error *err)
{
    if (strcmp(state, "23505") == 0)
        return mm_error_set(err, MM_ERR_USAGE, "is in the library already (%s)", said);
    if (strcmp(state, "23503") == 0)
        return mm_error_set(err, MM_ERR_NOT_FOUND, "what this belongs to is not in the library");
    return mm_error_set(err, MM_ERR_INPUT, "the library refuses a value (%s)", said);
}

static bool is_one_of(const char *state, const char *list)
{
    return strlen(state) == 5 && strstr(list, state);
}

static int state_error(const struct postgres_store *store, const char *state, const char *said,
                       struct mm_error *err)
{
    if (strncmp(state, "23", 2) == 0)
        return constraint_error(state, said, err);
    if (is_one_of(state, "55P03 40001 40P01"))
        return mm_error_set(err, MM_ERR_AGAIN,
                            "%s: another musicmap is writing to it; try again when it is done",
                            store->shown);
    if (strncmp(state, "57", 2) == 0 || strncmp(state, "08", 2) == 0 ||
        is_one_of(state, "25P03 53300"))
        return lost(store, said, err);
    if (is_one_of(state, "25P02"))
        return mm_error_set(err, MM_ERR_IO, "the transaction was undone after an earlier error");
    if (is_one_of(state, "53100"))
        return mm_error_set(err, MM_ERR_IO, "%s: the server's disk is full", store->shown);
    if (is_one_of(state, "53200"))
        return mm_error_set(err, MM_ERR_AGAIN, "%s: the server is out of memory", store->shown);
    if (is_one_of(state, "42501 25006"))
        return mm_error_set(err, MM_ERR_IO, "%s: may not be written to (%s)", store->shown, said);
    if (is_one_of(state, "42P01 42703 3F000"))
        return mm_error_set(err, MM_ERR_INPUT,
                            "%s is damaged (%s): put a copy of it back, or drop its schema "
                            "\"musicmap\" and gather again",
                            store->shown, said);
    if (strncmp(state, "22", 2) == 0)
        return mm_error_set(err, MM_ERR_INPUT, "the library refuses a value (%s)", said);
    if (strncmp(state, "54", 2) == 0)
        return mm_error_set(err, MM_ERR_LIMIT, "a value is too large for the library");
    if (strncmp(state, "XX", 2) == 0 || strncmp(state, "58", 2) == 0)
        return mm_error_set(err, MM_ERR_IO, "%s: the server failed (%s)", store->shown, said);
    return mm_error_set(err, MM_ERR_BUG, "%s: PostgreSQL error %s (%s)", store->shown, state, said);
}

int mm_postgres_error(const struct postgres_store *store, const PGresult *result,
                      struct mm_error *err)
{
    char said[256];
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    first_line(result ? PQresultErrorMessage(result) : PQerrorMessage(store->connection), said);
    if (!state)
        return PQstatus(store->connection) == CONNECTION_OK && !*said ? mm_no_memory(err)
                                                                      : lost(store, said, err);
    return state_error(store, state, said, err);
}

/* ---- connecting ---- */

static void say_nothing(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

/* Runs one or several statements without parameters; the tag of the last in tag (may be NULL). */
static int run(struct postgres_store *store, const char *sql, char tag[16], struct mm_error *err)
{
    mm_postgres_free_connection(store);
    PGresult *result = PQexec(store->connection, sql);
    ExecStatusType status = PQresultStatus(result);
    int code = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                   ? 0
                   : mm_postgres_error(store, result, err);
    if (tag)
        snprintf(tag, 16, "%s", result ? PQcmdStatus(result) : "");
    PQclear(result);
    return code;
}

/* What is given in the URI goes before what stands in front of it, not before what stands behind.
 */
static PGconn *dial(const char *uri)
{
    static const char *const names[] = {
        "connect_timeout",  "keepalives_idle",  "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "application_name",
        "dbname",           "client_encoding",  NULL};
    const char *const values[] = {"10", "10", "5", "4", "30000", "musicmap", uri, "UTF8", NULL};
    return PQconnectdbParams(names, values, 1);
}

static int set_idle(struct postgres_store *store, struct mm_error *err)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SET idle_in_transaction_session_timeout = %d",
             (int)(1000 * store->idle_s));
    return run(store, sql, NULL, err);
}

static int connect_once(struct postgres_store *store, struct mm_error *err)
{
    PQfinish(store->connection);
    store->streaming = NULL;
    store->generation++;
    store->connection = dial(store->uri);
    if (!store->connection)
        return mm_no_memory(err);
    if (PQstatus(store->connection) != CONNECTION_OK) {
        char said[256];
        first_line(PQerrorMessage(store->connection), said);
        return mm_error_set(err, MM_ERR_AGAIN, "cannot reach the library %s: %s", store->shown,
                            said);
    }
    PQsetNoticeProcessor(store->connection, say_nothing, NULL);
    if (PQserverVersion(store->connection) < OLDEST_SERVER)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "%s: PostgreSQL 13 or newer is needed",
                            store->shown);
    const char *encoding = PQparameterStatus(store->connection, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "%s: its encoding is %s; make one with createdb --encoding=UTF8 "
                            "--template=template0",
                            store->shown, encoding ? encoding : "not known");
    int result = run(store, sql_session, NULL, err);
    return result == 0 ? set_idle(store, err) : result;
}

/* A server that is restarted is back in some seconds. */
static int reconnect(struct postgres_store *store, struct mm_error *err)
{
    int result = 0;
    for (int waited = 0; waited <= RECONNECT_MS; waited += RECONNECT_ROUND_MS) {
        result = connect_once(store, err);
        if (result != MM_ERR_AGAIN)
            break;
        nanosleep(&(struct timespec){.tv_nsec = RECONNECT_ROUND_MS * 1000000L}, NULL);
    }
    return result;
}

static int postgres_exec(struct mm_store *store, const char *sql, struct mm_error *err)
{
    return run(postgres_of(store), sql, NULL, err);
}

/* ---- transactions ---- */

static bool postgres_in_transaction(const struct mm_store *store)
{
    PGTransactionStatusType status = PQtransactionStatus(postgres_of(store)->connection);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

static void postgres_rollback(struct mm_store *store)
{
    struct postgres_store *s = postgres_of(store);
    mm_postgres_free_connection(s);
    PGTransactionStatusType status = PQtransactionStatus(s->connection);
    if (status != PQTRANS_IDLE && status != PQTRANS_UNKNOWN)
        run(s, "ROLLBACK", NULL, NULL);
}

static int postgres_begin(struct mm_store *store, enum mm_store_access access, struct mm_error *err)
{
    struct postgres_store *s = postgres_of(store);
    int result = 0;
    bool fresh = false;
    if (PQstatus(s->connection) != CONNECTION_OK) {
        result = reconnect(s, err);
        fresh = true;
    }
    if (postgres_in_transaction(store)) { /* there was no memory to roll it back */
        postgres_rollback(store);
        if (postgres_in_transaction(store))
            return mm_no_memory(err);
    }
    if (result == 0)
        result = run(s, sql_begin[access], NULL, err);
    /* That the connection is gone is often seen only when it is used. */
    if (result < 0 && !fresh && PQstatus(s->connection) != CONNECTION_OK) {
        result = reconnect(s, err);
        if (result == 0)
            result = run(s, sql_begin[access], NULL, err);
    }
    if (result < 0)
        postgres_rollback(store);
    return result;
}

static int postgres_commit(struct mm_store *store, struct mm_error *err)
{
    char tag[16];
    int result = run(postgres_of(store), "COMMIT", tag, err);
    if (result == 0 && strcmp(tag, "COMMIT") != 0) /* the server says ROLLBACK, without an error */
        result = mm_error_set(err, MM_ERR_IO, "the transaction was undone after an earlier error");
    return result;
}

static int postgres_savepoint(struct mm_store *store, struct mm_error *err)
{
    return run(postgres_of(store), "SAVEPOINT call", NULL, err);
}

static int postgres_savepoint_release(struct mm_store *store, struct mm_error *err)
{
    return run(postgres_of(store), "RELEASE SAVEPOINT call", NULL, err);
}

static void postgres_savepoint_rollback(struct mm_store *store)
{
    if (run(postgres_of(store), "ROLLBACK TO SAVEPOINT call; RELEASE SAVEPOINT call", NULL, NULL) <
        0)
        postgres_rollback(store);
}

static int postgres_limit_idle(struct mm_store *store, double seconds, struct mm_error *err)
{
    postgres_of(store)->idle_s = seconds;
    return set_idle(postgres_of(store), err);
}

static size_t postgres_changes(const struct mm_store *store)
{
    return postgres_of(store)->changes;
}

/* ---- waiting ---- */

/* True when the server had something to say; what it is does not matter. */
static bool take_notices(struct postgres_store *store)
{
    bool any = false;
    for (PGnotify *said; (said = PQnotifies(store->connection)); any = true)
        PQfreemem(said);
    return any;
}

static int listen_once(struct postgres_store *store, struct mm_error *err)
{
    int result = 0;
    if (PQstatus(store->connection) != CONNECTION_OK)
        result = connect_once(store, err);
    if (result == 0 && store->listening != store->generation) {
        result = run(store, "LISTEN musicmap_song", NULL, err);
        store->listening = result == 0 ? store->generation : 0;
    }
    return result;
}

static int postgres_wait(struct mm_store *store, double seconds, bool *woken, struct mm_error *err)
{
    struct postgres_store *s = postgres_of(store);
    int result = listen_once(s, err);
    if (result < 0)
        return result;
    *woken = take_notices(s); /* came along with the answer to something else */
    if (*woken)
        return 0;
    struct pollfd wanted = {.fd = PQsocket(s->connection), .events = POLLIN};
    if (poll(&wanted, 1, (int)(1000 * seconds)) > 0 && !PQconsumeInput(s->connection))
        return mm_postgres_error(s, NULL, err);
    *woken = take_notices(s);
    return 0;
}

/* ---- opening ---- */

static void postgres_close(struct mm_store *store)
{
    struct postgres_store *s = postgres_of(store);
    mm_postgres_drop_statements(s);
    PQfinish(s->connection);
    free(s->load);
    free(s->shown);
    free(s->uri);
    free(s);
}

static const char *postgres_name(const struct mm_store *store)
{
    return postgres_of(store)->shown;
}

static const struct mm_engine engine = {
    .shared = true,
    .close = postgres_close,
    .name = postgres_name,
    .exec = postgres_exec,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .in_transaction = postgres_in_transaction,
    .savepoint = postgres_savepoint,
    .savepoint_release = postgres_savepoint_release,
    .savepoint_rollback = postgres_savepoint_rollback,
    .changes = postgres_changes,
    .wait = postgres_wait,
    .limit_idle = postgres_limit_idle,
    .load_begin = mm_postgres_load_begin,
    .load_row = mm_postgres_load_row,
    .load_end = mm_postgres_load_end,
    .prepare = mm_postgres_prepare,
    .release = mm_postgres_release,
    .bind_int = mm_postgres_bind_int,
    .bind_real = mm_postgres_bind_real,
    .bind_text = mm_postgres_bind_text,
    .bind_bytes = mm_postgres_bind_bytes,
    .step = mm_postgres_step,
    .column_is_null = mm_postgres_column_is_null,
    .column_int = mm_postgres_column_int,
    .column_real = mm_postgres_column_real,
    .column_text = mm_postgres_column_text,
    .column_bytes = mm_postgres_column_bytes,
};

/* A password with a / or @ that is not written %2F or %40 ends there; the rest of it would be taken
 * for a host, a port or a database, and be shown. */
static bool is_cut_short(const char *uri, const char *host)
{
    const char *path = strstr(uri, "://");
    path = path ? path + 3 + strcspn(path + 3, "/") : "";
    return (*host != '@' && strchr(host, '@')) || memchr(path, '@', strcspn(path, "?"));
}

/* "postgresql://HOST/DATABASE", of what libpq understands the URI to say. */
static int name_for_people(const char *uri, char **out, struct mm_error *err)
{
    static const char advice[] =
        "this is no PostgreSQL URI: postgresql://USER:PASSWORD@HOST/DATABASE, "
        "where %, / and @ of the password are written %25, %2F and %40";
    /* What libpq says of one that it cannot read holds the password. */
    PQconninfoOption *parts = PQconninfoParse(uri, NULL);
    if (!parts)
        return mm_error_set(err, MM_ERR_USAGE, "%s", advice);
    const char *host = "";
    const char *database = "";
    for (const PQconninfoOption *p = parts; p->keyword; p++) {
        if (p->val && (strcmp(p->keyword, "host") == 0 || strcmp(p->keyword, "hostaddr") == 0))
            host = p->val;
        if (p->val && strcmp(p->keyword, "dbname") == 0)
            database = p->val;
    }
    if (is_cut_short(uri, host)) {
        PQconninfoFree(parts);
        return mm_error_set(err, MM_ERR_USAGE, "%s", advice);
    }
    *out = mm_format("postgresql://%s/%s", *host == '/' ? "" : host, database);
    PQconninfoFree(parts);
    return *out ? 0 : mm_no_memory(err);
}

int mm_postgres_open(const char *name, bool create, struct mm_store **out, struct mm_error *err)
{
    *out = NULL;
    struct postgres_store *store = calloc(1, sizeof *store);
    if (!store)
        return mm_no_memory(err);
    store->base.engine = &engine;
    store->idle_s = IDLE_S;
    store->uri = mm_strdup(name);
    int result = store->uri ? name_for_people(store->uri, &store->shown, err) : mm_no_memory(err);
    if (result == 0)
        result = connect_once(store, err);
    if (result == 0)
        result = mm_postgres_migrate(&store->base, create, err);
    if (result < 0) {
        postgres_close(&store->base);
        return result;
    }
    *out = &store->base;
    return 0;
}
