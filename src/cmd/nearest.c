/* SPDX-License-Identifier: BSD-2-Clause */
/* nearest.c - what was meant by a word that is none: the least edits away; a swap is one edit. */
#include <string.h>

#include "cmd/command.h"

enum { LONGEST = 24, FAR = LONGEST };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a);
    size_t m = strlen(b);
    size_t row[LONGEST + 1][LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return FAR;
    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                row[i][j] = i + j;
                continue;
            }
            size_t change = row[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            row[i][j] = least(change, 1 + least(row[i - 1][j], row[i][j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[i][j] = least(row[i][j], row[i - 2][j - 2] + 1);
        }
    return row[n][m];
}

void cmd_nearer(const char *word, const char *name, const char **nearest)
{
    size_t now = *nearest ? distance(word, *nearest) : 3; /* more letters wrong are another word */
    size_t away = distance(word, name);
    if (away < now && 2 * away < strlen(name))
        *nearest = name;
}
