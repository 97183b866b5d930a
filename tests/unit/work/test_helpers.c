/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's side against helpers that misbehave: this test, run as "... helper FD", is a helper
 * that does what the path in the request tells it to.
 */
#include "check.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "musicmap/work.h"
#include "work/wire.h"

/* ---- the helper ---- */

static void reply_probe(int fd, const char *title)
{
    struct mm_text body = {0};
    char genre[] = "Dub";
    char *genres[] = {genre};
    struct mm_audio_info info = {.duration_s = 1.5, .sample_rate = 44100, .channels = 2};
    info.tags.title = (char *)title;
    info.tags.genres = genres;
    info.tags.n_genres = 1;
    info.tags.year = strcmp(title, "year") == 0 ? -3 : 2003;
    info.duration_s = strcmp(title, "endless") == 0 ? (double)NAN : info.duration_s;
    strcpy(info.codec, "mp3");
    unsigned char hash[32] = {7};
    mm_text_add_bytes(&body, hash, sizeof hash);
    mm_wire_put_info(&body, &info);
    mm_wire_send(fd, MM_WIRE_DONE, body.data, body.length, NULL);
    mm_text_finish(&body);
}

static void send_samples(int fd, uint64_t index, size_t bytes)
{
    unsigned char data[8 + 4096] = {0};
    memcpy(data, &index, sizeof index);
    mm_wire_send(fd, MM_WIRE_SAMPLES, data, 8 + bytes, NULL);
}

static void reply_analyse(int fd)
{
    struct mm_text body = {0};
    struct mm_measure measure = {.tempo_bpm = 120, .key = 3, .mode = MM_MODE_MAJOR};
    for (int i = 0; i < 3; i++)
        send_samples(fd, 0, 400);
    mm_wire_put_measure(&body, &measure);
    mm_wire_send(fd, MM_WIRE_DONE, body.data, body.length, NULL);
    mm_text_finish(&body);
}

/* "fails -7 ...": with that code. */
static void send_failure(int fd, const char *path)
{
    struct mm_text body = {0};
    mm_wire_put_u64(&body, (uint64_t)strtoll(path + 6, NULL, 10));
    mm_wire_put_string(&body, "so it says");
    mm_wire_send(fd, MM_WIRE_FAILED, body.data, body.length, NULL);
    mm_text_finish(&body);
}

static int misbehave(int fd)
{
    struct mm_wire_message message = {0};
    while (mm_wire_receive(fd, &message, NULL) == 0) {
        struct mm_wire_reader in = mm_wire_reader(&message);
        char *path = mm_wire_get_string(&in);
        const uint32_t lie[2] = {MM_WIRE_DONE, UINT32_MAX};
        if (strcmp(path, "crash") == 0) {
            signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would turn it into an exit */
            raise(SIGSEGV);
        } else if (strcmp(path, "hang") == 0) {
            pause();
        } else if (strcmp(path, "exit") == 0) {
            _exit(7);
        } else if (strcmp(path, "huge") == 0) {
            if (write(fd, lie, sizeof lie) < 0)
                _exit(1);
        } else if (strcmp(path, "empty") == 0) {
            mm_wire_send(fd, MM_WIRE_DONE, "", 0, NULL);
        } else if (strncmp(path, "fails ", 6) == 0) {
            send_failure(fd, path);
        } else if (strcmp(path, "rate") == 0) {
            send_samples(fd, 3, 400);
        } else if (strcmp(path, "odd") == 0) {
            send_samples(fd, 0, 401);
        } else if (message.kind == MM_WIRE_ANALYSE) {
            reply_analyse(fd);
        } else {
            reply_probe(fd, path);
        }
        free(path);
    }
    free(message.data);
    return 0;
}

/* ---- the tests ---- */

static struct mm_helpers *helpers;

static int make_helpers(void **state)
{
    (void)state;
    struct mm_helper_settings settings = {.count = 2, .timeout_s = 30};
    return mm_helpers_create(&settings, &helpers, NULL);
}

static int end_helpers(void **state)
{
    (void)state;
    mm_helpers_destroy(helpers);
    return 0;
}

static int probe(const char *path, struct mm_error *err)
{
    unsigned char hash[32];
    struct mm_audio_info info;
    int result = mm_helpers_probe(helpers, path, &info, hash, err);
    if (result == 0) {
        assert_int_equal(hash[0], 7);
        assert_string_equal(info.tags.title, path);
        assert_null(info.tags.artist);
        assert_string_equal(info.tags.genres[0], "Dub");
        assert_int_equal(info.tags.year, 2003);
        assert_string_equal(info.codec, "mp3");
    }
    mm_audio_info_finish(&info);
    return result;
}

static void what_a_helper_says_arrives(void **state)
{
    (void)state;
    struct mm_error err = {0};
    assert_ok(probe("one", &err), &err);
    assert_ok(probe("", &err), &err);
}

/* A helper that a stranger's file has taken over: its words are cleaned, its numbers believed as
 * far as they can be. */
static void what_cannot_be_is_not_believed(void **state)
{
    (void)state;
    unsigned char hash[32];
    struct mm_audio_info info;
    struct mm_error err = {0};
    assert_ok(mm_helpers_probe(helpers, "\x1b[2J\xff", &info, hash, &err), &err);
    assert_string_equal(info.tags.title, "[2J\xef\xbf\xbd");
    mm_audio_info_finish(&info);
    assert_int_equal(mm_helpers_probe(helpers, "year", &info, hash, &err), MM_ERR_CRASHED);
    assert_int_equal(mm_helpers_probe(helpers, "endless", &info, hash, &err), MM_ERR_CRASHED);
}

/* Codes that would end a run are not a helper's to give: what it says is of its file. */
static void a_helper_ends_no_run(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int code;
    } cases[] = {{"fails -3", MM_ERR_INPUT},    {"fails -5", MM_ERR_UNSUPPORTED},
                 {"fails -7", MM_ERR_LIMIT}, /* out of memory, of which it has little */
                 {"fails -9", MM_ERR_CRASHED},  {"fails -11", MM_ERR_CRASHED},
                 {"fails -12", MM_ERR_CRASHED}, {"fails 0", MM_ERR_CRASHED},
                 {"fails 1", MM_ERR_CRASHED},   {"fails -4294967299", MM_ERR_CRASHED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mm_error err = {0};
        assert_int_equal(probe(cases[i].path, &err), cases[i].code);
        assert_int_equal(err.code, cases[i].code);
        assert_string_equal(err.message, "so it says");
    }
    struct mm_error err = {0};
    assert_ok(probe("next", &err), &err);
}

static void a_dead_helper_costs_one_request(void **state)
{
    (void)state;
    struct mm_error err = {0};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(probe("crash", &err), MM_ERR_CRASHED);
        assert_non_null(strstr(err.message, "Segmentation fault"));
        assert_int_equal(probe("exit", &err), MM_ERR_CRASHED);
        assert_non_null(strstr(err.message, "status 7"));
        assert_ok(probe("next", &err), &err);
    }
}

static void a_silent_helper_is_replaced(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_helpers *impatient;
    struct mm_helper_settings settings = {.count = 1, .timeout_s = 3};
    unsigned char hash[32];
    struct mm_audio_info info;
    assert_ok(mm_helpers_create(&settings, &impatient, &err), &err);
    assert_int_equal(mm_helpers_probe(impatient, "hang", &info, hash, &err), MM_ERR_LIMIT);
    assert_ok(mm_helpers_probe(impatient, "next", &info, hash, &err), &err);
    mm_audio_info_finish(&info);
    mm_helpers_destroy(impatient);
}

static int count_samples(void *ctx, size_t rate_index, const float *samples, size_t count,
                         struct mm_error *err)
{
    size_t *total = ctx;
    (void)samples;
    assert_int_equal(rate_index, 0);
    *total += count;
    return *total > 100000 ? mm_error_set(err, MM_ERR_CANCELLED, "enough") : 0;
}

static int analyse(const char *path, size_t *total, struct mm_error *err)
{
    struct mm_audio_request request = {.measure = true, .n_rates = 1, .rates = {22050}};
    struct mm_measure measure = {0};
    int result = mm_helpers_analyse(helpers, path, &request, count_samples, total, &measure, err);
    if (result == 0) {
        assert_true(measure.tempo_bpm == 120);
        assert_int_equal(measure.key, 3);
        assert_int_equal(measure.mode, MM_MODE_MAJOR);
    }
    return result;
}

static void lies_are_not_believed(void **state)
{
    (void)state;
    struct mm_error err = {0};
    static const char *const lies[] = {"huge", "empty"};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        assert_int_equal(probe(lies[i], &err), MM_ERR_CRASHED);
        assert_ok(probe("next", &err), &err);
    }
    size_t total = 0;
    assert_int_equal(analyse("rate", &total, &err), MM_ERR_CRASHED);
    assert_int_equal(analyse("odd", &total, &err), MM_ERR_CRASHED);
    assert_int_equal(total, 0);
    assert_ok(analyse("good", &total, &err), &err);
    assert_int_equal(total, 300);
}

/* A helper that measures a song of hours and says nothing meanwhile would be taken for dead. */
static void one_that_only_measures_sends_samples_as_well(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_audio_request request = {.measure = true};
    struct mm_measure measure = {0};
    assert_ok(mm_helpers_analyse(helpers, "good", &request, NULL, NULL, &measure, &err), &err);
    assert_true(measure.tempo_bpm == 120);
}

static void a_sink_that_refuses_ends_the_request(void **state)
{
    (void)state;
    struct mm_error err = {0};
    size_t total = 100000;
    assert_int_equal(analyse("good", &total, &err), MM_ERR_CANCELLED);
    total = 0;
    assert_ok(analyse("good", &total, &err), &err);
    assert_int_equal(total, 300);
}

static void *probe_many(void *arg)
{
    for (int i = 0; i < 40; i++)
        if (probe(i % 10 == 9 ? "crash" : "fine", NULL) == 0)
            atomic_fetch_add((atomic_int *)arg, 1);
    return NULL;
}

static void many_threads_share_few_helpers(void **state)
{
    (void)state;
    atomic_int good = 0;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, probe_many, &good), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(good, 4 * 36);
}

static void a_missing_program_is_told(void **state)
{
    (void)state;
    if (getenv("EMULATED")) /* a child of qemu's cannot say why it was not started */
        skip();
    struct mm_error err = {0};
    struct mm_helpers *none;
    struct mm_helper_settings settings = {.program = "/no/such/program", .count = 1};
    assert_ok(mm_helpers_create(&settings, &none, &err), &err);
    unsigned char hash[32];
    struct mm_audio_info info;
    assert_int_equal(mm_helpers_probe(none, "x", &info, hash, &err), MM_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "/no/such/program"));
    mm_helpers_destroy(none);
}

static void *cancel_soon(void *flag)
{
    usleep(50000);
    atomic_store((atomic_int *)flag, 1);
    return NULL;
}

/* A minute of patience, but the user has none. */
static void test_a_hanging_helper_is_left_at_once_when_cancelled(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_helpers *patient;
    static atomic_int cancel;
    struct mm_helper_settings settings = {.count = 1, .timeout_s = 600, .cancel = &cancel};
    unsigned char hash[32];
    struct mm_audio_info info;
    pthread_t thread;
    assert_ok(mm_helpers_create(&settings, &patient, &err), &err);
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
    assert_int_equal(mm_helpers_probe(patient, "hang", &info, hash, &err), MM_ERR_CANCELLED);
    pthread_join(thread, NULL);
    mm_helpers_destroy(patient);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "helper") == 0)
        return misbehave((int)strtol(argv[2], NULL, 10));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hanging_helper_is_left_at_once_when_cancelled),
        cmocka_unit_test(what_a_helper_says_arrives),
        cmocka_unit_test(what_cannot_be_is_not_believed),
        cmocka_unit_test(a_helper_ends_no_run),
        cmocka_unit_test(a_dead_helper_costs_one_request),
        cmocka_unit_test(a_silent_helper_is_replaced),
        cmocka_unit_test(lies_are_not_believed),
        cmocka_unit_test(one_that_only_measures_sends_samples_as_well),
        cmocka_unit_test(a_sink_that_refuses_ends_the_request),
        cmocka_unit_test(many_threads_share_few_helpers),
        cmocka_unit_test(a_missing_program_is_told),
    };
    return cmocka_run_group_tests_name("helpers", tests, make_helpers, end_helpers);
}
