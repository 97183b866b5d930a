/* SPDX-License-Identifier: BSD-2-Clause */
/* When to try again, and whom to speak to. */
#include "base/text.h"
#include "check.h"
#include "http/address.h"
#include "http/clock.h"
#include "http/retry.h"

static void test_after(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        double seconds;
    } cases[] = {
        {"0", 0},
        {"1", 1},
        {" 86400 ", 86400},
        {"2.5", 2},
        {"99999999999999999999999", 30.0 * 86400},
        {"Sun, 06 Nov 1994 08:49:39 GMT", 2},
        {"Sun, 06 Nov 1994 08:49:30 GMT", MM_RETRY_UNKNOWN}, /* past */
        {"abc", MM_RETRY_UNKNOWN},
        {"", MM_RETRY_UNKNOWN},
        {"-5", MM_RETRY_UNKNOWN},
        {"12abc", MM_RETRY_UNKNOWN},
        {NULL, MM_RETRY_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mm_retry_after(cases[i].header, 784111777) != cases[i].seconds)
            fail_msg("\"%s\" is %g s", cases[i].header, mm_retry_after(cases[i].header, 784111777));
}

/* The computer's own: waiting for nothing, or for less, is no wait, and time does not stand still.
 */
static void test_clock(void **state)
{
    (void)state;
    unsetenv("MUSICMAP_CLOCK");
    const struct mm_http_clock *clock = mm_http_clock_default();
    double before = clock->now(clock->ctx);
    clock->wait(clock->ctx, 0);
    clock->wait(clock->ctx, -5);
    clock->wait(clock->ctx, 0.001);
    assert_true(before > 1.6e9); /* seconds since 1970 */
    assert_true(clock->now(clock->ctx) > before);
    assert_ptr_equal(mm_http_clock_default(), clock);
}

static void test_decide(void **state)
{
    (void)state;
    const struct mm_retry_policy policy = {.tries = 4, .max_wait_s = 120};
    struct mm_random random = {1};
    double wait;
    double before = 0;
    for (int tries = 1; tries < 4; tries++) {
        assert_int_equal(mm_retry_decide(&policy, tries, MM_RETRY_UNKNOWN, &random, &wait),
                         MM_RETRY_WAIT);
        assert_true(wait >= 0.75 * (1 << (tries - 1)) && wait <= 1.25 * (1 << (tries - 1)));
        assert_true(wait > before);
        before = wait;
    }
    assert_int_equal(mm_retry_decide(&policy, 4, MM_RETRY_UNKNOWN, &random, &wait),
                     MM_RETRY_GIVE_UP);
    assert_int_equal(mm_retry_decide(&policy, 1, 7, &random, &wait), MM_RETRY_WAIT);
    assert_true(wait == 7);
    assert_int_equal(mm_retry_decide(&policy, 1, 86400, &random, &wait), MM_RETRY_STOP);
    assert_true(wait == 86400);
}

static void test_parse(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "nothing",
                                      "ftp://a/x",
                                      "file:///etc/passwd",
                                      "http://example.com/",
                                      "http://127.0.0.1.example.com/",
                                      "https://user:word@example.com/",
                                      "https://user@example.com/",
                                      "https://annabella:word@example.com/",
                                      "https://annabella.with.a.long.name@example.com/",
                                      "http://annabella:word@127.0.0.1:8080/",
                                      "javascript:alert(1)"};
    struct mm_address a;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (mm_address_parse(bad[i], &a))
            fail_msg("%s was taken", bad[i]);
    assert_true(mm_address_parse("https://API.Example.com/a/b?secret=1#x", &a));
    assert_string_equal(a.host, "api.example.com");
    assert_string_equal(a.path, "/a/b");
    assert_int_equal(a.port, 443);
    assert_true(mm_address_parse("http://[::1]:8080/", &a));
}

static void test_matches(void **state)
{
    (void)state;
    static const struct {
        const char *url, *pattern;
        bool yes;
    } cases[] = {
        {"https://api.deezer.com/x", "api.deezer.com", true},
        {"https://api.deezer.com:8443/x", "api.deezer.com", false},
        {"https://a.api.deezer.com/x", "api.deezer.com", false},
        {"https://cdn.dzcdn.net/x", ".dzcdn.net", true},
        {"https://dzcdn.net/x", ".dzcdn.net", false},
        {"https://evildzcdn.net/x", ".dzcdn.net", false},
        {"https://dzcdn.net.evil.com/x", ".dzcdn.net", false},
        {"http://127.0.0.1:8080/api/x", "127.0.0.1:8080/api", true},
        {"http://127.0.0.1:8080/apix", "127.0.0.1:8080/api", false},
        {"http://127.0.0.1:8081/api/x", "127.0.0.1:8080/api", false},
        {"http://127.0.0.1:8080/x", "127.0.0.1:8080", true},
        {"http://127.0.0.1/x", "127.0.0.1", false}, /* plain http only where a port is named */
        {"https://api.spotify.com/v1/x", "api.spotify.com/v1", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mm_address a;
        assert_true(mm_address_parse(cases[i].url, &a));
        if (mm_address_matches(&a, cases[i].pattern) != cases[i].yes)
            fail_msg("%s against %s", cases[i].url, cases[i].pattern);
    }
}

static void test_escape(void **state)
{
    (void)state;
    struct mm_text text = {0};
    mm_address_escape(&text, "a b&c=d/\xc3\xa9+~");
    assert_string_equal(text.data, "a%20b%26c%3Dd%2F%C3%A9%2B~");
    mm_text_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after), cmocka_unit_test(test_clock),   cmocka_unit_test(test_decide),
        cmocka_unit_test(test_parse), cmocka_unit_test(test_matches), cmocka_unit_test(test_escape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
