/* SPDX-License-Identifier: BSD-2-Clause */
/* What src/work/helpers.c starts; not for people. */
#include <stdlib.h>

#include "cmd/command.h"

int cmd_helper(const struct command *self, int argc, char **argv)
{
    char *end = NULL;
    long fd = argc == 2 ? strtol(argv[1], &end, 10) : -1;
    if (!end || *end || fd < 3 || fd > 1 << 20)
        return cmd_fail(self, CMD_USAGE, "this command is run by musicmap itself");
    return mm_helper_main((int)fd);
}
