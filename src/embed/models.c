/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of models: a new one is a line here and a file that has its mm_model_ops. */
#include <string.h>

#include "embed/edgel3.h"
#include "embed/mm1.h"
#include "embed/model.h"
#include "embed/musicnn.h"
#include "embed/musicnn_frontend.h"
#include "embed/openl3.h"
#include "embed/timbre.h"

#define OPENL3(content, repr, size, what)                                                 \
    {                                                                                     \
        .name = "openl3-" #content "-" #repr "-" #size,                                   \
        .summary = "OpenL3 trained on " what ", " #repr " spectrogram, " #size " values", \
        .sample_rate = MM_OPENL3_RATE, .dim = (size), .licence = "CC-BY-4.0",             \
        .citation = "Cramer, Wu, Salamon, Bello: Look, Listen and Learn More: Design "    \
                    "Choices for Deep Audio Embeddings. ICASSP 2019",                     \
        .files = &mm_openl3_##content##_##repr, .n_files = 1,                             \
        .variant = &mm_openl3_##repr##_##size, .ops = &mm_l3_ops,                         \
    }

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
    {
        .name = "mm1",
        .summary = "small network trained on free music; built in, best as mm1+timbre",
        .sample_rate = MM_MM1_RATE,
        .dim = MM_MM1_DIM,
        .licence = "BSD-2-Clause",
        .citation = "musicmap, doc/mm1.md",
        .ops = &mm_mm1_ops,
    },
    OPENL3(music, mel256, 512, "music"),
    OPENL3(music, mel256, 6144, "music"),
    OPENL3(music, mel128, 512, "music"),
    OPENL3(music, mel128, 6144, "music"),
    OPENL3(music, linear, 512, "music"),
    OPENL3(music, linear, 6144, "music"),
    OPENL3(env, mel256, 512, "sounds of the environment"),
    OPENL3(env, mel256, 6144, "sounds of the environment"),
    OPENL3(env, mel128, 512, "sounds of the environment"),
    OPENL3(env, mel128, 6144, "sounds of the environment"),
    OPENL3(env, linear, 512, "sounds of the environment"),
    OPENL3(env, linear, 6144, "sounds of the environment"),
    {
        .name = "musicnn-msd",
        .summary = "MusiCNN trained on the Million Song Dataset; also tags, moods, danceability",
        .sample_rate = MM_MUSICNN_RATE,
        .dim = MM_MUSICNN_DIM,
        .licence = "CC-BY-NC-SA-4.0",
        .citation = "Pons, Serra: musicnn: Pre-trained convolutional neural networks for music "
                    "audio tagging. ISMIR 2019; Alonso-Jimenez, Bogdanov, Pons, Serra: TensorFlow "
                    "Audio Models in Essentia. ICASSP 2020",
        .files = mm_musicnn_files,
        .n_files = MM_MUSICNN_FILES,
        .ops = &mm_musicnn_ops,
    },
    {
        .name = "edgel3-ust-64",
        .summary = "a small L3 network, trained on sounds of the street",
        .sample_rate = MM_EDGEL3_RATE,
        .dim = 64,
        .licence = "MIT",
        .citation = "Kumari, Roy, Cartwright, Bello, Arora: EdgeL3: Compressing L3-Net for "
                    "Mote-Scale Urban Noise Monitoring. IPDPSW 2019",
        .files = &mm_edgel3_ust_64_file,
        .n_files = 1,
        .variant = &mm_edgel3_ust_64,
        .ops = &mm_l3_ops,
    },
};

bool mm_tag_is_property(const char *name)
{
    return strcmp(name, "danceability") == 0 || strncmp(name, "mood_", 5) == 0;
}

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
