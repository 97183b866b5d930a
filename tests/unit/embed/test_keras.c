/* SPDX-License-Identifier: BSD-2-Clause */
/* Keras files: every layout that Keras wrote, and files that mean harm. */
#include <zlib.h>

#include "oracle.h"

static char *folder;

static char *path_of(const char *name)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    folder = check_make_folder();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    check_remove_folder(folder);
    return 0;
}

/* Two layers, small enough to be damaged byte by byte. */
static void small_weights(struct mm_weights *w)
{
    *w = (struct mm_weights){0};
    oracle_add_norm(w, 0, 1);
    oracle_add_conv(w, 1, 1, 2, "conv2d_1");
}

static void assert_same(const struct mm_weights *a, const struct mm_weights *b)
{
    assert_int_equal(a->n_tensors, b->n_tensors);
    for (size_t i = 0; i < a->n_tensors; i++) {
        assert_string_equal(a->tensors[i].layer, b->tensors[i].layer);
        assert_string_equal(a->tensors[i].name, b->tensors[i].name);
        assert_int_equal(a->tensors[i].rank, b->tensors[i].rank);
        assert_memory_equal(a->tensors[i].shape, b->tensors[i].shape, sizeof a->tensors[i].shape);
        assert_int_equal(a->tensors[i].count, b->tensors[i].count);
        assert_memory_equal(a->tensors[i].data, b->tensors[i].data,
                            a->tensors[i].count * sizeof(float));
    }
}

static void gzip_file(const char *from, const char *to)
{
    struct mm_error err = {0};
    char *bytes;
    size_t count;
    assert_ok(mm_file_read(from, (size_t)1 << 24, &bytes, &count, &err), &err);
    gzFile out = gzopen(to, "wb");
    assert_int_equal(gzwrite(out, bytes, (unsigned)count), count);
    gzclose(out);
    free(bytes);
}

static void test_layouts(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_weights want, got;
    small_weights(&want);
    for (int bits = 0; bits < 16; bits++) {
        struct oracle_keras how = {.whole_model = bits & 1,
                                   .variable_strings = bits & 2,
                                   .chunked = bits & 4,
                                   .doubles = bits & 8};
        oracle_write_keras(path_of("w.h5"), &want, &how);
        assert_ok(mm_weights_read_keras(path_of("w.h5"), &mm_weights_limits_default, &got, &err),
                  &err);
        assert_same(&got, &want);
        mm_weights_finish(&got);
    }
    char *plain = strdup(path_of("w.h5"));
    gzip_file(plain, path_of("w.h5.gz"));
    free(plain);
    assert_ok(mm_weights_read_keras(path_of("w.h5.gz"), &mm_weights_limits_default, &got, &err),
              &err);
    assert_same(&got, &want);
    assert_ptr_equal(mm_weights_find(&got, "conv2d_1", "bias"), &got.tensors[5]);
    assert_null(mm_weights_find(&got, "conv2d_1", "gamma"));
    mm_weights_finish(&got);
    mm_weights_finish(&want);
}

/* Old OpenL3 files keep the spectrogram's matrices among the layers: they are passed over. */
static void test_other_tensors_are_skipped(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_weights all, got;
    const float values[6] = {1, 2, 3, 4, 5, NAN};
    size_t shape[2] = {2, 3};
    small_weights(&all);
    oracle_add(&all, "melspectrogram_1", "real_kernels", 2, shape, values);
    oracle_add(&all, "melspectrogram_1", "Variable", 2, shape, values);
    oracle_write_keras(path_of("w.h5"), &all, &(struct oracle_keras){0});
    assert_ok(mm_weights_read_keras(path_of("w.h5"), &mm_weights_limits_default, &got, &err), &err);
    assert_int_equal(got.n_tensors, all.n_tensors - 2);
    mm_weights_finish(&got);
    mm_weights_finish(&all);
}

/* Writes the weights with one tensor replaced, and expects the error to say what is wrong. */
static void expect_refusal(const struct mm_tensor *last, const struct mm_weights_limits *limits,
                           int code, const char *words)
{
    struct mm_error err = {0};
    struct mm_weights all, got;
    small_weights(&all);
    oracle_add(&all, last->layer, last->name, last->rank, last->shape, last->data);
    oracle_write_keras(path_of("w.h5"), &all, &(struct oracle_keras){0});
    assert_int_equal(mm_weights_read_keras(path_of("w.h5"), limits, &got, &err), code);
    assert_int_equal(got.n_tensors, 0);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
    mm_weights_finish(&all);
}

static void test_bad_content(void **state)
{
    (void)state;
    float values[4] = {1, 2, NAN, 4};
    struct mm_tensor tensor = {
        .layer = "x", .name = "bias", .rank = 1, .shape = {4}, .data = values};
    expect_refusal(&tensor, &mm_weights_limits_default, MM_ERR_INPUT, "not finite");
    values[2] = 3;
    struct mm_weights_limits few = mm_weights_limits_default;
    few.weight_bytes = 4 * (4 + 18 + 2 + 3); /* one value less than there are */
    expect_refusal(&tensor, &few, MM_ERR_LIMIT, "x/bias:0");
    few.weight_bytes += 4;
    struct mm_weights got;
    assert_int_equal(mm_weights_read_keras(path_of("w.h5"), &few, &got, NULL), 0);
    mm_weights_finish(&got);
    few = mm_weights_limits_default;
    few.layers = 3;
    expect_refusal(&tensor, &few, MM_ERR_LIMIT, "layer_names");
    few = mm_weights_limits_default;
    few.file_bytes = 1000;
    expect_refusal(&tensor, &few, MM_ERR_LIMIT, "larger than");
}

/* Storage and links that lead out of the file. */
static void test_nothing_outside_is_read(void **state)
{
    (void)state;
    struct mm_weights all, got;
    small_weights(&all);
    for (int way = 0; way < 3; way++) {
        struct mm_error err = {0};
        oracle_write_keras(path_of("w.h5"), &all, &(struct oracle_keras){0});
        hid_t file = H5Fopen(path_of("w.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
        const char *bias = "/conv2d_1/conv2d_1/bias:0";
        assert_true(H5Ldelete(file, bias, H5P_DEFAULT) >= 0);
        hid_t storage = H5Pcreate(H5P_DATASET_CREATE);
        hsize_t two = 2;
        hid_t space = H5Screate_simple(1, &two, NULL);
        if (way == 0) {
            H5Pset_external(storage, "/etc/passwd", 0, 8);
            H5Dclose(
                H5Dcreate2(file, bias, H5T_IEEE_F32LE, space, H5P_DEFAULT, storage, H5P_DEFAULT));
        } else if (way == 1) {
            H5Lcreate_external("/tmp/other.h5", "/x", file, bias, H5P_DEFAULT, H5P_DEFAULT);
        } else {
            H5Lcreate_soft("/batch_normalization_1/batch_normalization_1/beta:0", file, bias,
                           H5P_DEFAULT, H5P_DEFAULT);
        }
        H5Sclose(space);
        H5Pclose(storage);
        H5Fclose(file);
        assert_int_equal(
            mm_weights_read_keras(path_of("w.h5"), &mm_weights_limits_default, &got, &err),
            MM_ERR_INPUT);
        assert_non_null(strstr(err.message, "bias"));
    }
    mm_weights_finish(&all);
}

/* Reads an image that may be anything; the only demand is a result. */
static bool survives(const char *image, size_t size)
{
    struct mm_error err = {0};
    struct mm_weights got;
    int result = mm_weights_parse_keras(image, size, &mm_weights_limits_default, &got, &err);
    assert_true(result == 0 || err.message[0]);
    mm_weights_finish(&got);
    return result == 0;
}

/* libhdf5 1.10 does not survive every damage itself (that is what the helper process is for), so
 * bytes are flipped where names, shapes and values lie and not in its own structures. */
static void test_damaged_files(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_weights all;
    char *image;
    size_t size;
    small_weights(&all);
    oracle_write_keras(path_of("w.h5"), &all, &(struct oracle_keras){.chunked = true});
    assert_ok(mm_file_read(path_of("w.h5"), (size_t)1 << 24, &image, &size, &err), &err);
    for (size_t cut = 0; cut < size; cut += 1 + size / 400)
        assert_false(survives(image, cut));
    for (size_t i = 0; i < size; i++) {
        if (memcmp(image + i, "conv2d", size - i < 6 ? size - i : 6) != 0)
            continue;
        image[i] ^= 0x15;
        survives(image, size);
        image[i] ^= 0x15;
    }
    assert_true(survives(image, size));
    free(image);
    mm_weights_finish(&all);
}

static void test_gzip_damage(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_weights all, got;
    char *bytes;
    size_t count;
    small_weights(&all);
    oracle_write_keras(path_of("w.h5"), &all, &(struct oracle_keras){0});
    char *plain = strdup(path_of("w.h5"));
    gzip_file(plain, path_of("w.gz"));
    assert_ok(mm_file_read(path_of("w.gz"), (size_t)1 << 24, &bytes, &count, &err), &err);
    for (size_t cut = 2; cut < count; cut += 1 + count / 50) {
        assert_ok(mm_file_write(path_of("cut.gz"), bytes, cut, &err), &err);
        assert_int_equal(
            mm_weights_read_keras(path_of("cut.gz"), &mm_weights_limits_default, &got, &err),
            MM_ERR_INPUT);
        assert_non_null(strstr(err.message, "cut.gz"));
    }
    struct mm_weights_limits small = mm_weights_limits_default;
    small.file_bytes = 3000;
    assert_int_equal(mm_weights_read_keras(path_of("w.gz"), &small, &got, &err), MM_ERR_LIMIT);
    assert_ok(mm_file_write(path_of("no.h5"), "hello", 5, &err), &err);
    assert_int_equal(
        mm_weights_read_keras(path_of("no.h5"), &mm_weights_limits_default, &got, &err),
        MM_ERR_INPUT);
    assert_int_equal(
        mm_weights_read_keras(path_of("none.h5"), &mm_weights_limits_default, &got, &err),
        MM_ERR_NOT_FOUND);
    free(plain);
    free(bytes);
    mm_weights_finish(&all);
}

/* What comes back from another process: the same, or a clear refusal of every damage. */
static void test_pack(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_weights want, got;
    unsigned char *bytes;
    size_t size;
    small_weights(&want);
    assert_ok(mm_weights_pack(&want, &bytes, &size, &err), &err);
    assert_ok(mm_weights_unpack(bytes, size, &mm_weights_limits_default, &got, &err), &err);
    assert_same(&got, &want);
    mm_weights_finish(&got);
    for (size_t cut = 1; cut < size; cut += 7) {
        int result = mm_weights_unpack(bytes, cut, &mm_weights_limits_default, &got, &err);
        assert_true(result == MM_ERR_INPUT || got.n_tensors < want.n_tensors);
        mm_weights_finish(&got);
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 0xff;
        if (mm_weights_unpack(bytes, size, &mm_weights_limits_default, &got, &err) == 0)
            mm_weights_finish(&got);
        bytes[i] ^= 0xff;
    }
    free(bytes);
    mm_weights_finish(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),       cmocka_unit_test(test_other_tensors_are_skipped),
        cmocka_unit_test(test_bad_content),   cmocka_unit_test(test_nothing_outside_is_read),
        cmocka_unit_test(test_damaged_files), cmocka_unit_test(test_gzip_damage),
        cmocka_unit_test(test_pack),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
