/* SPDX-License-Identifier: BSD-2-Clause */
/* What a service on the net finds for some words: one page of its answer. */
#include <stdio.h>
#include <stdlib.h>

#include <musicmap/service.h>

static void print_tracks(const struct mm_tracks *tracks)
{
    for (size_t i = 0; i < tracks->n; i++) {
        const struct mm_track *t = &tracks->list[i];
        printf("%s - %s  (%.0f s, %s)\n", t->tags.artist ? t->tags.artist : "?",
               t->tags.title ? t->tags.title : "?", t->duration_s,
               t->preview ? "can be heard" : "silent");
    }
}

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    struct mm_service_session *session = NULL;
    struct mm_tracks tracks = {0};
    char *next = NULL;
    if (argc != 3 || !mm_service_find(argv[1])) {
        fputs("usage: service deezer|itunes|jamendo|spotify WORDS\n", stderr);
        return 2;
    }
    const struct mm_service_settings settings = {.seed = 1};
    const struct mm_step step = {MM_STEP_SEARCH, argv[2]};
    int result = mm_service_open(mm_service_find(argv[1]), &settings, &session, &err);
    if (result == 0)
        result = mm_service_page(session, &step, NULL, 10, &tracks, &next, &err);
    if (result == 0)
        print_tracks(&tracks);
    else
        fprintf(stderr, "%s\n", err.message);
    free(next);
    mm_tracks_finish(&tracks);
    mm_service_close(session);
    return result == 0 ? 0 : 3;
}
