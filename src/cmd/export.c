/* SPDX-License-Identifier: BSD-2-Clause */
/* export.c - musicmap export: the library for other programs. */
#include "cmd/export.h"

int cmd_export(const struct command *self, int argc, char **argv)
{
    const char *data = NULL;
    const char *model = NULL;
    const struct cmd_option options[] = {
        {"data", 0, CMD_TEXT, &data, "FILE",
         "songs, properties, vectors, places: .csv .jsonl .npz .tsv", 0, 0},
        {"model", 0, CMD_TEXT, &model, "NAME", "whose vectors (default: what most songs have)", 0,
         0},
        {0}};
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (status)
        return status;
    if (!data || !cmd_export_data_knows(data))
        return cmd_fail(self, CMD_USAGE, "say what: --data FILE.csv, .jsonl, .npz or .tsv");
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    status = cmd_export_data(self, catalog, data, model);
    mm_catalog_close(catalog);
    return status;
}
