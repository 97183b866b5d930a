/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/login_page.h"

#define HEAD                                                                     \
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"    \
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" \
    "<meta name=\"color-scheme\" content=\"light dark\">\n"                      \
    "<title>musicmap</title>\n<link rel=\"stylesheet\" href=\"login.css\">\n"    \
    "</head>\n<body>\n<main>\n<h1>musicmap</h1>\n"
#define FOOT "</main>\n</body>\n</html>\n"

#define PAGE(message)                                                                           \
    HEAD message                                                                                \
        "<form method=\"post\" action=\"login\">\n"                                             \
        "<label for=\"password\">Password</label>\n"                                            \
        "<input id=\"password\" name=\"password\" type=\"password\" required maxlength=\"256\"" \
        " autocomplete=\"current-password\" autofocus>\n"                                       \
        "<button>Open the map</button>\n</form>\n" FOOT
#define ALERT(message) PAGE("<p role=\"alert\">" message "</p>\n")

const char mm_login_form[] = PAGE("");
const char mm_login_wrong[] = ALERT("That is not the password.");
const char mm_login_busy[] = ALERT("Somebody else is being let in. Please try once more.");
const char mm_login_too_often[] =
    ALERT("Too many tries from your address. Please wait half a minute.");
const char mm_login_inside[] =
    HEAD "<p>You are in. <a href=\"./\">To the map</a></p>\n"
         "<form method=\"post\" action=\"logout\">\n<button>Log out</button>\n</form>\n" FOOT;

const char mm_login_style[] =
    ":root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }\n"
    "body { margin: 0; min-height: 100vh; display: grid; place-items: center;\n"
    "  background: light-dark(#dee8e9, #0e131d); color: light-dark(#1c2530, #e8edf2) }\n"
    "main { width: min(20rem, calc(100vw - 3rem)); padding: 2rem; border-radius: 12px;\n"
    "  background: light-dark(#fffdf6, #1a2230) }\n"
    "h1 { margin: 0 0 1rem; font-size: 1.4rem; font-weight: 600 }\n"
    "form { display: grid; gap: .5rem }\n"
    "input, button { font: inherit; padding: .6rem .8rem; border-radius: 8px;\n"
    "  border: 1px solid light-dark(#8a97a0, #6c7a8a); background: transparent; color: inherit }\n"
    "button { margin-top: .5rem; cursor: pointer; border: 0; color: #fff; background: #14505c }\n"
    "p[role=alert] { margin: 0 0 1rem; color: light-dark(#a3172a, #ff8e98) }\n"
    "a { color: inherit }\n";
