/* SPDX-License-Identifier: BSD-2-Clause */
/* copy.h - the tables of which a library consists, in an order in which they can be filled. */
#ifndef CATALOG_COPY_H
#define CATALOG_COPY_H

#include "catalog/store.h"

/* The list ends with a table without a name. A test holds it to the schema. */
const struct mm_store_table *mm_catalog_tables(void);

#endif
