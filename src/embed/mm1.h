/* SPDX-License-Identifier: BSD-2-Clause */
/* mm1.h - the small learned model in the box: doc/mm1.md says what it was trained on. */
#ifndef EMBED_MM1_H
#define EMBED_MM1_H

#define MM_MM1_RATE 22050 /* Hz */
#define MM_MM1_DIM  128

#endif
