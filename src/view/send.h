/* SPDX-License-Identifier: BSD-2-Clause */
/* send.h - a reply turned into bytes through libmicrohttpd: headers, conditions and ranges. */
#ifndef VIEW_SEND_H
#define VIEW_SEND_H

#include <microhttpd.h>
#include <stdbool.h>

#include "view/routes.h"

/* Sends what the reply says, as far as the request's conditions want it. */
enum MHD_Result mm_send(struct MHD_Connection *connection, struct mm_reply *reply);
/* {"error": message}. */
enum MHD_Result mm_send_error(struct MHD_Connection *connection, unsigned status,
                              const char *message);

/* Parts of it, for answers of another kind. form: the page may send a form to us. */
void mm_send_header(struct MHD_Response *response, const char *name, const char *value);
void mm_send_security(struct MHD_Response *response, bool form);
const char *mm_send_caching(enum mm_caching caching);

#endif
