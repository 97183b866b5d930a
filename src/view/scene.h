/* SPDX-License-Identifier: BSD-2-Clause */
/* scene.h - what the picture needs of the scene beyond musicmap/view.h. */
#ifndef VIEW_SCENE_H
#define VIEW_SCENE_H

#include "musicmap/view.h"

/* mm_scene_create() within a box of the caller's, which must hold every song; NULL = its own. */
int mm_scene_create_in_box(const struct mm_scene_input *input, const struct mm_box *box,
                           struct mm_scene **out, struct mm_error *err);

#endif
