/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/secret.h"

#include "check.h"

static void a_password_fits_its_record_only(void **state)
{
    (void)state;
    struct mm_error err = {0};
    char record[MM_PASSWORD_RECORD];
    char other[MM_PASSWORD_RECORD];
    assert_ok(mm_password_record("h\xc3\xa4use & +%41", record, &err), &err);
    assert_true(mm_password_is_record(record));
    assert_true(mm_password_fits("h\xc3\xa4use & +%41", record));
    assert_false(mm_password_fits("h\xc3\xa4use & +%4", record));
    assert_false(mm_password_fits("", record));
    assert_ok(mm_password_record("h\xc3\xa4use & +%41", other, &err), &err);
    assert_string_not_equal(record, other); /* salted */
    char *digit = record + strlen(record) - 1;
    *digit = *digit == '0' ? '1' : '0';
    assert_false(mm_password_fits("h\xc3\xa4use & +%41", record));
}

static void records_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "secret",
        "scrypt$15$8$1$",
        "scrypt$15$8$1$00112233445566778899aabbccddeeff$",
        "scrypt$40$8$1$00112233445566778899aabbccddeeff$"
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "scrypt$15$99$1$00112233445566778899aabbccddeeff$"
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "scrypt$15$8$1$00112233445566778899aabbccddeeff$"
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0",
        "scrypt$15$8$1$00112233445566778899AABBCCDDEEFF$"
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(mm_password_is_record(bad[i]));
        assert_false(mm_password_fits("x", bad[i]));
    }
    char record[MM_PASSWORD_RECORD];
    char huge[MM_PASSWORD_MAX + 2];
    memset(huge, 'a', sizeof huge);
    huge[sizeof huge - 1] = '\0';
    assert_int_equal(mm_password_record("", record, NULL), MM_ERR_USAGE);
    assert_int_equal(mm_password_record(huge, record, NULL), MM_ERR_USAGE);
}

static void equal_and_random(void **state)
{
    (void)state;
    unsigned char a[32] = {0};
    unsigned char b[32] = {0};
    assert_true(mm_secret_equal(a, b, sizeof a));
    assert_int_equal(mm_secret_random(a, sizeof a, NULL), 0);
    assert_int_equal(mm_secret_random(b, sizeof b, NULL), 0);
    assert_false(mm_secret_equal(a, b, sizeof a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_fits_its_record_only),
        cmocka_unit_test(records_are_checked),
        cmocka_unit_test(equal_and_random),
    };
    return cmocka_run_group_tests_name("base secret", tests, NULL, NULL);
}
