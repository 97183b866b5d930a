/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client.h - getting files over HTTPS.
 *
 * Only https, also after redirections; plain http to this machine itself (127.0.0.1, ::1,
 * localhost), for tests and proxies. Certificates are checked. The usual variables (https_proxy,
 * no_proxy) are obeyed. Nothing is sent but the request.
 *
 * Threads: calls share nothing and may run beside others.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "musicmap/error.h"
#include "musicmap/progress.h"

struct mm_http_download {
    const char *url;
    const char *path;  /* filled; what is there already is taken for the beginning */
    size_t limit;      /* bytes that path may get at most */
    const char *stage; /* for the progress, which counts bytes; static */
};

struct mm_http_result {
    size_t received; /* bytes of this call */
    bool resumed;    /* path held something and the server went on behind it */
};

/*
 * Fetches url into path. Whatever the result, what has arrived stays in path for the next try.
 * MM_ERR_NOT_FOUND: the server has no such file. MM_ERR_AGAIN: no connection, it broke off, or the
 * server is busy. MM_ERR_LIMIT: too large. MM_ERR_IO: the disk, or the server refuses.
 * MM_ERR_USAGE: not such an address. Another process that fills the same path: MM_ERR_AGAIN.
 */
int mm_http_fetch(const struct mm_http_download *what, const struct mm_progress *progress,
                  struct mm_http_result *result, struct mm_error *err);

#endif
