/* SPDX-License-Identifier: BSD-2-Clause */
/* Artist and title, a NUL between them: keys of any text, the same for the same text. */
#include <stdlib.h>
#include <string.h>

#include "base/match.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *text = malloc(size + 2);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = text[size + 1] = '\0';
    const char *title = text + strlen(text) + 1;
    char *a = mm_match_recording(text, title);
    char *b = mm_match_recording(text, title);
    char *work = mm_match_work(text, title);
    if (!a || !b || !work || strcmp(a, b) != 0 || strncmp(a, work, strlen(work)) != 0)
        abort(); /* a recording's key begins with its work's */
    free(work);
    free(b);
    free(a);
    free(text);
    return 0;
}
