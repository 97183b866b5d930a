/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * both_stores.h - runs one suite of tests against both stores. tests/postgres (tests/run starts it
 * once for all) brings a server; without one, the second half is skipped, and says so.
 */
#ifndef TESTS_BOTH_STORES_H
#define TESTS_BOTH_STORES_H

#include <libpq-fe.h>
#include <unistd.h>

#include "check.h"

/* The library in PostgreSQL that the tests are to use now; NULL = they use a folder. */
static char *check_postgres;

static inline void check_sql(const char *uri, const char *sql)
{
    PGconn *connection = PQconnectdb(uri);
    PQclear(PQexec(connection, "SET client_min_messages = warning"));
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

/* A database of this process's own on the server of the tests; free() it. NULL without a server. */
static inline char *check_make_database(void)
{
    const char *server = getenv("MUSICMAP_TEST_POSTGRESQL");
    const char *behind = server ? strstr(server, "/postgres?") : NULL;
    if (!behind)
        return NULL;
    char sql[96];
    snprintf(sql, sizeof sql, "CREATE DATABASE test%d TEMPLATE template0", (int)getpid());
    check_sql(server, sql);
    char *uri = malloc(strlen(server) + 32);
    sprintf(uri, "%.*s/test%d%s", (int)(behind - server), server, (int)getpid(), behind + 9);
    return uri;
}

static inline void check_drop_database(char *uri)
{
    char sql[64];
    snprintf(sql, sizeof sql, "DROP DATABASE test%d WITH (FORCE)", (int)getpid());
    check_sql(getenv("MUSICMAP_TEST_POSTGRESQL"), sql);
    free(uri);
}

/* What cmocka_run_group_tests() is for one store. */
#define run_on_both_stores(tests) run_on_both_stores_(#tests, tests, sizeof tests / sizeof *tests)

/* The same for tests of what only the shared store has. */
#define run_on_server(tests) run_on_server_(#tests, tests, sizeof tests / sizeof *tests)

static inline int run_on_server_(const char *name, const struct CMUnitTest *tests, size_t n)
{
    check_postgres = check_make_database();
    if (!check_postgres) {
        puts("ok 1 - on PostgreSQL # SKIP no server: its programs are not installed, or this was "
             "not run by tests/postgres");
        return 0;
    }
    int failed = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
    check_drop_database(check_postgres);
    return failed;
}

static inline int run_on_both_stores_(const char *name, const struct CMUnitTest *tests, size_t n)
{
    return _cmocka_run_group_tests(name, tests, n, NULL, NULL) + run_on_server_(name, tests, n);
}

#endif
