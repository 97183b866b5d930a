/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * care.h - what is done to the file of an SQLite store from outside: a copy while others write, a
 * look for damage, and taking what can be read out of a damaged file.
 */
#ifndef CATALOG_CARE_H
#define CATALOG_CARE_H

#include <stddef.h>

#include "musicmap/catalog.h"
#include "musicmap/progress.h"

/*
 * The whole of the database in from as of one moment, into the database in to, as one transaction
 * of it: whoever reads to sees all of it or nothing. to is made when it is missing.
 */
int mm_sqlite_clone(const char *from, const char *to, const struct mm_progress *progress,
                    struct mm_error *err);

/* One file without companions, on the disk when this returns: what is moved, is moved whole. */
int mm_sqlite_settle(const char *file, struct mm_error *err);

/* MM_ERR_AGAIN: another process is writing to it. */
int mm_sqlite_hold(const char *file, struct mm_error *err);

/* As mm_catalog_examine() of the store's file. */
int mm_sqlite_examine(const char *file, mm_finding_fn *fn, void *ctx, struct mm_error *err);

/* Rows of damaged that can be read, into the empty store in fresh. */
int mm_sqlite_salvage(const char *damaged, const char *fresh, const struct mm_progress *progress,
                      struct mm_salvage_report *report, struct mm_error *err);

/* The version of the tables this program writes. */
int mm_sqlite_version(void);

#endif
