#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds the page (web/) and turns the result into C, as one step of the program's build.

usage: build_page.py NPM WEB OUT.c DEPFILE

The page is built into the folder of OUT.c; in the source tree only web/node_modules is written,
which git ignores, and only when the lock file changed since it was installed.
"""
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

import embed_page

OLDEST_NODE = 18
STAMP = "node_modules/.installed-from"


def fail(sentence):
    sys.exit("the page cannot be built: " + sentence)


def run(command, folder, hint=""):
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        fail("'%s' failed in %s%s" % (" ".join(command), folder, hint))


def check_node():
    node = shutil.which("node")
    if not node:
        fail("node is not installed; Debian's packages are nodejs and npm")
    said = subprocess.run([node, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout
    major = said.strip().lstrip("v").split(".")[0]
    if not major.isdigit() or int(major) < OLDEST_NODE:
        fail("node %s is too old; %d or later is needed" % (said.strip(), OLDEST_NODE))


def install(npm, web):
    """npm ci, unless what is installed came from this lock file; two builds take turns."""
    with open(os.path.join(web, "package-lock.json"), "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(lock.read()).hexdigest()
        stamp = os.path.join(web, STAMP)
        try:
            with open(stamp, encoding="ascii") as stream:
                if stream.read() == wanted:
                    return
        except OSError:
            pass
        run([npm, "ci", "--no-audit", "--no-fund", "--prefer-offline"], web,
            ": the first build wants the network, or a page that was built elsewhere (meson "
            "configure build -Dpage=FOLDER)")
        with open(stamp, "w", encoding="ascii") as stream:
            stream.write(wanted)


def inputs(web):
    """What the page is made from: files, and folders so that a new file counts."""
    for folder, folders, names in os.walk(web):
        folders[:] = sorted(set(folders) - {"node_modules", "dist"})
        if folder != web:
            yield folder
        for name in sorted(names):
            yield os.path.join(folder, name)


def write_depfile(path, out, paths):
    escaped = [p.replace("\\", "\\\\").replace(" ", "\\ ").replace("$", "$$") for p in paths]
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("%s: \\\n %s\n" % (out, " \\\n ".join(escaped)))


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    npm, web, out, depfile = sys.argv[1:]
    used = list(inputs(web))
    check_node()
    install(npm, web)
    dist = os.path.abspath(os.path.join(os.path.dirname(out), "page"))
    run([npm, "run", "build", "--", "--outDir", dist, "--emptyOutDir"], web)
    text = embed_page.render(dist)
    with open(out, "w", encoding="ascii") as stream:
        stream.write(text)
    write_depfile(depfile, out, used)


if __name__ == "__main__":
    main()
