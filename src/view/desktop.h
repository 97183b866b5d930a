/* SPDX-License-Identifier: BSD-2-Clause */
/* desktop.h - asks the desktop of this computer for something. */
#ifndef VIEW_DESKTOP_H
#define VIEW_DESKTOP_H

#include "musicmap/error.h"

/* Opens the folder that path (absolute) lies in, with xdg-open. MM_ERR_UNSUPPORTED: there is none.
 * Returns as soon as it is started: what becomes of it is the desktop's. */
int mm_desktop_open(const char *path, struct mm_error *err);

#endif
