/* SPDX-License-Identifier: BSD-2-Clause */
/* lab_table.h - the lab's figures as Markdown, CSV and JSON. */
#ifndef CMD_LAB_TABLE_H
#define CMD_LAB_TABLE_H

#include <stdint.h>

#include "musicmap/lab.h"

/* In the library's folder: the table that "map --like ROW" reads. */
#define LAB_FILE "lab.json"

/* Heap strings; NULL when memory is out. Rows count from 1. */
char *lab_table_markdown(const struct mm_lab *lab);
char *lab_table_csv(const struct mm_lab *lab);
char *lab_row_title(const struct mm_lab_row *row, size_t number);
char *lab_row_note(const struct mm_lab_row *row);

/* {"seed": N, "rows": [...]}; release it. Figures that do not exist are null. */
struct json_t;
struct json_t *lab_table_json(const struct mm_lab *lab, uint64_t seed);

#endif
