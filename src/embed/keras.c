/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only file that includes HDF5. A Keras weight file is a tree of groups: the attribute
 * layer_names of the root (or of model_weights in a whole model) lists the layers in the order of
 * the network; each layer's group lists its tensors in weight_names, as paths below the group.
 *
 * The file is read into memory first and HDF5 works on that image. What a file could use to reach
 * beyond itself (external and soft links, external and virtual storage, filter plug-ins) is
 * refused, and shapes are compared with the limits before HDF5 is asked for data.
 */
#include <hdf5.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/gunzip.h"
#include "embed/weights.h"

#define MAX_WEIGHTS_OF_LAYER 64
#define MAX_NAME             256 /* of an HDF5 path; longer ones are not Keras' */

/* Debian builds HDF5 without threads of its own. */
static pthread_mutex_t hdf5_lock = PTHREAD_MUTEX_INITIALIZER;

struct reader {
    const struct mm_weights_limits *limits;
    size_t weight_bytes; /* taken so far */
    size_t capacity;     /* of out->tensors */
    struct mm_weights *out;
    struct mm_error *err;
};

/* ---- attributes that hold lists of names ---- */

struct names {
    size_t count;
    char (*names)[MAX_NAME];
};

static int bad(struct reader *r, const char *what)
{
    return mm_error_set(r->err, MM_ERR_INPUT, "not a Keras weight file: %s", what);
}

/* Names of fixed length, padded with NULs or blanks as h5py and Fortran do. */
static int read_fixed_names(struct reader *r, hid_t attribute, hid_t type, struct names *out)
{
    size_t length = H5Tget_size(type);
    if (length == 0 || length >= MAX_NAME)
        return bad(r, "a list of names has entries of a strange length");
    char *text = mm_calloc3(out->count, length, 1);
    if (!text)
        return mm_no_memory(r->err);
    int result = 0;
    hid_t memory_type = H5Tcopy(H5T_C_S1);
    if (memory_type < 0 || H5Tset_size(memory_type, length) < 0 ||
        H5Tset_strpad(memory_type, H5T_STR_NULLPAD) < 0 ||
        H5Tset_cset(memory_type, H5Tget_cset(type)) < 0 ||
        H5Aread(attribute, memory_type, text) < 0)
        result = bad(r, "a list of names cannot be read");
    for (size_t i = 0; result == 0 && i < out->count; i++)
        memcpy(out->names[i], text + i * length, length);
    H5Tclose(memory_type);
    free(text);
    return result;
}

static int read_variable_names(struct reader *r, hid_t attribute, hid_t type, hid_t space,
                               struct names *out)
{
    char **text = mm_calloc3(out->count, sizeof *text, 1);
    if (!text)
        return mm_no_memory(r->err);
    int result = 0;
    hid_t memory_type = H5Tcopy(H5T_C_S1);
    bool got = memory_type >= 0 && H5Tset_size(memory_type, H5T_VARIABLE) >= 0 &&
               H5Tset_cset(memory_type, H5Tget_cset(type)) >= 0 &&
               H5Aread(attribute, memory_type, text) >= 0;
    if (!got)
        result = bad(r, "a list of names cannot be read");
    for (size_t i = 0; result == 0 && i < out->count; i++) {
        if (!text[i] || strlen(text[i]) >= MAX_NAME)
            result = bad(r, "a list of names has entries of a strange length");
        else
            memcpy(out->names[i], text[i], strlen(text[i]) + 1);
    }
    if (got)
        H5Dvlen_reclaim(memory_type, space, H5P_DEFAULT, text);
    H5Tclose(memory_type);
    free(text);
    return result;
}

/* A layer without weights has an empty list, which some versions write as one of numbers. */
static int read_names(struct reader *r, hid_t object, const char *attribute_name, size_t max,
                      struct names *out)
{
    *out = (struct names){0};
    if (H5Aexists(object, attribute_name) <= 0)
        return bad(r, attribute_name);
    int result = 0;
    hid_t attribute = H5Aopen(object, attribute_name, H5P_DEFAULT);
    hid_t type = attribute < 0 ? -1 : H5Aget_type(attribute);
    hid_t space = attribute < 0 ? -1 : H5Aget_space(attribute);
    hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    if (type < 0 || count < 0) {
        result = bad(r, "an attribute cannot be read");
    } else if (count > 0 && (size_t)count > max) {
        result =
            mm_error_set(r->err, MM_ERR_LIMIT, "%s lists more than %zu names", attribute_name, max);
    } else if (count > 0 && H5Tget_class(type) != H5T_STRING) {
        result = bad(r, "a list of names is not text");
    } else if (count > 0) {
        out->count = (size_t)count;
        out->names = mm_calloc3(out->count, sizeof *out->names, 1);
        if (!out->names)
            result = mm_no_memory(r->err);
        else if (H5Tis_variable_str(type) > 0)
            result = read_variable_names(r, attribute, type, space, out);
        else
            result = read_fixed_names(r, attribute, type, out);
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    if (result < 0) {
        free(out->names);
        *out = (struct names){0};
    }
    return result;
}

/* ---- tensors ---- */

/* Opens the object at path below group, one hard link at a time. A negative id when it is not
 * there, or a link leads somewhere else. */
static hid_t open_below(hid_t group, const char *path)
{
    char name[MAX_NAME];
    hid_t at = group;
    for (const char *rest = path; *rest;) {
        size_t length = strcspn(rest, "/");
        hid_t next = -1;
        if (length > 0 && length < sizeof name) {
            memcpy(name, rest, length);
            name[length] = '\0';
            H5L_info_t info;
            if (strcmp(name, ".") != 0 && H5Lexists(at, name, H5P_DEFAULT) > 0 &&
                H5Lget_info(at, name, &info, H5P_DEFAULT) >= 0 && info.type == H5L_TYPE_HARD)
                next = H5Oopen(at, name, H5P_DEFAULT);
        }
        if (at != group)
            H5Oclose(at);
        if (next < 0)
            return -1;
        at = next;
        rest += length;
        rest += *rest == '/';
    }
    return at == group ? -1 : at;
}

/* "conv2d_1/kernel:0" -> "kernel"; false when this is no tensor of ours. */
static bool short_name(const char *path, char out[MM_TENSOR_NAME])
{
    static const char *const known[] = {"kernel", "bias",        "gamma",
                                        "beta",   "moving_mean", "moving_variance"};
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    size_t length = strcspn(name, ":");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i]) == length && memcmp(known[i], name, length) == 0) {
            memcpy(out, known[i], length + 1);
            return true;
        }
    return false;
}

/* Refuses storage that lies outside of the file or would unpack to more than it should. */
static int check_storage(struct reader *r, hid_t dataset, const char *path)
{
    hid_t list = H5Dget_create_plist(dataset);
    H5D_layout_t layout = list < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(list);
    int result = 0;
    if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) {
        result =
            mm_error_set(r->err, MM_ERR_INPUT, "%s is stored in a way Keras does not use", path);
    } else if (H5Pget_external_count(list) != 0) {
        result = mm_error_set(r->err, MM_ERR_INPUT, "%s points at another file", path);
    } else if (layout == H5D_CHUNKED) {
        hsize_t chunk[MM_TENSOR_MAX_RANK] = {0};
        int rank = H5Pget_chunk(list, MM_TENSOR_MAX_RANK, chunk);
        size_t bytes = sizeof(double);
        for (int i = 0; i < rank && i < MM_TENSOR_MAX_RANK; i++)
            if (__builtin_mul_overflow(bytes, chunk[i], &bytes))
                bytes = SIZE_MAX;
        if (rank < 0 || rank > MM_TENSOR_MAX_RANK || bytes > r->limits->weight_bytes)
            result = mm_error_set(r->err, MM_ERR_LIMIT, "%s is stored in chunks that are too large",
                                  path);
    }
    H5Pclose(list);
    return result;
}

/* Fills rank, shape and count, within what is left of the limit. */
static int read_shape(struct reader *r, hid_t dataset, const char *path, struct mm_tensor *tensor)
{
    hsize_t shape[MM_TENSOR_MAX_RANK] = {0};
    hid_t space = H5Dget_space(dataset);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    bool fits = rank >= 1 && rank <= MM_TENSOR_MAX_RANK &&
                H5Sget_simple_extent_dims(space, shape, NULL) == rank;
    H5Sclose(space);
    if (!fits)
        return mm_error_set(r->err, MM_ERR_INPUT, "%s has no shape that Keras uses", path);
    tensor->rank = (size_t)rank;
    size_t bytes = sizeof(float);
    for (size_t i = 0; i < tensor->rank; i++) {
        tensor->shape[i] = shape[i];
        if (shape[i] == 0 || __builtin_mul_overflow(bytes, shape[i], &bytes))
            return mm_error_set(r->err, MM_ERR_INPUT, "%s has no shape that Keras uses", path);
    }
    if (bytes > r->limits->weight_bytes - r->weight_bytes)
        return mm_error_set(r->err, MM_ERR_LIMIT, "%s: the weights take more than %zu MB", path,
                            r->limits->weight_bytes >> 20);
    r->weight_bytes += bytes;
    tensor->count = bytes / sizeof(float);
    return 0;
}

static int read_values(struct reader *r, hid_t dataset, const char *path, struct mm_tensor *tensor)
{
    hid_t type = H5Dget_type(dataset);
    bool floats = type >= 0 && H5Tget_class(type) == H5T_FLOAT;
    H5Tclose(type);
    if (!floats)
        return mm_error_set(r->err, MM_ERR_INPUT, "%s does not hold floating-point numbers", path);
    tensor->data = mm_calloc3(tensor->count, sizeof *tensor->data, 1);
    if (!tensor->data)
        return mm_no_memory(r->err);
    if (H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor->data) < 0)
        return mm_error_set(r->err, MM_ERR_INPUT, "%s cannot be read: the file is damaged", path);
    for (size_t i = 0; i < tensor->count; i++)
        if (!isfinite(tensor->data[i]))
            return mm_error_set(r->err, MM_ERR_INPUT, "%s holds values that are not finite", path);
    return 0;
}

static int read_tensor(struct reader *r, hid_t group, const char *layer, const char *path)
{
    struct mm_tensor tensor = {0};
    if (!short_name(path, tensor.name))
        return 0;
    if (strlen(layer) >= sizeof tensor.layer)
        return bad(r, "the name of a layer is too long");
    memcpy(tensor.layer, layer, strlen(layer) + 1);
    if (mm_array_reserve(&r->out->tensors, &r->capacity, r->out->n_tensors + 1) < 0)
        return mm_no_memory(r->err);
    hid_t dataset = open_below(group, path);
    if (dataset < 0 || H5Iget_type(dataset) != H5I_DATASET) {
        H5Oclose(dataset);
        return mm_error_set(r->err, MM_ERR_INPUT, "layer %s lacks its %s", layer, tensor.name);
    }
    int result = check_storage(r, dataset, path);
    if (result == 0)
        result = read_shape(r, dataset, path, &tensor);
    if (result == 0)
        result = read_values(r, dataset, path, &tensor);
    H5Oclose(dataset);
    if (result < 0)
        free(tensor.data);
    else
        r->out->tensors[r->out->n_tensors++] = tensor;
    return result;
}

/* Layers without weights may lack their group; if one with weights does, the network says so. */
static int read_layer(struct reader *r, hid_t root, const char *layer)
{
    if (layer[0] == '\0' || strchr(layer, '/') || H5Lexists(root, layer, H5P_DEFAULT) <= 0)
        return 0;
    hid_t group = open_below(root, layer);
    if (group < 0 || H5Iget_type(group) != H5I_GROUP) {
        H5Oclose(group);
        return mm_error_set(r->err, MM_ERR_INPUT, "layer %s is not a group of the file", layer);
    }
    struct names weights;
    int result = read_names(r, group, "weight_names", MAX_WEIGHTS_OF_LAYER, &weights);
    for (size_t i = 0; result == 0 && i < weights.count; i++)
        result = read_tensor(r, group, layer, weights.names[i]);
    free(weights.names);
    H5Oclose(group);
    return result;
}

/* ---- the file ---- */

/* An HDF5 file over the bytes of image, which it copies; nothing is ever written back. */
static hid_t open_image(const void *image, size_t size)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    hid_t file = -1;
    void *bytes = NULL;
    memcpy(&bytes, &image, sizeof bytes); /* HDF5 takes it without const, but only copies */
    if (access >= 0 && H5Pset_fapl_core(access, (size_t)1 << 20, 0) >= 0 &&
        H5Pset_file_image(access, bytes, size) >= 0)
        file = H5Fopen("weights", H5F_ACC_RDONLY, access);
    H5Pclose(access);
    return file;
}

static int read_file(struct reader *r, hid_t file)
{
    hid_t root = -1;
    if (H5Aexists(file, "layer_names") > 0)
        root = H5Oopen(file, "/", H5P_DEFAULT);
    else
        root = open_below(file, "model_weights");
    if (root < 0)
        return bad(r, "it lists no layers");
    struct names layers;
    int result = read_names(r, root, "layer_names", r->limits->layers, &layers);
    for (size_t i = 0; result == 0 && i < layers.count; i++)
        result = read_layer(r, root, layers.names[i]);
    free(layers.names);
    H5Oclose(root);
    return result;
}

int mm_weights_parse_keras(const void *image, size_t size, const struct mm_weights_limits *limits,
                           struct mm_weights *out, struct mm_error *err)
{
    *out = (struct mm_weights){0};
    static const unsigned char magic[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    if (size < sizeof magic || memcmp(image, magic, sizeof magic) != 0)
        return mm_error_set(err, MM_ERR_INPUT, "not an HDF5 file");
    struct reader r = {.limits = limits, .out = out, .err = err};
    pthread_mutex_lock(&hdf5_lock);
    H5E_auto2_t print;
    void *print_ctx;
    H5Eget_auto2(H5E_DEFAULT, &print, &print_ctx);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* the library must not print */
    H5PLset_loading_state(0);
    hid_t file = open_image(image, size);
    int result;
    if (file < 0)
        result = mm_error_set(err, MM_ERR_INPUT, "the HDF5 file is damaged or cut off");
    else
        result = read_file(&r, file);
    H5Fclose(file);
    H5Eset_auto2(H5E_DEFAULT, print, print_ctx);
    pthread_mutex_unlock(&hdf5_lock);
    if (result < 0)
        mm_weights_finish(out);
    return result;
}

int mm_weights_read_keras(const char *path, const struct mm_weights_limits *limits,
                          struct mm_weights *out, struct mm_error *err)
{
    *out = (struct mm_weights){0};
    char *image;
    size_t size;
    int result = mm_gunzip_file(path, limits->file_bytes, &image, &size, err);
    if (result < 0)
        return result;
    result = mm_weights_parse_keras(image, size, limits, out, err);
    free(image);
    return result < 0 ? mm_error_prefix(err, "%s", path) : 0;
}
