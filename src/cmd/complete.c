/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * complete.c - what may stand behind a half-written command line, for shells.
 *
 *     musicmap complete WORD...     the words behind "musicmap", the last one unfinished, "" if
 * empty
 *
 * prints a candidate a line, a tab and what it means. The line ":files" says that files fit as
 * well. The scripts of the shells (share/) know nothing else: options and their values come from
 * the tables that --help prints.
 */
#include "cmd/complete.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "musicmap/embed.h"
#include "musicmap/map.h"

bool cmd_completing;

void cmd_offer(const char *word, const char *begun, const char *meaning)
{
    if (strncmp(word, begun, strlen(begun)) == 0)
        printf("%s\t%s\n", word, meaning);
}

/* Is text, up to end, a value to be typed as it stands, and not a NAME for one? */
static bool is_literal(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && text[i] != '-')
            return false;
    return length > 0;
}

/* "none|short|full" -> its three words; "SECONDS|full" -> "full". */
static size_t offer_literals(const struct cmd_option *o, const char *begun)
{
    size_t offered = 0;
    for (const char *p = o->argument; p && *p;) {
        size_t length = strcspn(p, "|");
        char word[64];
        if (length < sizeof word && is_literal(p, length)) {
            memcpy(word, p, length);
            word[length] = '\0';
            cmd_offer(word, begun, "");
            offered++;
        }
        p += length + (p[length] == '|');
    }
    return offered;
}

/* Behind an option that wants a value. */
static void offer_values(const struct cmd_option *o, const char *begun)
{
    static const char *const files[] = {"FILE",    "DIR",  "PATH",    "FOLDER",
                                        "LIBRARY", "LIST", "PLAYLIST"};
    size_t n;
    size_t offered = offer_literals(o, begun);
    if (strcmp(o->name, "model") == 0 || strcmp(o->name, "models") == 0) {
        const struct mm_model *models = mm_models(&n);
        for (size_t i = 0; i < n; i++)
            cmd_offer(models[i].name, begun, models[i].summary);
    } else if (strncmp(o->name, "clusterer", 9) == 0 || strncmp(o->name, "layout", 6) == 0) {
        const struct mm_algorithm *rows = *o->name == 'c' ? mm_clusterers(&n) : mm_layouts(&n);
        for (size_t i = 0; i < n; i++)
            cmd_offer(rows[i].name, begun, rows[i].summary);
    } else if (!offered) {
        for (size_t i = 0; i < sizeof files / sizeof *files; i++)
            if (strncmp(o->argument, files[i], strlen(files[i])) == 0)
                puts(":files");
    }
}

static void offer_options(const struct cmd_option *options, const char *begun)
{
    char word[64];
    for (const struct cmd_option *o = options; o && o->name; o++) {
        snprintf(word, sizeof word, "--%s", o->name);
        cmd_offer(word, begun, o->help);
    }
}

/* The words with which the usage says to begin: "list | fetch NAME | install FILE". */
static void offer_verbs(const char *usage, const char *begun)
{
    for (const char *p = usage; *p;) {
        p += strspn(p, " ");
        size_t length = strcspn(p, " ");
        char word[64];
        if (length < sizeof word && is_literal(p, length) && *p != '-') {
            memcpy(word, p, length);
            word[length] = '\0';
            cmd_offer(word, begun, "");
        }
        const char *next = strstr(p, "| ");
        p = next ? next + 2 : "";
    }
}

static const struct cmd_option *wants_value(const struct cmd_option *options, const char *word)
{
    for (const struct cmd_option *o = options; o && o->name; o++) {
        bool is_it = word[1] == '-' ? strcmp(word + 2, o->name) == 0
                                    : word[1] && word[1] == o->letter && !word[2];
        if (*word == '-' && is_it && o->kind != CMD_FLAG)
            return o;
    }
    return NULL;
}

void cmd_complete_line(const struct command *self, const struct cmd_option *options,
                       const struct cmd_option *common, int argc, char **argv)
{
    const char *begun = argc > 1 ? argv[argc - 1] : "";
    const struct cmd_option *o = argc > 2 ? wants_value(options, argv[argc - 2]) : NULL;
    if (!o && argc > 2)
        o = wants_value(common, argv[argc - 2]);
    if (o) {
        offer_values(o, begun);
    } else if (*begun == '-') {
        offer_options(options, begun);
        offer_options(common, begun);
        cmd_offer("--help", begun, "this command's options");
    } else {
        if (argc <= 2)
            offer_verbs(self->arguments, begun);
        if (strstr(self->arguments, "DIR") || strstr(self->arguments, "FILE") ||
            strstr(self->arguments, "SONG"))
            puts(":files");
    }
}
