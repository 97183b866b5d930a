/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/settings.h"

#include <stdio.h>

#include "base/text.h"

/* Grows when src/audio measures something in another way, so that old figures are not mixed in. */
enum { MEASURE_VERSION = 2 };

static const char *excerpt_word(double seconds, char *buffer, size_t size)
{
    if (!(seconds > 0))
        return "full";
    snprintf(buffer, size, "%g", seconds);
    return buffer;
}

char *mm_settings_measure(const struct mm_embed_options *options)
{
    char buffer[32];
    return mm_format("v%d excerpt=%s peak=%s", MEASURE_VERSION,
                     excerpt_word(options->excerpt_s, buffer, sizeof buffer),
                     options->true_peak ? "true" : "sample");
}

char *mm_settings_vector(const struct mm_embedder *embedder, const struct mm_embed_options *options)
{
    char buffer[32];
    return mm_format("%s excerpt=%s", mm_embedder_settings(embedder),
                     excerpt_word(options->excerpt_s, buffer, sizeof buffer));
}
