/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of sets, and the arcs in them. */
#include <stdlib.h>

#include "musicmap/set.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct mm_set_rules *rules = NULL;
    struct mm_error err = {0};
    int result = mm_set_rules_parse((const char *)data, size, "rules.ini", &rules, &err);
    if ((result == 0) != (rules != NULL) || (result < 0 && !*err.message))
        abort(); /* rules or a reason */
    mm_set_rules_destroy(rules);
    return 0;
}
