/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * musicnn.h - MusiCNN trained on the Million Song Dataset, with what was trained on top of it: 50
 * tags, danceability and five moods. (Pons, Serra: "musicnn: Pre-trained convolutional neural
 * networks for music audio tagging", ISMIR 2019 late-breaking; heads: Alonso-Jimenez, Bogdanov,
 * Pons, Serra: "TensorFlow Audio Models in Essentia", ICASSP 2020.)
 */
#ifndef EMBED_MUSICNN_H
#define EMBED_MUSICNN_H

#include "embed/model.h"

#define MM_MUSICNN_DIM   200
#define MM_MUSICNN_FILES 8

extern const struct mm_model_file mm_musicnn_files[MM_MUSICNN_FILES];

#endif
