/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openl3.h - the OpenL3 audio models: one network, three pictures of the sound, two trainings, two
 * lengths of the embedding. (Cramer, Wu, Salamon, Bello: "Look, Listen and Learn More: Design
 * Choices for Deep Audio Embeddings", ICASSP 2019.)
 */
#ifndef EMBED_OPENL3_H
#define EMBED_OPENL3_H

#include "embed/l3_model.h"

#define MM_OPENL3_RATE 48000

extern const struct mm_l3_variant mm_openl3_linear_512;
extern const struct mm_l3_variant mm_openl3_linear_6144;
extern const struct mm_l3_variant mm_openl3_mel128_512;
extern const struct mm_l3_variant mm_openl3_mel128_6144;
extern const struct mm_l3_variant mm_openl3_mel256_512;
extern const struct mm_l3_variant mm_openl3_mel256_6144;

/* One weight file serves both lengths: they differ in the last pooling only. */
extern const struct mm_model_file mm_openl3_music_linear;
extern const struct mm_model_file mm_openl3_music_mel128;
extern const struct mm_model_file mm_openl3_music_mel256;
extern const struct mm_model_file mm_openl3_env_linear;
extern const struct mm_model_file mm_openl3_env_mel128;
extern const struct mm_model_file mm_openl3_env_mel256;

#endif
