/* SPDX-License-Identifier: BSD-2-Clause */
/* login_page.h - the form in which the password is given: complete pages, without a script. */
#ifndef VIEW_LOGIN_PAGE_H
#define VIEW_LOGIN_PAGE_H

extern const char mm_login_form[], mm_login_wrong[], mm_login_busy[], mm_login_too_often[];
extern const char mm_login_inside[]; /* for who has given it: the way out */
extern const char mm_login_style[];

#endif
