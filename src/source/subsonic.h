/* SPDX-License-Identifier: BSD-2-Clause */
/* subsonic.h - one call of the Subsonic API: what the files of its client share. */
#ifndef SOURCE_SUBSONIC_H
#define SOURCE_SUBSONIC_H

#include "base/text.h"
#include "musicmap/remote.h"
#include "source/service.h"

struct mm_remote {
    struct mm_service_session *session;
    char *address; /* as in keys */
    char *user, *password;
    bool plain;       /* it knows no tokens: the password goes to it as it is */
    unsigned bitrate; /* 0 = originals */
    bool no_download; /* this user may only stream */
};

/*
 * Asks for NAME with parameters ("&a=b...", NULL = none) and takes the reply apart: *body is the
 * object in it, which *json owns. once: it must not be done twice. MM_ERR_NOT_FOUND: the server
 * says that there is no such thing. MM_ERR_IO: it refuses, in its words.
 */
int mm_subsonic_ask(struct mm_remote *server, const char *name, const char *parameters, bool once,
                    json_t **json, const json_t **body, struct mm_error *err);

#endif
