/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { SALT = 16, KEY = 32, LOG_N = 15, R = 8, P = 1, MAX_LOG_N = 18 };

struct record {
    unsigned log_n, r, p;
    unsigned char salt[SALT];
    unsigned char key[KEY];
};

int mm_secret_random(void *out, size_t count, struct mm_error *err)
{
    if (count > INT32_MAX || RAND_bytes(out, (int)count) != 1)
        return mm_error_set(err, MM_ERR_IO, "libcrypto has no random bytes");
    return 0;
}

bool mm_secret_equal(const void *a, const void *b, size_t count)
{
    return CRYPTO_memcmp(a, b, count) == 0;
}

static bool derive(const char *password, const struct record *record, unsigned char key[KEY])
{
    uint64_t n = UINT64_C(1) << record->log_n;
    uint64_t memory = 128 * n * record->r + (UINT64_C(1) << 20);
    return EVP_PBE_scrypt(password, strlen(password), record->salt, SALT, n, record->r, record->p,
                          memory, key, KEY) == 1;
}

static void write_hex(char *out, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* Digits of count bytes; NULL when they are none, else what stands behind them. */
static const char *read_hex(const char *text, unsigned char *out, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 2 * count; i++) {
        const char *at = text[i] ? strchr(digits, text[i]) : NULL;
        if (!at)
            return NULL;
        unsigned value = (unsigned)(at - digits);
        out[i / 2] = (unsigned char)(i % 2 ? out[i / 2] << 4 | value : value);
    }
    return text + 2 * count;
}

/* One or two digits and a dollar sign; NULL when they are none, else what stands behind them. */
static const char *read_cost(const char *text, unsigned *out)
{
    size_t n = strspn(text, "0123456789");
    if (n < 1 || n > 2 || text[n] != '$')
        return NULL;
    *out = n == 1 ? (unsigned)(text[0] - '0') : (unsigned)(10 * (text[0] - '0') + text[1] - '0');
    return text + n + 1;
}

static bool read_record(const char *text, struct record *record)
{
    static const char name[] = "scrypt$";
    const char *at = text + sizeof name - 1;
    if (strncmp(text, name, sizeof name - 1) != 0 || !(at = read_cost(at, &record->log_n)) ||
        !(at = read_cost(at, &record->r)) || !(at = read_cost(at, &record->p)))
        return false;
    if (record->log_n < 10 || record->log_n > MAX_LOG_N || record->r != R || record->p != P)
        return false;
    const char *p = read_hex(at, record->salt, SALT);
    if (!p || *p != '$')
        return false;
    p = read_hex(p + 1, record->key, KEY);
    return p && *p == '\0';
}

int mm_password_record(const char *password, char record[MM_PASSWORD_RECORD], struct mm_error *err)
{
    struct record parts = {.log_n = LOG_N, .r = R, .p = P};
    size_t length = strlen(password);
    if (length == 0 || length > MM_PASSWORD_MAX)
        return mm_error_set(err, MM_ERR_USAGE, "a password has 1 to %d bytes", MM_PASSWORD_MAX);
    int result = mm_secret_random(parts.salt, SALT, err);
    if (result < 0)
        return result;
    if (!derive(password, &parts, parts.key))
        return mm_error_set(err, MM_ERR_NO_MEMORY, "libcrypto cannot derive a key (scrypt)");
    char salt[2 * SALT + 1];
    char key[2 * KEY + 1];
    write_hex(salt, parts.salt, SALT);
    write_hex(key, parts.key, KEY);
    snprintf(record, MM_PASSWORD_RECORD, "scrypt$%u$%u$%u$%s$%s", parts.log_n, parts.r, parts.p,
             salt, key);
    return 0;
}

bool mm_password_is_record(const char *text)
{
    struct record record;
    return read_record(text, &record);
}

bool mm_password_fits(const char *password, const char *record)
{
    struct record parts;
    unsigned char key[KEY];
    return strlen(password) <= MM_PASSWORD_MAX && read_record(record, &parts) &&
           derive(password, &parts, key) && mm_secret_equal(key, parts.key, KEY);
}
