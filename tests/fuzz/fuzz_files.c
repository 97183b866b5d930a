/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small files that are read whole: lists of songs (text and table), gzipped weights, clips that
 * were kept, the note of what a library's other processes do. The first byte chooses.
 */
#include "fuzz.h"

#include "embed/gunzip.h"
#include "musicmap/work.h"
#include "view/clips.h"
#include "work/song_list.h"

/* Where the file of this name is written; static. */
static const char *place(const char *name, const unsigned char *data, size_t size)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    write_whole(path, data, size);
    return path;
}

static void read_list(const char *name, const unsigned char *data, size_t size)
{
    struct mm_song_list list;
    struct mm_error err = {0};
    int result = mm_song_list_read(place(name, data, size), &list, &err);
    must_say(result, &err);
    size_t line = 0;
    for (size_t i = 0; result == 0 && i < list.n; i++) {
        must(list.line[i] > line && strlen(list.names[i]) <= size);
        line = list.line[i];
    }
    must(line <= size);
    mm_song_list_finish(&list);
}

static void unpack(const unsigned char *data, size_t size)
{
    enum { LIMIT = 1 << 20 };
    char *bytes = NULL;
    size_t count = 0;
    struct mm_error err = {0};
    int result = mm_gunzip_file(place("weights.gz", data, size), LIMIT, &bytes, &count, &err);
    must_say(result, &err);
    must(count <= LIMIT || result < 0);
    must((result == 0) == (bytes != NULL));
    free(bytes);
}

/* The file under a clip's name, as somebody left it there. */
static void clips(const unsigned char *data, size_t size)
{
    struct mm_clips *store;
    struct mm_clip_file file;
    char folder[300];
    snprintf(folder, sizeof folder, "%s/clips", fuzz_folder());
    if (access(folder, F_OK) == 0)
        (void)place("clips/7-0000000000000009.clip", data, size);
    must(mm_clips_create(folder, 1 << 20, &store, NULL) == 0);
    if (mm_clips_open(store, 7, 9, &file)) {
        must(file.offset > 0 && file.size <= size && (uint64_t)file.offset + file.size <= size);
        must(memchr(file.mime, 0, sizeof file.mime));
        close(file.fd);
    }
    mm_clips_destroy(store);
}

static void note(const unsigned char *data, size_t size)
{
    struct mm_notice notice;
    (void)place("working", data, size);
    if (mm_notice_get(fuzz_folder(), &notice)) {
        must(mm_text_is_utf8(notice.task, strlen(notice.task)));
        must(mm_text_is_utf8(notice.stage, strlen(notice.stage)));
        must(!strchr(notice.stage, '\t'));
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size < 1)
        return 0;
    switch (data[0] % 5) {
    case 0:
        read_list("list.txt", data + 1, size - 1);
        break;
    case 1:
        read_list("list.csv", data + 1, size - 1);
        break;
    case 2:
        unpack(data + 1, size - 1);
        break;
    case 3:
        clips(data + 1, size - 1);
        break;
    default:
        note(data + 1, size - 1);
    }
    return 0;
}
