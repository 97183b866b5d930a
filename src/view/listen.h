/* SPDX-License-Identifier: BSD-2-Clause */
/* listen.h - a listening TCP socket on the first free port of a range. */
#ifndef VIEW_LISTEN_H
#define VIEW_LISTEN_H

#include <stdbool.h>

#include "musicmap/error.h"

enum { MM_URL_SIZE = 320 };

/*
 * Binds address (a name or a literal; port 0 = any free one) and listens. *fd is the caller's to
 * close. url: where a browser on this machine finds it. MM_ERR_USAGE: no such address or port.
 */
int mm_listen(const char *address, int port, int port_tries, int *fd, char url[MM_URL_SIZE],
              struct mm_error *err);

struct sockaddr;
/* Whether an address is this computer's own loopback (also as IPv4 within IPv6). NULL is not. */
bool mm_listen_is_loopback(const struct sockaddr *address);
/* Whether only this computer can reach a socket that listens. */
bool mm_listen_is_near(int fd);

#endif
