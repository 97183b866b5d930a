/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of models: a new one is a line here and a file that has its mm_model_ops. */
#include <string.h>

#include "embed/model.h"
#include "embed/timbre.h"

static const struct mm_model models[] = {
    {
        .name = "timbre",
        .summary = "sound colour, harmony and rhythm; built in, no download",
        .sample_rate = MM_TIMBRE_RATE,
        .dim = MM_TIMBRE_DIM,
        .licence = "BSD-2-Clause",
        .citation = "musicmap, doc/timbre.md",
        .ops = &mm_timbre_ops,
    },
};

const struct mm_model *mm_models(size_t *count)
{
    *count = sizeof models / sizeof models[0];
    return models;
}

const struct mm_model *mm_model_find(const char *name)
{
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (strcmp(models[i].name, name) == 0)
            return &models[i];
    return NULL;
}
