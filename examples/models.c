/* SPDX-License-Identifier: BSD-2-Clause */
/* The models there are, what may be done with their weights, and which are on this computer. */
#include <stdio.h>

#include <musicmap/embed.h>
#include <musicmap/store.h>

int main(void)
{
    size_t n;
    const struct mm_model *models = mm_models(&n);
    for (size_t i = 0; i < n; i++)
        printf("%-24s %5zu values  %-12s %s\n", models[i].name, models[i].dim, models[i].licence,
               models[i].n_files == 0     ? "built in"
               : mm_store_has(&models[i]) ? "installed"
                                          : "to be fetched");
    return 0;
}
