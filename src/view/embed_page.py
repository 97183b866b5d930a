# SPDX-License-Identifier: BSD-2-Clause
"""Turns the built page into a C table (src/view/page_files.h).

usage: embed_page.py DIST OUT.c

Same files, same bytes out: nothing depends on time or place.
"""
import gzip
import hashlib
import os
import sys

MIME = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}


def c_array(name, data):
    rows = [",".join(map(str, data[i:i + 32])) for i in range(0, len(data), 32)]
    return "static const unsigned char %s[] = {\n%s};\n" % (name, ",\n".join(rows))


def page_files(dist):
    for folder, folders, names in os.walk(dist):
        folders.sort()
        for name in sorted(names):
            full = os.path.join(folder, name)
            yield "/" + os.path.relpath(full, dist).replace(os.sep, "/"), full


def render(dist):
    # REUSE-IgnoreStart
    parts = ["/* SPDX-License-Identifier: BSD-2-Clause */\n",
             # REUSE-IgnoreEnd
             "/* Written by embed_page.py from the built page. */\n",
             '#include "view/page_files.h"\n\n']
    rows = []
    for number, (path, full) in enumerate(sorted(page_files(dist))):
        if any(c in path for c in '"\\\n') or not path.isascii():
            sys.exit("embed_page.py: the page has a file with an unusual name: %r" % path)
        ending = os.path.splitext(path)[1].lower()
        if ending not in MIME:
            sys.exit("embed_page.py: no MIME type is known for %s; add it to the table" % path)
        with open(full, "rb") as stream:
            data = stream.read()
        packed = gzip.compress(data, 9, mtime=0)
        etag = hashlib.sha256(data).hexdigest()[:16]
        parts.append(c_array("f%d" % number, data or b"\0"))
        squeezed = "NULL, 0"
        if len(packed) < len(data) * 0.95:
            parts.append(c_array("z%d" % number, packed))
            squeezed = "z%d, %d" % (number, len(packed))
        rows.append('    {"%s", "%s", "\\"%s\\"", f%d, %d, %s},\n'
                    % (path, MIME[ending], etag, number, len(data), squeezed))
    if not any('{"/index.html"' in row for row in rows):
        sys.exit("embed_page.py: %s has no index.html" % dist)
    parts.append("\nconst struct mm_page_file mm_page_files[] = {\n%s};\n" % "".join(rows))
    parts.append("const size_t mm_page_file_count = %d;\n" % len(rows))
    return "".join(parts)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[2], "w", encoding="ascii") as written:
        written.write(render(sys.argv[1]))
