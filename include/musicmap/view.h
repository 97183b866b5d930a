/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view.h - the map as a picture and as a page.
 *
 * Both show the same scene: cells, countries with colours and names, borders. The colours of
 * neighbouring countries differ by Delta-E 2000 >= 15, also as seen with each kind of colour
 * blindness.
 *
 * Threads: a scene is read-only once made; a server runs its own threads.
 */
#ifndef MUSICMAP_VIEW_H
#define MUSICMAP_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog.h"
#include "error.h"
#include "map.h"
#include "work.h"

/* ---- scene ---- */

struct mm_country {
    const char *name; /* owned by the scene */
    uint32_t colour;  /* 0xRRGGBB */
    uint32_t n_songs;
    double area; /* of its cells, map units squared */
    double x, y; /* where its name stands: inside its largest piece (pole of inaccessibility) */
    double label_radius; /* of the largest circle around x, y inside that piece */
    const char *region;  /* name of the region it is part of, owned by the scene; NULL = none */
};

struct mm_scene {
    struct mm_box box;
    size_t n_songs;
    const float *xy;         /* [n_songs][2]; y grows upward */
    const uint32_t *cluster; /* [n_songs] index into countries */
    size_t n_countries;
    const struct mm_country *countries;
    const struct mm_voronoi *voronoi; /* cells of the songs */
    /* Pairs of neighbouring countries nearer than Delta-E 15 for one kind of eye. 0 unless so many
     * countries touch one another that no set of colours could keep them apart (about 16). */
    size_t close_pairs;
};

struct mm_scene_input {
    size_t n_songs;
    const float *xy;
    const uint32_t *cluster;
    size_t n_countries;
    const char *const *names; /* [n_countries] */
    /* Groups of countries; 0 = there are none. */
    size_t n_regions;
    const char *const *region_names; /* [n_regions] */
    const uint32_t *region;          /* [n_countries] index into region_names */
};
/* Copies what it needs. n_songs >= 1. */
int mm_scene_create(const struct mm_scene_input *input, struct mm_scene **out,
                    struct mm_error *err);
void mm_scene_destroy(struct mm_scene *scene);

/* ---- picture ---- */

enum mm_draw_cells {
    MM_DRAW_SONGS,   /* a cell for every song */
    MM_DRAW_CLUSTERS /* cells of the cluster centres over the songs, as the original drew */
};
/* A radio set on the map, and how intense it is as it goes on. */
struct mm_route_stop {
    double x, y;              /* place on the map; NAN = not on it, passed over */
    double start_s, length_s; /* in the set */
    double level;             /* 0..1 height of its bar; NAN = not known */
    double wanted;            /* 0..1 where the arc wants it; NAN = there is no arc */
};
struct mm_route {
    size_t n;
    const struct mm_route_stop *stops; /* [n] in order */
};

/* Cells in the colour of a figure of their songs, instead of their country's. */
struct mm_shade {
    const char *name;   /* "tempo" */
    const float *value; /* [n_songs] of the scene; NAN: not known */
    double low, high;   /* where the scale begins and ends */
    bool circular;      /* high is low again */
};
struct mm_draw_settings {
    enum mm_draw_cells cells;
    const char *title;            /* NULL = none */
    int width, height;            /* pixels (png) or points (svg, pdf); 0 = 2400 x 1600 */
    const struct mm_route *route; /* drawn over the map, its arc beneath; NULL = none */
    const struct mm_shade *shade; /* NULL = by country; with MM_DRAW_SONGS only */
};
/* What the picture holds, for reports and tests. */
struct mm_draw_report {
    size_t countries;
    size_t named; /* names that found a place */
};
/* Format by the ending of path: .svg, .png, .pdf. Written to a temporary name, then renamed. */
int mm_draw(const struct mm_scene *scene, const struct mm_draw_settings *settings, const char *path,
            struct mm_draw_report *report, struct mm_error *err);

/* Whether a picture can be written under this name; MM_ERR_USAGE. To be asked before long work. */
int mm_draw_check_name(const char *path, struct mm_error *err);

/* ---- how the number of clusters was chosen ---- */

struct mm_curve {
    const char *title;
    const char *x_label, *y_label;
    size_t n;
    const double *k;     /* [n] candidates, > 0, rising */
    const double *score; /* [n] finite */
    double chosen;       /* one of k */
};
/* As mm_draw: by the ending of path. */
int mm_draw_curve(const struct mm_curve *curve, const char *path, struct mm_error *err);

/* ---- many small maps on one sheet ---- */

struct mm_contact {
    size_t n;
    const float *xy;       /* [n][2] within -1..1 */
    const uint32_t *group; /* [n] what a song's colour tells; UINT32_MAX = grey */
    const char *title, *note;
};
/* As mm_draw: by the ending of path. 1 to 400 maps. */
int mm_draw_contacts(const struct mm_contact *contacts, size_t n, const char *path,
                     struct mm_error *err);

/* ---- page ---- */

/* A player beside the page. The calls come from any thread and return at once. */
struct mm_companion {
    const char *name;              /* "MPD" */
    int64_t (*playing)(void *ctx); /* the song on air; 0 = none of the library's */
    void (*play)(void *ctx, int64_t song);
    void *ctx;
};

struct mm_server_settings {
    const char *address;  /* NULL = 127.0.0.1; one that others reach needs a password */
    const char *password; /* a record of mm_serve_password(); NULL = none is asked for */
    const char *url; /* where a proxy on this machine makes it reachable, https://music.example; */
                     /* needs a password. NULL = there is none */
    int port;        /* first port tried; 0 = any free one */
    int port_tries;  /* how many ports upward, 1 = just this one */
    uint64_t clip_cache; /* bytes on disk; 0 = 2 GB */
    bool no_open;        /* the page may not open a song's folder in the file manager */
    bool no_update;      /* songs embedded since do not come onto the map by themselves */
    const struct mm_companion *companion; /* outlives the server; NULL = there is none */
};
struct mm_server;
enum { MM_PASSWORD_RECORD_SIZE = 128 };
/* What a server is told of a password: salted and hashed (scrypt), so that it may lie in a file. */
int mm_serve_password(const char *password, char record[MM_PASSWORD_RECORD_SIZE],
                      struct mm_error *err);
/* Starts serving the page of catalog's library in threads of its own. */
int mm_server_start(struct mm_catalog *catalog, struct mm_helpers *helpers,
                    const struct mm_server_settings *settings, struct mm_server **out,
                    struct mm_error *err);
const char *mm_server_url(const struct mm_server *server); /* "http://127.0.0.1:8765/" */
/* Finishes the requests in hand and releases everything. */
void mm_server_stop(struct mm_server *server);

/* ---- the page without a server ---- */

struct mm_page_export_report {
    size_t songs;
    size_t clips;    /* songs that can be heard */
    size_t withheld; /* shown without sound: previews of services that do not let them be shared */
    size_t silent;   /* whose file could not be read */
    uint64_t estimate; /* bytes, told before anything is written */
    uint64_t bytes;    /* written */
};
struct mm_page_export {
    const char *path; /* a folder, made when it is missing, or one file */
    bool single;      /* one file, which opens from disk */
    double clip_s;    /* seconds of each song; 0 = none, at most 30 */
    bool small;       /* of 7 kB a second; else as the songs are */
    size_t jobs;      /* 0 = one a core */
    /* Told the size beforehand; false: that is all. NULL = go on. */
    bool (*begin)(void *ctx, const struct mm_page_export_report *report);
    void *ctx;
};
/* The current map, as the server would show it, for any web host (doc/export.md). MM_ERR_NOT_FOUND:
 * there is no map. */
int mm_export_page(struct mm_catalog *catalog, struct mm_helpers *helpers,
                   const struct mm_page_export *what, const struct mm_progress *progress,
                   struct mm_page_export_report *report, struct mm_error *err);

#endif
