/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules file: what it means, and what is said about mistakes. */
#include "check.h"

#include "set/made.h"
#include "set/names.h"
#include "set/rules.h"

static void mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *told; /* part of the message */
    } wrong[] = {
        {"[set]\nminutes = x", "rules, line 2"},
        {"[set]\nminutes = 58\nminutes = 60", "line 3: minutes are given twice"},
        {"\n\n[sets]\nminutes = 58", "line 4: there is no section [sets]"},
        {"[set]\nlength = 58", "line 2: [set] knows minutes"},
        {"[set]\nminutes", "line 2"},
        {"[set]\nstart = 25:00", "line 2"},
        {"[set]\nstart = 2026-02-29 20:00", "line 2"},
        {"[set]\narc = up", "line 2: \"up\" is no arc"},
        {"[set]\narc = 0:0.5, 0:0.6", "no arc"},
        {"[set]\narc = 0:nan", "no arc"},
        {"[limit]\nsinger = 2", "line 2: \"singer\" is nothing songs share"},
        {"[limit]\nartist = 0", "line 2"},
        {"[limit]\nartist = 1.5", "whole number"},
        {"[separation]\nartist = 60", "no time"},
        {"[separation]\nartist = 60 parsecs", "no time"},
        {"[quota]\njazz = 3", "written with >= or <="},
        {"[quota]\nlocal >= 2", "make a [class local]"},
        {"[quota]\nnew >= 120 %", "more than 100 %"},
        {"[quota]\nyear 19x0 >= 1", "no year"},
        {"[quota]\nyear 1990-1980 >= 1", "no year"},
        {"[hours]\nexplicit = 22-6", "no hours"},
        {"[marks]\nwithin = 90", "follows"},
        {"[marks]\nat = 12", "no mark"},
        {"[history]\nweeks = 2", "hours, days and shows"},
        {"[class a]\nb = yes\n", "names no songs"},
        {"[class a]\nnew = yes\n[class b]\na = yes\n", "another class"},
        {"[weights]\nsound = 1e9", "line 2"},
        {"[weights]\nsound = 2, soft", "only a number"},
        {"[limit]\nartist = 1 soft", "whole number"},
        {"[only]\nyear =", "no value"},
        {"[songs]\ninclude = "
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaa"
         "aaaa",
         "line 2: longer than"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct mm_set_rules *rules;
        struct mm_error err = {0};
        int result =
            mm_set_rules_parse(wrong[i].text, strlen(wrong[i].text), "rules", &rules, &err);
        if (result != MM_ERR_USAGE || !strstr(err.message, wrong[i].told))
            fail_msg("\"%s\": %d \"%s\", not \"%s\"", wrong[i].text, result, err.message,
                     wrong[i].told);
        assert_null(rules);
    }
}

static struct mm_set_rules *parse(const char *text)
{
    struct mm_set_rules *rules;
    struct mm_error err = {0};
    assert_ok(mm_set_rules_parse(text, strlen(text), "rules", &rules, &err), &err);
    return rules;
}

static void defaults_hold_without_a_file(void **state)
{
    (void)state;
    struct mm_set_rules *r = parse("");
    assert_int_equal(r->n_rules, 2);
    assert_true(r->target_s == 58 * 60 && r->tolerance_s == 10);
    assert_int_equal(r->rules[1].kind, MM_RULE_LIMIT);
    assert_int_equal(r->rules[1].field, MM_FIELD_WORK);
    mm_set_rules_destroy(r);
}

static void values_mean_what_they_say(void **state)
{
    (void)state;
    struct mm_set_rules *r =
        parse("; a comment\n# another\n[set]\nminutes = 30, soft 2\nstart = 2026-10-01 20:30\n"
              "[separation]\nartist = 1 h, 5 songs\n[quota]\ngenre soft rock >= 15 min, soft\n"
              "local <= 20 % per hour\n[class local]\nartist = Ada\n[marks]\nat = :00, :30\n"
              "within = 45 s\n[songs]\ninclude = The Soft - soft\n");
    assert_true(r->rules[0].soft && r->rules[0].weight == 2);
    assert_true(r->start == 1790886600); /* date -u -d "2026-10-01 20:30" +%s */
    assert_true(r->rules[1].kind == MM_RULE_APART && r->rules[1].amount == 3600);
    assert_true(r->rules[2].kind == MM_RULE_BETWEEN && r->rules[2].amount == 5);
    assert_int_equal(r->rules[2].line, 7);
    assert_true(r->rules[3].soft && r->rules[3].unit == MM_UNIT_MINUTES);
    assert_string_equal(r->criteria[r->rules[3].criterion].text, "soft rock");
    assert_true(r->rules[4].per_hour && r->rules[4].unit == MM_UNIT_PERCENT);
    assert_int_equal(r->criteria[r->rules[4].criterion].kind, MM_BY_CLASS);
    assert_true(r->rules[5].minutes[0] && r->rules[5].minutes[30] && r->rules[5].within == 45);
    assert_false(r->rules[6].soft);
    assert_string_equal(r->rules[6].text, "[songs] include = The Soft - soft");
    mm_set_rules_destroy(r);
}

static void soft_stands_behind_a_comma(void **state)
{
    (void)state;
    struct mm_set_rules *r = parse("[never]\nartist = ada soft\ngenre = very soft\n"
                                   "genre = soft\ngenre = very , soft\nartist = a, softly\n");
    static const struct {
        const char *text;
        bool soft;
    } wanted[] = {{"ada soft", false},
                  {"very soft", false},
                  {"soft", false},
                  {"very", true},
                  {"a, softly", false}};
    size_t n = 0;
    for (size_t i = 0; i < r->n_rules; i++)
        if (r->rules[i].line) {
            assert_string_equal(r->criteria[r->rules[i].criterion].text, wanted[n].text);
            assert_int_equal(r->rules[i].soft, wanted[n++].soft);
        }
    assert_int_equal(n, 5);
    mm_set_rules_destroy(r);
}

/* inih alone would take an indented line for more of the value above it. */
static void an_indented_line_is_a_rule(void **state)
{
    (void)state;
    struct mm_set_rules *r =
        parse("  [never]\n  artist = A1\n\tgenre = jazz\n \t ; a remark\n"
              "\f\vyear = 1990\r\n[songs]\n  exclude = #1\n  exclude = #2\n  ");
    static const char *const wanted[] = {"[never] artist = A1", "[never] genre = jazz",
                                         "[never] year = 1990"};
    static const int lines[] = {2, 3, 5};
    size_t n = 0;
    for (size_t i = 0; i < r->n_rules; i++)
        if (r->rules[i].line) { /* it is no default */
            assert_true(n < 3);
            assert_string_equal(r->rules[i].text, wanted[n]);
            assert_int_equal(r->rules[i].line, lines[n++]);
        }
    assert_int_equal(n, 3);
    assert_int_equal(__builtin_popcountll(r->excluded), 2);
    mm_set_rules_destroy(r);
    struct mm_error err = {0};
    static const char twice[] = "[set]\n  minutes = 58\n  minutes = 60\n";
    assert_int_equal(mm_set_rules_parse(twice, strlen(twice), "rules", &r, &err), MM_ERR_USAGE);
    assert_non_null(strstr(err.message, "line 3: minutes are given twice"));
}

static void the_example_in_the_manual_is_valid(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_DATA "/../../doc/rules-example.ini", "r");
    assert_non_null(file);
    char text[8192];
    size_t count = fread(text, 1, sizeof text, file);
    fclose(file);
    struct mm_set_rules *rules;
    struct mm_error err = {0};
    assert_ok(mm_set_rules_parse(text, count, "rules-example.ini", &rules, &err), &err);
    assert_true(rules->n_rules > 12);
    mm_set_rules_destroy(rules);
}

static void versions_are_of_one_work(void **state)
{
    (void)state;
    static const char *const same[] = {"Dawn",
                                       "DAWN (Live)",
                                       "Dawn - 2011 Remaster",
                                       "Dawn - Live - 2011 Remaster",
                                       "Dawn [Radio Edit]",
                                       "Dawn (feat. Bob)",
                                       "Dawn (Live at the Barn) [2020 Remix]",
                                       "D'awn!"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        char *key = mm_work_key(i % 2 ? "ADA feat. Carl" : "Ada", same[i]);
        assert_string_equal(key, "ada\ndawn");
        free(key);
    }
    static const char *const other[] = {"Dawn II", "Dawn (Reprise)", "Alive - Dawn", "(Live)", ""};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        char *key = mm_work_key("Ada", other[i]);
        assert_string_not_equal(key, "ada\ndawn");
        free(key);
    }
    char *none = mm_work_key("Ada", NULL);
    assert_string_equal(none, "");
    free(none);
}

static void arcs_go_through_their_points(void **state)
{
    (void)state;
    struct mm_arc arc;
    struct mm_error err = {0};
    assert_ok(mm_arc_parse("0.2:0.4, 0.6:0.8", &arc, &err), &err);
    assert_true(mm_arc_at(&arc, 0) == 0.4 && mm_arc_at(&arc, 1) == 0.8);
    assert_true(fabs(mm_arc_at(&arc, 0.4) - 0.6) < 1e-12);
    assert_ok(mm_arc_parse("none", &arc, &err), &err);
    assert_int_equal(arc.n, 0);
}

static void half_time_is_close_and_fifths_are_near(void **state)
{
    (void)state;
    struct made m = made_songs(6, 8, 3, 1);
    for (size_t i = 0; i < 6; i++) {
        m.songs[i].tempo_confidence = m.songs[i].key_confidence = 1;
        m.songs[i].mode = MM_MODE_MAJOR;
        m.songs[i].tempo_bpm = 120;
        m.songs[i].key = 0;
    }
    m.songs[1].tempo_bpm = 60;
    m.songs[2].tempo_bpm = 90;
    m.songs[3].key = 7;
    m.songs[4].key = 6;
    m.songs[5].key = 9;
    m.songs[5].mode = MM_MODE_MINOR;
    struct mm_set_library *l = made_library(&m);
    struct mm_set_weights w = mm_set_default_weights();
    assert_true(mm_set_transition(l, &w, 0, 1).tempo < 0.15);
    assert_true(mm_set_transition(l, &w, 0, 2).tempo == 1);
    assert_true(mm_set_transition(l, &w, 0, 3).key < 0.2);
    assert_true(mm_set_transition(l, &w, 0, 4).key == 1);
    assert_true(mm_set_transition(l, &w, 0, 5).key == 0); /* A minor beside C major */
    assert_true(fabs(mm_set_transition(l, &w, 2, 4).cost - mm_set_transition(l, &w, 4, 2).cost) <
                1e-12);
    mm_set_library_destroy(l);
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_with_their_line),
        cmocka_unit_test(defaults_hold_without_a_file),
        cmocka_unit_test(values_mean_what_they_say),
        cmocka_unit_test(an_indented_line_is_a_rule),
        cmocka_unit_test(soft_stands_behind_a_comma),
        cmocka_unit_test(the_example_in_the_manual_is_valid),
        cmocka_unit_test(versions_are_of_one_work),
        cmocka_unit_test(arcs_go_through_their_points),
        cmocka_unit_test(half_time_is_close_and_fifths_are_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
