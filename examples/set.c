/* SPDX-License-Identifier: BSD-2-Clause */
/* Half an hour of radio from a library: chosen, ordered, and written as a playlist. */
#include <stdio.h>

#include <musicmap/work.h>

static int make(const struct mm_set_library *library, struct mm_set_rules *rules,
                struct mm_set **out, struct mm_error *err)
{
    const struct mm_set_request request = {
        .shape = MM_SHAPE_FREE, .country = MM_SET_NONE, .seed = 1, .rounds = 20};
    mm_set_rules_set_minutes(rules, 30);
    return mm_set_make(library, rules, &request, NULL, out, err);
}

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    struct mm_catalog *catalog = NULL;
    struct mm_set_library *library = NULL;
    struct mm_set_rules *rules = NULL;
    struct mm_set *set = NULL;
    if (argc != 2) {
        fputs("usage: set LIBRARY\n", stderr);
        return 2;
    }
    int result = mm_catalog_open(argv[1], false, &catalog, &err);
    if (result == 0)
        result = mm_load_set_library(catalog, NULL, 0, NULL, &library, &err);
    if (result == 0)
        result = mm_set_rules_parse("", 0, "no rules", &rules, &err);
    if (result == 0)
        result = make(library, rules, &set, &err);
    if (result == 0) {
        const struct mm_set_write write = {.library = library, .set = set};
        result = mm_set_format_find("m3u8", NULL)->write(&write, stdout, &err);
    }
    if (result < 0)
        fprintf(stderr, "%s\n", err.message);
    mm_set_destroy(set);
    mm_set_rules_destroy(rules);
    mm_set_library_destroy(library);
    mm_catalog_close(catalog);
    return result == 0 ? 0 : 3;
}
