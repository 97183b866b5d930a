/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_files.h - the built page (web/), as bytes in the program. The table is written by
 * embed_page.py when the program is built.
 */
#ifndef VIEW_PAGE_FILES_H
#define VIEW_PAGE_FILES_H

#include <stddef.h>

struct mm_page_file {
    const char *path; /* "/index.html", "/assets/index-4f2a.js" */
    const char *mime;
    const char *etag; /* with its quotes */
    const unsigned char *bytes;
    size_t size;
    const unsigned char *gzip; /* NULL where compressing gains nothing */
    size_t gzip_size;
};

extern const struct mm_page_file mm_page_files[];
extern const size_t mm_page_file_count;

#endif
