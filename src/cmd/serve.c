/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/serve.h"

#include <stdio.h>
#include <sys/resource.h>

#include "musicmap/follow.h"

enum { PORT_TRIES = 50, FILES = 4096 };

/* A connection is a file: where the system lets us have more of them than it gives at first. */
static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= FILES)
        return;
    files.rlim_cur = files.rlim_max < FILES ? files.rlim_max : FILES;
    setrlimit(RLIMIT_NOFILE, &files);
}

int cmd_run_serve(const struct command *self, struct mm_catalog *catalog,
                  struct mm_helpers *helpers, const struct cmd_serve_options *options)
{
    struct mm_error err = {0};
    struct mm_server *server = NULL;
    char record[MM_PASSWORD_RECORD_SIZE];
    if (cmd_serve_password(options->password_file, record, &err) < 0)
        return cmd_fail_error(self, &err);
    struct mm_server_settings settings = {.address = options->listen,
                                          .password = record[0] ? record : NULL,
                                          .url = options->url,
                                          .port = (int)options->port,
                                          .port_tries = PORT_TRIES,
                                          .no_open = options->no_open,
                                          .no_update = options->no_update};
    struct mm_mpd_follow *follow = NULL;
    if (options->mpd && mm_mpd_follow_start(options->mpd_address, catalog, &follow, &err) < 0)
        return cmd_fail_error(self, &err);
    settings.companion = follow ? mm_mpd_follow_companion(follow) : NULL;
    raise_file_limit();
    if (mm_server_start(catalog, helpers, &settings, &server, &err) < 0) {
        mm_mpd_follow_stop(follow);
        return err.code == MM_ERR_USAGE && !settings.password && (options->listen || options->url)
                   ? cmd_fail(self, CMD_USAGE, "%s; --password-file or $MUSICMAP_PASSWORD has it",
                              err.message)
                   : cmd_fail_error(self, &err);
    }
    int64_t map = 0;
    mm_catalog_map_id(catalog, &map, NULL);
    cmd_say("%s%s (Ctrl-C ends):",
            map ? "the map is ready" : "there is no map yet; the page waits for one",
            settings.password ? ", behind a password" : "");
    puts(mm_server_url(server)); /* on stdout, alone, for scripts */
    fflush(stdout);
    cmd_wait_for_interrupt();
    mm_server_stop(server);
    mm_mpd_follow_stop(follow);
    cmd_say("\nended");
    return CMD_DONE;
}

int cmd_serve(const struct command *self, int argc, char **argv)
{
    struct cmd_serve_options serve = {.port = 8765};
    bool set_password = false;
    const struct cmd_option options[] = {
        {"port", 'p', CMD_COUNT, &serve.port, "N", "first port to try (default 8765; 0 = any)", 0,
         65535},
        {"listen", 0, CMD_TEXT, &serve.listen, "ADDRESS",
         "where others reach it (default 127.0.0.1); needs a password", 0, 0},
        {"password-file", 0, CMD_TEXT, &serve.password_file, "FILE",
         "its first line is the password (else $MUSICMAP_PASSWORD)", 0, 0},
        {"set-password", 0, CMD_FLAG, &set_password, NULL,
         "read a password from standard input, keep its hash in --password-file, and end", 0, 0},
        {"url", 0, CMD_TEXT, &serve.url, "URL",
         "what a TLS proxy on this machine makes of it: https://music.example", 0, 0},
        {"no-open", 0, CMD_FLAG, &serve.no_open, NULL,
         "the page may not open folders on this computer", 0, 0},
        {"mpd", 0, CMD_FLAG, &serve.mpd, NULL,
         "follow a Music Player Daemon on the map; its address is the operand", 0, 0},
        {"no-update", 0, CMD_FLAG, &serve.no_update, NULL,
         "songs embedded meanwhile do not come onto the map by themselves", 0, 0},
        {0},
    };
    char **operands;
    size_t n;
    int status = cmd_parse(self, options, argc, argv, 0, 1, &operands, &n);
    if (status)
        return status;
    if (n && !serve.mpd)
        return cmd_fail(self, CMD_USAGE, "what is \"%s\"? An address goes with --mpd", operands[0]);
    serve.mpd_address = n ? operands[0] : NULL;
    if (set_password)
        return serve.password_file
                   ? cmd_serve_set_password(self, serve.password_file)
                   : cmd_fail(self, CMD_USAGE, "--set-password keeps it in which --password-file?");
    struct mm_catalog *catalog = cmd_open_library(self, false);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    status = helpers ? cmd_run_serve(self, catalog, helpers, &serve) : CMD_FAILED;
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return status;
}
