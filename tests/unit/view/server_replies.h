/* SPDX-License-Identifier: BSD-2-Clause */
/* server_replies.h - what tests of the server expect of many of its replies. */
#ifndef TESTS_SERVER_REPLIES_H
#define TESTS_SERVER_REPLIES_H

#include <jansson.h>

#include "server_check.h"

/* The caller gives it back. */
static inline json_t *body_json(const struct reply *reply)
{
    json_error_t e;
    json_t *root = json_loadb(reply->body, reply->size, 0, &e);
    if (!root)
        fail_msg("no JSON: %s: %s", e.text, reply->body);
    return root;
}

/* GET path must give this status and a JSON object with an error text. */
static inline void assert_error(int port, const char *path, int status)
{
    struct reply reply = client_get(port, path);
    if (reply.status != status)
        fail_msg("%s: %d, not %d: %s", path, reply.status, status, reply.body);
    assert_string_equal(reply_header(&reply, "Content-Type"), "application/json");
    json_t *root = body_json(&reply);
    assert_true(json_string_length(json_object_get(root, "error")) > 0);
    json_decref(root);
    reply_finish(&reply);
}

static inline void assert_security(const struct reply *reply)
{
    const char *csp = reply_header(reply, "Content-Security-Policy");
    assert_non_null(strstr(csp, "default-src 'self';"));
    assert_non_null(strstr(csp, "img-src 'self' data: blob:;"));
    assert_non_null(strstr(csp, "media-src 'self' blob:;"));
    assert_non_null(strstr(csp, "connect-src 'self';"));
    assert_null(strstr(csp, "unsafe"));
    assert_string_equal(reply_header(reply, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(reply_header(reply, "Referrer-Policy"), "no-referrer");
    assert_string_equal(reply_header(reply, "X-Frame-Options"), "DENY");
    assert_string_equal(reply_header(reply, "Cross-Origin-Resource-Policy"), "same-origin");
    assert_string_equal(reply_header(reply, "Access-Control-Allow-Origin"), "");
}

/* The name of the map that is served. */
static inline void current_map(int port, char token[17])
{
    struct reply reply = client_get(port, "/api/map");
    assert_int_equal(reply.status, 200);
    json_t *root = body_json(&reply);
    snprintf(token, 17, "%s", json_string_value(json_object_get(root, "map")));
    assert_int_equal(strlen(token), 16);
    json_decref(root);
    reply_finish(&reply);
}

#endif
