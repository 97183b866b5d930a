/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.h - the canonical lines by which the catalog tells one way of measuring and embedding
 * from another. Whatever changes the numbers must change the line. Heap strings; NULL when memory
 * is out.
 */
#ifndef WORK_SETTINGS_H
#define WORK_SETTINGS_H

#include "musicmap/work.h"

/* "v2 excerpt=30 peak=sample" */
char *mm_settings_measure(const struct mm_embed_options *options);

/* The embedder's own line and the excerpt: "v1 pool=mean excerpt=30". */
char *mm_settings_vector(const struct mm_embedder *embedder,
                         const struct mm_embed_options *options);

#endif
