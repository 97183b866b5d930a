/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * door.h - who may come in: names the server answers to, where a POST may come from, how often an
 * address may ask, and the password. Knows HTTP, not the library that speaks it.
 *
 * Without a password there is no lock: everybody on this machine comes in. With one, every request
 * needs a session but those for the form in which the password is given.
 *
 * Threads: any.
 */
#ifndef VIEW_DOOR_H
#define VIEW_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"
#include "musicmap/view.h"
#include "view/routes.h"

struct mm_door;

/* MM_ERR_USAGE: a password or a URL of the settings is none, or a URL comes without a password. */
int mm_door_create(const struct mm_server_settings *settings, struct mm_door **out,
                   struct mm_error *err);
void mm_door_destroy(struct mm_door *door);
bool mm_door_is_locked(const struct mm_door *door);

struct sockaddr;
/* A request before its body is read. */
struct mm_knock {
    const char *method, *path;
    const char *(*header)(void *ctx, const char *name); /* NULL = not there */
    const char *session;                                /* the cookie; NULL = none */
    void *ctx;
    const struct sockaddr *from;
    double now; /* monotonic seconds */
};

/* The cookie's name. */
const char *mm_door_cookie(const struct mm_door *door);
/* What its POST may weigh at most, bytes. */
size_t mm_door_body_limit(const struct mm_door *door, const char *path);

/* True: *reply says why not. False: come in. */
bool mm_door_refuse(struct mm_door *door, const struct mm_knock *knock, struct mm_reply *reply);

/* The door's own addresses: the form, and what is sent with it. False: it is not one of those. */
bool mm_door_answer(struct mm_door *door, const struct mm_knock *knock, const char *body,
                    struct mm_reply *reply);

/* Whether it comes from this very computer, not through a proxy on it. */
bool mm_door_is_near(const struct mm_door *door, const struct mm_knock *knock);

#endif
