/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/openl3.h"

#define FILTERS                              \
    {                                        \
        64, 64, 128, 128, 256, 256, 512, 512 \
    }

/* n_mels 0 is the linear picture, which has its own transform size. */
#define VARIANT(symbol, fft, mels, n_bins, n_frames, h, w)                                         \
    const struct mm_l3_variant symbol = {                                                          \
        .frontend = {MM_OPENL3_RATE, fft, 242, mels, MM_L3_TRAINED},                               \
        .net = {.bins = n_bins, .frames = n_frames, .filters = FILTERS, .pool_h = h, .pool_w = w}, \
        .any_flavour = true,                                                                       \
    }

VARIANT(mm_openl3_linear_512, 512, 0, 257, 197, 32, 24);
VARIANT(mm_openl3_linear_6144, 512, 0, 257, 197, 8, 8);
VARIANT(mm_openl3_mel128_512, 2048, 128, 128, 199, 16, 24);
VARIANT(mm_openl3_mel128_6144, 2048, 128, 128, 199, 4, 8);
VARIANT(mm_openl3_mel256_512, 2048, 256, 256, 199, 32, 24);
VARIANT(mm_openl3_mel256_6144, 2048, 256, 256, 199, 8, 8);

#define FILE_ROW(content, repr, blob)                                                       \
    const struct mm_model_file mm_openl3_##content##_##repr = {                             \
        .name = "openl3_audio_" #repr "_" #content "-v0_4_0.h5.gz",                         \
        .url = "https://github.com/marl/openl3/raw/models/openl3_audio_" #repr "_" #content \
               "-v0_4_0.h5.gz",                                                             \
        .checksum = "git:" blob,                                                            \
    }

FILE_ROW(music, linear, "4e2e61beb17865481c8b8791c72eac8307e2753a");
FILE_ROW(music, mel128, "73ff29de441865318c4b3a3f98c40763c4773e7c");
FILE_ROW(music, mel256, "15e483646fa3d4091a463f0affbb706e6bbbb098");
FILE_ROW(env, linear, "7837407f033f3564c7e8d53fc4a4241fe160478b");
FILE_ROW(env, mel128, "8c3dfee140f7776373841e5938a3e76c54f28942");
FILE_ROW(env, mel256, "34dbd7a91cdd2de6a3d6d036ac0a24d27d78e3cc");
