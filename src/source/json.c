/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

/* The bytes with every invalid sequence replaced; heap. */
static char *mended(const char *bytes, size_t n, size_t *out_n)
{
    struct mm_text out = {0};
    while (n) {
        size_t good = 0;
        while (good < n && (unsigned char)bytes[good] < 0x80)
            good++;
        if (good == 0) {
            size_t length = 4 < n ? 4 : n;
            while (length && !mm_text_is_utf8(bytes, length))
                length--;
            if (length) {
                good = length;
            } else {
                mm_text_add(&out, "\xef\xbf\xbd");
                bytes++;
                n--;
                continue;
            }
        }
        mm_text_add_bytes(&out, bytes, good);
        bytes += good;
        n -= good;
    }
    *out_n = out.length;
    return mm_text_steal(&out);
}

int mm_json_parse(const char *bytes, size_t n, json_t **out, struct mm_error *err)
{
    *out = NULL;
    if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        n -= 3;
    }
    json_error_t fault;
    char *copy = NULL;
    if (!mm_text_is_utf8(bytes, n)) {
        copy = mended(bytes, n, &n);
        if (!copy)
            return mm_no_memory(err);
        bytes = copy;
    }
    *out = json_loadb(bytes, n, JSON_ALLOW_NUL, &fault);
    free(copy);
    if (!*out)
        return mm_error_set(err, MM_ERR_INPUT, "not the JSON it should be (line %d: %s)",
                            fault.line, fault.text);
    return 0;
}

const char *mm_json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && *text ? text : NULL;
}

double mm_json_number(const json_t *object, const char *key, double low, double high)
{
    const json_t *value = json_object_get(object, key);
    double number = 0;
    if (json_is_number(value))
        number = json_number_value(value);
    else if (json_is_string(value))
        number = strtod(json_string_value(value), NULL);
    return isfinite(number) && number >= low && number <= high ? number : 0;
}

long mm_json_count(const json_t *object, const char *key, long high)
{
    return (long)mm_json_number(object, key, 0, (double)high);
}

char *mm_json_id(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value))
        return mm_format("%" PRId64, (int64_t)json_integer_value(value));
    if (!json_is_string(value))
        return NULL;
    const char *text = json_string_value(value);
    size_t n = strlen(text);
    if (n == 0 || n > 127)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '/')
            return NULL;
    return mm_strdup(text);
}

bool mm_json_not_false(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_false(value))
        return false;
    if (json_is_integer(value))
        return json_integer_value(value) != 0;
    return !json_is_string(value) || strcmp(json_string_value(value), "false") != 0;
}
