/* SPDX-License-Identifier: BSD-2-Clause */
/* sqlite.h - what sqlite.c and its migrations share; nothing else includes this. */
#ifndef CATALOG_SQLITE_H
#define CATALOG_SQLITE_H

#include "catalog/store.h"

/*
 * Makes an empty database ours or brings an older one of ours up to date, each step a transaction.
 * MM_ERR_UNSUPPORTED: written by a newer program. MM_ERR_INPUT: another program's database.
 */
int mm_sqlite_migrate(struct mm_store *store, struct mm_error *err);

#endif
