/* SPDX-License-Identifier: BSD-2-Clause */
/* Cutting into windows against the definition, for many lengths, hops and ways of arriving. */
#include "check.h"
#include "embed/windows.h"

struct seen {
    size_t length, hop, lead, total;
    size_t n;
};

/* Sample i of the song is i + 1, so zeros are padding. */
static int see(void *ctx, size_t index, const float *samples, struct mm_error *err)
{
    (void)err;
    struct seen *seen = ctx;
    assert_int_equal(index, seen->n++);
    for (size_t i = 0; i < seen->length; i++) {
        size_t at = index * seen->hop + i;
        float want =
            at < seen->lead || at - seen->lead >= seen->total ? 0 : (float)(at - seen->lead + 1);
        if (samples[i] != want)
            fail_msg("window %zu, sample %zu is %f, not %f", index, i, (double)samples[i],
                     (double)want);
    }
    return 0;
}

static size_t expected(size_t total, size_t length, size_t hop, enum mm_windows_tail tail)
{
    if (total <= length)
        return 1;
    return tail == MM_TAIL_DROP ? 1 + (total - length) / hop : 1 + (total - length + hop - 1) / hop;
}

static void push_song(struct mm_windows *w, struct seen *seen, size_t step)
{
    struct mm_error err = {0};
    float song[200];
    for (size_t i = 0; i < seen->total; i++)
        song[i] = (float)(i + 1);
    for (size_t at = 0; at < seen->total; at += step) {
        size_t n = seen->total - at < step ? seen->total - at : step;
        assert_ok(mm_windows_push(w, song + at, n, see, seen, &err), &err);
    }
    assert_ok(mm_windows_end(w, see, seen, &err), &err);
}

static void test_definition(void **state)
{
    (void)state;
    struct mm_error err = {0};
    static const size_t shapes[][3] = {{10, 10, 0}, {10, 3, 0}, {10, 25, 0}, {10, 10, 5},
                                       {10, 1, 5},  {1, 1, 0},  {7, 20, 3}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int tail = MM_TAIL_PAD; tail <= MM_TAIL_DROP; tail++) {
            size_t length = shapes[s][0], hop = shapes[s][1], lead = shapes[s][2];
            struct mm_windows w;
            assert_ok(mm_windows_init(&w, length, hop, lead, (enum mm_windows_tail)tail, &err),
                      &err);
            for (size_t total = 1; total < 90; total++)
                for (size_t step = 1; step < 100; step = step * 3 + 1) {
                    struct seen seen = {length, hop, lead, total, 0};
                    push_song(&w, &seen, step);
                    assert_int_equal(
                        seen.n, expected(total + lead, length, hop, (enum mm_windows_tail)tail));
                }
            mm_windows_finish(&w);
        }
}

static int stop(void *ctx, size_t index, const float *samples, struct mm_error *err)
{
    (void)ctx;
    (void)samples;
    return index == 1 ? mm_error_set(err, MM_ERR_CANCELLED, "enough") : 0;
}

static void test_errors(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_windows w;
    assert_int_equal(mm_windows_init(&w, 0, 1, 0, MM_TAIL_PAD, &err), MM_ERR_USAGE);
    assert_int_equal(mm_windows_init(&w, 4, 0, 0, MM_TAIL_PAD, &err), MM_ERR_USAGE);
    assert_int_equal(mm_windows_init(&w, 4, 1, 4, MM_TAIL_PAD, &err), MM_ERR_USAGE);
    assert_ok(mm_windows_init(&w, 4, 4, 2, MM_TAIL_PAD, &err), &err);
    assert_int_equal(mm_windows_end(&w, stop, NULL, &err), MM_ERR_INPUT);
    float song[16] = {0};
    assert_int_equal(mm_windows_push(&w, song, 16, stop, NULL, &err), MM_ERR_CANCELLED);
    mm_windows_reset(&w);
    struct seen seen = {4, 4, 2, 9, 0};
    push_song(&w, &seen, 2);
    assert_int_equal(seen.n, 3);
    mm_windows_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
