/* SPDX-License-Identifier: BSD-2-Clause */
/* lend.c - the sound of songs that lie on a server, for as long as it is needed. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/work.h"

struct mm_lender {
    const struct mm_catalog *catalog;
    const struct mm_progress *progress;
    pthread_mutex_t mutex; /* guards the opening of server */
    struct mm_remote *server;
    struct mm_error fault; /* why it could not be opened: it is not asked for each song again */
};

int mm_lender_create(struct mm_catalog *catalog, const struct mm_progress *progress,
                     struct mm_lender **out, struct mm_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return mm_no_memory(err);
    (*out)->catalog = catalog;
    (*out)->progress = progress;
    pthread_mutex_init(&(*out)->mutex, NULL);
    return 0;
}

void mm_lender_destroy(struct mm_lender *lender)
{
    if (!lender)
        return;
    mm_remote_close(lender->server);
    pthread_mutex_destroy(&lender->mutex);
    free(lender);
}

bool mm_can_lend(const struct mm_song *song)
{
    return song->source && song->key &&
           (song->file || mm_source_is_files(song->source) ||
            strcmp(song->source, MM_REMOTE_SOURCE) == 0);
}

static int open_server(struct mm_lender *l, struct mm_error *err)
{
    pthread_mutex_lock(&l->mutex);
    if (!l->server && l->fault.code == 0) {
        const struct mm_remote_settings settings = {.progress = l->progress};
        mm_remote_open(&settings, &l->server, &l->fault);
    }
    int result = l->server ? 0 : (int)l->fault.code;
    if (result < 0 && err)
        *err = l->fault;
    if (l->fault.code == MM_ERR_AGAIN || l->fault.code == MM_ERR_CANCELLED)
        l->fault = (struct mm_error){0}; /* it may be there the next time */
    pthread_mutex_unlock(&l->mutex);
    return result;
}

static int make_place(const struct mm_lender *l, char **out, struct mm_error *err)
{
    char *folder = mm_path_join(mm_catalog_path(l->catalog), "loans");
    int result = folder ? mm_file_make_folder(folder, err) : mm_no_memory(err);
    *out = result == 0 ? mm_format("%s/XXXXXX", folder) : NULL;
    free(folder);
    if (result < 0)
        return result;
    int fd = *out ? mkstemp(*out) : -1;
    if (fd < 0) {
        result = *out ? mm_error_errno(err, errno, "cannot write %s", *out) : mm_no_memory(err);
        free(*out);
        *out = NULL;
        return result;
    }
    close(fd);
    return 0;
}

int mm_lend(struct mm_lender *l, const struct mm_song *song, struct mm_loan *out,
            struct mm_error *err)
{
    *out = (struct mm_loan){0};
    if (strcmp(song->source, MM_REMOTE_SOURCE) != 0 || song->file) {
        out->path = mm_song_path(l->catalog, song);
        return out->path ? 0 : mm_no_memory(err);
    }
    int result = open_server(l, err);
    if (result < 0)
        return result;
    const char *id = mm_remote_id(l->server, song->key);
    if (!id) /* a key must not lead a password to where its owner did not send it */
        return mm_error_set(err, MM_ERR_USAGE, "SUBSONIC_URL is %s, but this song is at %.*s",
                            mm_remote_address(l->server), (int)strcspn(song->key, "#"), song->key);
    result = make_place(l, &out->path, err);
    out->fetched = result == 0;
    if (result == 0)
        result = mm_remote_fetch(l->server, id, out->path, l->progress, err);
    if (result < 0)
        mm_loan_return(out);
    return result;
}

void mm_loan_return(struct mm_loan *loan)
{
    if (loan->fetched && loan->path)
        unlink(loan->path);
    free(loan->path);
    *loan = (struct mm_loan){0};
}
