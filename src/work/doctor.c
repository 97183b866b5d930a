/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor.c - what belongs to a library and lies outside its catalog: songs' files, kept clips. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/source.h"
#include "musicmap/work.h"

static const uint64_t LITTLE_SPACE = UINT64_C(200) << 20;

struct doctor {
    struct mm_catalog *catalog;
    bool mend;
    const struct mm_progress *progress;
    mm_finding_fn *fn;
    void *ctx;
    size_t looked, gone;
    char first[200]; /* of those that are gone */
};

static void tell(struct doctor *d, enum mm_finding_kind kind, bool mended, const char *advice,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

static void tell(struct doctor *d, enum mm_finding_kind kind, bool mended, const char *advice,
                 const char *format, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    mm_text_clean_line(text);
    d->fn(d->ctx, &(struct mm_finding){kind, text, mended ? NULL : advice, mended});
}

/* ---- songs ---- */

static int look_at_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct doctor *d = ctx;
    struct stat st;
    if (mm_progress_cancelled(d->progress))
        return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
    mm_progress_update(d->progress, "looking for files", ++d->looked, 0);
    if (!song->file && !mm_source_is_files(song->source))
        return 0;
    char *path = mm_song_path(d->catalog, song);
    if (!path)
        return mm_no_memory(err);
    if (stat(path, &st) != 0 && d->gone++ == 0)
        snprintf(d->first, sizeof d->first, "%s", path);
    free(path);
    return 0;
}

static int look_at_songs(struct doctor *d, struct mm_error *err)
{
    int result = mm_catalog_each_song(d->catalog, MM_SONGS_PRESENT, NULL, look_at_song, d, err);
    if (result == 0 && d->gone)
        tell(d, MM_FINDING_LACK, false,
             "is a disk not mounted? Then mount it; else musicmap gather notes what is gone",
             "songs whose file is not there: %zu, the first is %s", d->gone, d->first);
    return result;
}

/* ---- the folder ---- */

/* "SONG-TAG.clip" of a song that is not in the library any more. */
static bool is_orphan(struct doctor *d, const char *name)
{
    static const char hex[] = "0123456789abcdef";
    struct mm_song song;
    char *end;
    int64_t id = strtoll(name, &end, 10);
    if (end == name || *end != '-' || strcmp(end + 1 + strspn(end + 1, hex), ".clip") != 0)
        return false;
    int result = mm_catalog_get_song(d->catalog, id, &song, NULL);
    if (result == 0)
        mm_song_finish(&song);
    return result == MM_ERR_NOT_FOUND;
}

/* "NAME.PID.tmp" of a process that is gone. */
static bool is_leftover(const char *name)
{
    size_t length = strlen(name);
    if (length < 5 || strcmp(name + length - 4, ".tmp") != 0)
        return false;
    char *digits = mm_strndup(name, length - 4);
    char *dot = digits ? strrchr(digits, '.') : NULL;
    char *end = NULL;
    long pid = dot ? strtol(dot + 1, &end, 10) : 0;
    bool left = pid > 0 && *end == '\0' && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
    free(digits);
    return left;
}

static void look_into(struct doctor *d, const char *folder)
{
    size_t orphans = 0;
    size_t leftovers = 0;
    DIR *list = opendir(folder);
    if (!list)
        return; /* a library without clips */
    for (struct dirent *entry; (entry = readdir(list));) {
        bool orphan = is_orphan(d, entry->d_name);
        bool leftover = !orphan && is_leftover(entry->d_name);
        orphans += orphan;
        leftovers += leftover;
        if (d->mend && (orphan || leftover))
            unlinkat(dirfd(list), entry->d_name, 0);
    }
    closedir(list);
    if (orphans)
        tell(d, MM_FINDING_STRAY, d->mend, "musicmap doctor --rebuild removes them",
             "clips of songs that are not in the library: %zu", orphans);
    if (leftovers)
        tell(d, MM_FINDING_STRAY, d->mend, "musicmap doctor --rebuild removes them",
             "files in %s of a run that was interrupted: %zu", folder, leftovers);
}

static void look_at_disk(struct doctor *d)
{
    const char *path = mm_catalog_path(d->catalog);
    struct statvfs fs;
    if (access(path, W_OK) != 0)
        tell(d, MM_FINDING_STATE, false, "give yourself the right to write to it (chmod, chown)",
             "%s may not be written to: %s", path, strerror(errno));
    if (statvfs(path, &fs) != 0)
        return;
    uint64_t space = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (space < LITTLE_SPACE)
        tell(d, MM_FINDING_STATE, false, "make room before gathering or embedding",
             "the library's disk has %" PRIu64 " MB left", space >> 20);
}

/* ---- the map ---- */

static int look_at_map(struct doctor *d, struct mm_error *err)
{
    struct mm_catalog_counts counts;
    int result = mm_catalog_count(d->catalog, &counts, err);
    if (result == 0 && counts.present && counts.measured == 0)
        tell(d, MM_FINDING_LACK, false, "musicmap embed", "no song is measured yet");
    else if (result == 0 && counts.measured && counts.map_songs == 0)
        tell(d, MM_FINDING_LACK, false, "musicmap embed, then musicmap map", "there is no map");
    return result;
}

int mm_library_examine(struct mm_catalog *catalog, bool mend, const struct mm_progress *progress,
                       mm_finding_fn *fn, void *ctx, struct mm_error *err)
{
    struct doctor d = {
        .catalog = catalog, .mend = mend, .progress = progress, .fn = fn, .ctx = ctx};
    char *clips = mm_path_join(mm_catalog_path(catalog), "clips");
    if (!clips)
        return mm_no_memory(err);
    look_at_disk(&d);
    look_into(&d, clips);
    look_into(&d, mm_catalog_path(catalog));
    free(clips);
    int result = look_at_songs(&d, err);
    return result == 0 ? look_at_map(&d, err) : result;
}
