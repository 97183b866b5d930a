/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where to start listening. The song is kept as at most 512 cells of equal width (0.21 s, doubled
 * whenever they fill up). A good moment is the start of a stretch that is loud for the song and
 * louder than what came before: score = A + (A - B) / 2, with A the mean level in dB of the four
 * seconds that follow and B that of the four before, where there are any. Only the first half is
 * searched, so that something is left to hear; the earlier of equals wins. The moment is then moved
 * to just before the strongest onset near the start of the stretch.
 */
#include "audio/moment.h"

#include <math.h>

#define CELL_FRAMES 12
#define LOOK_S      4.0
#define LEAD_S      0.02 /* heard before the onset */
#define MIN_GAP     4    /* frames between two onsets: 70 ms */
#define THRESHOLD   1.6  /* an onset stands out of the running mean by this much */
#define MEAN_FRAMES 43.0 /* 0.75 s */

static void merge_cells(struct mm_moment *m)
{
    for (size_t i = 0; i < MM_MOMENT_CELLS / 2; i++) {
        struct mm_moment_cell a = m->cells[2 * i];
        struct mm_moment_cell b = m->cells[2 * i + 1];
        struct mm_moment_cell joined = b.strongest > a.strongest ? b : a;
        joined.power = a.power + b.power;
        m->cells[i] = joined;
    }
    m->n_cells = MM_MOMENT_CELLS / 2;
    m->width *= 2;
}

/* The frame before this one is an onset when it is a peak that stands out. */
static void count_onset(struct mm_moment *m, float total)
{
    float peak = m->recent[1];
    size_t at = m->frames - 1; /* of peak */
    if (m->frames >= 2 && peak > m->recent[0] && peak >= total && peak > THRESHOLD * m->mean &&
        (m->onsets == 0 || at - m->last_onset >= MIN_GAP)) {
        m->onsets++;
        m->last_onset = at;
    }
    double n = m->frames < (size_t)MEAN_FRAMES ? (double)m->frames + 1 : MEAN_FRAMES;
    m->mean += (total - m->mean) / n;
    m->recent[0] = peak;
    m->recent[1] = total;
}

void mm_moment_push(struct mm_moment *m, const struct mm_onset_frame *frame)
{
    if (m->width == 0)
        m->width = CELL_FRAMES;
    size_t cell = m->frames / m->width;
    if (cell == MM_MOMENT_CELLS) {
        merge_cells(m);
        cell = m->frames / m->width;
    }
    if (cell == m->n_cells)
        m->cells[m->n_cells++] = (struct mm_moment_cell){.strongest = -1};
    struct mm_moment_cell *c = &m->cells[cell];
    c->power += frame->power;
    if (frame->total > c->strongest) {
        c->strongest = frame->total;
        c->frame = m->frames;
    }
    m->flux += frame->total;
    m->level += frame->level;
    count_onset(m, frame->total);
    m->frames++;
}

/* Mean level in dB of cells begin .. end - 1. */
static double level(const struct mm_moment *m, size_t begin, size_t end)
{
    double power = 0;
    for (size_t i = begin; i < end; i++)
        power += m->cells[i].power;
    return 10.0 * log10(power / ((double)(end - begin) * (double)m->width) + 1e-9);
}

double mm_moment_find(const struct mm_moment *m)
{
    size_t look = (size_t)ceil(LOOK_S * MM_ONSET_FPS / (double)(m->width ? m->width : 1));
    double best = -HUGE_VAL;
    size_t found = 0;
    for (size_t i = 0; i <= m->n_cells / 2 && i < m->n_cells; i++) {
        size_t end = i + look < m->n_cells ? i + look : m->n_cells;
        double after = level(m, i, end);
        double before = i >= look ? level(m, i - look, i) : after;
        double score = after + (after - before) / 2;
        if (score > best + 0.01) {
            best = score;
            found = i;
        }
    }
    if (m->n_cells == 0)
        return 0;
    const struct mm_moment_cell *near = &m->cells[found];
    if (found + 1 < m->n_cells && near[1].strongest > near->strongest)
        near++;
    return near->strongest > 0 ? fmax(0, (double)near->frame / MM_ONSET_FPS - LEAD_S) : 0;
}

double mm_moment_onset_rate(const struct mm_moment *m)
{
    return m->frames ? (double)m->onsets * MM_ONSET_FPS / (double)m->frames : 0;
}

double mm_moment_flux(const struct mm_moment *m)
{
    return m->level > 0 ? m->flux / m->level : 0;
}
