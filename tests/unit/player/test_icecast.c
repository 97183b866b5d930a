/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of an Icecast, and files cut where a stream may be cut. */
#include "check.h"
#include "musicmap/icecast.h"
#include "player/stream_file.h"

static void addresses(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_icecast_place p;
    assert_ok(mm_icecast_parse("http://radio:8001/a/b.mp3", &p, &err), &err);
    assert_string_equal(p.host, "radio");
    assert_string_equal(p.mount, "/a/b.mp3");
    assert_string_equal(p.user, "source");
    assert_int_equal(p.port, 8001);
    assert_false(p.tls);
    assert_ok(mm_icecast_parse("https://ada@radio.example/x.opus", &p, &err), &err);
    assert_string_equal(p.user, "ada");
    assert_int_equal(p.port, 8000);
    assert_true(p.tls);
    static const char *const bad[] = {"",
                                      "radio/x",
                                      "ftp://radio/x",
                                      "http://radio",
                                      "http://radio/",
                                      "http:///x",
                                      "http://radio:0/x",
                                      "http://radio:x/x",
                                      "http://radio:80000/x",
                                      "http://@radio/x",
                                      "http://radio/x y",
                                      "http://radio/x?pass=1",
                                      "http://radio/x\r\nEvil: 1",
                                      "http://source:secret@radio/x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(mm_icecast_parse(bad[i], &p, &err), MM_ERR_USAGE);
    assert_null(strstr(err.message, "secret"));
}

static char *write_file(const char *folder, const void *bytes, size_t size)
{
    char *path = malloc(4200);
    snprintf(path, 4200, "%s/x", folder);
    FILE *file = fopen(path, "wb");
    fwrite(bytes, 1, size, file);
    fclose(file);
    return path;
}

/* Three frames of 128 kbit/s at 44,100 Hz: 417 bytes and 1152 samples each. */
static void frames(void **state)
{
    (void)state;
    char *folder = check_make_folder();
    unsigned char bytes[10 + 5 + 3 * 417] = "ID3\4\0\0\0\0\0\5";
    for (int i = 0; i < 3; i++)
        memcpy(bytes + 15 + i * 417, "\xff\xfb\x90\x64", 4);
    struct mm_error err = {0};
    struct mm_stream_file s;
    char *path = write_file(folder, bytes, sizeof bytes);
    assert_ok(mm_stream_open(&s, path, &err), &err);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mm_stream_next(&s, &err), 1);
        assert_int_equal(s.size, 417);
        assert_true(s.at_s > i * 1152 / 44100.0 - 1e-9 && s.at_s < i * 1152 / 44100.0 + 1e-9);
    }
    assert_int_equal(mm_stream_next(&s, &err), 0);
    mm_stream_close(&s);
    free(path);
    path = write_file(folder, "this is neither of them, for sure", 33);
    assert_ok(mm_stream_open(&s, path, &err), &err);
    assert_int_equal(mm_stream_next(&s, &err), MM_ERR_INPUT);
    mm_stream_close(&s);
    free(path);
    check_remove_folder(folder);
}

static size_t page(unsigned char *out, int flags, uint64_t position, size_t body)
{
    memset(out, 0, 28 + body);
    memcpy(out, "OggS", 4);
    out[5] = (unsigned char)flags;
    for (int i = 0; i < 8; i++)
        out[6 + i] = (unsigned char)(position >> 8 * i);
    out[26] = 1;
    out[27] = (unsigned char)body;
    return 28 + body;
}

/* Two streams, one behind the other: the second one's time goes on, its head is its own. */
static void pages(void **state)
{
    (void)state;
    char *folder = check_make_folder();
    unsigned char bytes[2048];
    size_t n = 0;
    for (int k = 0; k < 2; k++) {
        n += page(bytes + n, 2, 0, 19);
        n += page(bytes + n, 0, 0, (size_t)(40 + k));
        n += page(bytes + n, 0, 48000, 100);
        n += page(bytes + n, 0, UINT64_MAX, 100);
        n += page(bytes + n, 4, 96000, 100);
    }
    struct mm_error err = {0};
    struct mm_stream_file s;
    char *path = write_file(folder, bytes, n);
    assert_ok(mm_stream_open(&s, path, &err), &err);
    static const double begins[] = {0, 0, 0, 1, 1, 2, 2, 2, 3, 3};
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(mm_stream_next(&s, &err), 1);
        assert_true(s.at_s == begins[i]);
        assert_int_equal(s.in_headers, i % 5 < 2);
    }
    assert_int_equal(s.n_headers, 28 + 19 + 28 + 41);
    assert_int_equal(mm_stream_next(&s, &err), 0);
    mm_stream_close(&s);
    free(path);
    path = write_file(folder, bytes, n - 50); /* cut off */
    assert_ok(mm_stream_open(&s, path, &err), &err);
    int result;
    while ((result = mm_stream_next(&s, &err)) > 0)
        ;
    assert_int_equal(result, MM_ERR_INPUT);
    mm_stream_close(&s);
    free(path);
    check_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(frames),
        cmocka_unit_test(pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
