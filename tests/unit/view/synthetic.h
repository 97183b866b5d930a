/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * synthetic.h - made-up maps for tests and benchmarks: songs in lumps of unequal size, a share of
 * them strayed among strangers, as songs do that are near in many dimensions and far on the map.
 */
#ifndef TESTS_SYNTHETIC_H
#define TESTS_SYNTHETIC_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "musicmap/view.h"

static const char *const synthetic_words[] = {
    "Bossa Nova",
    "Swing",
    "Delta Blues",
    "Reggae",
    "Ska",
    "Klezmer",
    "Fado",
    "Tango Argentino",
    "West Coast Hip-Hop",
    "日本のロック",
    "موسيقى عربية",
    "Polka",
    "Drum and Bass",
    "Ambient",
    "Symphonic Progressive Black Metal",
    "Country & Western",
    "Zydeco",
    "사이키델릭",
    "K-Pop",
    "Ελληνικό λαϊκό",
    "Русский рок",
    "Cumbia",
    "Mariachi",
    "Highlife",
    "מוזיקה",
    "Baroque",
    "Contemporary Classical Minimalism",
    "Soul",
    "Funk",
    "Disco",
    "House",
    "Techno",
    "Trance",
    "Gospel",
    "Waltz",
    "Schlager",
    "Chanson",
    "Flamenco",
    "Bhangra",
    "Qawwali",
    "粤语流行",
    "Surf Rock",
    "Shoegaze",
    "Dream Pop",
    "Grunge",
    "Punk",
    "Hardcore <&> \"Straight Edge\"",
    "New Wave",
    "Italo",
    "Bluegrass",
    "Ragtime",
    "Dixieland",
    "Bebop",
    "Cool Jazz",
    "Samba",
};

struct synthetic {
    float *xy;
    uint32_t *cluster;
    char **names;
    struct mm_scene_input input;
};

static inline void synthetic_finish(struct synthetic *s)
{
    for (size_t i = 0; i < s->input.n_countries; i++)
        free(s->names[i]);
    free(s->names);
    free(s->xy);
    free(s->cluster);
}

/* n songs in k countries; stray (0..1): the share of songs that lie in a foreign lump. */
static inline void synthetic_make(struct synthetic *s, size_t n, size_t k, uint64_t seed,
                                  double stray)
{
    struct mm_random r = mm_random_stream(seed, n * 1000 + k);
    const size_t n_words = sizeof synthetic_words / sizeof *synthetic_words;
    double(*lump)[4] = calloc(k, sizeof *lump); /* x, y, spread, weight */
    s->xy = calloc(2 * n, sizeof *s->xy);
    s->cluster = calloc(n, sizeof *s->cluster);
    s->names = calloc(k, sizeof *s->names);
    double weights = 0;
    for (size_t c = 0; c < k; c++) {
        double radius = sqrt(mm_random_unit(&r));
        double angle = 6.283185307179586 * mm_random_unit(&r);
        lump[c][0] = radius * cos(angle);
        lump[c][1] = 0.75 * radius * sin(angle);
        lump[c][2] = (0.25 + 0.5 * mm_random_unit(&r)) / sqrt((double)k);
        weights += lump[c][3] = 0.25 + mm_random_unit(&r) * mm_random_unit(&r) * 3;
        char name[128];
        size_t round = c / n_words;
        snprintf(name, sizeof name, round ? "%s %zu" : "%s", synthetic_words[c % n_words],
                 round + 1);
        s->names[c] = strdup(name);
    }
    for (size_t i = 0; i < n; i++) {
        size_t c = i;
        if (i >= k) {
            double at = mm_random_unit(&r) * weights;
            for (c = 0; c + 1 < k && at > lump[c][3]; c++)
                at -= lump[c][3];
        }
        size_t place = mm_random_unit(&r) < stray ? mm_random_below(&r, k) : c;
        s->cluster[i] = (uint32_t)c;
        for (int d = 0; d < 2; d++)
            s->xy[2 * i + (size_t)d] =
                (float)(lump[place][d] + lump[place][2] * mm_random_normal(&r) * 0.6);
    }
    free(lump);
    s->input = (struct mm_scene_input){.n_songs = n,
                                       .xy = s->xy,
                                       .cluster = s->cluster,
                                       .n_countries = k,
                                       .names = (const char *const *)s->names};
}

#endif
