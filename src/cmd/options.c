/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options: tables in, values out. Defaults come from the configuration file, an INI file whose
 * sections are [musicmap] for the common options and the names of commands for theirs, with option
 * names as keys.
 */
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/complete.h"

struct cmd_common cmd_common = {.seed = 1};

static const struct cmd_option common_options[] = {
    {"library", 0, CMD_TEXT, &cmd_common.library, "PATH",
     "folder of the library, or postgresql://... (default $XDG_DATA_HOME/musicmap)", 0, 0},
    {"jobs", 'j', CMD_COUNT, &cmd_common.jobs, "N", "songs worked on at once (default: one a core)",
     0, 1024},
    {"seed", 0, CMD_SEED, &cmd_common.seed, "N", "same seed, same result (default 1)", 0, 0},
    {"json", 0, CMD_FLAG, &cmd_common.json, NULL, "machine-readable result on standard output", 0,
     0},
    {"quiet", 'q', CMD_FLAG, &cmd_common.quiet, NULL, "only say what went wrong", 0, 0},
    {"verbose", 'v', CMD_FLAG, &cmd_common.verbose, NULL, "say more", 0, 0},
    {0},
};

static void print_options(const struct cmd_option *options)
{
    for (const struct cmd_option *o = options; o && o->name; o++) {
        char left[64];
        char letter[8] = "";
        if (o->letter)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->argument ? " " : "",
                 o->argument ? o->argument : "");
        printf("  %-24s %s\n", left, o->help);
    }
}

static void print_help(const struct command *self, const struct cmd_option *options)
{
    printf("musicmap %s - %s\n\nusage: musicmap %s [OPTION...]%s%s\n\n", self->name, self->summary,
           self->name, *self->arguments ? " " : "", self->arguments);
    if (options && options->name)
        print_options(options);
    fputs("\nOptions of every command:\n", stdout);
    print_options(common_options);
    puts("  -h, --help               this text");
}

/* Every word about wrong usage ends with the usage line. */
static int wrong_usage(const struct command *self, const char *format, const char *a, const char *b)
{
    char *text = mm_format(format, a, b); /* NOLINT: format is a literal at every call */
    cmd_fail(self, CMD_USAGE, "%s", text ? text : "wrong usage");
    free(text);
    fprintf(stderr, "usage: musicmap %s [OPTION...]%s%s\n", self->name, *self->arguments ? " " : "",
            self->arguments);
    return CMD_USAGE;
}

static const struct cmd_option *find_in(const struct cmd_option *options, const char *name,
                                        size_t length, char letter)
{
    for (const struct cmd_option *o = options; o && o->name; o++)
        if (name ? strlen(o->name) == length && memcmp(o->name, name, length) == 0
                 : o->letter == letter)
            return o;
    return NULL;
}

static bool in_bounds(const struct cmd_option *o, double value)
{
    return (o->low == 0 && o->high == 0) || (value >= o->low && value <= o->high);
}

static bool set_bytes(const char *text, size_t *out)
{
    static const char units[] = "KMGT";
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return false;
    double value = strtod(text, &end);
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    if ((*end && !unit) ||
        (unit && end[1] && strcmp(end + 1, "B") != 0 && strcmp(end + 1, "iB") != 0))
        return false;
    for (size_t i = 0; unit && i <= (size_t)(unit - units); i++)
        value *= 1024;
    *out = (size_t)value;
    return value >= 1 && value < 0x1p60;
}

/* Puts a value where it belongs; false when the text is not of its kind. */
static bool set_value(const struct cmd_option *o, const char *text)
{
    char *end = NULL;
    errno = 0;
    switch (o->kind) {
    case CMD_FLAG: {
        bool yes = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
        bool no = strcmp(text, "no") == 0 || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
        *(bool *)o->target = yes;
        return yes || no;
    }
    case CMD_TEXT: {
        const char **target = o->target;
        *target = text;
        return true;
    }
    case CMD_LIST: {
        struct cmd_list *list = o->target;
        const char **grown = realloc(list->values, (list->n + 1) * sizeof *grown);
        if (!grown)
            return false;
        list->values = grown;
        list->values[list->n++] = text;
        return true;
    }
    case CMD_COUNT:
    case CMD_SEED: {
        if (*text < '0' || *text > '9')
            return false;
        unsigned long long value = strtoull(text, &end, 10);
        if (*end || errno || !in_bounds(o, (double)value))
            return false;
        if (o->kind == CMD_SEED)
            *(uint64_t *)o->target = value;
        else
            *(size_t *)o->target = (size_t)value;
        return true;
    }
    case CMD_BYTES:
        return set_bytes(text, o->target);
    case CMD_NUMBER: {
        double value = strtod(text, &end);
        if (!*text || *end || errno || !in_bounds(o, value))
            return false;
        *(double *)o->target = value;
        return true;
    }
    }
    return false;
}

/* ---- configuration file ---- */

struct config {
    const struct command *self;
    const struct cmd_option *options;
    char message[256];
};

/* Values stay reachable for the life of the program: options point at them. */
static char *keep(const char *text)
{
    static char **kept;
    static size_t n;
    char **grown = realloc(kept, (n + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    kept = grown;
    return kept[n++] = mm_strdup(text);
}

static int on_entry(void *ctx, const char *section, const char *name, const char *value)
{
    struct config *config = ctx;
    const struct cmd_option *table = NULL;
    if (strcmp(section, "musicmap") == 0 || !*section)
        table = common_options;
    else if (strcmp(section, config->self->name) == 0)
        table = config->options;
    else
        return 1; /* another command's */
    const struct cmd_option *o = find_in(table, name, strlen(name), 0);
    char *text = o ? keep(value) : NULL;
    if (text && set_value(o, text))
        return 1;
    if (!*config->message)
        snprintf(config->message, sizeof config->message,
                 o ? "\"%s\" cannot be \"%s\"" : "there is no option \"%s\"", name, value);
    return 0;
}

static int read_config(const struct command *self, const struct cmd_option *options)
{
    const char *home = getenv("HOME");
    const char *base = getenv("XDG_CONFIG_HOME");
    char *path = base && *base ? mm_format("%s/musicmap/config", base)
                               : mm_format("%s/.config/musicmap/config", home ? home : "");
    struct config config = {.self = self, .options = options};
    int status = 0;
    if (path && access(path, F_OK) == 0) {
        int line = ini_parse(path, on_entry, &config);
        if (line < 0)
            status = cmd_fail(self, CMD_USAGE, "cannot read %s", path);
        else if (line > 0)
            status = cmd_fail(self, CMD_USAGE, "%s, line %d: %s", path, line,
                              *config.message ? config.message : "not of the form name = value");
    }
    free(path);
    return status;
}

/* ---- command line ---- */

struct line {
    const struct command *self;
    const struct cmd_option *options;
    int argc;
    char **argv;
    int at;
};

static const struct cmd_option *find_option(const struct line *line, const char *name,
                                            size_t length, char letter)
{
    const struct cmd_option *o = find_in(line->options, name, length, letter);
    return o ? o : find_in(common_options, name, length, letter);
}

static const void **given; /* [n_given] targets of the options on the command line */
static size_t n_given;

static bool note_given(const void *target)
{
    const void **grown = realloc(given, (n_given + 1) * sizeof *grown);
    if (!grown)
        return false;
    given = grown;
    given[n_given++] = target;
    return true;
}

bool cmd_given(const void *target)
{
    for (size_t i = 0; i < n_given; i++)
        if (given[i] == target)
            return true;
    return false;
}

static int take_value(struct line *line, const struct cmd_option *o, const char *shown,
                      const char *attached)
{
    if (!note_given(o->target))
        return cmd_fail(line->self, CMD_FAILED, "not enough memory");
    if (o->kind == CMD_FLAG) {
        if (attached)
            return wrong_usage(line->self, "%s takes no value%s", shown, "");
        *(bool *)o->target = true;
        return 0;
    }
    const char *value = attached;
    if (!value) {
        if (line->at + 1 >= line->argc)
            return wrong_usage(line->self, "%s wants a value: %s", shown, o->argument);
        value = line->argv[++line->at];
    }
    if (!set_value(o, value))
        return wrong_usage(line->self, "%s cannot be \"%s\"", shown, value);
    return 0;
}

static int no_option(const struct line *line, const char *word, size_t length)
{
    const char *meant = NULL;
    char *name = mm_strndup(word + 2, length - 2);
    for (const struct cmd_option *o = line->options; name && o && o->name; o++)
        cmd_nearer(name, o->name, &meant);
    for (const struct cmd_option *o = common_options; name && o->name; o++)
        cmd_nearer(name, o->name, &meant);
    free(name);
    return meant ? wrong_usage(line->self, "there is no option %s: is it --%s?", word, meant)
                 : wrong_usage(line->self, "there is no option %s%s", word, "");
}

static int take_long(struct line *line)
{
    const char *word = line->argv[line->at];
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    if (length == 6 && memcmp(word, "--help", 6) == 0) {
        print_help(line->self, line->options);
        exit(CMD_DONE);
    }
    const struct cmd_option *o = find_option(line, word + 2, length - 2, 0);
    if (!o)
        return no_option(line, word, length);
    return take_value(line, o, word, equals ? equals + 1 : NULL);
}

static int take_letters(struct line *line)
{
    const char *word = line->argv[line->at];
    for (const char *p = word + 1; *p; p++) {
        char shown[3] = {'-', *p, '\0'};
        if (*p == 'h') {
            print_help(line->self, line->options);
            exit(CMD_DONE);
        }
        const struct cmd_option *o = find_option(line, NULL, 0, *p);
        if (!o)
            return wrong_usage(line->self, "there is no option %s%s", shown, "");
        bool takes_rest = o->kind != CMD_FLAG && p[1];
        int status = take_value(line, o, shown, takes_rest ? p + 1 : NULL);
        if (status || o->kind != CMD_FLAG)
            return status;
    }
    return 0;
}

int cmd_parse(const struct command *self, const struct cmd_option *options, int argc, char **argv,
              size_t min_operands, size_t max_operands, char ***operands, size_t *n)
{
    if (cmd_completing) {
        cmd_complete_line(self, options, common_options, argc, argv);
        exit(CMD_DONE);
    }
    int status = read_config(self, options);
    if (status)
        return status;
    struct line line = {self, options, argc, argv, 1};
    size_t count = 0;
    bool only_operands = false;
    for (; line.at < argc && !status; line.at++) {
        char *word = argv[line.at];
        if (only_operands || word[0] != '-' || !word[1])
            argv[count++] = word;
        else if (strcmp(word, "--") == 0)
            only_operands = true;
        else
            status = word[1] == '-' ? take_long(&line) : take_letters(&line);
    }
    if (status)
        return status;
    if (count < min_operands)
        return wrong_usage(self, "%s%s", count ? "not enough arguments" : "an argument is missing",
                           "");
    if (count > max_operands)
        return wrong_usage(self, "what is \"%s\"?%s", argv[max_operands], "");
    if (operands)
        *operands = argv;
    if (n)
        *n = count;
    return 0;
}
