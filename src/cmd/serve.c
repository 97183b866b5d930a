/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "cmd/command.h"
#include "musicmap/view.h"

enum { PORT_TRIES = 50 };

int cmd_run_serve(const struct command *self, struct mm_catalog *catalog,
                  struct mm_helpers *helpers, size_t port, bool no_open, bool no_update)
{
    struct mm_error err = {0};
    struct mm_server *server = NULL;
    struct mm_server_settings settings = {
        .port = (int)port, .port_tries = PORT_TRIES, .no_open = no_open, .no_update = no_update};
    if (mm_server_start(catalog, helpers, &settings, &server, &err) < 0)
        return cmd_fail_error(self, &err);
    cmd_say("the map is ready (Ctrl-C ends):");
    puts(mm_server_url(server)); /* on stdout, alone, for scripts */
    fflush(stdout);
    cmd_wait_for_interrupt();
    mm_server_stop(server);
    cmd_say("\nended");
    return CMD_DONE;
}

int cmd_serve(const struct command *self, int argc, char **argv)
{
    size_t port = 8765;
    bool no_open = false;
    bool no_update = false;
    const struct cmd_option options[] = {
        {"port", 'p', CMD_COUNT, &port, "N", "first port to try (default 8765; 0 = any)", 0, 65535},
        {"no-open", 0, CMD_FLAG, &no_open, NULL, "the page may not open folders on this computer",
         0, 0},
        {"no-update", 0, CMD_FLAG, &no_update, NULL,
         "songs embedded meanwhile do not come onto the map by themselves", 0, 0},
        {0},
    };
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (status)
        return status;
    struct mm_catalog *catalog = cmd_open_library(self, false);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    status = helpers ? cmd_run_serve(self, catalog, helpers, port, no_open, no_update) : CMD_FAILED;
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return status;
}
