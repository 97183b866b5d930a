#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the linker's list of what libmusicmap.so shows: the functions that the public headers
declare, and nothing else.

usage: exports.py HEADER... >musicmap.map

tests/cli/library.t holds the result against what the compiler finds in the headers.
"""
import re
import sys


def declared(text):
    """Names of the functions a header declares at its outermost level."""
    text = re.sub(r'/\*.*?\*/|//[^\n]*', ' ', text, flags=re.S)
    text = re.sub(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', ' ', text, flags=re.M)
    while re.search(r'\{[^{}]*\}', text):  # members of structs, bodies of inline functions
        text = re.sub(r'\{[^{}]*\}', ' ', text)
    for statement in text.split(';'):
        # A name before the first parenthesis, and no pointer to a function.
        found = re.match(r'[^()]*?\b(mm_\w+)\s*\(', statement)
        if found and not re.search(r'\b(typedef|static)\b', statement):
            yield found.group(1)


def main():
    names = set()
    for path in sys.argv[1:]:
        with open(path, encoding='utf-8') as stream:
            names.update(declared(stream.read()))
    if not names:
        sys.exit('exports.py: no function found')
    print('LIBMUSICMAP_0 {\n  global:')
    for name in sorted(names):
        print(f'    {name};')
    print('  local:\n    *;\n};')


if __name__ == '__main__':
    main()
