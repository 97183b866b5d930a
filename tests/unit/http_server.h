/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_server.h - a web server in a thread, for tests: one file's content, given in good and bad
 * ways, by the address asked for.
 *
 *     /file      as it should be, ranges too            /plain   ranges are not obeyed
 *     /cut       1000 bytes, then the line is dead      /stall   10 bytes, then silence
 *     /wrong     another content                        /endless more and more
 *     /moved     redirection to /file                   /404, /503
 */
#ifndef TESTS_HTTP_SERVER_H
#define TESTS_HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

struct http_server {
    int listener;
    pthread_t thread;
    char base[64]; /* "http://127.0.0.1:PORT" */
    const char *content;
    size_t size;
    atomic_int requests;
};

static inline void http_send(int fd, const void *bytes, size_t count)
{
    for (const char *at = bytes; count > 0;) {
        ssize_t sent = send(fd, at, count, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += sent;
        count -= (size_t)sent;
    }
}

static inline void http_send_head(int fd, const char *status, const char *fields)
{
    char head[512];
    int length =
        snprintf(head, sizeof head, "HTTP/1.1 %s\r\nConnection: close\r\n%s\r\n", status, fields);
    http_send(fd, head, (size_t)length);
}

/* The content from `from` on, at most `most` bytes of it, announced as whole. */
static inline void http_send_content(const struct http_server *s, int fd, const char *content,
                                     size_t from, size_t most)
{
    char fields[256];
    if (from >= s->size && from > 0) {
        http_send_head(fd, "416 Range Not Satisfiable", "Content-Length: 0\r\n");
        return;
    }
    if (from > 0)
        snprintf(fields, sizeof fields,
                 "Content-Length: %zu\r\nContent-Range: bytes %zu-%zu/%zu\r\n", s->size - from,
                 from, s->size - 1, s->size);
    else
        snprintf(fields, sizeof fields, "Content-Length: %zu\r\n", s->size);
    http_send_head(fd, from > 0 ? "206 Partial Content" : "200 OK", fields);
    size_t left = s->size - from;
    http_send(fd, content + from, left < most ? left : most);
}

static inline void http_answer(struct http_server *s, int fd)
{
    char request[4096];
    size_t length = 0;
    while (length < sizeof request - 1) {
        ssize_t got = recv(fd, request + length, sizeof request - 1 - length, 0);
        if (got <= 0)
            return;
        length += (size_t)got;
        request[length] = '\0';
        if (strstr(request, "\r\n\r\n"))
            break;
    }
    const char *path = request + 4; /* behind "GET " */
    const char *range = strstr(request, "Range: bytes=");
    size_t from = range ? strtoul(range + 13, NULL, 10) : 0;
    s->requests++;
    if (strncmp(path, "/file", 5) == 0) {
        http_send_content(s, fd, s->content, from, SIZE_MAX);
    } else if (strncmp(path, "/plain", 6) == 0) {
        http_send_content(s, fd, s->content, 0, SIZE_MAX);
    } else if (strncmp(path, "/cut", 4) == 0) {
        http_send_content(s, fd, s->content, from, 1000);
    } else if (strncmp(path, "/stall", 6) == 0) {
        http_send_content(s, fd, s->content, from, 10);
        while (recv(fd, request, sizeof request, 0) > 0)
            ;
    } else if (strncmp(path, "/wrong", 6) == 0) {
        char *other = calloc(1, s->size);
        http_send_content(s, fd, other, from, SIZE_MAX);
        free(other);
    } else if (strncmp(path, "/endless", 8) == 0) {
        http_send_head(fd, "200 OK", "");
        for (int i = 0; i < 1000; i++)
            http_send(fd, s->content, s->size);
    } else if (strncmp(path, "/moved", 6) == 0) {
        http_send_head(fd, "302 Found", "Location: /file\r\nContent-Length: 0\r\n");
    } else if (strncmp(path, "/503", 4) == 0) {
        http_send_head(fd, "503 Service Unavailable", "Content-Length: 0\r\n");
    } else {
        http_send_head(fd, "404 Not Found", "Content-Length: 5\r\n");
        http_send(fd, "sorry", 5);
    }
}

static inline void *http_serve(void *arg)
{
    struct http_server *s = arg;
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        http_answer(s, fd);
        close(fd);
    }
}

/* content must outlive the server. */
static inline void http_server_start(struct http_server *s, const char *content, size_t size)
{
    *s = (struct http_server){.content = content, .size = size};
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &length), 0);
    snprintf(s->base, sizeof s->base, "http://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, http_serve, s), 0);
}

static inline void http_server_stop(struct http_server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
}

#endif
