/* SPDX-License-Identifier: BSD-2-Clause */
/* mpd_client.h - what the files that talk to an MPD share. libmpdclient is included by these only.
 */
#ifndef SOURCE_MPD_CLIENT_H
#define SOURCE_MPD_CLIENT_H

#include <mpd/client.h>

#include "musicmap/mpd.h"

struct mm_mpd {
    char *host; /* NULL = as libmpdclient finds it */
    unsigned port;
    char *password; /* NULL = none */
    char *name;
    const struct mm_progress *progress;
    struct mpd_connection *connection;
};

/* "pass@host:port" apart; all heap. MM_ERR_USAGE. */
struct mm_mpd_place {
    char *host, *password;
    unsigned port; /* 0 = the usual */
};
int mm_mpd_read_address(const char *text, struct mm_mpd_place *out, struct mm_error *err);
void mm_mpd_place_finish(struct mm_mpd_place *place);

/* What went wrong with the last call, in words; clears what can be cleared. */
int mm_mpd_fault(struct mm_mpd *mpd, struct mm_error *err);
/* Runs ask until it is answered: after a lost connection again, on a new one. ask must begin anew
 * each time; it returns 0, or what mm_mpd_fault() said. */
typedef int mm_mpd_ask(struct mm_mpd *mpd, void *ctx, struct mm_error *err);
int mm_mpd_read(struct mm_mpd *mpd, mm_mpd_ask *ask, void *ctx, struct mm_error *err);

#endif
