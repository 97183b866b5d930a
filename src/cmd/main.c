/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of commands. A new command is one new file and one new line here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/complete.h"

static int complete(const struct command *self, int argc, char **argv);

static const struct command commands[] = {
    {"explore", "DIR... | --preset original", "gather, embed, map and serve in one go", cmd_explore,
     false},
    {"gather",
     "folder DIR... | playlist FILE... | fma DIR... | mpd [ADDRESS] | subsonic [URL] | mixxx "
     "[FILE] | rekordbox FILE | traktor FILE | deezer | "
     "itunes | jamendo | spotify",
     "bring songs into the library, or up to date", cmd_gather, false},
    {"embed", "", "measure and embed what is new", cmd_embed, false},
    {"worker", "", "measure and embed together with other machines (library in PostgreSQL)",
     cmd_worker, false},
    {"map", "", "cluster, name and lay out what is embedded", cmd_map, false},
    {"draw", "-o FILE", "draw the map as .svg, .png or .pdf", cmd_draw, false},
    {"serve", "[--mpd [ADDRESS]]", "serve the page on which the map can be heard", cmd_serve,
     false},
    {"export", "DIR | FILE.html | --data FILE",
     "the map for any web host, as one file, or as a table", cmd_export, false},
    {"similar", "SONG", "the songs that sound most like one", cmd_similar, false},
    {"set",
     "[-o FILE] | list | show NAME | diff NAME | refresh NAME | log NAME | render NAME | "
     "play NAME",
     "an ordered radio set that flows and keeps rules", cmd_set, false},
    {"radio", "--mpd [ADDRESS]", "an endless set in a player's queue, by the rules, along the map",
     cmd_radio, false},
    {"status", "", "what is in the library, how far along, what failed and why", cmd_status, false},
    {"forget", "SONG|DIR...", "remove or hide songs", cmd_forget, false},
    {"tags", "[SONG|DIR...]", "what was measured as tags of your files: shown, or written",
     cmd_tags, false},
    {"dedupe", "", "songs that are in the library twice: show them, or make them one", cmd_dedupe,
     false},
    {"doctor", "", "what is wrong with a library, and what can be done about it", cmd_doctor,
     false},
    {"backup", "FILE", "the library's catalog as one checked file, while others work", cmd_backup,
     false},
    {"restore", "FILE", "a backup into the library, checked", cmd_restore, false},
    {"copy", "--from LIBRARY --to LIBRARY",
     "move a library between a folder and PostgreSQL, nothing lost", cmd_copy, false},
    {"features", "FILE -o FILE.npy|.npz", "write one file's vector, for scripts", cmd_features,
     false},
    {"model", "list | fetch NAME | install FILE | check NAME",
     "the models songs can be embedded with", cmd_model, false},
    {"lab", "", "compare clusterings and layouts: a table and a sheet of small maps", cmd_lab,
     false},
    {"eval", "--label genre|folder", "how good the map is, in figures", cmd_eval, false},
    {"helper", "FD", "decode on behalf of another musicmap process", cmd_helper, true},
    {"complete", "WORD...", "what may follow, for shells", complete, true},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

static int complete(const struct command *self, int argc, char **argv)
{
    const struct command *command = argc > 2 ? find(argv[1]) : NULL;
    const char *begun = argc == 2 ? argv[1] : "";
    (void)self;
    if (command && !command->hidden) {
        cmd_completing = true;
        return command->run(command, argc - 1, argv + 1);
    }
    for (size_t i = 0; argc <= 2 && i < N_COMMANDS; i++)
        if (!commands[i].hidden)
            cmd_offer(commands[i].name, begun, commands[i].summary);
    return CMD_DONE;
}

static void print_help(FILE *out)
{
    fputs("musicmap turns a pile of songs into a map you can hear.\n\n"
          "usage: musicmap COMMAND [OPTION...] [ARGUMENT...]\n\n",
          out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!commands[i].hidden)
            fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs("\n\"musicmap COMMAND --help\" lists a command's options. To begin:\n\n"
          "  musicmap explore ~/Music\n",
          out);
}

static int run(const char *name, int argc, char **argv)
{
    if (strcmp(name, "--version") == 0) {
        puts("musicmap " MM_VERSION);
        return CMD_DONE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return CMD_DONE;
    }
    const struct command *command = find(name);
    if (command)
        return command->run(command, argc - 1, argv + 1);
    const char *meant = NULL;
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!commands[i].hidden)
            cmd_nearer(name, commands[i].name, &meant);
    if (meant)
        return cmd_fail(NULL, CMD_USAGE, "there is no command \"%s\": is it \"%s\"?", name, meant);
    return cmd_fail(NULL, CMD_USAGE, "there is no command \"%s\"; \"musicmap help\" lists them",
                    name);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CMD_USAGE;
    }
    int status = run(argv[1], argc, argv);
    /* A result that did not get out is none: the disk it was sent to may be full. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && status <= CMD_PARTLY)
        status = cmd_fail(NULL, CMD_FAILED, "the result could not be written out whole");
    return status;
}
