/* SPDX-License-Identifier: BSD-2-Clause */
/* Downloads that can be taken up again: one large file. For many small requests see session.h. */
#include "http/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/address.h"
#include "http/transfer.h"

#define CONNECT_SECONDS 30L
#define SILENT_SECONDS  60L /* at less than SILENT_SPEED the connection counts as dead */
#define SILENT_SPEED    64L /* bytes/s */
#define REDIRECTIONS    8L

struct transfer {
    const struct mm_http_download *what;
    const struct mm_progress *progress;
    CURL *curl;
    int fd;
    size_t had;   /* bytes in the file when it was opened */
    size_t size;  /* bytes in the file now */
    size_t total; /* of the whole file; 0 = not known */
    bool began;   /* the first bytes have come and the answer was looked at */
    struct mm_http_result *result;
    struct mm_error failure; /* of the callbacks */
};

/* "https", or "http,https" for this machine; NULL when the address may not be used. */
static const char *allowed_protocols(const char *url)
{
    struct mm_address address;
    if (!mm_address_parse(url, &address))
        return NULL;
    return strcmp(address.scheme, "https") == 0 ? "https" : "http,https";
}

/* ---- what libcurl calls ---- */

/* Looks at the answer before its first byte is written: did the server go on or start anew? */
static int begin_body(struct transfer *t)
{
    long code = 0;
    curl_off_t length = -1;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    t->began = true;
    t->result->resumed = t->had > 0 && code == 206;
    if (t->had > 0 && !t->result->resumed) {
        if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0)
            return mm_error_errno(&t->failure, errno, "%s", t->what->path);
        t->size = 0;
    }
    t->total = length > 0 ? t->size + (size_t)length : 0;
    return 0;
}

static int write_all(struct transfer *t, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(t->fd, bytes, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return mm_error_errno(&t->failure, errno, "%s", t->what->path);
        bytes += written;
        count -= (size_t)written;
        t->size += (size_t)written;
        t->result->received += (size_t)written;
    }
    return 0;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *ctx)
{
    (void)one; /* always 1 */
    struct transfer *t = ctx;
    if (!t->began && begin_body(t) < 0)
        return CURL_WRITEFUNC_ERROR;
    if (count > t->what->limit - t->size || t->total > t->what->limit) {
        mm_error_set(&t->failure, MM_ERR_LIMIT, "%s is larger than %zu MB", t->what->url,
                     t->what->limit >> 20);
        return CURL_WRITEFUNC_ERROR;
    }
    return write_all(t, bytes, count) < 0 ? CURL_WRITEFUNC_ERROR : count;
}

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    (void)total;
    (void)now;
    (void)up_total;
    (void)up_now;
    struct transfer *t = ctx;
    if (mm_progress_cancelled(t->progress)) {
        mm_error_set(&t->failure, MM_ERR_CANCELLED, "stopped; what has arrived is kept");
        return 1;
    }
    if (t->began)
        mm_progress_update(t->progress, t->what->stage, t->size, t->total);
    return 0;
}

/* ---- a transfer ---- */

static int open_file(struct transfer *t, struct mm_error *err)
{
    struct stat st;
    t->fd = open(t->what->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (t->fd < 0)
        return mm_error_errno(err, errno, "%s", t->what->path);
    if (flock(t->fd, LOCK_EX | LOCK_NB) != 0)
        return mm_error_set(err, MM_ERR_AGAIN, "another program is filling %s", t->what->path);
    if (fstat(t->fd, &st) != 0 || lseek(t->fd, 0, SEEK_END) < 0)
        return mm_error_errno(err, errno, "%s", t->what->path);
    t->had = t->size = (size_t)st.st_size;
    if (t->had <= t->what->limit)
        return 0;
    if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0) /* it cannot be the beginning */
        return mm_error_errno(err, errno, "%s", t->what->path);
    t->had = t->size = 0;
    return 0;
}

static bool set_up(struct transfer *t, const char *protocols, char *words)
{
    CURL *c = t->curl;
    char range[32];
    snprintf(range, sizeof range, "%zu-", t->had);
    /* A range by hand: the official way to resume treats "starts anew" as an error. */
    return (t->had == 0 || curl_easy_setopt(c, CURLOPT_RANGE, range) == CURLE_OK) &&
           curl_easy_setopt(c, CURLOPT_URL, t->what->url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, protocols) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_MAXREDIRS, REDIRECTIONS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, SILENT_SECONDS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SILENT_SPEED) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "musicmap/" MM_VERSION) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_ERRORBUFFER, words) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_XFERINFODATA, t) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

static int status_error(const struct transfer *t, struct mm_error *err)
{
    long code = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    enum mm_err kind = MM_ERR_IO;
    if (code == 404 || code == 410)
        kind = MM_ERR_NOT_FOUND;
    else if (code == 408 || code == 429 || code >= 500)
        kind = MM_ERR_AGAIN;
    return mm_error_set(err, kind, "%s: the server answers %ld", t->what->url, code);
}

static int perform(struct transfer *t, const char *protocols, struct mm_error *err)
{
    char words[CURL_ERROR_SIZE] = "";
    if (!set_up(t, protocols, words))
        return mm_error_set(err, MM_ERR_BUG, "libcurl refuses an option");
    CURLcode code = curl_easy_perform(t->curl);
    if (t->failure.code != 0) {
        *err = t->failure;
        return err->code;
    }
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_HTTP_RETURNED_ERROR && status == 416 && t->had > 0) {
        t->result->resumed = true; /* nothing is left behind what we have */
        return 0;
    }
    switch (code) {
    case CURLE_OK:
        return 0;
    case CURLE_HTTP_RETURNED_ERROR:
        return status_error(t, err);
    case CURLE_OUT_OF_MEMORY:
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_PEER_FAILED_VERIFICATION:
        return mm_error_set(err, MM_ERR_IO, "%s: %s", t->what->url,
                            words[0] ? words : curl_easy_strerror(code));
    default:
        return mm_error_set(err, MM_ERR_AGAIN, "%s: %s", t->what->url,
                            words[0] ? words : curl_easy_strerror(code));
    }
}

int mm_http_fetch(const struct mm_http_download *what, const struct mm_progress *progress,
                  struct mm_http_result *result, struct mm_error *err)
{
    struct mm_error local;
    if (!err)
        err = &local;
    *result = (struct mm_http_result){0};
    mm_transfer_start_library();
    const char *protocols = allowed_protocols(what->url);
    if (!protocols)
        return mm_error_set(err, MM_ERR_USAGE, "%s is no https address", what->url);
    struct transfer t = {.what = what, .progress = progress, .fd = -1, .result = result};
    int code = open_file(&t, err);
    if (code == 0 && !(t.curl = curl_easy_init()))
        code = mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    if (code == 0)
        code = perform(&t, protocols, err);
    curl_easy_cleanup(t.curl);
    if (code == 0 && fsync(t.fd) != 0)
        code = mm_error_errno(err, errno, "%s", what->path);
    if (t.fd >= 0 && close(t.fd) != 0 && code == 0)
        code = mm_error_errno(err, errno, "%s", what->path);
    return code;
}
