/* SPDX-License-Identifier: BSD-2-Clause */
/* make-openl3-weights FILE: the pseudo-random weights of oracle.h in a file as Keras writes them.
 */
#include "oracle.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: make-openl3-weights FILE.h5\n", stderr);
        return 2;
    }
    struct mm_weights weights = {0};
    oracle_weights(&weights);
    oracle_write_keras(argv[1], &weights, &(struct oracle_keras){0});
    mm_weights_finish(&weights);
    return 0;
}
