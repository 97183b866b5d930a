/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/npy.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HEADER = 1 << 16 };

/* ---- the header: a Python dictionary of three entries ---- */

struct cursor {
    const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n'))
        c->at++;
}

static bool accept(struct cursor *c, char wanted)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool accept_word(struct cursor *c, const char *word)
{
    size_t length = strlen(word);
    skip_blanks(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0)
        return false;
    c->at += length;
    return true;
}

/* 'text' or "text" of at most size - 1 characters, without escapes. */
static bool read_string(struct cursor *c, char *out, size_t size)
{
    skip_blanks(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return false;
    char quote = *c->at++;
    size_t length = 0;
    while (c->at < c->end && *c->at != quote) {
        if (*c->at == '\\' || length + 1 == size)
            return false;
        out[length++] = *c->at++;
    }
    out[length] = '\0';
    return accept(c, quote);
}

static bool read_size(struct cursor *c, size_t *out)
{
    skip_blanks(c);
    const char *begin = c->at;
    *out = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
        if (__builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, (size_t)(*c->at - '0'), out))
            return false;
    return c->at > begin;
}

struct header {
    char type[16];
    bool fortran;
    size_t rank; /* 3 stands for "more than two" */
    size_t dims[2];
    bool has_type, has_order, has_shape;
};

static bool read_shape(struct cursor *c, struct header *h)
{
    if (!accept(c, '('))
        return false;
    for (h->rank = 0; !accept(c, ')');) {
        size_t size;
        if (!read_size(c, &size))
            return false;
        if (h->rank < 2)
            h->dims[h->rank] = size;
        h->rank += h->rank < 3;
        if (!accept(c, ',')) {
            if (!accept(c, ')'))
                return false;
            break;
        }
    }
    return true;
}

static bool read_entry(struct cursor *c, struct header *h)
{
    char key[16];
    if (!read_string(c, key, sizeof key) || !accept(c, ':'))
        return false;
    if (strcmp(key, "descr") == 0 && !h->has_type)
        return h->has_type = read_string(c, h->type, sizeof h->type);
    if (strcmp(key, "shape") == 0 && !h->has_shape)
        return h->has_shape = read_shape(c, h);
    if (strcmp(key, "fortran_order") != 0 || h->has_order)
        return false;
    h->has_order = true;
    h->fortran = accept_word(c, "True");
    return h->fortran || accept_word(c, "False");
}

static bool read_header(const char *text, size_t length, struct header *h)
{
    struct cursor c = {text, text + length};
    if (!accept(&c, '{'))
        return false;
    while (!accept(&c, '}'))
        if (!read_entry(&c, h) || (!accept(&c, ',') && (c.at == c.end || *c.at != '}')))
            return false;
    skip_blanks(&c);
    return c.at == c.end && h->has_type && h->has_shape && h->has_order;
}

/* ---- the file ---- */

/* Where the header begins and how long it is; false when the file is none of NumPy's. */
static bool find_header(const unsigned char *bytes, size_t size, size_t *begin, size_t *length)
{
    if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0 || bytes[6] < 1 || bytes[6] > 3)
        return false;
    *begin = bytes[6] == 1 ? 10 : 12;
    *length = bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1)
        *length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    return *length <= MAX_HEADER && *length <= size - *begin;
}

static bool read_type(const char *type, struct mm_npy *out)
{
    if ((type[0] != '<' && type[0] != '>' && type[0] != '=') || type[1] != 'f' || type[2] == '\0' ||
        type[3] != '\0' || !strchr("248", type[2]))
        return false;
    out->big_endian = type[0] == '>';
    out->width = (size_t)(type[2] - '0');
    return true;
}

int mm_npy_parse(const unsigned char *bytes, size_t size, struct mm_npy *out, struct mm_error *err)
{
    *out = (struct mm_npy){0};
    size_t begin;
    size_t length;
    struct header h = {0};
    if (!find_header(bytes, size, &begin, &length) ||
        !read_header((const char *)bytes + begin, length, &h))
        return mm_error_set(err, MM_ERR_INPUT, "not an array file of NumPy (.npy)");
    if (!read_type(h.type, out))
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "its values are of NumPy's type \"%s\"; floats of 16, 32 or 64 bits "
                            "are understood",
                            h.type);
    if (h.rank != 1 && h.rank != 2)
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "it has %s dimensions; it must have two, songs and values",
                            h.rank == 0 ? "no" : "more than two");
    out->rows = h.rank == 2 ? h.dims[0] : 1;
    out->columns = h.rank == 2 ? h.dims[1] : h.dims[0];
    out->fortran = h.fortran;
    out->values = bytes + begin + length;
    size_t need;
    if (out->rows == 0 || out->columns == 0)
        return mm_error_set(err, MM_ERR_INPUT, "the array is empty");
    if (__builtin_mul_overflow(out->rows, out->columns, &need) ||
        __builtin_mul_overflow(need, out->width, &need) || need != size - begin - length)
        return mm_error_set(err, MM_ERR_INPUT,
                            "it is damaged: %zu x %zu values are announced, %zu bytes are there",
                            out->rows, out->columns, size - begin - length);
    return 0;
}

static uint64_t read_bits(const struct mm_npy *array, const unsigned char *at)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < array->width; i++)
        bits |= (uint64_t)at[array->big_endian ? array->width - 1 - i : i] << (8 * i);
    return bits;
}

static double half_value(unsigned bits)
{
    unsigned exponent = bits >> 10 & 31;
    double fraction = bits & 1023;
    double value = exponent == 31  ? (fraction != 0 ? NAN : INFINITY)
                   : exponent == 0 ? ldexp(fraction, -24)
                                   : ldexp(1024 + fraction, (int)exponent - 25);
    return bits >> 15 ? -value : value;
}

static float read_value(const struct mm_npy *array, const unsigned char *at)
{
    uint64_t bits = read_bits(array, at);
    if (array->width == 2)
        return (float)half_value((unsigned)bits);
    if (array->width == 4) {
        uint32_t word = (uint32_t)bits;
        float value;
        memcpy(&value, &word, sizeof value);
        return value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    /* Beyond the range of a float the conversion is not defined. */
    return fabs(value) <= 3.4e38 ? (float)value : (float)INFINITY;
}

bool mm_npy_row(const struct mm_npy *array, size_t row, float *out)
{
    bool finite = true;
    for (size_t j = 0; j < array->columns; j++) {
        size_t index = array->fortran ? j * array->rows + row : row * array->columns + j;
        out[j] = read_value(array, array->values + index * array->width);
        finite = finite && isfinite(out[j]);
    }
    return finite;
}
