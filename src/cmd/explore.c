/* SPDX-License-Identifier: BSD-2-Clause */
/* The main job: from folders of songs, or a service's genres, to a map that can be heard. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/gather.h"
#include "musicmap/join.h"
#include "musicmap/store.h"

/* Where songs come from: folders, or a service. */
struct origin {
    char **folders;
    size_t n;
    const struct mm_service *service; /* NULL = folders */
    struct cmd_service_options options;
};

static int gather(const struct command *self, struct mm_catalog *catalog,
                  struct mm_helpers *helpers, const struct origin *origin)
{
    struct mm_gather_report report;
    if (origin->service)
        return cmd_run_service(self, catalog, helpers, origin->service, &origin->options);
    const struct cmd_gathering what = {
        .source = mm_source_find("folder"), .paths = origin->folders, .n = origin->n};
    return cmd_run_gather(self, catalog, helpers, &what, &report);
}

static int no_song(const struct command *self, const struct origin *origin)
{
    const char *one = origin->n == 1 ? origin->folders[0] : NULL;
    return cmd_fail(
        self, CMD_FAILED,
        "no song was found%s%s that can be mapped: MP3, FLAC, Ogg, Opus, AAC, ALAC, WAV, "
        "AIFF, WMA and tracker modules are read; \"musicmap status\" says what failed",
        one ? " in " : "", one ? one : "");
}

static int explore(const struct command *self, struct mm_catalog *catalog,
                   struct mm_helpers *helpers, const struct origin *origin,
                   const struct mm_embed_options *embed, const struct mm_map_options *map)
{
    struct mm_embed_report embedded;
    struct mm_error err = {0};
    bool stale;
    int gathered = gather(self, catalog, helpers, origin);
    if (gathered > CMD_PARTLY)
        return gathered;
    int status = cmd_run_embed(self, catalog, helpers, embed, &embedded);
    if (status > CMD_PARTLY)
        return status;
    if (gathered == CMD_PARTLY)
        status = CMD_PARTLY;
    if (mm_map_is_stale(catalog, map, &stale, &err) < 0)
        return err.code == MM_ERR_NOT_FOUND ? no_song(self, origin) : cmd_fail_error(self, &err);
    if (!stale)
        return status;
    struct mm_map_record record = {0};
    int mapped = cmd_run_map(self, catalog, map, &record);
    mm_map_record_finish(&record);
    return mapped ? mapped : status;
}

/* The models' vectors of this pooling, "A:max+B:max": a library may hold others of the same models,
 * and the map is to be of those that were asked for. Heap string; NULL: out of memory. */
static char *pooled(const char *model, const char *pool)
{
    struct mm_join join;
    struct mm_text text = {0};
    if (mm_join_parse(model, &join, NULL) < 0) /* it has been checked */
        return mm_strdup(model);
    if (join.n == 1)
        return mm_format("%s:%s", join.part[0].name, pool);
    for (size_t i = 0; i < join.n; i++)
        mm_text_addf(&text, "%s%.9g*%s:%s", i ? "+" : "", join.part[i].weight, join.part[i].name,
                     pool);
    return mm_text_steal(&text);
}

/* ---- the original, replayed ---- */

/* The service that the user has set up; Deezer needs nothing. */
static const char *usual_service(void)
{
    if (getenv("JAMENDO_CLIENT_ID"))
        return "jamendo";
    return getenv("SPOTIFY_CLIENT_ID") && getenv("SPOTIFY_CLIENT_SECRET") ? "spotify" : "deezer";
}

/* 126 genres, OpenL3 (music, mel256, 512 values) in windows of one second, their mean, K-means,
 * PCA. */
static int apply_preset(const struct command *self, const char *preset, const char *source,
                        struct origin *origin, struct cmd_embed_options *embed,
                        struct cmd_map_options *map)
{
    if (preset && strcmp(preset, "original") != 0)
        return cmd_fail(self, CMD_USAGE,
                        "there is no preset \"%s\"; \"original\" is the one there is", preset);
    if (!preset && !source && !origin->n)
        return cmd_fail(self, CMD_USAGE, "explore which folder? (or --preset original)");
    if (!preset && !source)
        return cmd_given(&origin->options.genres) || cmd_given(&origin->options.per_genre) ||
                       cmd_given(&origin->options.resolve)
                   ? cmd_fail(self, CMD_USAGE,
                              "--genres, --per-genre and --resolve are for a service: name it with "
                              "--source")
                   : 0;
    if (origin->n)
        return cmd_fail(self, CMD_USAGE, "a folder, or --preset and --source, not both");
    origin->service = mm_service_find(source ? source : usual_service());
    if (!origin->service)
        return cmd_fail(self, CMD_USAGE, "there is no service \"%s\"", source);
    if (preset) {
        embed->model = embed->model ? embed->model : "openl3-music-mel256-512";
        embed->pool = embed->pool ? embed->pool : "mean";
        map->clusterer = map->clusterer ? map->clusterer : "kmeans";
        map->layout = map->layout ? map->layout : "pca";
        const struct mm_model *model = mm_model_find(embed->model);
        if (model && !embed->weights && !mm_store_has(model)) /* before anything is fetched */
            return cmd_fail(self, CMD_FAILED,
                            "%s is not installed: \"musicmap model fetch %s\", or name its weights "
                            "with --weights",
                            model->name, model->name);
    }
    return cmd_check_service(self, origin->service, &origin->options);
}

int cmd_explore(const struct command *self, int argc, char **argv)
{
    struct origin origin = {0};
    const char *preset = NULL;
    const char *source = NULL;
    struct cmd_embed_options embed_in = {0};
    struct cmd_map_options map_in = {0};
    struct cmd_serve_options serve = {.port = 8765};
    bool no_serve = false;
    const struct cmd_option options[] = {
        CMD_EMBED_OPTIONS(embed_in),
        {"clusters", 0, CMD_TEXT, &map_in.clusters, "N|auto", "how many countries (default auto)",
         0, 0},
        {"layout", 0, CMD_TEXT, &map_in.layout, "NAME",
         "how songs are placed: umap (default), tsne, pca", 0, 0},
        {"preset", 0, CMD_TEXT, &preset, "original",
         "126 genres, OpenL3, K-means, PCA: the original, replayed", 0, 0},
        {"source", 0, CMD_TEXT, &source, "NAME",
         "a service in place of folders (default: the one set up)", 0, 0},
        {"genres", 0, CMD_TEXT, &origin.options.genres, "all|A,B,...", "services: which genres", 0,
         0},
        {"per-genre", 0, CMD_COUNT, &origin.options.per_genre, "N",
         "services: songs of each genre (default 10)", 1, 1000},
        {"resolve", 0, CMD_FLAG, &origin.options.resolve, NULL,
         "spotify: look for missing sound elsewhere (mind the terms)", 0, 0},
        {"port", 'p', CMD_COUNT, &serve.port, "N", "first port to try (default 8765; 0 = any)", 0,
         65535},
        {"no-open", 0, CMD_FLAG, &serve.no_open, NULL,
         "the page may not open folders on this computer", 0, 0},
        {"no-serve", 0, CMD_FLAG, &no_serve, NULL, "make the map and end", 0, 0},
        {0},
    };
    struct mm_embed_options embed = {0};
    struct mm_map_options map;
    int status = cmd_parse(self, options, argc, argv, 0, SIZE_MAX, &origin.folders, &origin.n);
    const char *asked = embed_in.pool;
    if (!status)
        status = apply_preset(self, preset, source, &origin, &embed_in, &map_in);
    if (!status)
        status = cmd_embed_options(self, &embed_in, &embed);
    if (!status && embed.model.pool == MM_POOL_NONE)
        status = cmd_fail(self, CMD_USAGE,
                          "a library keeps one vector a song: --pool mean, max or meanmax");
    char *model = NULL;
    if (!status && asked && !(model = pooled(embed.model.model, asked)))
        status = cmd_fail(self, CMD_FAILED, "out of memory");
    map_in.model = model ? model : embed_in.model;
    if (!status)
        status = cmd_map_options(self, &map_in, &map);
    if (status) {
        free(model);
        return status;
    }
    struct mm_catalog *catalog = cmd_open_library(self, true);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    status = CMD_FAILED;
    if (helpers)
        status = explore(self, catalog, helpers, &origin, &embed, &map);
    if (helpers && status <= CMD_PARTLY && !no_serve)
        status = cmd_run_serve(self, catalog, helpers, &serve);
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    free(model);
    return status;
}
