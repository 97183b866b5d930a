/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include "view/http.h"

static void ranges_as_in_rfc_9110(void **state)
{
    (void)state;
    enum { ALL = MM_RANGE_ALL, PART = MM_RANGE_PART, NONE = MM_RANGE_UNSATISFIABLE };
    static const struct {
        const char *header;
        uint64_t size;
        int kind;
        uint64_t first, count;
    } cases[] = {
        {NULL, 10, ALL, 0, 10},
        {"", 10, ALL, 0, 10},
        {"bytes=0-", 10, PART, 0, 10},
        {"bytes=0-0", 10, PART, 0, 1},
        {"Bytes=3-5", 10, PART, 3, 3},
        {"bytes=3-99", 10, PART, 3, 7},
        {"bytes=9-9", 10, PART, 9, 1},
        {"bytes=10-", 10, NONE, 0, 0},
        {"bytes=-5", 10, PART, 5, 5},
        {"bytes=-50", 10, PART, 0, 10},
        {"bytes=-0", 10, NONE, 0, 0},
        {"bytes=5-3", 10, ALL, 0, 10},
        {"bytes=1-2,4-5", 10, ALL, 0, 10},
        {"bytes=-1,-2", 10, ALL, 0, 10},
        {"bytes=", 10, ALL, 0, 10},
        {"bytes=-", 10, ALL, 0, 10},
        {"bytes=--5", 10, ALL, 0, 10},
        {"bytes=a-b", 10, ALL, 0, 10},
        {"bytes=1-x", 10, ALL, 0, 10},
        {"bytes=+1-2", 10, ALL, 0, 10},
        {"seconds=1-2", 10, ALL, 0, 10},
        {"bytes=0-18446744073709551615", 10, PART, 0, 10},
        {"bytes=0-99999999999999999999999999", 10, PART, 0, 10},
        {"bytes=99999999999999999999999999-", 10, NONE, 0, 0},
        {"bytes=-99999999999999999999999999", 10, PART, 0, 10},
        {"bytes= 1-2 ", 10, PART, 1, 2},
        {"bytes=0-", 0, NONE, 0, 0},
        {"bytes=-1", 0, NONE, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mm_range r = mm_http_range(cases[i].header, cases[i].size);
        if (r.kind != (enum mm_range_kind)cases[i].kind || r.first != cases[i].first ||
            r.count != cases[i].count)
            fail_msg("%s: %d %llu %llu", cases[i].header, (int)r.kind, (unsigned long long)r.first,
                     (unsigned long long)r.count);
    }
}

static void etags_in_lists(void **state)
{
    (void)state;
    static const char tag[] = "\"abc\"";
    assert_true(mm_http_etag_listed("\"abc\"", tag));
    assert_true(mm_http_etag_listed("*", tag));
    assert_true(mm_http_etag_listed(" W/\"abc\"", tag));
    assert_true(mm_http_etag_listed("\"x\", \"abc\"", tag));
    assert_true(mm_http_etag_listed("\"a,b\" , W/\"abc\" ", tag));
    assert_false(mm_http_etag_listed(NULL, tag));
    assert_false(mm_http_etag_listed("", tag));
    assert_false(mm_http_etag_listed("abc", tag));
    assert_false(mm_http_etag_listed("\"abc", tag));
    assert_false(mm_http_etag_listed("\"abcd\"", tag));
    assert_false(mm_http_etag_listed("\"ab\"", tag));
    assert_false(mm_http_etag_listed("W/", tag));
}

static void gzip_is_taken_where_it_is_wanted(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "gzip", "br, gzip", "GZIP;q=0.5", "*", "deflate,*;q=0.1", "gzip ; q=1.0", "gzip;q=0.001"};
    static const char *const no[] = {"",         "br",           "gzip;q=0",    "gzip; q=0.000",
                                     "*;q=0",    "identity",     "gzip;q=0, *", "xgzip",
                                     "gzipx, a", ",,,;;;,q=gzip"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!mm_http_accepts_gzip(yes[i]))
            fail_msg("%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (mm_http_accepts_gzip(no[i]))
            fail_msg("%s", no[i]);
    assert_false(mm_http_accepts_gzip(NULL));
}

static void only_hosts_of_our_own(void **state)
{
    (void)state;
    static const struct {
        const char *host, *bound;
        bool allowed;
    } cases[] = {
        {"localhost", "127.0.0.1", true},
        {"LocalHost:8765", "127.0.0.1", true},
        {"127.0.0.1:1", "127.0.0.1", true},
        {"127.3.2.1", "127.0.0.1", true},
        {"[::1]:8765", "127.0.0.1", true},
        {"[0:0:0:0:0:0:0:1]", "127.0.0.1", true},
        {"192.168.1.5:8765", "192.168.1.5", true},
        {"music.lan", "music.lan", true},
        {"192.168.1.5", "0.0.0.0", true},
        {"[fe80::1]", "::", true},
        {"evil.example", "127.0.0.1", false},
        {"evil.example", "0.0.0.0", false},
        {"127.0.0.1.evil.example", "127.0.0.1", false},
        {"localhost.evil.example", "127.0.0.1", false},
        {"192.168.1.5", "127.0.0.1", false},
        {"", "127.0.0.1", false},
        {":80", "127.0.0.1", false},
        {"[::1", "127.0.0.1", false},
        {"[]", "127.0.0.1", false},
        {"localhost:80:80", "127.0.0.1", false},
        {"localhost:x", "127.0.0.1", false},
        {"user@localhost", "127.0.0.1", false},
        {"127.1", "127.0.0.1", false},
        {"2130706433", "127.0.0.1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mm_http_host_allowed(cases[i].host, cases[i].bound) != cases[i].allowed)
            fail_msg("%s at %s", cases[i].host, cases[i].bound);
    assert_false(mm_http_host_allowed(NULL, "127.0.0.1"));
    char longer[1000];
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_false(mm_http_host_allowed(longer, "127.0.0.1"));
}

static void numbers_have_one_form(void **state)
{
    (void)state;
    uint64_t n;
    assert_true(mm_http_number("0", 9, &n) && n == 0);
    assert_true(mm_http_number("17", 17, &n) && n == 17);
    static const char *const bad[] = {
        "", "18", "-1", "+1", " 1", "1 ", "01", "1x", "0x1", "1e0", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (mm_http_number(bad[i], 17, &n))
            fail_msg("%s", bad[i]);
    assert_false(mm_http_number(NULL, 17, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_as_in_rfc_9110),
        cmocka_unit_test(etags_in_lists),
        cmocka_unit_test(gzip_is_taken_where_it_is_wanted),
        cmocka_unit_test(only_hosts_of_our_own),
        cmocka_unit_test(numbers_have_one_form),
    };
    return cmocka_run_group_tests_name("view http", tests, NULL, NULL);
}
