/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lands.c - regions of countries on the picture: a broad line where two of them touch, and their
 * names in wide letters: in the sea before its coast, or else where the names of the countries
 * leave room. A region is known by its sound and may lie in several places: it is named at the
 * largest, and not at all where no place holds most of it.
 *
 * Sums over rectangles of the raster tell at once what lies under a name (as in label.c).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "view/picture.h"
#include "view/realms.h"

#define BORDER    5.5  /* width of the line, pixels of a sheet of 2400 */
#define SMALLEST  20.0 /* letters, in the same pixels */
#define LARGEST   42.0
#define WISH      0.15 /* letter size wished for, of the root of the place's area */
#define SHRINK    0.88 /* from one size to the next */
#define GAP       0.35 /* to other names, in letter sizes */
#define OFF_SHORE 1.4  /* names in the sea are no farther from their coast, in letter sizes */
#define INSIDE    0.97 /* least share of own land under a name within */
#define OWN_COAST 0.85 /* least share of own land in all land near a name in the sea */

static const struct mm_paint border = {0x4d4238, 0.35};
static const struct mm_paint letters_on_land = {0x3a3129, 0.52};
static const struct mm_paint letters_at_sea = {0x41586a, 0.85};

static const char *region_of(const struct mm_scene *scene, uint32_t song)
{
    return scene->countries[scene->cluster[song]].region;
}

void mm_lands_paint_borders(const struct mm_picture *p)
{
    const struct mm_scene *scene = p->scene;
    const struct mm_voronoi *v = scene->voronoi;
    for (size_t i = 0; i < v->n_edges; i++) {
        const struct mm_voronoi_edge *e = &v->edges[i];
        if (e->right == UINT32_MAX || region_of(scene, e->left) == region_of(scene, e->right))
            continue;
        const double *a = v->corners + 2 * (size_t)e->a;
        const double *b = v->corners + 2 * (size_t)e->b;
        mm_canvas_move(p->canvas, mm_sheet_x(&p->sheet, a[0]), mm_sheet_y(&p->sheet, a[1]));
        mm_canvas_line(p->canvas, mm_sheet_x(&p->sheet, b[0]), mm_sheet_y(&p->sheet, b[1]));
    }
    mm_canvas_stroke(p->canvas, border, BORDER * p->sheet.u, false);
}

/* ---- what lies under a rectangle ---- */

struct sums {
    size_t w, h;
    uint32_t *at; /* [h + 1][w + 1] */
};

/* In units of the raster, about its middle. */
struct box {
    double x, y, w, h;
};

enum { OWN, SEA, TAKEN, KINDS };

struct plan {
    struct mm_picture *picture;
    size_t w, h;
    double unit;           /* of the raster, on the sheet */
    const char **name;     /* [n] of the regions */
    size_t n;              /* regions */
    uint32_t *region;      /* [h][w] number, MM_LABEL_SEA in the sea and where there is none */
    unsigned char *marked; /* [h][w] nodes under names */
    size_t *area;          /* [n] nodes of each region */
    struct mm_label_piece *piece; /* [n] the largest place of each */
    struct sums sums[KINDS];
};

static bool counts(const struct plan *plan, int kind, uint32_t region, size_t node)
{
    return kind == OWN   ? plan->region[node] == region
           : kind == SEA ? plan->picture->ground.country[node] == MM_LABEL_SEA
                         : plan->marked[node] != 0;
}

static void add_up(struct plan *plan, int kind, uint32_t region)
{
    struct sums *s = &plan->sums[kind];
    for (size_t j = 0; j < s->h; j++) {
        uint32_t sum = 0;
        const uint32_t *above = s->at + j * (s->w + 1);
        uint32_t *row = s->at + (j + 1) * (s->w + 1);
        for (size_t i = 0; i < s->w; i++) {
            sum += counts(plan, kind, region, j * s->w + i);
            row[i + 1] = above[i + 1] + sum;
        }
    }
}

static size_t clamp_to(double value, size_t most)
{
    return value <= 0 ? 0 : value >= (double)most ? most : (size_t)value;
}

/* The share of a box's nodes that count, when it is made larger by `more` on all sides. */
static double share(const struct plan *plan, int kind, const struct box *b, double more)
{
    const struct sums *s = &plan->sums[kind];
    size_t i0 = clamp_to(floor(b->x - b->w / 2 - more), s->w);
    size_t j0 = clamp_to(floor(b->y - b->h / 2 - more), s->h);
    size_t i1 = clamp_to(ceil(b->x + b->w / 2 + more), s->w);
    size_t j1 = clamp_to(ceil(b->y + b->h / 2 + more), s->h);
    size_t row = s->w + 1;
    if (i1 <= i0 || j1 <= j0)
        return 0;
    uint32_t sum =
        s->at[j1 * row + i1] - s->at[j0 * row + i1] - s->at[j1 * row + i0] + s->at[j0 * row + i0];
    return (double)sum / ((double)(i1 - i0) * (double)(j1 - j0));
}

static void mark(struct plan *plan, const struct box *b)
{
    for (size_t j = clamp_to(floor(b->y - b->h / 2), plan->h);
         j < clamp_to(ceil(b->y + b->h / 2), plan->h); j++)
        for (size_t i = clamp_to(floor(b->x - b->w / 2), plan->w);
             i < clamp_to(ceil(b->x + b->w / 2), plan->w); i++)
            plan->marked[j * plan->w + i] = 1;
}

/* ---- places for names ---- */

/* How good a place is, > 0; 0: the name cannot stand there. */
static double judge(const struct plan *plan, const struct mm_label_piece *piece,
                    const struct box *b, double size, bool at_sea)
{
    if (share(plan, TAKEN, b, GAP * size) > 0)
        return 0;
    double off = hypot(b->x - piece->x, b->y - piece->y) / sqrt((double)piece->area);
    if (!at_sea)
        return share(plan, OWN, b, 0) < INSIDE ? 0 : 1 / (1 + off);
    if (share(plan, SEA, b, GAP * size) < 1)
        return 0;
    double own = share(plan, OWN, b, OFF_SHORE * size);
    double land = 1 - share(plan, SEA, b, OFF_SHORE * size);
    if (own <= 0 || own < OWN_COAST * land)
        return 0;
    return (0.2 + own) / (1 + off);
}

/* out: its w and h are asked for, x and y found. */
static bool best_place(const struct plan *plan, const struct mm_label_piece *piece, double size,
                       bool at_sea, struct box *out)
{
    double w = out->w;
    double h = out->h;
    double pace = fmax(1, 0.2 * size);
    double reach = at_sea ? w / 2 + 2 * size : 0;
    double edge = MM_GROUND_EDGE * plan->picture->sheet.u / plan->unit;
    double x0 = fmax((double)piece->x0 - reach, edge + w / 2);
    double y0 = fmax((double)piece->y0 - reach, edge + h / 2);
    double x1 = fmin((double)piece->x1 + reach, (double)plan->w - 1 - edge - w / 2);
    double y1 = fmin((double)piece->y1 + reach, (double)plan->h - 1 - edge - h / 2);
    double best = 0;
    for (double y = y0; y <= y1; y += pace)
        for (double x = x0; x <= x1; x += pace) {
            struct box b = {x, y, w, h};
            double score = judge(plan, piece, &b, size, at_sea);
            if (score > best) {
                best = score;
                *out = b;
            }
        }
    return best > 0;
}

/* The largest letters for which there is room, on one line or two. */
static bool try_sizes(const struct plan *plan, const struct mm_label_piece *piece,
                      struct mm_lettering *const *shapes, bool at_sea, struct mm_land_name *out)
{
    double least = SMALLEST * plan->picture->sheet.u;
    double most = LARGEST * plan->picture->sheet.u;
    double wish = WISH * sqrt((double)piece->area) * plan->unit;
    double size = fmin(fmax(wish, least), most);
    for (;; size = fmax(size * SHRINK, least)) {
        for (int s = 0; s < 2 && shapes[s]; s++) {
            double w = mm_lettering_width(shapes[s]) * size / MM_LETTER_SIZE;
            double h = mm_lettering_height(shapes[s]) * size / MM_LETTER_SIZE;
            struct box b = {0, 0, w / plan->unit, h / plan->unit};
            if (!best_place(plan, piece, size / plan->unit, at_sea, &b))
                continue;
            *out = (struct mm_land_name){shapes[s], b.x, b.y, w, h, size, at_sea};
            return true;
        }
        if (size <= least)
            return false;
    }
}

/* In the sea a name is easier to read and hides nothing. */
static bool find_place(const struct plan *plan, const struct mm_label_piece *piece,
                       struct mm_lettering *const *shapes, struct mm_land_name *out)
{
    return try_sizes(plan, piece, shapes, true, out) || try_sizes(plan, piece, shapes, false, out);
}

static int letter(const struct mm_picture *p, const char *name, struct mm_lettering **shapes,
                  struct mm_error *err)
{
    struct mm_type type = {
        .size = MM_LETTER_SIZE, .weight = 500, .italic = true, .tracking = 0.22, .lines = 1};
    int result = mm_lettering_create(p->canvas, name, &type, &shapes[0], err);
    if (result < 0 || !strchr(name, ' '))
        return result;
    type.lines = 2;
    type.width = 0.66 * mm_lettering_width(shapes[0]);
    result = mm_lettering_create(p->canvas, name, &type, &shapes[1], err);
    if (result == 0 && (mm_lettering_cut(shapes[1]) || mm_lettering_breaks_word(shapes[1]))) {
        mm_lettering_destroy(shapes[1]);
        shapes[1] = NULL;
    }
    return result;
}

static int place(struct plan *plan, size_t region, struct mm_error *err)
{
    struct mm_picture *p = plan->picture;
    struct mm_lettering *shapes[2] = {NULL, NULL};
    struct mm_land_name *name = p->lands + p->n_lands;
    struct mm_label_piece *piece = &plan->piece[region];
    if (piece->area == 0 || (double)piece->area < MM_REALM_MOST * (double)plan->area[region])
        return 0;
    int result = letter(p, plan->name[region], shapes, err);
    if (result == 0) {
        add_up(plan, OWN, (uint32_t)region);
        add_up(plan, TAKEN, 0);
        if (find_place(plan, piece, shapes, name)) {
            mark(plan, &(struct box){name->x, name->y, name->w / plan->unit, name->h / plan->unit});
            mm_ground_to_sheet(p, &name->x, &name->y);
            p->n_lands++;
        }
    }
    for (int s = 0; s < 2; s++)
        if (shapes[s] != name->lettering)
            mm_lettering_destroy(shapes[s]);
    return result;
}

/* ---- the whole ---- */

static void plan_finish(struct plan *plan)
{
    for (int k = 0; k < KINDS; k++)
        free(plan->sums[k].at);
    free(plan->piece);
    free(plan->area);
    free(plan->marked);
    free(plan->region);
    free(plan->name);
}

/* Numbers the regions and tells which is where. */
static int list_regions(struct plan *plan, struct mm_error *err)
{
    const struct mm_scene *scene = plan->picture->songs;
    const uint32_t *country = plan->picture->ground.country;
    uint32_t *number = mm_calloc3(scene->n_countries, 1, sizeof *number);
    if (!number)
        return mm_no_memory(err);
    for (size_t c = 0; c < scene->n_countries; c++) {
        const char *name = scene->countries[c].region;
        size_t r = 0;
        while (r < plan->n && plan->name[r] != name)
            r++;
        if (name && r == plan->n)
            plan->name[plan->n++] = name;
        number[c] = name ? (uint32_t)r : MM_LABEL_SEA;
    }
    for (size_t i = 0; i < plan->w * plan->h; i++) {
        plan->region[i] = country[i] == MM_LABEL_SEA ? MM_LABEL_SEA : number[country[i]];
        if (plan->region[i] != MM_LABEL_SEA)
            plan->area[plan->region[i]]++;
    }
    free(number);
    struct mm_label_raster raster = {
        .w = plan->w, .h = plan->h, .country = plan->region, .n_countries = plan->n};
    return mm_label_pieces(&raster, plan->piece) < 0 ? mm_no_memory(err) : 0;
}

/* The names of countries are in the way. */
static void mark_labels(struct plan *plan)
{
    const struct mm_picture *p = plan->picture;
    const struct mm_grid *g = &p->ground.grid;
    for (size_t c = 0; c < p->songs->n_countries; c++) {
        const struct mm_label *l = &p->labels[c];
        if (l->kind == MM_LABEL_AS_NOTHING)
            continue;
        double x = ((l->x - p->sheet.map_x) / p->sheet.scale - g->x0) / g->step;
        double y = ((p->sheet.map_y - l->y) / p->sheet.scale - g->y0) / g->step;
        mark(plan, &(struct box){x, y, l->w / plan->unit, l->h / plan->unit});
    }
}

static int plan_init(struct plan *plan, struct mm_picture *p, struct mm_error *err)
{
    size_t n = p->songs->n_countries;
    *plan = (struct plan){
        .picture = p, .w = p->ground.grid.w, .h = p->ground.grid.h, .unit = p->ground.unit};
    bool room = true;
    plan->name = mm_calloc3(n, 1, sizeof *plan->name);
    plan->region = mm_calloc3(plan->w, plan->h, sizeof *plan->region);
    plan->marked = mm_calloc3(plan->w, plan->h, 1);
    plan->area = mm_calloc3(n, 1, sizeof *plan->area);
    plan->piece = mm_calloc3(n, 1, sizeof *plan->piece);
    for (int k = 0; k < KINDS; k++) {
        plan->sums[k] = (struct sums){plan->w, plan->h, NULL};
        plan->sums[k].at = mm_calloc3(plan->w + 1, plan->h + 1, sizeof *plan->sums[k].at);
        room = room && plan->sums[k].at;
    }
    p->lands = mm_calloc3(n, 1, sizeof *p->lands);
    if (!room || !plan->name || !plan->region || !plan->marked || !plan->area || !plan->piece ||
        !p->lands)
        return mm_no_memory(err);
    return list_regions(plan, err);
}

static int by_area(const void *one, const void *two, void *ctx)
{
    const struct plan *plan = ctx;
    size_t a = *(const size_t *)one;
    size_t b = *(const size_t *)two;
    if (plan->piece[a].area != plan->piece[b].area)
        return plan->piece[a].area > plan->piece[b].area ? -1 : 1;
    return (a > b) - (a < b);
}

int mm_lands_plan(struct mm_picture *p, struct mm_error *err)
{
    struct plan plan;
    size_t *order = NULL;
    int result = plan_init(&plan, p, err);
    if (result < 0 || plan.n == 0)
        goto out;
    mark_labels(&plan);
    add_up(&plan, SEA, 0);
    order = mm_calloc3(plan.n, 1, sizeof *order);
    if (!order)
        result = mm_no_memory(err);
    for (size_t i = 0; i < plan.n && order; i++)
        order[i] = i;
    if (order)
        qsort_r(order, plan.n, sizeof *order, by_area, &plan);
    for (size_t i = 0; i < plan.n && result == 0; i++)
        result = place(&plan, order[i], err);

out:
    free(order);
    plan_finish(&plan);
    return result;
}

void mm_lands_letter(const struct mm_picture *p)
{
    for (size_t i = 0; i < p->n_lands; i++) {
        const struct mm_land_name *n = &p->lands[i];
        mm_canvas_letter(p->canvas, n->lettering, n->x - n->w / 2, n->y - n->h / 2,
                         n->size / MM_LETTER_SIZE, n->at_sea ? letters_at_sea : letters_on_land,
                         mm_no_paint, 0);
    }
}
