/* SPDX-License-Identifier: BSD-2-Clause */
/* table.c - the library as one table: the songs of the map, or all that have vectors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "musicmap/work.h"
#include "work/vectors.h"

/* Everything comes in order of id: what is next in each list is at hand. */
struct filling {
    struct mm_table *table;
    const int64_t *ids; /* [table->n] */
    size_t at;
};

static struct mm_table_row *row_of(struct filling *f, int64_t song)
{
    while (f->at < f->table->n && f->ids[f->at] < song)
        f->at++;
    return f->at < f->table->n && f->ids[f->at] == song ? &f->table->rows[f->at] : NULL;
}

static int on_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct mm_table_row *row = row_of(ctx, song->id);
    (void)err;
    if (!row)
        return 0;
    /* The song is the callback's for its time only: what is kept is taken out of it. */
    row->song = *song;
    *(struct mm_song *)song = (struct mm_song){.id = row->song.id};
    return 0;
}

static int on_measure(void *ctx, int64_t song, double duration_s, const struct mm_measure *measure,
                      struct mm_error *err)
{
    struct mm_table_row *row = row_of(ctx, song);
    (void)duration_s;
    (void)err;
    if (row) {
        row->measure = *measure;
        row->measured = true;
    }
    return 0;
}

static void add_places(struct filling *f)
{
    const struct mm_map_record *map = &f->table->map;
    f->at = 0;
    for (size_t k = 0; k < map->n_songs; k++) {
        struct mm_table_row *row = row_of(f, map->songs[k].song);
        if (row)
            row->place = &map->songs[k];
    }
}

static int fill(struct mm_catalog *catalog, struct filling *f, struct mm_error *err)
{
    struct mm_table *t = f->table;
    t->rows = mm_calloc3(t->n, 1, sizeof *t->rows);
    if (!t->rows)
        return mm_no_memory(err);
    for (size_t i = 0; i < t->n; i++)
        t->rows[i].song.id = f->ids[i];
    int result = mm_catalog_each_song(catalog, MM_SONGS_PRESENT, NULL, on_song, f, err);
    f->at = 0;
    if (result == 0)
        result = mm_catalog_each_measure(catalog, on_measure, f, err);
    if (result == 0)
        result = mm_catalog_get_map(catalog, &t->map, err);
    if (result == MM_ERR_NOT_FOUND) /* a table needs no map */
        result = 0;
    add_places(f);
    return result;
}

int mm_load_table(struct mm_catalog *catalog, const char *model, struct mm_table *out,
                  struct mm_error *err)
{
    struct mm_song_vectors v;
    *out = (struct mm_table){0};
    int result = mm_song_vectors_init(&v, catalog, model, err);
    if (result < 0)
        return result;
    struct filling filling = {.table = out, .ids = v.ids};
    out->n = v.n;
    out->dim = v.dim;
    out->model = strdup(v.model);
    out->vectors = mm_calloc3(v.n, v.dim, sizeof *out->vectors);
    result = out->vectors && out->model ? mm_song_vectors_stored(&v, out->vectors, err)
                                        : mm_no_memory(err);
    if (result == 0)
        result = fill(catalog, &filling, err);
    mm_song_vectors_finish(&v);
    if (result < 0)
        mm_table_finish(out);
    return result;
}

void mm_table_finish(struct mm_table *t)
{
    for (size_t i = 0; t->rows && i < t->n; i++)
        mm_song_finish(&t->rows[i].song);
    mm_map_record_finish(&t->map);
    free(t->rows);
    free(t->vectors);
    free(t->model);
    *t = (struct mm_table){0};
}
