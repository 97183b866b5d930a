/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hull.c - Delaunay triangulation through qhull (Barber, Dobkin, Huhdanpaa 1996): the lower convex
 * hull of the places lifted onto a paraboloid.
 */
#include "map/hull.h"

#include <libqhull_r/qhull_ra.h>

#include "base/array.h"

/* Qt: triangles also where more than three places share a circle. Qbb, Qz: the scaling and the
 * point at infinity that qhull advises for places on a grid. */
static char options[] = "qhull d Qt Qbb Qc Qz";

static int facet_corners(qhT *qh, facetT *facet, size_t n, uint32_t corner[3])
{
    vertexT *vertex;
    vertexT **vertexp;
    size_t count = 0;
    FOREACHvertex_(facet->vertices)
    {
        int id = qh_pointid(qh, vertex->point);
        if (count == 3 || id < 0 || (size_t)id >= n)
            return 0;
        corner[count++] = (uint32_t)id;
    }
    return count == 3;
}

static int collect(qhT *qh, const struct mm_place *places, size_t n, uint32_t **triangles,
                   size_t *n_triangles)
{
    size_t capacity = 0;
    facetT *facet;
    FORALLfacets
    {
        uint32_t corner[3];
        if (facet->upperdelaunay || !facet_corners(qh, facet, n, corner))
            continue;
        int64_t turn = mm_place_turn(places[corner[0]], places[corner[1]], places[corner[2]]);
        if (turn == 0)
            continue;
        if (mm_array_reserve(triangles, &capacity, 3 * (*n_triangles + 1)) < 0)
            return MM_ERR_NO_MEMORY;
        uint32_t *t = *triangles + 3 * (*n_triangles)++;
        t[0] = corner[0];
        t[1] = corner[turn > 0 ? 1 : 2];
        t[2] = corner[turn > 0 ? 2 : 1];
    }
    return 0;
}

int mm_hull_triangulate(const struct mm_place *places, size_t n, uint32_t **triangles,
                        size_t *n_triangles, struct mm_error *err)
{
    *triangles = NULL;
    *n_triangles = 0;
    char *words = NULL; /* qhull wants a stream for its complaints; nobody reads them */
    size_t n_words = 0;
    int result = 0;
    FILE *complaints = open_memstream(&words, &n_words);
    coordT *points = mm_calloc3(n, 2, sizeof *points);
    if (!complaints || !points) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        points[2 * i] = ldexp(places[i].x, 1 - MM_GRID_BITS) - 1;
        points[2 * i + 1] = ldexp(places[i].y, 1 - MM_GRID_BITS) - 1;
    }

    qhT qh;
    qh_zero(&qh, complaints);
    if (qh_new_qhull(&qh, 2, (int)n, points, False, options, NULL, complaints) == 0 &&
        collect(&qh, places, n, triangles, n_triangles) < 0)
        result = mm_no_memory(err);
    qh_freeqhull(&qh, !qh_ALL);
    int long_left;
    int total;
    qh_memfreeshort(&qh, &long_left, &total);

out:
    if (complaints)
        fclose(complaints);
    free(words);
    free(points);
    return result;
}
