/* SPDX-License-Identifier: BSD-2-Clause */
/* labels.h - what songs are labelled with, as numbers: to judge maps and clusters by. */
#ifndef WORK_LABELS_H
#define WORK_LABELS_H

#include "musicmap/work.h"

/* label: [n] equal numbers for equal labels; UINT32_MAX where a song has none. */
int mm_song_labels(struct mm_catalog *catalog, const int64_t *ids, size_t n,
                   enum mm_label_kind kind, uint32_t *label, struct mm_error *err);

#endif
