/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 128, MAX_PORT = 65535 };

/* errno, or 0 with *fd open. */
static int try_port(const struct addrinfo *where, int port, int *fd)
{
    struct sockaddr_storage address;
    memcpy(&address, where->ai_addr, where->ai_addrlen);
    if (where->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)&address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&address)->sin_port = htons((uint16_t)port);
    int s = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0)
        return errno;
    int on = 1; /* a server that was just ended must not keep its port from the next one */
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s, (struct sockaddr *)&address, where->ai_addrlen) != 0 || listen(s, BACKLOG) != 0) {
        int fault = errno;
        close(s);
        return fault;
    }
    *fd = s;
    return 0;
}

static void write_url(int fd, char url[MM_URL_SIZE])
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    char host[256] = "127.0.0.1";
    char port[16] = "0";
    getsockname(fd, (struct sockaddr *)&address, &length);
    getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    if (strcmp(host, "0.0.0.0") == 0)
        strcpy(host, "127.0.0.1"); /* "everywhere" is no address to go to */
    else if (strcmp(host, "::") == 0)
        strcpy(host, "::1");
    if (strchr(host, ':'))
        snprintf(url, MM_URL_SIZE, "http://[%s]:%s/", host, port);
    else
        snprintf(url, MM_URL_SIZE, "http://%s:%s/", host, port);
}

int mm_listen(const char *address, int port, int port_tries, int *fd, char url[MM_URL_SIZE],
              struct mm_error *err)
{
    *fd = -1;
    if (port < 0 || port > MAX_PORT || port_tries < 1)
        return mm_error_set(err, MM_ERR_USAGE, "port %d is not between 0 and 65535", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *where;
    int fault = getaddrinfo(address, NULL, &hints, &where);
    if (fault)
        return mm_error_set(err, MM_ERR_USAGE, "%s is no address to listen at: %s", address,
                            gai_strerror(fault));
    int last = port_tries - 1 < MAX_PORT - port ? port + port_tries - 1 : MAX_PORT;
    if (port == 0)
        last = 0;
    int at = port;
    for (fault = EADDRINUSE; at <= last; at++) {
        fault = try_port(where, at, fd);
        if (fault != EADDRINUSE && fault != EACCES)
            break;
    }
    freeaddrinfo(where);
    if (*fd >= 0) {
        write_url(*fd, url);
        return 0;
    }
    if (fault == EADDRINUSE && last > port)
        return mm_error_set(err, MM_ERR_IO, "the ports %d to %d of %s are all taken", port, last,
                            address);
    return mm_error_errno(err, fault, "cannot listen at %s, port %d", address,
                          at > last ? last : at);
}

bool mm_listen_is_loopback(const struct sockaddr *address)
{
    if (!address)
        return false;
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    if (address->sa_family != AF_INET6)
        return false;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

bool mm_listen_is_near(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
           mm_listen_is_loopback((struct sockaddr *)&address);
}
