/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

static json_t *figure(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *quality_json(const struct mm_quality *q)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:I, s:o, s:o, s:o, s:o}",
                     "songs", (json_int_t)q->songs, "labels", (json_int_t)q->labels, "p_at_5_high",
                     figure(q->p_at_5_high), "p_at_5_2d", figure(q->p_at_5_2d), "trust_at_10",
                     figure(q->trust_at_10), "kept_neighbours_at_5",
                     figure(q->kept_neighbours_at_5), "clusters", (json_int_t)q->clusters, "ami",
                     figure(q->ami), "nmi", figure(q->nmi), "asked", (json_int_t)q->asked,
                     "continuity_at_10", figure(q->continuity_at_10), "ari", figure(q->ari),
                     "silhouette", figure(q->silhouette), "davies_bouldin",
                     figure(q->davies_bouldin));
}

/* "-" where the figure says nothing: no labels, or one cluster. */
static const char *digits(double value, char out[32])
{
    if (isfinite(value))
        snprintf(out, 32, "%.4f", value);
    else
        memcpy(out, "-", 2);
    return out;
}

static void print_figure(const char *name, double value, const char *words)
{
    char text[32];
    printf(*words ? "%-22s %-7s %s\n" : "%-22s %s\n", name, digits(value, text), words);
}

static void print_quality(const struct mm_quality *q)
{
    char ami[32], nmi[32], ari[32];
    printf("songs                  %zu\n", q->songs);
    printf("labels                 %zu\n", q->labels);
    print_figure("p@5, vectors", q->p_at_5_high, "same label among the 5 nearest");
    print_figure("p@5, map", q->p_at_5_2d, "");
    print_figure("trustworthiness@10", q->trust_at_10, "neighbours on the map that are true ones");
    print_figure("continuity@10", q->continuity_at_10, "true neighbours that are near on the map");
    print_figure("kept neighbours@5", q->kept_neighbours_at_5,
                 "true neighbours that are neighbours on the map");
    printf("clusters               %zu\n", q->clusters);
    printf("AMI, NMI, ARI          %s, %s, %s  clusters against labels\n", digits(q->ami, ami),
           digits(q->nmi, nmi), digits(q->ari, ari));
    print_figure("silhouette", q->silhouette, "how far clusters lie apart; 1 at most");
    print_figure("Davies-Bouldin", q->davies_bouldin, "the same; smaller is better");
    if (q->asked < q->songs)
        printf("(p@5 to kept neighbours: of %zu songs, drawn)\n", q->asked);
}

int cmd_eval(const struct command *self, int argc, char **argv)
{
    const char *label = "genre";
    const struct cmd_option options[] = {
        {"label", 0, CMD_TEXT, &label, "genre|folder",
         "what counts as alike: first genre tag (default), or parent folder", 0, 0},
        {0},
    };
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (status)
        return status;
    bool folder = strcmp(label, "folder") == 0;
    if (!folder && strcmp(label, "genre") != 0)
        return cmd_fail(self, CMD_USAGE, "--label cannot be \"%s\": genre or folder", label);
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    struct mm_error err = {0};
    struct mm_quality quality;
    if (mm_eval_map(catalog, folder ? MM_LABEL_FOLDER : MM_LABEL_GENRE, cmd_common.jobs, &quality,
                    &err) < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(quality_json(&quality));
    else
        print_quality(&quality);
    mm_catalog_close(catalog);
    return status;
}
