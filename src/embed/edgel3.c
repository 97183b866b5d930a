/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/edgel3.h"

const struct mm_l3_variant mm_edgel3_ust_64 = {
    .frontend = {MM_EDGEL3_RATE, 1024, 160, 64, MM_L3_TRAINED},
    .net = {.bins = 64,
            .frames = 50,
            .filters = {32, 32, 64, 64, 128, 128, 64, 64},
            .last_norm = true,
            .pool_h = 8,
            .pool_w = 6},
};

const struct mm_model_file mm_edgel3_ust_64_file = {
    .name = "edgel3_sea_ust_audio_emb_64.h5.gz",
    .url = "https://github.com/ksangeeta2429/edgel3/raw/models/edgel3_sea_ust_audio_emb_64.h5.gz",
    .checksum = "git:f3535405c91fe8da71f6456adb8a061213324239",
    .bytes = 3875049,
};
