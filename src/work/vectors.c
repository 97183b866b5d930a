/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { MAX_KINDS = 256 };

int mm_song_vectors_init(struct mm_song_vectors *v, struct mm_catalog *catalog, const char *model,
                         struct mm_error *err)
{
    *v = (struct mm_song_vectors){.catalog = catalog};
    struct mm_model_count *kinds = calloc(MAX_KINDS, sizeof *kinds);
    if (!kinds)
        return mm_no_memory(err);
    size_t count = 0;
    int result = mm_catalog_list_models(catalog, kinds, MAX_KINDS, &count, err);
    const struct mm_model_count *chosen = NULL;
    for (size_t i = 0; i < count && !chosen; i++)
        if (kinds[i].songs && (!model || strcmp(kinds[i].model, model) == 0))
            chosen = &kinds[i];
    if (result == 0 && !chosen)
        result = model ? mm_error_set(err, MM_ERR_NOT_FOUND,
                                      "no song is embedded with the model %s: run \"musicmap embed "
                                      "--model %s\" first",
                                      model, model)
                       : mm_error_set(err, MM_ERR_NOT_FOUND,
                                      "no song is embedded yet: run \"musicmap embed\" first");
    if (result == 0 && chosen) {
        v->chosen = *chosen;
        v->kind = (struct mm_vector_kind){
            .model = v->chosen.model, .settings = v->chosen.settings, .segment = v->chosen.segment};
        result = mm_catalog_embedded(catalog, &v->kind, &v->ids, &v->n, err);
    }
    free(kinds);
    if (result < 0)
        mm_song_vectors_finish(v);
    return result;
}

void mm_song_vectors_finish(struct mm_song_vectors *v)
{
    free(v->ids);
    v->ids = NULL;
    v->n = 0;
}

static int read_block(void *ctx, size_t first, size_t count, float *out, struct mm_error *err)
{
    const struct mm_song_vectors *v = ctx;
    return mm_catalog_read_vectors(v->catalog, &v->kind, v->ids + first, count, v->chosen.dim, out,
                                   err);
}

struct mm_vectors mm_song_vectors_reader(struct mm_song_vectors *v)
{
    return (struct mm_vectors){.n = v->n, .dim = v->chosen.dim, .read = read_block, .ctx = v};
}
