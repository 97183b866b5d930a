/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * edgel3.h - EdgeL3 for embedded devices: the same network made small, trained on urban sound. Not
 * for music; it proves that published Keras files load and compute right. (Kumari, Roy, Cartwright,
 * Bello, Arora: "EdgeL3: Compressing L3-Net for Mote-Scale Urban Noise Monitoring", IPDPSW 2019.)
 */
#ifndef EMBED_EDGEL3_H
#define EMBED_EDGEL3_H

#include "embed/l3_model.h"

#define MM_EDGEL3_RATE 8000

extern const struct mm_l3_variant mm_edgel3_ust_64;
extern const struct mm_model_file mm_edgel3_ust_64_file;

#endif
