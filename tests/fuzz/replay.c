/* SPDX-License-Identifier: BSD-2-Clause */
/* A fuzz target without a fuzzer: runs it on every file of its corpus (or of the folder that is
 * named), once. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int main(int argc, char **argv)
{
    const char *corpus = argc > 1 ? argv[1] : CORPUS;
    size_t n = 0;
    DIR *folder = opendir(corpus);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char *path = mm_path_join(corpus, entry->d_name);
        char *bytes = NULL;
        size_t size;
        if (entry->d_name[0] != '.' && path &&
            mm_file_read(path, 16 << 20, &bytes, &size, NULL) == 0) {
            fprintf(stderr, "# %s\n", entry->d_name); /* whose fault it is */
            (void)LLVMFuzzerTestOneInput((unsigned char *)bytes, size);
            n++;
        }
        free(bytes);
        free(path);
    }
    if (folder)
        closedir(folder);
    printf("%s 1 - %zu inputs of %s\n1..1\n", n ? "ok" : "not ok", n, corpus);
    return n ? 0 : 1;
}
