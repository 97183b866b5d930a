/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares settings: a grid of maps, one table of figures, one sheet of small maps. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/lab_table.h"
#include "musicmap/join.h"
#include "musicmap/lab.h"
#include "musicmap/store.h"
#include "musicmap/view.h"

#define MOST_ITEMS  64
#define MOST_MODELS 64

/* "a,b,c" cut at its commas. */
struct list {
    char *text;
    const char *item[MOST_ITEMS];
    size_t n;
};

static int split(const struct command *self, const char *option, const char *text, struct list *out)
{
    *out = (struct list){.text = mm_strdup(text)};
    if (!out->text)
        return cmd_fail(self, CMD_FAILED, "out of memory");
    char *rest = out->text;
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        if (out->n == MOST_ITEMS)
            return cmd_fail(self, CMD_USAGE, "--%s: at most %d at once", option, MOST_ITEMS);
        if (!*item)
            return cmd_fail(self, CMD_USAGE, "--%s: a name is missing in \"%s\"", option, text);
        out->item[out->n++] = item;
    }
    return 0;
}

/* A list of names of the table; "all" = all of them. */
static int split_names(const struct command *self, const char *option, const char *text,
                       const struct mm_algorithm *table, size_t count, struct list *out)
{
    int status = split(self, option, text, out);
    if (status)
        return status;
    if (strcmp(text, "all") == 0) {
        out->n = 0;
        for (size_t i = 0; i < count && i < MOST_ITEMS; i++)
            out->item[out->n++] = table[i].name;
    }
    for (size_t i = 0; i < out->n; i++) {
        size_t t = 0;
        while (t < count && strcmp(table[t].name, out->item[i]) != 0)
            t++;
        if (t == count)
            return cmd_fail(self, CMD_USAGE, "--%s: there is no \"%s\"", option, out->item[i]);
    }
    return 0;
}

static int read_numbers(const struct command *self, const struct list *list, size_t *out)
{
    for (size_t i = 0; i < list->n; i++) {
        char *end;
        unsigned long k = strtoul(list->item[i], &end, 10);
        bool number = *list->item[i] >= '0' && *list->item[i] <= '9' && !*end;
        if (strcmp(list->item[i], "auto") == 0)
            k = 0;
        else if (!number || k < 1 || k > 100000)
            return cmd_fail(self, CMD_USAGE, "--clusters cannot be \"%s\": auto, or 1 and more",
                            list->item[i]);
        out[i] = k;
    }
    return 0;
}

/* "timbre", or "timbre:max" where the library has its vectors pooled in several ways; "" for what
 * is in the list before (vectors of other excerpts). */
static void name_kind(const struct mm_model_count *kinds, size_t count, size_t at, char out[80])
{
    char pool[8] = "";
    bool several = false;
    *out = '\0';
    (void)mm_vectors_pooled(kinds[at].settings, pool, sizeof pool);
    for (size_t i = 0; i < count; i++) {
        char other[8] = "";
        if (!kinds[i].songs || strcmp(kinds[i].model, kinds[at].model) != 0)
            continue;
        (void)mm_vectors_pooled(kinds[i].settings, other, sizeof other);
        if (strcmp(other, pool) != 0)
            several = true;
        else if (i < at)
            return;
    }
    snprintf(out, 80, several && *pool ? "%s:%s" : "%s", kinds[at].model, pool);
}

/* The join that is mapped when nobody says, where the library has all of it; else "". */
static const char *usual_join(const struct mm_model_count *kinds, size_t count)
{
    struct mm_join join;
    if (mm_join_parse(MM_MODEL_JOIN, &join, NULL) < 0)
        return "";
    for (size_t part = 0; part < join.n; part++) {
        size_t i = 0;
        while (i < count && (!kinds[i].songs || strcmp(kinds[i].model, join.part[part].name) != 0))
            i++;
        if (i == count)
            return "";
    }
    return MM_MODEL_JOIN;
}

/* Every model the library has vectors of, and every pooling of it; first what it is mapped by. */
static int list_models(const struct command *self, struct mm_catalog *catalog, struct list *out)
{
    struct mm_error err = {0};
    struct mm_model_count *kinds = calloc(MOST_MODELS, sizeof *kinds);
    size_t count = 0;
    int status = 0;
    struct mm_text text = {0};
    if (!kinds || mm_catalog_list_models(catalog, kinds, MOST_MODELS, &count, &err) < 0)
        status = kinds ? cmd_fail_error(self, &err) : cmd_fail(self, CMD_FAILED, "out of memory");
    size_t whole = 0; /* maps are of whole songs */
    for (size_t i = 0; i < count; i++)
        if (!*kinds[i].segment)
            kinds[whole++] = kinds[i];
    count = whole;
    if (status == 0)
        mm_text_add(&text, usual_join(kinds, count));
    for (size_t i = 0; i < count && status == 0; i++) {
        char name[80] = "";
        if (kinds[i].songs > 0)
            name_kind(kinds, count, i, name);
        if (*name)
            mm_text_addf(&text, "%s%s", text.length ? "," : "", name);
    }
    free(kinds);
    char *models = mm_text_steal(&text);
    if (status == 0 && (!models || !*models))
        status =
            cmd_fail(self, CMD_FAILED, "no song is embedded yet: run \"musicmap embed\" first");
    if (status == 0)
        status = split(self, "models", models, out);
    free(models);
    return status;
}

/* ---- what is written ---- */

static int write_file(const struct command *self, const char *path, const char *text)
{
    struct mm_file_write file;
    struct mm_error err = {0};
    int result = mm_file_write_begin(&file, path, &err);
    if (result == 0) {
        fputs(text, file.stream);
        result = mm_file_write_commit(&file, &err);
    }
    return result < 0 ? cmd_fail_error(self, &err) : 0;
}

static int draw_sheet(const struct command *self, const struct mm_lab *lab, const char *path)
{
    struct mm_error err = {0};
    struct mm_contact *contacts = calloc(lab->n, sizeof *contacts);
    size_t n = 0;
    int result = contacts ? 0 : mm_error_set(&err, MM_ERR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < lab->n && result == 0; i++) {
        const struct mm_lab_row *row = &lab->rows[i];
        if (row->failure)
            continue;
        contacts[n].n = row->n;
        contacts[n].xy = row->xy;
        contacts[n].group = row->cluster;
        contacts[n].title = lab_row_title(row, i);
        contacts[n].note = lab_row_note(row);
        if (!contacts[n].title || !contacts[n].note)
            result = mm_error_set(&err, MM_ERR_NO_MEMORY, "out of memory");
        n++;
    }
    if (result == 0)
        result = mm_draw_contacts(contacts, n, path, &err);
    for (size_t i = 0; i < n; i++) {
        free((char *)contacts[i].title);
        free((char *)contacts[i].note);
    }
    free(contacts);
    return result < 0 ? cmd_fail_error(self, &err) : 0;
}

static int write_one(const struct command *self, const char *folder, const char *name,
                     const char *text)
{
    char *path = mm_format("%s/%s", folder, name);
    int status =
        path && text ? write_file(self, path, text) : cmd_fail(self, CMD_FAILED, "out of memory");
    free(path);
    return status;
}

/* lab.md, .csv, .json, .png, .svg in the folder, which is made if need be. */
static int write_all(const struct command *self, const struct mm_lab *lab, const char *folder)
{
    if (mkdir(folder, 0777) < 0 && errno != EEXIST)
        return cmd_fail(self, CMD_FAILED, "cannot make the folder %s: %s", folder, strerror(errno));
    char *markdown = lab_table_markdown(lab);
    char *csv = lab_table_csv(lab);
    json_t *json = lab_table_json(lab, cmd_common.seed);
    char *text = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) : NULL;
    int status = write_one(self, folder, "lab.md", markdown);
    if (status == 0)
        status = write_one(self, folder, "lab.csv", csv);
    if (status == 0)
        status = write_one(self, folder, "lab.json", text);
    for (int svg = 0; svg < 2 && status == 0; svg++) {
        char *path = mm_format("%s/lab.%s", folder, svg ? "svg" : "png");
        status = path ? draw_sheet(self, lab, path) : cmd_fail(self, CMD_FAILED, "out of memory");
        free(path);
    }
    if (status == 0)
        cmd_say("written: %s/lab.md, .csv, .json, .png, .svg", folder);
    json_decref(json);
    free(text);
    free(csv);
    free(markdown);
    return status;
}

/* In the library, so that "map --like ROW" finds it. */
static int remember(const struct command *self, const struct mm_lab *lab)
{
    char *library = cmd_library_folder(self);
    json_t *json = lab_table_json(lab, cmd_common.seed);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    int status = library ? write_one(self, library, LAB_FILE, text) : CMD_FAILED;
    free(text);
    json_decref(json);
    free(library);
    return status;
}

static int report(const struct command *self, const struct mm_lab *lab, const char *folder)
{
    size_t failed = 0;
    for (size_t i = 0; i < lab->n; i++)
        failed += lab->rows[i].failure != NULL;
    int status = remember(self, lab);
    if (status == 0 && folder && failed < lab->n)
        status = write_all(self, lab, folder);
    if (status)
        return status;
    if (cmd_common.json) {
        cmd_print_json(lab_table_json(lab, cmd_common.seed));
    } else {
        char *markdown = lab_table_markdown(lab);
        fputs(markdown ? markdown : "", stdout);
        free(markdown);
        cmd_say("\"musicmap map --like ROW\" makes one of these the library's map");
    }
    return failed == 0 ? CMD_DONE : failed < lab->n ? CMD_PARTLY : CMD_FAILED;
}

struct arguments {
    const char *models, *clusterers, *clusters, *layouts, *label, *output;
    size_t resamples;
};

static int run(const struct command *self, const struct arguments *in, struct list lists[4])
{
    size_t n_table;
    size_t clusters[MOST_ITEMS];
    const struct mm_algorithm *table = mm_clusterers(&n_table);
    int status = split_names(self, "clusterers", in->clusterers, table, n_table, &lists[1]);
    table = mm_layouts(&n_table);
    if (!status)
        status = split_names(self, "layouts", in->layouts, table, n_table, &lists[2]);
    if (!status)
        status = split(self, "clusters", in->clusters, &lists[3]);
    if (!status)
        status = read_numbers(self, &lists[3], clusters);
    bool folder = strcmp(in->label, "folder") == 0;
    if (!status && !folder && strcmp(in->label, "genre") != 0)
        status = cmd_fail(self, CMD_USAGE, "--label cannot be \"%s\": genre or folder", in->label);
    struct mm_catalog *catalog = status ? NULL : cmd_open_library(self, false);
    if (!catalog)
        return status ? status : CMD_FAILED;
    status = in->models ? split(self, "models", in->models, &lists[0])
                        : list_models(self, catalog, &lists[0]);
    struct mm_lab_grid grid = {.models = lists[0].item,
                               .n_models = lists[0].n,
                               .clusterers = lists[1].item,
                               .n_clusterers = lists[1].n,
                               .clusters = clusters,
                               .n_clusters = lists[3].n,
                               .layouts = lists[2].item,
                               .n_layouts = lists[2].n,
                               .label = folder ? MM_LABEL_FOLDER : MM_LABEL_GENRE,
                               .resamples = in->resamples,
                               .seed = cmd_common.seed,
                               .jobs = cmd_common.jobs};
    struct mm_error err = {0};
    struct mm_lab *lab = NULL;
    if (!status && mm_lab_run(catalog, &grid, cmd_progress(), &lab, &err) < 0) {
        cmd_progress_end();
        status = cmd_fail_error(self, &err);
    }
    cmd_progress_end();
    if (!status)
        status = report(self, lab, in->output);
    mm_lab_destroy(lab);
    mm_catalog_close(catalog);
    return status;
}

int cmd_lab(const struct command *self, int argc, char **argv)
{
    struct arguments in = {.clusterers = "all",
                           .clusters = "auto",
                           .layouts = "all",
                           .label = "genre",
                           .resamples = 2};
    const struct cmd_option options[] = {
        {"models", 0, CMD_TEXT, &in.models, "A,B+C,...",
         "models, A:max those pooled so (default: all in the library)", 0, 0},
        {"clusterers", 0, CMD_TEXT, &in.clusterers, "NAME,...|all",
         "how countries are found (default all)", 0, 0},
        {"clusters", 0, CMD_TEXT, &in.clusters, "N,...|auto", "how many (default auto)", 0, 0},
        {"layouts", 0, CMD_TEXT, &in.layouts, "NAME,...|all", "how songs are placed (default all)",
         0, 0},
        {"label", 0, CMD_TEXT, &in.label, "genre|folder",
         "what counts as alike: first genre tag (default), or parent folder", 0, 0},
        {"resamples", 0, CMD_COUNT, &in.resamples, "N",
         "clusterings of four fifths of the songs, for the stability (default 2)", 0, 100},
        {"output", 'o', CMD_TEXT, &in.output, "DIR",
         "write lab.md, .csv, .json and the sheet of maps .png, .svg there", 0, 0},
        {0},
    };
    struct list lists[4] = {0};
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (!status)
        status = run(self, &in, lists);
    for (size_t i = 0; i < 4; i++)
        free(lists[i].text);
    return status;
}
