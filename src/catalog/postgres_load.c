/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postgres_load.c - many rows into a table by COPY ... FROM STDIN in its binary form
 * (https://www.postgresql.org/docs/15/sql-copy.html): a header, then for each row the number of its
 * columns and for each column its length and bytes, all in network order.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "catalog/postgres.h"

enum { SEND_AT = 256 << 10 };

static int send_rows(struct postgres_store *s, struct mm_error *err)
{
    if (s->load_length &&
        PQputCopyData(s->connection, (const char *)s->load, (int)s->load_length) != 1)
        return mm_postgres_error(s, NULL, err);
    s->load_length = 0;
    return 0;
}

static int put(struct postgres_store *s, const void *bytes, size_t count, struct mm_error *err)
{
    if (count > INT32_MAX / 2)
        return mm_error_set(err, MM_ERR_LIMIT, "a value is too large for the library");
    if (mm_array_reserve(&s->load, &s->load_capacity, s->load_length + count) < 0)
        return mm_no_memory(err);
    if (count)
        memcpy(s->load + s->load_length, bytes, count);
    s->load_length += count;
    return 0;
}

static int put_value(struct postgres_store *s, const void *bytes, size_t count,
                     struct mm_error *err)
{
    uint32_t length = htobe32((uint32_t)count);
    int result = put(s, &length, sizeof length, err);
    return result == 0 ? put(s, bytes, count, err) : result;
}

static int put_column(struct postgres_store *s, char kind, struct mm_statement *from, int column,
                      struct mm_error *err)
{
    static const uint32_t null = UINT32_MAX;
    uint64_t bits;
    if (mm_column_is_null(from, column))
        return put(s, &null, sizeof null, err);
    if (kind == 'i') {
        bits = htobe64((uint64_t)mm_column_int(from, column));
        return put_value(s, &bits, sizeof bits, err);
    }
    if (kind == 'r') {
        double value = mm_column_real(from, column);
        memcpy(&bits, &value, sizeof bits);
        bits = htobe64(bits);
        return put_value(s, &bits, sizeof bits, err);
    }
    if (kind == 't') {
        const char *text = mm_column_text(from, column);
        return text ? put_value(s, text, strlen(text), err) : mm_no_memory(err);
    }
    size_t count;
    const void *bytes = mm_column_bytes(from, column, &count);
    return put_value(s, bytes, count, err);
}

int mm_postgres_load_begin(struct mm_store *store, const struct mm_store_table *table,
                           struct mm_error *err)
{
    static const unsigned char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
    struct postgres_store *s = postgres_of(store);
    char *sql = mm_format("COPY %s (%s) FROM STDIN (FORMAT binary)", table->name, table->columns);
    if (!sql)
        return mm_no_memory(err);
    mm_postgres_free_connection(s);
    PGresult *result = PQexec(s->connection, sql);
    int code = PQresultStatus(result) == PGRES_COPY_IN ? 0 : mm_postgres_error(s, result, err);
    PQclear(result);
    free(sql);
    s->load_length = 0;
    return code == 0 ? put(s, header, 19, err) : code;
}

int mm_postgres_load_row(struct mm_store *store, const struct mm_store_table *table,
                         struct mm_statement *from, struct mm_error *err)
{
    struct postgres_store *s = postgres_of(store);
    int n = (int)strlen(table->kinds);
    uint16_t columns = htobe16((uint16_t)n);
    int result = put(s, &columns, sizeof columns, err);
    for (int column = 0; column < n && result == 0; column++)
        result = put_column(s, table->kinds[column], from, column, err);
    return result == 0 && s->load_length >= SEND_AT ? send_rows(s, err) : result;
}

/* result: how the rows before went; the server forgets them all when that was badly. */
int mm_postgres_load_end(struct mm_store *store, int result, struct mm_error *err)
{
    static const uint16_t trailer = UINT16_MAX;
    struct postgres_store *s = postgres_of(store);
    if (result == 0)
        result = put(s, &trailer, sizeof trailer, err);
    if (result == 0)
        result = send_rows(s, err);
    if (PQputCopyEnd(s->connection, result < 0 ? "cancelled" : NULL) != 1 && result == 0)
        result = mm_postgres_error(s, NULL, err);
    for (PGresult *said; (said = PQgetResult(s->connection)); PQclear(said))
        if (PQresultStatus(said) != PGRES_COMMAND_OK && result == 0)
            result = mm_postgres_error(s, said, err);
    return result;
}
