/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/draw_shade.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static const struct kind {
    const char *name;
    enum mm_figure figure;
    double low, high; /* both 0: of the songs' values */
    bool circular;
} kinds[] = {
    {"honesty", MM_FIGURE_HONESTY, 0, 1, false}, {"intensity", MM_FIGURE_INTENSITY, 0, 0, false},
    {"tempo", MM_FIGURE_TEMPO, 0, 0, false},     {"key", MM_FIGURE_KEY, 0, 12, true},
    {"year", MM_FIGURE_YEAR, 0, 0, false},       {"rating", MM_FIGURE_RATING, 1, 5, false},
    {"plays", MM_FIGURE_PLAYS, 0, 0, false},
};

static const struct kind *find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

bool draw_shade_known(const char *name)
{
    return find(name);
}

static void find_ends(struct mm_shade *shade, size_t n, size_t *known)
{
    *known = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(shade->value[i]))
            continue;
        shade->low = *known ? fmin(shade->low, shade->value[i]) : shade->value[i];
        shade->high = *known ? fmax(shade->high, shade->value[i]) : shade->value[i];
        ++*known;
    }
}

/* The original's author saw intensity rise toward the middle: is it so here? */
static void say_correlation(const char *name, const struct mm_correlation *c)
{
    if (!isfinite(c->r))
        return;
    const char *meaning = c->high < 0  ? "it rises toward the middle"
                          : c->low > 0 ? "it falls toward the middle"
                                       : "neither rises nor falls toward the middle";
    cmd_say("%s and distance to the middle: rank correlation %.2f (95 %%: %.2f to %.2f, %zu "
            "songs): %s",
            name, c->r, c->low, c->high, c->n, meaning);
}

int draw_shade_init(struct draw_shade *out, struct mm_catalog *catalog,
                    const struct mm_map_record *map, const char *name, struct mm_error *err)
{
    const struct kind *kind = find(name);
    *out = (struct draw_shade){0};
    if (!kind)
        return mm_error_set(err, MM_ERR_USAGE, "there is no shade \"%s\"", name);
    out->value = mm_calloc3(map->n_songs, 1, sizeof *out->value);
    if (!out->value)
        return mm_no_memory(err);
    int result = mm_map_figures(catalog, map, kind->figure, out->value, err);
    if (result < 0)
        return result;
    size_t known;
    out->shade = (struct mm_shade){kind->name, out->value, 0, 0, kind->circular};
    find_ends(&out->shade, map->n_songs, &known);
    if (known == 0)
        return mm_error_set(err, MM_ERR_NOT_FOUND, "of no song of the map the %s is known", name);
    if (kind->high > kind->low) {
        out->shade.low = kind->low;
        out->shade.high = kind->high;
    }
    struct mm_correlation c;
    if (!kind->circular) {
        result = mm_map_toward_centre(map, out->value, &c, err);
        if (result == 0)
            say_correlation(name, &c);
    }
    return result;
}

void draw_shade_finish(struct draw_shade *shade)
{
    free(shade->value);
    *shade = (struct draw_shade){0};
}
