/* SPDX-License-Identifier: BSD-2-Clause */
/* What people may type for several models as one, and what they are told otherwise. */
#include "check.h"
#include "musicmap/join.h"

static struct mm_join parse(const char *text)
{
    struct mm_error err = {0};
    struct mm_join join;
    assert_ok(mm_join_parse(text, &join, &err), &err);
    return join;
}

static void names_weights_and_poolings_are_read(void **state)
{
    (void)state;
    struct mm_join join = parse("a.b_c-1");
    assert_int_equal(join.n, 1);
    assert_string_equal(join.part[0].name, "a.b_c-1");
    assert_string_equal(join.part[0].pool, "");
    assert_true(join.part[0].weight == 1);
    join = parse("one:meanmax+0.25*two:max+3*one:mean");
    assert_int_equal(join.n, 3);
    assert_string_equal(join.part[0].pool, "meanmax");
    assert_string_equal(join.part[1].name, "two");
    assert_string_equal(join.part[1].pool, "max");
    assert_true(join.part[1].weight == 0.25);
    assert_string_equal(join.part[2].name, "one");
    assert_true(join.part[2].weight == 3);
}

/* timbre beside mm1 has a weight that was measured, in either order, unless another is said. */
static void a_tried_join_has_its_weight(void **state)
{
    (void)state;
    assert_true(parse("mm1+timbre").part[1].weight == 2);
    assert_true(parse("timbre+mm1").part[0].weight == 2);
    assert_true(parse("timbre+mm1").part[1].weight == 1);
    assert_true(parse("mm1+0.7*timbre").part[1].weight == 0.7);
    assert_true(parse("timbre+other").part[0].weight == 1);
}

static void what_is_no_join_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "+",        "a+",          "+a",        "a++b",   "a b",  "*a",
        "0*a",       "-1*a",     "nan*a",       "1001*a",    "1e-9*a", "1x*a", "1*",
        "a:",        "a:median", ":max",        "a:max:x",   "1*2*a",  "a/b",  "\xc3\xa4",
        "a+b+c+d+e", "a+2*a",    "a:max+a:max", "a;rm -rf /"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct mm_error err = {0};
        struct mm_join join;
        if (mm_join_parse(wrong[i], &join, &err) != MM_ERR_USAGE || !err.message[0])
            fail_msg("\"%s\" is taken for a join", wrong[i]);
    }
    char longest[65];
    memset(longest, 'a', 64);
    longest[64] = '\0';
    assert_false(mm_join_is_name(longest));
    longest[63] = '\0';
    assert_true(mm_join_is_name(longest));
    assert_string_equal(parse(longest).part[0].name, longest);
    assert_false(mm_join_is_name(""));
}

static void refused(const char *text, const char *words)
{
    struct mm_error err = {0};
    assert_int_equal(mm_join_check(text, &err), MM_ERR_USAGE);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
}

static void models_of_a_join_must_be_in_the_table(void **state)
{
    (void)state;
    struct mm_error err = {0};
    assert_ok(mm_join_check("mm1+0.5*timbre", &err), &err);
    refused("mm1+other", "no model \"other\"");
    refused("mm1+timbre:max", "--pool max");
    refused("mm1+mm1", "twice");
    refused("a+b+c+d+e", "at most 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_weights_and_poolings_are_read),
        cmocka_unit_test(a_tried_join_has_its_weight),
        cmocka_unit_test(what_is_no_join_is_refused),
        cmocka_unit_test(models_of_a_join_must_be_in_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
