/* SPDX-License-Identifier: BSD-2-Clause */
/* How a set was asked for: to JSON and back, and what is no such JSON. */
#include "check.h"

#include "musicmap/set.h"

static void it_comes_back_as_it_was(void **state)
{
    (void)state;
    struct mm_error err = {0};
    double line[] = {0.5, -0.25, 1, 0};
    struct mm_set_ask ask = {.shape = MM_SHAPE_DRAWN,
                             .to_last = true,
                             .country = "Mélange \"1\"",
                             .line = line,
                             .n_line = 2,
                             .rules = "[limit]\nartist = 1\n",
                             .arc = "rise",
                             .minutes = 58.5,
                             .start = 1700000000,
                             .rounds = 24,
                             .seed = 7,
                             .vary = 0.3};
    assert_ok(mm_set_ask_add(&ask, 4294967297, &err), &err);
    assert_ok(mm_set_ask_add(&ask, 2, &err), &err);
    char *text = mm_set_ask_json(&ask);
    assert_non_null(text);
    struct mm_set_ask got;
    assert_ok(mm_set_ask_from_json(text, &got, &err), &err);
    assert_int_equal(got.n_ids, 2);
    assert_true(got.ids[0] == 4294967297 && got.ids[1] == 2);
    assert_true(got.to_last && !got.from_first && got.n_line == 2);
    assert_memory_equal(got.line, line, sizeof line);
    assert_string_equal(got.country, ask.country);
    assert_string_equal(got.rules_name, "rules");
    assert_null(got.model);
    char *again = mm_set_ask_json(&got);
    assert_string_equal(again, text);
    free(again);
    free(text);
    free(ask.ids);
    mm_set_ask_finish(&got);
}

static void damage_is_told(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "[]",
        "{\"shape\":7,\"rules\":\"\",\"rules_name\":\"\"}",
        "{\"shape\":-1,\"rules\":\"\",\"rules_name\":\"\"}",
        "{\"shape\":0}",
        "{\"shape\":0,\"rules\":5,\"rules_name\":\"\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct mm_set_ask ask;
        if (mm_set_ask_from_json(texts[i], &ask, NULL) != MM_ERR_INPUT)
            fail_msg("%s", texts[i]);
        mm_set_ask_finish(&ask);
    }
    /* Members of other types are as if they were not there. */
    struct mm_error err = {0};
    struct mm_set_ask ask;
    assert_ok(mm_set_ask_from_json("{\"shape\":0,\"rules\":\"\",\"rules_name\":\"r\",\"songs\":{},"
                                   "\"line\":[1],\"minutes\":\"9\",\"rounds\":-3}",
                                   &ask, &err),
              &err);
    assert_true(ask.n_ids == 0 && ask.n_line == 0 && ask.minutes == 0 && ask.rounds == 0);
    mm_set_ask_finish(&ask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_back_as_it_was),
        cmocka_unit_test(damage_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
