/* SPDX-License-Identifier: BSD-2-Clause */
/* weights_data.h - what training made (train/run), inside the program. Read with embed/packed.h. */
#ifndef EMBED_WEIGHTS_DATA_H
#define EMBED_WEIGHTS_DATA_H

/* First digits of their checksums: vectors made with others are not mixed with these. */
extern const char mm_mm1_weights_version[];
extern const char mm_metric_weights_version[];

extern const unsigned char mm_mm1_weights[];
extern const unsigned char mm_mm1_weights_end[];
extern const unsigned char mm_metric_weights[];
extern const unsigned char mm_metric_weights_end[];

#endif
