/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows that lie, disks that are full, processes that are killed or hold the lock. After each of
 * them the library is sound and holds what was committed, no more and no less.
 */
#include "raw.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"

/* ---- rows that lie ---- */

static void put_small_map(struct library *library, int64_t song)
{
    struct mm_map_song songs[] = {{song, 0.5f, 0.5f, 1, 1}};
    char *names[] = {"One", "Two"};
    uint32_t region[] = {0, 0};
    struct mm_map_record map = {.model = "timbre",
                                .settings = "s",
                                .report = "{}",
                                .n_songs = 1,
                                .songs = songs,
                                .n_clusters = 2,
                                .cluster_names = names,
                                .n_regions = 1,
                                .region_names = names + 1,
                                .region = region};
    assert_ok(mm_catalog_put_map(library->catalog, &map, &library->err), &library->err);
}

static int read_vector(struct library *library, int64_t id)
{
    float values[3];
    return mm_catalog_read_vectors(library->catalog, &timbre, &id, 1, 3, values, &library->err);
}

static void damaged_vectors_are_told(void **state)
{
    struct library *library = *state;
    int64_t id = add_song(library, "/a", NULL, "A");
    static const char *const lies[] = {"UPDATE vector SET data = x''",
                                       "UPDATE vector SET data = x'0000803f'",
                                       "UPDATE vector SET data = zeroblob(13)",
                                       "UPDATE vector SET data = zeroblob(4000000)",
                                       "UPDATE vector SET data = x'0000807f0000803f0000803f'",
                                       "UPDATE vector SET data = x'0000803f0000803f0000c0ff'"};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        embed_song(library, id);
        assert_int_equal(read_vector(library, id), 0);
        raw_run(library->folder, lies[i]);
        assert_int_equal(read_vector(library, id), MM_ERR_INPUT);
        assert_non_null(strstr(library->err.message, "song 1"));
    }
    embed_song(library, id); /* computing it again mends it */
    assert_int_equal(read_vector(library, id), 0);
    raw_run(library->folder, "UPDATE vector_kind SET dim = 9000000000000000000");
    assert_int_equal(read_vector(library, id), MM_ERR_USAGE);
}

static void damaged_maps_are_told(void **state)
{
    struct library *library = *state;
    int64_t id = add_song(library, "/a", NULL, "A");
    static const char *const lies[] = {
        "UPDATE map_song SET cluster = 2",
        "UPDATE map_song SET cluster = -1",
        "UPDATE map_song SET cluster = 4294967296",
        "UPDATE map_song SET x = 9e999",
        "UPDATE map_song SET y = 1e300",
        "UPDATE map_cluster SET number = 7 WHERE number = 1",
        "DELETE FROM map_cluster WHERE number = 0",
        "DELETE FROM map_cluster",
        "UPDATE map_cluster SET region = 1",
        "UPDATE map_cluster SET region = -1",
        "UPDATE map_cluster SET region = NULL WHERE number = 1",
        "UPDATE map_region SET number = 3",
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct mm_map_record map;
        put_small_map(library, id);
        assert_ok(mm_catalog_get_map(library->catalog, &map, &library->err), &library->err);
        mm_map_record_finish(&map);
        raw_run(library->folder, lies[i]);
        assert_int_equal(mm_catalog_get_map(library->catalog, &map, &library->err), MM_ERR_INPUT);
        assert_null(map.songs);
        assert_non_null(strstr(library->err.message, "musicmap map"));
    }
}

static void damaged_measures_are_told(void **state)
{
    struct library *library = *state;
    int64_t id = add_song(library, "/a", NULL, "A");
    static const char *const lies[] = {
        "UPDATE measure SET key = 12", "UPDATE measure SET key = 4294967295",
        "UPDATE measure SET tempo_bpm = 9e999", "UPDATE measure SET mode = 2"};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct mm_measure measure;
        embed_song(library, id);
        raw_run(library->folder, lies[i]);
        assert_int_equal(mm_catalog_get_measure(library->catalog, id, &measure, &library->err),
                         MM_ERR_INPUT);
    }
}

static int count_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    (void)err;
    assert_non_null(song->key);
    assert_non_null(song->source);
    ++*(int *)ctx;
    return 0;
}

static int count_songs(struct library *library, int *n)
{
    *n = 0;
    return mm_catalog_each_song(library->catalog, MM_SONGS_ALL, NULL, count_song, n, &library->err);
}

static void damaged_songs_are_told_or_cleaned(void **state)
{
    struct library *library = *state;
    int64_t id = add_song(library, "/a", "Artist", "Title");
    static const char *const lies[] = {
        "UPDATE song SET state = 9",
        "UPDATE song SET size = -1",
        "UPDATE song SET hash = x'00'",
        "UPDATE song SET key = x'2f0061'",
    };
    struct mm_song song;
    int n;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        raw_run(library->folder, "UPDATE song SET state = 0, size = 1, hash = NULL, key = x'2f61'");
        assert_ok(count_songs(library, &n), &library->err);
        assert_int_equal(n, 1);
        raw_run(library->folder, lies[i]);
        assert_int_equal(mm_catalog_get_song(library->catalog, id, &song, &library->err),
                         MM_ERR_INPUT);
        assert_int_equal(count_songs(library, &n), MM_ERR_INPUT);
    }
    raw_run(library->folder,
            "UPDATE song SET state = 0, size = 1, hash = NULL, key = x'2f61',"
            " title = CAST(x'41ff42' AS TEXT), genres = CAST(x'0a0a4aff0a' AS TEXT),"
            " duration_s = 9e999, channels = -5, sample_rate = 1 << 40");
    assert_ok(mm_catalog_get_song(library->catalog, id, &song, &library->err), &library->err);
    assert_string_equal(song.tags.title, "A\xef\xbf\xbd"
                                         "B");
    assert_int_equal(song.tags.n_genres, 1);
    assert_true(song.duration_s == 0.0);
    assert_int_equal(song.channels, 0);
    assert_int_equal(song.sample_rate, 0);
    mm_song_finish(&song);
}

static void missing_tables_are_damage(void **state)
{
    struct library *library = *state;
    add_song(library, "/a", NULL, "A");
    raw_run(library->folder, "DROP TABLE vector; DROP TABLE measure");
    struct mm_catalog_counts counts;
    assert_int_equal(mm_catalog_count(library->catalog, &counts, &library->err), MM_ERR_INPUT);
    assert_non_null(strstr(library->err.message, "damaged"));
}

/* Any byte of the file may be wrong: each call answers or says so. */
static void overwritten_pages_crash_nothing(void **state)
{
    struct library *library = *state;
    assert_ok(mm_catalog_begin(library->catalog, &library->err), &library->err);
    for (int i = 0; i < 200; i++) {
        char key[32];
        snprintf(key, sizeof key, "/songs/%d.mp3", i);
        embed_song(library, add_song(library, key, "Artist", key));
    }
    assert_ok(mm_catalog_commit(library->catalog, &library->err), &library->err);
    put_small_map(library, 1);
    mm_catalog_close(library->catalog);
    library->catalog = NULL;
    char *path = library_file(library->folder);
    struct mm_random random = {11};
    int told = 0;
    for (int round = 0; round < 150; round++) {
        FILE *file = fopen(path, "r+b");
        assert_non_null(file);
        fseek(file, 0, SEEK_END);
        size_t size = (size_t)ftell(file);
        size_t at = mm_random_below(&random, size - 16);
        unsigned char kept[16];
        unsigned char noise[16];
        fseek(file, (long)at, SEEK_SET);
        assert_int_equal(fread(kept, 1, 16, file), 16);
        for (int i = 0; i < 16; i++)
            noise[i] = (unsigned char)mm_random_next(&random);
        fseek(file, (long)at, SEEK_SET);
        fwrite(noise, 1, 16, file);
        fclose(file);

        struct mm_catalog *catalog;
        if (mm_catalog_open(library->folder, false, &catalog, NULL) == 0) {
            struct library view = {.folder = library->folder, .catalog = catalog};
            int64_t *ids;
            size_t n;
            int songs;
            struct mm_map_record map;
            int faults = count_songs(&view, &songs) < 0;
            faults +=
                mm_catalog_todo(catalog, measure_settings, &timbre, false, &ids, &n, NULL) < 0;
            free(ids);
            faults += mm_catalog_embedded(catalog, &timbre, &ids, &n, NULL) < 0;
            for (size_t i = 0; i < n; i++)
                faults += read_vector(&view, ids[i]) < 0;
            free(ids);
            int64_t found[20];
            faults += mm_catalog_search(catalog, "art", found, 20, &n, NULL) < 0;
            faults += mm_catalog_get_map(catalog, &map, NULL) < 0;
            mm_map_record_finish(&map);
            mm_catalog_close(catalog);
            told += faults > 0;
        } else {
            told++;
        }
        file = fopen(path, "r+b"); /* as it was, and no trace of the last round */
        fseek(file, (long)at, SEEK_SET);
        fwrite(kept, 1, 16, file);
        fclose(file);
    }
    assert_true(told > 0);
    free(path);
    assert_sound(library->folder);
}

/* ---- other processes ---- */

static void two_processes_write_side_by_side(void **state)
{
    struct library *library = *state;
    mm_catalog_close(library->catalog);
    library->catalog = NULL;
    enum { PROCESSES = 2, SONGS = 150 };
    pid_t children[PROCESSES];
    for (int p = 0; p < PROCESSES; p++) {
        children[p] = fork();
        if (children[p])
            continue;
        struct mm_catalog *catalog;
        if (mm_catalog_open(library->folder, true, &catalog, NULL) < 0)
            _exit(1);
        for (int i = 0; i < SONGS; i++) {
            char key[32];
            snprintf(key, sizeof key, "/%d/%d", p, i);
            struct mm_song song = {.source = "folder", .key = key};
            const float value = 1.0f;
            const struct mm_vector_kind kind = {"m", "", ""}; /* both may be the first to make it */
            bool together = i % 10 == 0;
            if (together && mm_catalog_begin(catalog, NULL) < 0)
                _exit(2);
            if (mm_catalog_add_song(catalog, &song, NULL) < 0 ||
                mm_catalog_put_vector(catalog, song.id, &kind, &value, 1, NULL) < 0)
                _exit(3);
            if (together && mm_catalog_commit(catalog, NULL) < 0)
                _exit(4);
        }
        mm_catalog_close(catalog);
        _exit(0);
    }
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        assert_int_equal(waitpid(children[p], &status, 0), children[p]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_int_equal(raw_int(library->folder, "SELECT count(*) FROM vector"), PROCESSES * SONGS);
    assert_int_equal(raw_int(library->folder, "SELECT count(*) FROM vector_kind"), 1);
    assert_sound(library->folder);
}

/* The child tells after each commit; what it told must be there when it is killed. */
static void write_batches(const char *folder, int round, int pipe_end)
{
    struct mm_catalog *catalog;
    if (mm_catalog_open(folder, true, &catalog, NULL) < 0)
        _exit(1);
    for (int batch = 0;; batch++) {
        if (mm_catalog_begin(catalog, NULL) < 0)
            _exit(2);
        for (int i = 0; i < 10; i++) {
            char key[48];
            snprintf(key, sizeof key, "/%d/%d/%d", round, batch, i);
            struct mm_song song = {.source = "folder", .key = key};
            const float values[64] = {1.0f};
            if (mm_catalog_add_song(catalog, &song, NULL) < 0 ||
                mm_catalog_put_vector(catalog, song.id, &timbre, values, 64, NULL) < 0)
                _exit(3);
        }
        if (mm_catalog_commit(catalog, NULL) < 0 || write(pipe_end, "c", 1) != 1)
            _exit(4);
    }
}

static void killed_writers_leave_what_they_committed(void **state)
{
    struct library *library = *state;
    mm_catalog_close(library->catalog);
    library->catalog = NULL;
    struct mm_random random = {3};
    int64_t songs = 0;
    for (int round = 0; round < 20; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            write_batches(library->folder, round, ends[1]);
        }
        close(ends[1]);
        size_t wanted = mm_random_below(&random, 6);
        size_t told = 0;
        char c;
        while (told < wanted && read(ends[0], &c, 1) == 1)
            told++;
        assert_int_equal(told, wanted);
        for (size_t spin = mm_random_below(&random, 2000000); spin > 0; spin--) /* somewhere */
            __asm__ volatile("" ::: "memory");
        assert_int_equal(kill(child, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        while (read(ends[0], &c, 1) == 1)
            told++;
        close(ends[0]);

        int64_t now = raw_int(library->folder, "SELECT count(*) FROM song");
        assert_int_equal(now % 10, 0);
        assert_true(now - songs >= 10 * (int64_t)told);       /* nothing told is lost */
        assert_true(now - songs <= 10 * ((int64_t)told + 1)); /* one may be done, but untold */
        assert_int_equal(raw_int(library->folder, "SELECT count(*) FROM vector"), now);
        songs = now;
        assert_sound(library->folder);
    }
    assert_true(songs > 0);
    assert_ok(mm_catalog_open(library->folder, false, &library->catalog, &library->err),
              &library->err);
    add_song(library, "/after", NULL, "A");
}

static int no_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

/* The engine counts the time it slept; without sleep the ten seconds are over at once. */
static void a_lock_that_stays_is_told(void **state)
{
    struct library *library = *state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    int (*sleep_as_usual)(sqlite3_vfs *, int) = vfs->xSleep;
    struct mm_catalog *other;
    assert_ok(mm_catalog_open(library->folder, false, &other, &library->err), &library->err);
    assert_ok(mm_catalog_begin(other, &library->err), &library->err);
    vfs->xSleep = no_sleep;
    struct mm_song song = {.source = "folder", .key = "/a"};
    int add = mm_catalog_add_song(library->catalog, &song, &library->err);
    int begin = mm_catalog_begin(library->catalog, &library->err);
    vfs->xSleep = sleep_as_usual;
    assert_int_equal(add, MM_ERR_AGAIN);
    assert_int_equal(begin, MM_ERR_AGAIN);
    assert_non_null(strstr(library->err.message, "another musicmap"));
    int n;
    assert_ok(count_songs(library, &n), &library->err); /* readers do not wait */
    assert_ok(mm_catalog_commit(other, &library->err), &library->err);
    mm_catalog_close(other);
    assert_ok(mm_catalog_add_song(library->catalog, &song, &library->err), &library->err);
}

/* ---- threads ---- */

enum { THREADS = 4, THREAD_SONGS = 40 };

struct thread_job {
    struct library *library;
    int number;
    int faults;
};

static void *add_in_transactions(void *arg)
{
    struct thread_job *job = arg;
    struct mm_catalog *catalog = job->library->catalog;
    for (int i = 0; i < THREAD_SONGS; i++) {
        char key[32];
        snprintf(key, sizeof key, "/%d/%d", job->number, i);
        struct mm_song song = {.source = "folder", .key = key};
        bool undo = i % 2;
        job->faults += mm_catalog_begin(catalog, NULL) < 0;
        job->faults += mm_catalog_add_song(catalog, &song, NULL) < 0;
        struct mm_song read;
        job->faults += mm_catalog_get_song(catalog, song.id, &read, NULL) < 0;
        mm_song_finish(&read);
        if (undo)
            mm_catalog_rollback(catalog);
        else
            job->faults += mm_catalog_commit(catalog, NULL) < 0;
        job->faults += (mm_catalog_get_song(catalog, song.id, &read, NULL) == 0 &&
                        strcmp(read.key, key) == 0) == undo;
        mm_song_finish(&read);
    }
    return NULL;
}

static void threads_keep_out_of_each_others_transactions(void **state)
{
    struct library *library = *state;
    pthread_t threads[THREADS];
    struct thread_job jobs[THREADS];
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (struct thread_job){library, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, add_in_transactions, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(jobs[i].faults, 0);
    }
    int n;
    assert_ok(count_songs(library, &n), &library->err);
    assert_int_equal(n, THREADS * THREAD_SONGS / 2);
}

/* ---- full disks ---- */

/* How many more writes the disk takes; a write past that is half done and then refused. */
static long writes_left = -1;

static ssize_t full_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    if (writes_left == 0) {
        errno = ENOSPC;
        return -1;
    }
    if (writes_left > 0 && --writes_left == 0 && n > 1)
        n /= 2;
    return pwrite(fd, bytes, n, at);
}

static void set_writes(sqlite3_syscall_ptr call)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite", call), SQLITE_OK);
    assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite64", call), SQLITE_OK);
}

/* Adds songs in one transaction; returns what its commit returned, or the first error. */
static int add_many(struct mm_catalog *catalog, int round, int songs, struct mm_error *err)
{
    int result = mm_catalog_begin(catalog, err);
    bool begun = result == 0;
    const float values[256] = {1.0f};
    for (int i = 0; i < songs && result == 0; i++) {
        char key[32];
        snprintf(key, sizeof key, "/%d/%d", round, i);
        struct mm_song song = {.source = "folder", .key = key, .tags = {.title = key}};
        result = mm_catalog_add_song(catalog, &song, err);
        if (result == 0)
            result = mm_catalog_put_vector(catalog, song.id, &timbre, values, 256, err);
    }
    if (result == 0)
        return mm_catalog_commit(catalog, err);
    if (begun)
        mm_catalog_rollback(catalog);
    return result;
}

static void a_full_disk_loses_nothing(void **state)
{
    struct library *library = *state;
    enum { SONGS = 40 };
    int64_t songs = 0;
    bool done = false;
    set_writes((sqlite3_syscall_ptr)full_pwrite);
    for (long n = 0; !done; n += n < 40 ? 1 : 17) {
        struct mm_error err = {0};
        writes_left = n;
        int result = add_many(library->catalog, (int)n, SONGS, &err);
        done = result == 0 && writes_left != 0;
        if (result != 0) {
            assert_int_equal(result, MM_ERR_IO);
            assert_true(strstr(err.message, "full") || strstr(err.message, "space"));
        } else {
            songs += SONGS;
        }
        if (n % 3 == 0) { /* also over a close that cannot checkpoint */
            mm_catalog_close(library->catalog);
            writes_left = -1;
            assert_ok(mm_catalog_open(library->folder, false, &library->catalog, &err), &err);
        }
        writes_left = -1;
        int seen;
        assert_ok(count_songs(library, &seen), &library->err);
        assert_int_equal(seen, songs);
        assert_int_equal(raw_int(library->folder, "SELECT count(*) FROM vector"), songs);
    }
    set_writes(NULL);
    assert_true(songs > 0);
    assert_sound(library->folder);
}

/* The disk fills up in mid-transaction, while pages are spilled, and is then cleared: whether the
 * engine kept the transaction or undid it, what is there is what the calls and the commit said. */
static void a_full_disk_in_mid_transaction_is_no_half_measure(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    assert_ok(mm_catalog_begin(catalog, &library->err), &library->err);
    set_writes((sqlite3_syscall_ptr)full_pwrite);
    writes_left = 0;
    const float values[4096] = {1.0f};
    int songs = 0;
    int vectors = 0;
    int result = 0;
    for (int i = 0; i < 4000 && result == 0; i++) { /* more than the page cache holds */
        char key[32];
        snprintf(key, sizeof key, "/%d", i);
        struct mm_song song = {.source = "folder", .key = key};
        result = mm_catalog_add_song(catalog, &song, &library->err);
        songs += result == 0;
        if (result == 0)
            result = mm_catalog_put_vector(catalog, song.id, &timbre, values, 4096, &library->err);
        vectors += result == 0;
    }
    set_writes(NULL);
    writes_left = -1;
    assert_int_equal(result, MM_ERR_IO);
    struct mm_song late = {.source = "folder", .key = "/late"};
    songs += mm_catalog_add_song(catalog, &late, &library->err) == 0;
    bool kept = mm_catalog_commit(catalog, &library->err) == 0;
    assert_int_equal(raw_int(library->folder, "SELECT count(*) FROM song"), kept ? songs : 0);
    assert_int_equal(raw_int(library->folder, "SELECT count(*) FROM vector"), kept ? vectors : 0);
    add_song(library, "/after", NULL, "A");
    assert_sound(library->folder);
}

#define test(name) cmocka_unit_test_setup_teardown(name, library_open, library_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(damaged_vectors_are_told),
        test(damaged_maps_are_told),
        test(damaged_measures_are_told),
        test(damaged_songs_are_told_or_cleaned),
        test(missing_tables_are_damage),
        test(overwritten_pages_crash_nothing),
        test(two_processes_write_side_by_side),
        test(killed_writers_leave_what_they_committed),
        test(a_lock_that_stays_is_told),
        test(threads_keep_out_of_each_others_transactions),
        test(a_full_disk_loses_nothing),
        test(a_full_disk_in_mid_transaction_is_no_half_measure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
