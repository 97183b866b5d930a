/* SPDX-License-Identifier: BSD-2-Clause */
/* Which songs of a large library a search looks at: what must be there is, and no artist crowds. */
#include "check.h"

#include "set/made.h"
#include "set/problem.h"

enum { LIBRARY = 2500, ARTISTS = 500, EXPLICIT = 12, ALBUM = 20, SEATS = 8 };

struct world {
    struct made made;
    struct mm_set_library *library;
};

static int make_world(void **state)
{
    struct world *w = made_memory(1, sizeof *w);
    w->made = made_songs(LIBRARY, 8, ARTISTS, 3);
    for (size_t i = 0; i < EXPLICIT; i++) {
        struct mm_set_song *s = &w->made.songs[i * 199 + 5];
        free(w->made.texts[i * 199 + 5][0]);
        s->title = w->made.texts[i * 199 + 5][0] = mm_format("Song %zu (Explicit)", i);
    }
    for (size_t i = 0; i < ALBUM; i++) {
        w->made.songs[i * 101 + 7].artist = "Ada";
        w->made.songs[i * 101 + 7].album = "Whole";
    }
    w->library = made_library(&w->made);
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    struct world *w = *state;
    mm_set_library_destroy(w->library);
    made_finish(&w->made);
    free(w);
    return 0;
}

/* Marks of the songs that were chosen, as bool [LIBRARY]; checks what holds of every choice. */
static void choose(const struct world *w, const char *text, const struct mm_set_request *request,
                   bool *chosen)
{
    struct mm_error err = {0};
    struct mm_set_rules *rules;
    assert_ok(mm_set_rules_parse(text, strlen(text), "rules", &rules, &err), &err);
    uint64_t *marks = made_memory(LIBRARY, sizeof *marks);
    for (size_t c = 0; c < rules->n_criteria; c++)
        assert_ok(mm_criterion_mark(rules, &rules->criteria[c], w->library, (uint64_t)1 << c, marks,
                                    &err),
                  &err);
    uint32_t *one, *two;
    size_t n, again;
    assert_ok(mm_candidates_choose(w->library, rules, request, marks, &one, &n, &err), &err);
    assert_ok(mm_candidates_choose(w->library, rules, request, marks, &two, &again, &err), &err);
    assert_int_equal(n, MM_MOST_CANDIDATES);
    assert_int_equal(again, n);
    assert_memory_equal(one, two, n * sizeof *one);
    memset(chosen, 0, LIBRARY * sizeof *chosen);
    size_t of_artist[ARTISTS + 2] = {0};
    for (size_t i = 0; i < n; i++) {
        assert_true(one[i] < LIBRARY && (i == 0 || one[i] > one[i - 1]));
        chosen[one[i]] = true;
        if (strcmp(w->made.songs[one[i]].artist, "Ada") == 0 && strstr(text, "Whole"))
            continue; /* asked for */
        assert_in_range(++of_artist[w->library->field[MM_FIELD_ARTIST][one[i]]], 1, SEATS + 1);
    }
    free(two);
    free(one);
    free(marks);
    mm_set_rules_destroy(rules);
}

static void what_must_be_in_is_in(void **state)
{
    const struct world *w = *state;
    bool chosen[LIBRARY];
    const uint32_t way[] = {17, 400, 2400};
    const struct mm_set_request request = {
        .shape = MM_SHAPE_FILL, .waypoints = way, .n_waypoints = 3, .seed = 1};
    choose(w,
           "[set]\narc = rise\n[quota]\nexplicit >= 2\n[songs]\nexclude = #19\n[never]\nyear = "
           "1960-1964\n",
           &request, chosen);
    size_t tenths[10] = {0};
    for (size_t i = 0; i < LIBRARY; i++) {
        const struct mm_set_song *s = &w->made.songs[i];
        bool must = i == 17 || i == 400 || i == 2400;
        if (must || (strstr(s->title, "(Explicit)") && s->year > 1964))
            assert_true(chosen[i]);
        if (!must && s->year <= 1964) /* there are enough that break no rule */
            assert_false(chosen[i]);
        tenths[(size_t)fmin((double)w->library->rank[i] * 10, 9)] += chosen[i];
    }
    assert_false(chosen[18]);
    for (size_t t = 0; t < 10; t++) /* quiet and loud ones for the arc */
        assert_in_range(tenths[t], 40, LIBRARY);
}

/* What a quota asks for is there, though all of it is by one artist. */
static void a_quota_may_want_one_artist(void **state)
{
    const struct world *w = *state;
    bool chosen[LIBRARY];
    choose(w, "[quota]\nalbum Whole >= 15\n", &(struct mm_set_request){.seed = 1}, chosen);
    size_t there = 0;
    for (size_t i = 0; i < ALBUM; i++)
        there += chosen[i * 101 + 7];
    assert_int_equal(there, ALBUM);
}

/* A playlist of more songs than an hour has: each finds songs like itself. */
static void every_part_of_a_shape_has_songs(void **state)
{
    (void)state;
    enum { KINDS = 40, DIM = 16 };
    struct made m = made_songs(LIBRARY, DIM, ARTISTS, 4);
    struct mm_random random = mm_random_stream(2, 2);
    float centres[KINDS * DIM];
    for (size_t i = 0; i < KINDS * DIM; i++)
        centres[i] = (float)mm_random_normal(&random);
    for (size_t i = 0; i < LIBRARY * DIM; i++)
        m.rows[i] = centres[i / DIM % KINDS * DIM + i % DIM] + 0.05F * m.rows[i];
    const struct world w = {.made = m, .library = made_library(&m)};
    uint32_t list[KINDS];
    for (size_t i = 0; i < KINDS; i++)
        list[i] = (uint32_t)i;
    bool chosen[LIBRARY];
    choose(&w, "[set]\nminutes = 160\n",
           &(struct mm_set_request){
               .shape = MM_SHAPE_LIKE, .waypoints = list, .n_waypoints = KINDS, .seed = 1},
           chosen);
    size_t of_kind[KINDS] = {0};
    for (size_t i = 0; i < LIBRARY; i++)
        of_kind[i % KINDS] += chosen[i];
    for (size_t k = 0; k < KINDS; k++)
        assert_in_range(of_kind[k], 6, LIBRARY);
    mm_set_library_destroy(w.library);
    made_finish(&m);
}

/* Seats are given to what is near first. */
static void near_songs_go_first(void **state)
{
    const struct world *w = *state;
    bool chosen[LIBRARY];
    const uint32_t middle[] = {42};
    const struct mm_set_request shapes[] = {
        {.shape = MM_SHAPE_AROUND, .waypoints = middle, .n_waypoints = 1, .seed = 1},
        {.sibling_of = middle, .n_sibling = 1, .seed = 1},
    };
    for (size_t k = 0; k < 2; k++) {
        choose(w, "", &shapes[k], chosen);
        assert_true(chosen[42]);
        const float *row = mm_set_row(w->library, 42);
        double sums[2] = {0};
        for (size_t i = 0; i < LIBRARY; i++)
            sums[chosen[i]] += (double)mm_dot(row, mm_set_row(w->library, i), 8);
        double gain =
            sums[1] / (double)MM_MOST_CANDIDATES - sums[0] / (double)(LIBRARY - MM_MOST_CANDIDATES);
        if (gain < 0.5)
            fail_msg("shape %zu: chosen songs are nearer by %.3f only", k, gain);
    }
}

/* With nothing asked for, the seed says around which song. */
static void the_seed_chooses_the_middle(void **state)
{
    const struct world *w = *state;
    bool one[LIBRARY], other[LIBRARY];
    choose(w, "", &(struct mm_set_request){.seed = 1}, one);
    choose(w, "", &(struct mm_set_request){.seed = 2}, other);
    assert_memory_not_equal(one, other, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_must_be_in_is_in),
        cmocka_unit_test(a_quota_may_want_one_artist),
        cmocka_unit_test(every_part_of_a_shape_has_songs),
        cmocka_unit_test(near_songs_go_first),
        cmocka_unit_test(the_seed_chooses_the_middle),
    };
    return cmocka_run_group_tests(tests, make_world, end_world);
}
