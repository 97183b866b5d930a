/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, BLOCKS = 4 };

int mm_hash_bytes(const void *bytes, size_t count, unsigned char out[MM_HASH_SIZE],
                  struct mm_error *err)
{
    if (EVP_Digest(bytes, count, out, NULL, EVP_sha256(), NULL) != 1)
        return mm_error_set(err, MM_ERR_BUG, "libcrypto refuses SHA-256");
    return 0;
}

struct mm_hash {
    EVP_MD_CTX *ctx;
    bool failed;
};

int mm_hash_begin(struct mm_hash **out, struct mm_error *err)
{
    struct mm_hash *hash = calloc(1, sizeof *hash);
    *out = NULL;
    if (!hash || !(hash->ctx = EVP_MD_CTX_new())) {
        free(hash);
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    }
    hash->failed = EVP_DigestInit_ex(hash->ctx, EVP_sha256(), NULL) != 1;
    *out = hash;
    return 0;
}

void mm_hash_add(struct mm_hash *hash, const void *bytes, size_t count)
{
    hash->failed = hash->failed || EVP_DigestUpdate(hash->ctx, bytes, count) != 1;
}

int mm_hash_end(struct mm_hash *hash, unsigned char out[MM_HASH_SIZE], struct mm_error *err)
{
    bool fine = !hash->failed && EVP_DigestFinal_ex(hash->ctx, out, NULL) == 1;
    EVP_MD_CTX_free(hash->ctx);
    free(hash);
    return fine ? 0 : mm_error_set(err, MM_ERR_BUG, "libcrypto refuses SHA-256");
}

int mm_hash_md5(const void *bytes, size_t count, char out[33], struct mm_error *err)
{
    unsigned char sum[16];
    if (EVP_Digest(bytes, count, sum, NULL, EVP_md5(), NULL) != 1)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "this system's libcrypto knows no MD5");
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
    return 0;
}

int mm_hash_git_blob(const void *bytes, size_t count, unsigned char out[MM_HASH_GIT_SIZE],
                     struct mm_error *err)
{
    char head[32];
    int length = snprintf(head, sizeof head, "blob %zu", count) + 1; /* with its NUL */
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    int fine = EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1 &&
               EVP_DigestUpdate(ctx, head, (size_t)length) == 1 &&
               EVP_DigestUpdate(ctx, bytes, count) == 1 && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return fine ? 0 : mm_error_set(err, MM_ERR_BUG, "libcrypto refuses SHA-1");
}

static int read_at(int fd, unsigned char *out, size_t count, off_t offset, const char *path,
                   struct mm_error *err)
{
    while (count) {
        ssize_t got = pread(fd, out, count, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mm_error_errno(err, errno, "%s", path);
        if (got == 0)
            return mm_error_set(err, MM_ERR_AGAIN, "%s: shrank while it was read", path);
        out += got;
        offset += got;
        count -= (size_t)got;
    }
    return 0;
}

int mm_hash_file(const char *path, unsigned char out[MM_HASH_SIZE], struct mm_error *err)
{
    int result = 0;
    unsigned char *data = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return mm_error_errno(err, errno, "%s", path);
    struct stat st;
    if (fstat(fd, &st) != 0) {
        result = mm_error_errno(err, errno, "%s", path);
        goto out;
    }
    uint64_t size = (uint64_t)st.st_size;
    size_t sampled = size <= (uint64_t)BLOCK * BLOCKS ? (size_t)size : (size_t)BLOCK * BLOCKS;
    data = malloc(sizeof size + sampled);
    if (!data) {
        result = mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
        goto out;
    }
    for (int i = 0; i < 8; i++)
        data[i] = (unsigned char)(size >> (8 * i));
    if (sampled == size) {
        result = read_at(fd, data + 8, sampled, 0, path, err);
    } else {
        for (int i = 0; i < BLOCKS && result == 0; i++)
            result = read_at(fd, data + 8 + (size_t)i * BLOCK, BLOCK,
                             (off_t)((size - BLOCK) / (BLOCKS - 1) * (uint64_t)i), path, err);
    }
    if (result == 0)
        result = mm_hash_bytes(data, 8 + sampled, out, err);
out:
    free(data);
    close(fd);
    return result;
}

void mm_hash_hex(const unsigned char hash[MM_HASH_SIZE], char out[2 * MM_HASH_SIZE + 1])
{
    for (int i = 0; i < MM_HASH_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
}
