/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/reach.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "http/client.h"

/* Of one song; more is no song. */
#define MAX_BYTES ((size_t)4 << 30)

static bool is_address(const char *text)
{
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
}

int mm_reach_check(const char *map, struct mm_error *err)
{
    const char *equals = strchr(map, '=');
    if (*map == '/' && equals && equals > map + 1 && (equals[1] == '/' || is_address(equals + 1)))
        return 0;
    return mm_error_set(
        err, MM_ERR_USAGE,
        "\"%s\" is no way from one place to another: /FROM=/TO or /FROM=https://...", map);
}

/* The bytes of map's FROM when path lies in it, without a slash at its end; 0 = it does not. */
static size_t covers(const char *map, const char *path)
{
    size_t n = strcspn(map, "=");
    while (n && map[n - 1] == '/')
        n--;
    return n && strncmp(path, map, n) == 0 && (path[n] == '/' || !path[n]) ? n : 0;
}

static char *encode(const char *path)
{
    struct mm_text text = {0};
    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        if (isalnum(*p) || strchr("/-._~", *p))
            mm_text_add_bytes(&text, p, 1);
        else
            mm_text_addf(&text, "%%%02X", *p);
    }
    return mm_text_steal(&text);
}

/* to + rest, with one slash between; rest is encoded for a server. */
static char *join(const char *to, const char *rest)
{
    size_t n = strlen(to);
    while (n > 1 && to[n - 1] == '/')
        n--;
    char *behind = is_address(to) ? encode(rest) : mm_strdup(rest);
    char *joined = behind ? mm_format("%.*s%s", (int)n, to, behind) : NULL;
    free(behind);
    return joined;
}

/* The name's ending stays: decoders look at it. */
static int make_temporary(const char *name, char **out, struct mm_error *err)
{
    const char *folder = getenv("TMPDIR");
    const char *dot = strrchr(mm_path_name(name), '.');
    size_t ending = dot && strlen(dot) <= 8 ? strlen(dot) : 0;
    *out =
        mm_format("%s/musicmap-XXXXXX%s", folder && *folder ? folder : "/tmp", ending ? dot : "");
    if (!*out)
        return mm_no_memory(err);
    int fd = mkstemps(*out, (int)ending);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    int result = mm_error_errno(err, errno, "cannot write %s", *out);
    free(*out);
    *out = NULL;
    return result;
}

static int fetch(const char *url, const struct mm_progress *progress, struct mm_reached *out,
                 struct mm_error *err)
{
    int result = make_temporary(url, &out->path, err);
    if (result < 0)
        return result;
    out->temporary = true;
    const struct mm_http_download download = {
        .url = url, .path = out->path, .limit = MAX_BYTES, .stage = "fetching"};
    const struct mm_progress quiet = {.cancel = progress ? progress->cancel : NULL};
    struct mm_http_result got;
    return mm_http_fetch(&download, &quiet, &got, err);
}

int mm_reach(const char *path, const char *const *maps, size_t n_maps,
             const struct mm_progress *progress, struct mm_reached *out, struct mm_error *err)
{
    *out = (struct mm_reached){0};
    const char *best = NULL;
    size_t covered = 0;
    for (size_t i = 0; i < n_maps; i++)
        if (covers(maps[i], path) > covered) {
            covered = covers(maps[i], path);
            best = maps[i];
        }
    char *place = best ? join(strchr(best, '=') + 1, path + covered) : mm_strdup(path);
    if (!place)
        return mm_no_memory(err);
    if (!is_address(place)) {
        out->path = place;
        return 0;
    }
    int result = fetch(place, progress, out, err);
    free(place);
    if (result < 0)
        mm_reached_finish(out);
    return result;
}

void mm_reached_finish(struct mm_reached *reached)
{
    if (reached->temporary && reached->path)
        unlink(reached->path);
    free(reached->path);
    *reached = (struct mm_reached){0};
}
