/* SPDX-License-Identifier: BSD-2-Clause */
/* mpd_client.c - the connection to an MPD: where it is, who may, what went wrong. */
#include "source/mpd_client.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"
#include "source/service.h"

enum { READ_TRIES = 4 };

/* ---- addresses ---- */

void mm_mpd_place_finish(struct mm_mpd_place *place)
{
    if (place->password)
        explicit_bzero(place->password, strlen(place->password));
    free(place->password);
    free(place->host);
    *place = (struct mm_mpd_place){0};
}

static int read_port(const char *text, unsigned *out)
{
    char *end;
    unsigned long port = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;
    if (port == 0 || port > 65535 || *end)
        return MM_ERR_USAGE;
    *out = (unsigned)port;
    return 0;
}

int mm_mpd_read_address(const char *text, struct mm_mpd_place *out, struct mm_error *err)
{
    *out = (struct mm_mpd_place){0};
    const char *at = *text == '@' ? NULL : strrchr(text, '@');
    if (*text == '/' || *text == '~') /* a socket's path may have anything in it */
        at = NULL;
    const char *host = at ? at + 1 : text;
    const char *end = host + strlen(host);
    const char *port = NULL;
    if (*host == '[') {
        end = strchr(host, ']');
        port = end && end[1] == ':' ? end + 2 : NULL;
        if (!end || (end[1] && !port))
            return mm_error_set(err, MM_ERR_USAGE, "\"%s\" is no address of an MPD", host);
        host++;
    } else if (*host != '/' && *host != '@' && *host != '~' && strchr(host, ':') &&
               strchr(host, ':') == strrchr(host, ':')) {
        end = strchr(host, ':');
        port = end + 1;
    }
    if (end == host || (port && read_port(port, &out->port) < 0))
        return mm_error_set(err, MM_ERR_USAGE,
                            "\"%s\" is no address of an MPD: HOST, HOST:PORT or a socket's path",
                            host);
    out->host = mm_strndup(host, (size_t)(end - host));
    out->password = at && at > text ? mm_strndup(text, (size_t)(at - text)) : NULL;
    if (!out->host || (at && at > text && !out->password)) {
        mm_mpd_place_finish(out);
        return mm_no_memory(err);
    }
    return 0;
}

/* What was typed, else what the environment says. */
static int find_place(const char *address, struct mm_mpd_place *out, struct mm_error *err)
{
    *out = (struct mm_mpd_place){0};
    const char *host = getenv("MPD_HOST");
    const char *port = getenv("MPD_PORT");
    struct mm_mpd_place usual = {0};
    int result = host && *host ? mm_mpd_read_address(host, &usual, err) : 0;
    if (result == 0 && port && *port && usual.port == 0 && read_port(port, &usual.port) < 0)
        result = mm_error_set(err, MM_ERR_USAGE, "MPD_PORT cannot be \"%s\"", port);
    if (result == 0 && address)
        result = mm_mpd_read_address(address, out, err);
    else if (result == 0) {
        *out = usual;
        usual = (struct mm_mpd_place){0};
    }
    if (result == 0 && out->password && address)
        result = mm_error_set(err, MM_ERR_USAGE,
                              "a password does not belong into a command line, where others can "
                              "read it: MPD_PASSWORD in the environment or in the file of "
                              "credentials");
    /* The host of the environment by its name has the environment's password. */
    if (result == 0 && address && usual.password && strcmp(out->host, usual.host) == 0) {
        out->password = usual.password;
        usual.password = NULL;
    }
    if (result == 0 && !out->password) {
        struct mm_error none = {0};
        out->password = mm_credential("MPD_PASSWORD", &none);
        /* Not set is fine, a file that others can read is not. */
        if (!out->password && strstr(none.message, "chmod"))
            result = mm_error_set(err, MM_ERR_USAGE, "%s", none.message);
    }
    mm_mpd_place_finish(&usual);
    return result;
}

/* ---- faults ---- */

static int server_fault(struct mm_mpd *mpd, struct mm_error *err)
{
    const char *text = mpd_connection_get_error_message(mpd->connection);
    char *words = mm_text_clean_utf8(text, strnlen(text, 300));
    enum mpd_server_error code = mpd_connection_get_server_error(mpd->connection);
    int result;
    if (code == MPD_SERVER_ERROR_PASSWORD)
        result =
            mm_error_set(err, MM_ERR_USAGE, "the MPD at %s does not take this password", mpd->name);
    else if (code == MPD_SERVER_ERROR_PERMISSION && !mpd->password)
        result = mm_error_set(err, MM_ERR_USAGE,
                              "the MPD at %s wants a password: MPD_PASSWORD in the environment or "
                              "in the file of credentials",
                              mpd->name);
    else if (code == MPD_SERVER_ERROR_PERMISSION)
        result = mm_error_set(err, MM_ERR_USAGE, "the MPD at %s does not allow that: %s", mpd->name,
                              words ? words : "");
    else
        result = mm_error_set(err, code == MPD_SERVER_ERROR_NO_EXIST ? MM_ERR_NOT_FOUND : MM_ERR_IO,
                              "the MPD at %s refuses: %s", mpd->name, words ? words : "");
    free(words);
    mpd_connection_clear_error(mpd->connection); /* such a connection goes on */
    return result;
}

int mm_mpd_fault(struct mm_mpd *mpd, struct mm_error *err)
{
    if (!mpd->connection)
        return mm_no_memory(err);
    switch (mpd_connection_get_error(mpd->connection)) {
    case MPD_ERROR_SUCCESS:
        return 0;
    case MPD_ERROR_OOM:
        return mm_no_memory(err);
    case MPD_ERROR_SERVER:
        return server_fault(mpd, err);
    case MPD_ERROR_TIMEOUT:
        return mm_error_set(err, MM_ERR_AGAIN, "the MPD at %s does not answer", mpd->name);
    case MPD_ERROR_MALFORMED:
        return mm_error_set(err, MM_ERR_INPUT, "what answers at %s does not speak as an MPD does",
                            mpd->name);
    case MPD_ERROR_ARGUMENT:
    case MPD_ERROR_STATE:
        return mm_error_set(err, MM_ERR_INPUT, "the MPD at %s cannot be asked that: %s", mpd->name,
                            mpd_connection_get_error_message(mpd->connection));
    case MPD_ERROR_SYSTEM:
    case MPD_ERROR_RESOLVER:
    case MPD_ERROR_CLOSED:
        break;
    }
    return mm_error_set(err, MM_ERR_AGAIN, "the MPD at %s has closed the connection", mpd->name);
}

/* ---- connecting ---- */

static int name_place(struct mm_mpd *mpd, struct mm_error *err)
{
    const struct mpd_settings *settings = mpd_connection_get_settings(mpd->connection);
    const char *host = mpd->host ? mpd->host : mpd_settings_get_host(settings);
    unsigned port = mpd->port ? mpd->port : mpd_settings_get_port(settings);
    free(mpd->name);
    bool socket = host && (*host == '/' || *host == '@' || *host == '~');
    mpd->name = socket ? mm_strdup(host)
                       : mm_format(host && strchr(host, ':') ? "[%s]:%u" : "%s:%u",
                                   host ? host : "localhost", port ? port : 6600);
    return mpd->name ? 0 : mm_no_memory(err);
}

int mm_mpd_reconnect(struct mm_mpd *mpd, struct mm_error *err)
{
    if (mpd->connection)
        mpd_connection_free(mpd->connection);
    mpd->connection = mpd_connection_new(mpd->host, mpd->port, 0);
    if (!mpd->connection || name_place(mpd, err) < 0)
        return mm_no_memory(err);
    enum mpd_error fault = mpd_connection_get_error(mpd->connection);
    if (fault == MPD_ERROR_TIMEOUT || fault == MPD_ERROR_MALFORMED)
        return mm_mpd_fault(mpd, err);
    if (fault != MPD_ERROR_SUCCESS) {
        const char *text = mpd_connection_get_error_message(mpd->connection);
        char *words = mm_text_clean_utf8(text, strnlen(text, 300));
        int result = mm_error_set(err, MM_ERR_IO, "there is no MPD at %s: %s", mpd->name,
                                  words ? words : "");
        free(words);
        return result;
    }
    mpd_connection_set_keepalive(mpd->connection, true);
    if (mpd->password && !mpd_run_password(mpd->connection, mpd->password))
        return mm_mpd_fault(mpd, err);
    return 0;
}

int mm_mpd_open(const char *address, const struct mm_progress *progress, struct mm_mpd **out,
                struct mm_error *err)
{
    *out = NULL;
    struct mm_mpd *mpd = calloc(1, sizeof *mpd);
    struct mm_mpd_place place = {0};
    int result = mpd ? find_place(address, &place, err) : mm_no_memory(err);
    if (result == 0) {
        mpd->progress = progress;
        mpd->host = place.host;
        mpd->port = place.port;
        mpd->password = place.password;
        place = (struct mm_mpd_place){0};
        result = mm_mpd_reconnect(mpd, err);
    }
    mm_mpd_place_finish(&place);
    if (result == 0)
        *out = mpd;
    else
        mm_mpd_close(mpd);
    return result;
}

void mm_mpd_close(struct mm_mpd *mpd)
{
    if (!mpd)
        return;
    if (mpd->connection)
        mpd_connection_free(mpd->connection);
    if (mpd->password)
        explicit_bzero(mpd->password, strlen(mpd->password));
    free(mpd->password);
    free(mpd->host);
    free(mpd->name);
    free(mpd);
}

const char *mm_mpd_name(const struct mm_mpd *mpd)
{
    return mpd->name;
}

bool mm_mpd_is_local(const struct mm_mpd *mpd)
{
    return mpd->name[0] == '/' || mpd->name[0] == '@' || mpd->name[0] == '~';
}

/* ---- asking ---- */

/* Half a second, one, two, ... in small steps, so that Ctrl-C is heard. */
static int back_off(struct mm_mpd *mpd, int round, struct mm_error *err)
{
    for (int i = 0; i < 5 << round; i++) {
        if (mm_progress_cancelled(mpd->progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    return 0;
}

int mm_mpd_read(struct mm_mpd *mpd, mm_mpd_ask *ask, void *ctx, struct mm_error *err)
{
    struct mm_error fault = {0};
    int result = 0;
    for (int round = 0; round < READ_TRIES; round++) {
        if (mm_progress_cancelled(mpd->progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        bool broken = result < 0 || !mpd->connection ||
                      mpd_connection_get_error(mpd->connection) != MPD_ERROR_SUCCESS;
        if (broken && round > 0 && (result = back_off(mpd, round - 1, &fault)) < 0)
            break;
        result = broken ? mm_mpd_reconnect(mpd, &fault) : 0;
        bool silent = false;
        if (result == 0) {
            result = ask(mpd, ctx, &fault);
            silent = mpd_connection_get_error(mpd->connection) == MPD_ERROR_TIMEOUT;
        }
        /* Nobody there may be a restart; silence was waited for long enough. */
        bool passing = result == MM_ERR_AGAIN || (broken && result == MM_ERR_IO);
        if (result == 0 || silent || !passing)
            break;
    }
    if (result < 0 && err)
        *err = fault;
    return result;
}

static int ask_folder(struct mm_mpd *mpd, void *ctx, struct mm_error *err)
{
    char **out = ctx;
    if (!mpd_send_command(mpd->connection, "config", NULL))
        return mm_mpd_fault(mpd, err);
    struct mpd_pair *pair = mpd_recv_pair_named(mpd->connection, "music_directory");
    if (pair) {
        free(*out);
        *out = mm_strdup(pair->value);
        mpd_return_pair(mpd->connection, pair);
    }
    mpd_response_finish(mpd->connection);
    return mm_mpd_fault(mpd, err);
}

int mm_mpd_music_folder(struct mm_mpd *mpd, char **out, struct mm_error *err)
{
    struct mm_error fault = {0};
    *out = NULL;
    int result = mm_mpd_is_local(mpd) ? mm_mpd_read(mpd, ask_folder, out, &fault) : MM_ERR_USAGE;
    if (result == 0 && *out && **out == '/')
        return 0;
    free(*out);
    *out = NULL;
    if (result == 0 || result == MM_ERR_USAGE || result == MM_ERR_IO)
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "the MPD at %s does not tell where its music is (it does over its "
                            "socket, to those who may do all)",
                            mpd->name);
    if (err)
        *err = fault;
    return result;
}

int mm_mpd_wait(struct mm_mpd *mpd, double seconds, bool *changed, struct mm_error *err)
{
    *changed = false;
    if (!mpd_send_idle_mask(mpd->connection, MPD_IDLE_QUEUE | MPD_IDLE_PLAYER | MPD_IDLE_OPTIONS))
        return mm_mpd_fault(mpd, err);
    struct pollfd fd = {.fd = mpd_connection_get_fd(mpd->connection), .events = POLLIN};
    int ready = 0;
    for (double left = seconds; left > 0 && ready == 0; left -= 0.2) {
        if (mm_progress_cancelled(mpd->progress))
            break;
        ready = poll(&fd, 1, left < 0.2 ? (int)(left * 1000) + 1 : 200);
    }
    if (ready > 0)
        *changed = mpd_recv_idle(mpd->connection, false) != 0;
    else
        *changed = mpd_run_noidle(mpd->connection) != 0;
    if (mm_progress_cancelled(mpd->progress))
        return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
    return mm_mpd_fault(mpd, err);
}
