/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An MPD that answers anything: the first byte says what it is asked, the rest is what it says. And
 * addresses of one.
 */
#include "fuzz.h"

#include <mpd/async.h>
#include <sys/socket.h>

#include "source/mpd_client.h"

/* Behind what was made up, so that a question ends here and not after a wait. */
static const char END[] = "\nACK [50@0] {} gone\n";

static void must_be_songs(const struct mm_mpd_songs *songs)
{
    for (size_t i = 0; i < songs->n; i++) {
        must(songs->list[i].uri);
        must_be_tags(&songs->list[i].tags);
        must_be_length(songs->list[i].duration_s);
    }
}

/* A name that leads nowhere else. */
static void must_lie_in(const char *name, const char *folder)
{
    must(*name != '/' && !strstr(name, "//") && strncmp(name, "../", 3) != 0 &&
         !strstr(name, "/../"));
    must(strncmp(name, folder, strlen(folder)) == 0);
}

static int ask_folder(struct mm_mpd *mpd, struct mm_error *err)
{
    struct mm_mpd_folder folder;
    int result = mm_mpd_read_folder(mpd, "A", &folder, err);
    must_be_songs(&folder.songs);
    for (size_t i = 0; i < folder.songs.n; i++)
        must_lie_in(folder.songs.list[i].uri, "A/");
    for (size_t i = 0; i < folder.n_folders; i++)
        must_lie_in(folder.folders[i], "A/");
    mm_mpd_folder_finish(&folder);
    return result;
}

static int ask_one(struct mm_mpd *mpd, struct mm_error *err)
{
    struct mm_mpd_song song;
    int result = mm_mpd_find_uri(mpd, "A/a.mp3", &song, err);
    must(result < 0 || song.uri);
    mm_mpd_song_finish(&song);
    if (result == MM_ERR_NOT_FOUND) /* that is an answer and needs no words */
        result = 0;
    return result;
}

static int ask_status(struct mm_mpd *mpd, struct mm_error *err)
{
    struct mm_mpd_status status;
    int result = mm_mpd_status(mpd, &status, err);
    must(result < 0 || (status.position >= -1 && status.elapsed_s >= 0));
    return result;
}

static int ask(struct mm_mpd *mpd, unsigned what, struct mm_error *err)
{
    struct mm_mpd_songs songs = {0};
    char *folder = NULL;
    int result;
    switch (what % 6) {
    case 0:
        return ask_folder(mpd, err);
    case 1:
        return ask_one(mpd, err);
    case 2:
        return ask_status(mpd, err);
    case 3:
        result = mm_mpd_music_folder(mpd, &folder, err);
        must((result == 0) == (folder && *folder == '/'));
        free(folder);
        return result;
    case 4:
        result = mm_mpd_playlist(mpd, "P", &songs, err);
        break;
    default:
        result = mm_mpd_queue(mpd, &songs, err);
    }
    must_be_songs(&songs);
    mm_mpd_songs_finish(&songs);
    return result;
}

static void read_address(const unsigned char *data, size_t size)
{
    struct mm_mpd_place place;
    struct mm_error err = {0};
    char *text = text_of(data, size);
    int result = mm_mpd_read_address(text, &place, &err);
    must_say(result, &err);
    must(result < 0 || (place.host && *place.host && place.port <= 65535));
    mm_mpd_place_finish(&place);
    free(text);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    int pair[2];
    if (size < 1 || size > 65536)
        return 0;
    if (data[0] == 'a') {
        read_address(data + 1, size - 1);
        return 0;
    }
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    must(write(pair[1], data + 1, size - 1) == (ssize_t)size - 1);
    must(write(pair[1], END, sizeof END - 1) == sizeof END - 1);
    struct mpd_async *async = mpd_async_new(pair[0]);
    struct mm_mpd mpd = {.name = (char *)"/run/mpd/socket",
                         .connection = mpd_connection_new_async(async, "OK MPD 0.23.5")};
    must(mpd.connection);
    mpd_connection_set_timeout(mpd.connection, 1000);
    struct mm_error err = {0};
    must_say(ask(&mpd, data[0], &err), &err);
    mpd_connection_free(mpd.connection);
    close(pair[1]);
    return 0;
}
