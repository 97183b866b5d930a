/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postgres_statement.c - statements of the PostgreSQL store.
 *
 * A statement is prepared once a connection; what types its parameters have, the server says, and
 * values travel in their binary form both ways. Rows stream (one at a time in memory); when another
 * statement wants the connection in between, what is left of them is taken into memory first.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "catalog/postgres.h"

enum { MAX_PARAMETERS = 96 };

/* Types by their numbers in the server's catalog, which never change. */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_FLOAT8 = 701,
};

struct value {
    enum { IS_NULL, IS_INT, IS_REAL, IS_TEXT, IS_BYTES } kind;
    int64_t whole;
    double real;
    const void *bytes;
    size_t count;
};

/* A row that had to be taken in before it was asked for. */
struct waiting {
    PGresult *result;
    struct waiting *next;
};

struct postgres_statement {
    struct mm_statement base;
    const char *sql;
    char name[24];
    unsigned generation; /* of the connection in which it is prepared; 0 = none */
    int n_types;
    Oid types[MAX_PARAMETERS];
    struct value values[MAX_PARAMETERS];
    bool bind_fault;
    enum { NOT_SENT, STREAMS, WAITS, ENDED } state;
    PGresult *row; /* the one the columns are of */
    struct waiting *waiting;
    struct waiting **last_waiting;
    bool busy, cached;
    struct postgres_statement *next; /* in the store's cache */
};

static struct postgres_statement *at(const struct mm_statement *statement)
{
    return (struct postgres_statement *)statement;
}

/* ---- preparing ---- */

/* ?1 becomes $1; question marks within quotes are left alone. */
static char *in_dialect(const char *sql)
{
    char *copy = mm_strdup(sql);
    bool quoted = false;
    for (char *c = copy; c && *c; c++) {
        quoted ^= *c == '\'';
        if (*c == '?' && !quoted)
            *c = '$';
    }
    return copy;
}

static int read_types(struct postgres_statement *s, const PGresult *told, struct mm_error *err)
{
    int n = PQnparams(told);
    if (n > MAX_PARAMETERS)
        return mm_error_set(err, MM_ERR_BUG, "a statement of %d parameters", n);
    for (int i = 0; i < n; i++)
        s->types[i] = PQparamtype(told, i);
    s->n_types = n;
    return 0;
}

static int prepare_on_server(struct postgres_store *store, struct postgres_statement *s,
                             struct mm_error *err)
{
    char *sql = in_dialect(s->sql);
    if (!sql)
        return mm_no_memory(err);
    mm_postgres_free_connection(store);
    PGresult *made = PQprepare(store->connection, s->name, sql, 0, NULL);
    PGresult *told = NULL;
    int result = 0;
    if (PQresultStatus(made) != PGRES_COMMAND_OK)
        result = mm_postgres_error(store, made, err);
    else if (PQresultStatus(told = PQdescribePrepared(store->connection, s->name)) !=
             PGRES_COMMAND_OK)
        result = mm_postgres_error(store, told, err);
    else
        result = read_types(s, told, err);
    if (result == 0)
        s->generation = store->generation;
    PQclear(told);
    PQclear(made);
    free(sql);
    return result;
}

int mm_postgres_prepare(struct mm_store *store, const char *sql, struct mm_statement **out,
                        struct mm_error *err)
{
    *out = NULL;
    struct postgres_store *ps = postgres_of(store);
    struct postgres_statement *s = ps->cache;
    while (s && s->sql != sql)
        s = s->next;
    if (!s || s->busy) {
        /* A callback that asks the question it is called for gets a statement of its own. */
        struct postgres_statement *made = calloc(1, sizeof *made);
        if (!made)
            return mm_no_memory(err);
        made->base.store = store;
        made->sql = sql;
        made->cached = !s;
        made->last_waiting = &made->waiting;
        snprintf(made->name, sizeof made->name, "s%u", ++ps->n_names);
        if (made->cached) {
            made->next = ps->cache;
            ps->cache = made;
        }
        s = made;
    }
    s->busy = true;
    if (s->generation != ps->generation) {
        int result = prepare_on_server(ps, s, err);
        if (result < 0) {
            mm_postgres_release(&s->base);
            return result;
        }
    }
    *out = &s->base;
    return 0;
}

static void forget_rows(struct postgres_statement *s)
{
    while (s->waiting) {
        struct waiting *first = s->waiting;
        s->waiting = first->next;
        PQclear(first->result);
        free(first);
    }
    s->last_waiting = &s->waiting;
    PQclear(s->row);
    s->row = NULL;
}

/* Reads and drops what the connection still has for us. */
static void drain(struct postgres_store *store)
{
    for (PGresult *rest; (rest = PQgetResult(store->connection));)
        PQclear(rest);
    store->streaming = NULL;
}

void mm_postgres_release(struct mm_statement *statement)
{
    struct postgres_statement *s = at(statement);
    struct postgres_store *store = postgres_of(statement->store);
    if (store->streaming == s)
        drain(store);
    forget_rows(s);
    memset(s->values, 0, sizeof s->values);
    s->state = NOT_SENT;
    s->bind_fault = false;
    s->busy = false;
    if (s->cached)
        return;
    if (s->generation == store->generation &&
        PQtransactionStatus(store->connection) != PQTRANS_INERROR) {
        char sql[48];
        snprintf(sql, sizeof sql, "DEALLOCATE %s", s->name);
        mm_postgres_free_connection(store);
        PQclear(PQexec(store->connection, sql));
    }
    free(s);
}

void mm_postgres_drop_statements(struct postgres_store *store)
{
    while (store->cache) {
        struct postgres_statement *first = store->cache;
        store->cache = first->next;
        forget_rows(first);
        free(first);
    }
}

/* ---- binding ---- */

static struct value *value_of(struct mm_statement *statement, int index)
{
    struct postgres_statement *s = at(statement);
    if (index >= 1 && index <= s->n_types)
        return &s->values[index - 1];
    s->bind_fault = true;
    return &s->values[0];
}

void mm_postgres_bind_int(struct mm_statement *statement, int index, int64_t value)
{
    *value_of(statement, index) = (struct value){.kind = IS_INT, .whole = value};
}

void mm_postgres_bind_real(struct mm_statement *statement, int index, double value)
{
    *value_of(statement, index) = (struct value){.kind = IS_REAL, .real = value};
}

void mm_postgres_bind_text(struct mm_statement *statement, int index, const char *text)
{
    *value_of(statement, index) =
        text ? (struct value){.kind = IS_TEXT, .bytes = text, .count = strlen(text)}
             : (struct value){.kind = IS_NULL};
}

void mm_postgres_bind_bytes(struct mm_statement *statement, int index, const void *bytes,
                            size_t count)
{
    *value_of(statement, index) =
        (struct value){.kind = IS_BYTES, .bytes = count ? bytes : "", .count = count};
}

/* ---- sending ---- */

/* Where the values of one execution lie, in network order. */
struct wire {
    unsigned char scalars[MAX_PARAMETERS][8];
    const char *values[MAX_PARAMETERS];
    int lengths[MAX_PARAMETERS];
    int formats[MAX_PARAMETERS];
};

static bool put_whole(unsigned char *out, int bytes, int64_t value)
{
    if (bytes < 8 &&
        (value >= INT64_C(1) << (8 * bytes - 1) || value < -(INT64_C(1) << (8 * bytes - 1))))
        return false;
    for (int i = 0; i < bytes; i++)
        out[i] = (unsigned char)((uint64_t)value >> (8 * (bytes - 1 - i)));
    return true;
}

static void put_real(unsigned char *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htobe64(bits);
    memcpy(out, &bits, sizeof bits);
}

/* The bytes a whole number of this type has; 0 = it is of another type. */
static int whole_bytes(Oid type)
{
    return type == TYPE_INT8 ? 8 : type == TYPE_INT4 ? 4 : type == TYPE_INT2 ? 2 : 0;
}

static int encode(const struct postgres_statement *s, int i, struct wire *wire,
                  struct mm_error *err)
{
    const struct value *v = &s->values[i];
    Oid type = s->types[i];
    unsigned char *scalar = wire->scalars[i];
    wire->formats[i] = 1;
    wire->values[i] = (const char *)scalar;
    wire->lengths[i] = 8;
    if (v->kind == IS_NULL) {
        wire->values[i] = NULL;
        return 0;
    }
    if (v->kind == IS_INT && whole_bytes(type)) {
        wire->lengths[i] = whole_bytes(type);
        return put_whole(scalar, whole_bytes(type), v->whole)
                   ? 0
                   : mm_error_set(err, MM_ERR_LIMIT, "a number is too large for the library");
    }
    if (type == TYPE_FLOAT8 && (v->kind == IS_REAL || v->kind == IS_INT)) {
        put_real(scalar, v->kind == IS_REAL ? v->real : (double)v->whole);
        return 0;
    }
    if ((type == TYPE_TEXT && v->kind == IS_TEXT) || (type == TYPE_BYTEA && v->kind == IS_BYTES)) {
        if (v->count > INT32_MAX / 2)
            return mm_error_set(err, MM_ERR_LIMIT, "a value is too large for the library");
        wire->values[i] = v->bytes;
        wire->lengths[i] = (int)v->count;
        return 0;
    }
    return mm_error_set(err, MM_ERR_BUG, "parameter %d of \"%.100s\" is of another type", i + 1,
                        s->sql);
}

static int send(struct postgres_store *store, struct postgres_statement *s, struct mm_error *err)
{
    struct wire wire;
    if (s->bind_fault)
        return mm_error_set(err, MM_ERR_BUG, "\"%.100s\" has no such parameter", s->sql);
    for (int i = 0; i < s->n_types; i++) {
        int result = encode(s, i, &wire, err);
        if (result < 0)
            return result;
    }
    mm_postgres_free_connection(store);
    if (!PQsendQueryPrepared(store->connection, s->name, s->n_types, wire.values, wire.lengths,
                             wire.formats, 1) ||
        !PQsetSingleRowMode(store->connection))
        return mm_postgres_error(store, NULL, err);
    store->streaming = s;
    s->state = STREAMS;
    return 0;
}

/* ---- rows ---- */

void mm_postgres_free_connection(struct postgres_store *store)
{
    struct postgres_statement *s = store->streaming;
    if (!s)
        return;
    bool failed = false; /* then the rows end with an error: their end is not in the list */
    for (PGresult *result; (result = PQgetResult(store->connection));) {
        struct waiting *entry = failed ? NULL : calloc(1, sizeof *entry);
        if (!entry) {
            failed = true;
            PQclear(result);
            continue;
        }
        entry->result = result;
        *s->last_waiting = entry;
        s->last_waiting = &entry->next;
    }
    s->state = WAITS;
    store->streaming = NULL;
}

static PGresult *next_result(struct postgres_store *store, struct postgres_statement *s)
{
    if (s->state == STREAMS)
        return PQgetResult(store->connection);
    struct waiting *first = s->waiting;
    if (!first)
        return NULL;
    PGresult *result = first->result;
    s->waiting = first->next;
    if (!s->waiting)
        s->last_waiting = &s->waiting;
    free(first);
    return result;
}

static int end(struct postgres_store *store, struct postgres_statement *s, PGresult *result,
               struct mm_error *err)
{
    ExecStatusType status = PQresultStatus(result);
    int code = 0;
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        store->changes = (size_t)strtoull(PQcmdTuples(result), NULL, 10);
    else
        code = mm_postgres_error(store, result, err);
    PQclear(result);
    if (s->state == STREAMS)
        drain(store);
    s->state = ENDED;
    return code;
}

int mm_postgres_step(struct mm_statement *statement, struct mm_error *err)
{
    struct postgres_statement *s = at(statement);
    struct postgres_store *store = postgres_of(statement->store);
    if (s->state == ENDED)
        return 0;
    if (s->state == NOT_SENT) {
        int result = send(store, s, err);
        if (result < 0)
            return result;
    }
    PQclear(s->row);
    s->row = NULL;
    PGresult *result = next_result(store, s);
    if (result && PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
        s->row = result;
        return 1;
    }
    return end(store, s, result, err);
}

/* ---- columns ---- */

bool mm_postgres_column_is_null(struct mm_statement *statement, int column)
{
    const PGresult *row = at(statement)->row;
    return !row || PQgetisnull(row, 0, column);
}

static int64_t get_whole(const unsigned char *bytes, int count)
{
    uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

int64_t mm_postgres_column_int(struct mm_statement *statement, int column)
{
    if (mm_postgres_column_is_null(statement, column))
        return 0;
    const PGresult *row = at(statement)->row;
    const unsigned char *bytes = (const unsigned char *)PQgetvalue(row, 0, column);
    Oid type = PQftype(row, column);
    if (type == TYPE_BOOL)
        return bytes[0];
    if (type == TYPE_FLOAT8)
        return (int64_t)mm_postgres_column_real(statement, column);
    return whole_bytes(type) ? get_whole(bytes, whole_bytes(type)) : 0;
}

double mm_postgres_column_real(struct mm_statement *statement, int column)
{
    if (mm_postgres_column_is_null(statement, column))
        return 0;
    const PGresult *row = at(statement)->row;
    if (PQftype(row, column) != TYPE_FLOAT8)
        return (double)mm_postgres_column_int(statement, column);
    uint64_t bits;
    memcpy(&bits, PQgetvalue(row, 0, column), sizeof bits);
    bits = be64toh(bits);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

const char *mm_postgres_column_text(struct mm_statement *statement, int column)
{
    return mm_postgres_column_is_null(statement, column)
               ? NULL
               : PQgetvalue(at(statement)->row, 0, column);
}

const void *mm_postgres_column_bytes(struct mm_statement *statement, int column, size_t *count)
{
    *count = 0;
    if (mm_postgres_column_is_null(statement, column))
        return NULL;
    *count = (size_t)PQgetlength(at(statement)->row, 0, column);
    return *count ? PQgetvalue(at(statement)->row, 0, column) : NULL;
}
