/* SPDX-License-Identifier: BSD-2-Clause */
/* Small cases against every possible set, and similar songs against every comparison. */
#include "check.h"

#include "set/made.h"

/* ---- brute force: a judge of its own for the few rules it knows ---- */

struct brute {
    const struct mm_set_library *library;
    struct mm_set_weights weights;
    size_t n;
    double target_s, tolerance_s;
    bool one_an_artist;
    uint32_t at[16];
    size_t length;
    bool used[16];
    double best; /* cost of the best set that breaks nothing; HUGE_VAL = none */
    double trans[16][16];
};

static void try_this(struct brute *b)
{
    double seconds = 0;
    double cost = 0;
    for (size_t i = 0; i < b->length; i++)
        seconds += mm_set_library_song(b->library, b->at[i])->duration_s;
    if (fabs(seconds - b->target_s) > b->tolerance_s)
        return;
    for (size_t i = 0; b->one_an_artist && i < b->length; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(mm_set_library_song(b->library, b->at[i])->artist,
                       mm_set_library_song(b->library, b->at[k])->artist) == 0)
                return;
    for (size_t i = 1; i < b->length; i++)
        cost += b->trans[b->at[i - 1]][b->at[i]];
    cost = b->length > 1 ? cost / (double)(b->length - 1) : 0;
    if (cost < b->best)
        b->best = cost;
}

static void try_all(struct brute *b)
{
    if (b->length)
        try_this(b);
    for (uint32_t i = 0; i < b->n; i++) {
        if (b->used[i])
            continue;
        b->used[i] = true;
        b->at[b->length++] = i;
        try_all(b);
        b->length--;
        b->used[i] = false;
    }
}

static void check_case(uint64_t seed, size_t n, struct mm_random *r)
{
    struct made m = made_songs(n, 12, n - n / 3, seed);
    struct brute b = {.library = made_library(&m), .n = n, .best = HUGE_VAL};
    struct mm_error err = {0};
    double songs = 2 + mm_random_unit(r) * (double)(n - 2);
    b.target_s = songs * 210;
    b.tolerance_s = 10 + 50 * mm_random_unit(r);
    b.one_an_artist = mm_random_below(r, 2);
    char *text = mm_format("[set]\nminutes = %.6f\ntolerance = %.6f\n%s", b.target_s / 60,
                           b.tolerance_s, b.one_an_artist ? "[limit]\nartist = 1\n" : "");
    b.target_s = strtod(strstr(text, "= ") + 2, NULL) * 60;
    b.tolerance_s = strtod(strstr(text, "tolerance = ") + 12, NULL);
    struct mm_set_rules *rules;
    assert_ok(mm_set_rules_parse(text, strlen(text), "rules", &rules, &err), &err);
    b.weights = *mm_set_rules_weights(rules);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            b.trans[i][k] = mm_set_transition(b.library, &b.weights, i, k).cost;
    try_all(&b);
    struct mm_set_request request = {.seed = seed, .jobs = 1};
    struct mm_set *set;
    assert_ok(mm_set_make(b.library, rules, &request, NULL, &set, &err), &err);
    if (b.best == HUGE_VAL) {
        assert_true(set->n_bent > 0);
    } else {
        if (set->n_bent || fabs(set->cost - b.best) > 1e-5)
            fail_msg("seed %d, %zu songs: cost %.6f with %zu bent, brute force %.6f", (int)seed, n,
                     set->cost, set->n_bent, b.best);
    }
    mm_set_destroy(set);
    mm_set_rules_destroy(rules);
    free(text);
    mm_set_library_destroy((struct mm_set_library *)b.library);
    made_finish(&m);
}

static void small_cases_equal_brute_force(void **state)
{
    (void)state;
    struct mm_random r = mm_random_stream(3, 3);
    bool full = getenv("MUSICMAP_FULL") && *getenv("MUSICMAP_FULL");
    for (uint64_t seed = 0; seed < (full ? 200 : SANITIZED ? 10 : 30); seed++)
        check_case(seed, 2 + seed % (full ? 8 : 6), &r);
    check_case(1000, 9, &r);
}

/* ---- similar ---- */

static void similar_songs_are_those_of_brute_force(void **state)
{
    (void)state;
    struct mm_error err = {0};
    const size_t dims[] = {3, 32, 75};
    for (size_t t = 0; t < 3; t++) {
        struct made m = made_songs(700, dims[t], 90, t);
        /* Some twins, one song that sounds of nothing. */
        memcpy(m.rows + 5 * m.dim, m.rows + 600 * m.dim, m.dim * sizeof *m.rows);
        memset(m.rows + 6 * m.dim, 0, m.dim * sizeof *m.rows);
        struct mm_set_library *library = made_library(&m);
        for (size_t song = 0; song < 700; song += 5) {
            struct mm_similar found[50];
            size_t count;
            assert_ok(mm_set_similar(library, song, 50, found, &count, &err), &err);
            assert_int_equal(count, 50);
            /* Nothing outside the list is nearer than its last. */
            bool listed[700] = {false};
            listed[song] = true;
            struct mm_set_weights sound = {.sound = 1};
            for (size_t k = 0; k < count; k++) {
                assert_false(listed[found[k].song]);
                listed[found[k].song] = true;
                assert_true(k == 0 || found[k].cosine <= found[k - 1].cosine);
            }
            for (size_t i = 0; i < 700; i++)
                if (!listed[i])
                    assert_true(1 - mm_set_transition(library, &sound, song, i).sound <=
                                (double)found[49].cosine + 1e-6);
        }
        struct mm_similar all[3];
        size_t count;
        assert_int_equal(mm_set_similar(library, 700, 3, all, &count, &err), MM_ERR_USAGE);
        mm_set_library_destroy(library);
        made_finish(&m);
    }
}

static void a_twin_is_found_first(void **state)
{
    (void)state;
    struct made m = made_songs(40, 20, 9, 1);
    memcpy(m.rows + 5 * m.dim, m.rows + 33 * m.dim, m.dim * sizeof *m.rows);
    struct mm_set_library *library = made_library(&m);
    struct mm_similar found[60];
    struct mm_error err = {0};
    size_t count;
    assert_ok(mm_set_similar(library, 33, 60, found, &count, &err), &err);
    assert_int_equal(count, 39); /* all there are, without itself */
    assert_int_equal(found[0].song, 5);
    assert_true(fabsf(found[0].cosine - 1) < 1e-5F);
    mm_set_library_destroy(library);
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_cases_equal_brute_force),
        cmocka_unit_test(similar_songs_are_those_of_brute_force),
        cmocka_unit_test(a_twin_is_found_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
