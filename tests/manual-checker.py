#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Help and manual say the same: every command has a page, every option of --help is in it with the same
argument, and the page has no other. Prints TAP; what is wrong is told with what to write where.

usage: manual-checker.py PROGRAM ROOT
"""
import re
import subprocess
import sys
from pathlib import Path

PROGRAM, ROOT = sys.argv[1], Path(sys.argv[2])
PAGES = ROOT / 'doc/man'
COMMON = 'Options of every command:'
count = bad = 0


def report(faults, name):
    global count, bad
    count += 1
    bad += bool(faults)
    print(f'{"not " if faults else ""}ok {count} - {name}')
    for fault in faults:
        print('#   ' + fault)


def ask(*words):
    return subprocess.run([PROGRAM, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def options_of_help(text):
    """{"--number": ("-n", "N")}. Help is printed as "  %-24s %s"; of what is wider than that, the argument
    is the next word."""
    found = {}
    for line in text.splitlines():
        m = re.match(r'  (?:(-\w), )?(--[\w-]+)(.*)', line)
        if m and line[26:27] in ('', ' '):
            found[m[2]] = (m[1] or '', line[m.start(3):26].strip())
        elif m:
            found[m[2]] = (m[1] or '', re.match(r' ("[^"]*"|\S+)', m[3])[1])
    return found


def options_of_page(lines):
    found = {}
    for line in lines:
        m = re.match(r'\.It (?:Fl (\w) , )?Fl -([\w-]+)(?: Ar (.*))?$', line)
        if m:
            argument = m[3] or ''
            if argument.startswith('"'):
                argument = argument[1:-1].replace('""', '"')
            found['--' + m[2]] = ('-' + m[1] if m[1] else '', argument)
    return found


def differences(help_options, page_options, where):
    for name in help_options:
        letter, argument = help_options[name]
        item = '.It ' + (f'Fl {letter[1:]} , ' if letter else '') + f'Fl {name[1:]}'
        if argument:
            quoted = argument.replace('"', '""')
            item += f' Ar "{quoted}"' if re.search(r'[ "|]', argument) else f' Ar {argument}'
        if name not in page_options:
            yield f'{where} lacks {name}: add "{item}" and what it does'
        elif page_options[name] != help_options[name]:
            yield f'{where}: {name} is not as in --help: the line should be "{item}"'
    for name in page_options:
        if name not in help_options:
            yield f'{where} has {name}, which --help has not: remove it'


def sections(lines):
    """Lines below ".Sh OPTIONS" by ".Ss"; what is before the first one has the name ''."""
    found, inside, name = {'': []}, False, ''
    for line in lines:
        if line.startswith('.Sh '):
            inside = line == '.Sh OPTIONS'
        elif line.startswith('.Ss '):
            name = line[4:].strip()
            found[name] = []
        if inside:
            found.setdefault(name, []).append(line)
    return found


def verbs(usage):
    """Words of a command that have a help of their own: "set show"."""
    command = usage.split()[2]
    for word in re.findall(r'(?:^|\| )([a-z]+)\b', usage.split(']', 1)[1].strip()):
        text = ask(command, word, '--help')
        if f'usage: musicmap {command} {word} ' in text:
            yield word, text


def check_page(command, summary):
    path = PAGES / f'musicmap-{command}.1'
    if not path.exists():
        report([f'write doc/man/musicmap-{command}.1 (begin with a copy of musicmap-similar.1), name it in '
                'doc/man/meson.build and in doc/man/musicmap.1'], f'{command} has a page')
        return
    lines = path.read_text().splitlines()
    where = path.name
    faults = []
    if f'.Nd {summary}' not in lines:
        faults.append(f'{where}: the summary should be that of "musicmap help": ".Nd {summary}"')
    text = ask(command, '--help')
    parts = sections(lines)
    own = text.split(COMMON)[0]
    faults += differences(options_of_help(own), options_of_page(parts['']), where)
    usage = next(line for line in own.splitlines() if line.startswith('usage: '))
    for verb, verb_text in verbs(usage):
        if verb not in parts:
            faults.append(f'{where} lacks ".Ss {verb}" below ".Sh OPTIONS", with its options')
        else:
            faults += differences(options_of_help(verb_text.split(COMMON)[0]),
                                  options_of_page(parts[verb]), f'{where}, {verb}')
    report(faults, f'{command}: help and manual agree')


def check_main_page(commands):
    lines = (PAGES / 'musicmap.1').read_text().splitlines()
    faults = [f'musicmap.1 lacks ".It Xr musicmap-{c} 1" below ".Sh COMMANDS"' for c in commands
              if f'.It Xr musicmap-{c} 1' not in lines]
    faults += [f'musicmap.1 lacks musicmap-{c} below ".Sh SEE ALSO"' for c in commands
               if not any(re.match(rf'\.Xr musicmap-{c} 1', line) for line in lines)]
    faults += [f'doc/man/{p.name} is of no command: remove it' for p in PAGES.glob('musicmap-*.1')
               if p.stem[9:] not in commands]
    common = ask(commands[0], '--help').split(COMMON)[1]
    faults += differences(options_of_help(common), options_of_page(sections(lines)['']), 'musicmap.1')
    report(faults, 'musicmap.1 has every command and the options of all')
    wanted = set()
    for source in (ROOT / 'src').rglob('*.c'):
        wanted.update(re.findall(r'getenv\("(\w+)"\)|"(MUSICMAP_[A-Z_]+)"', source.read_text()))
    wanted = {a or b for a, b in wanted}
    text = '\n'.join(lines)
    report([f'musicmap.1 lacks ".It Ev {name}" below ".Sh ENVIRONMENT"' for name in sorted(wanted)
            if not re.search(rf'\.(It )?Ev {name}\b', text)],
           f'{len(wanted)} variables of the environment are described')


def check_lint():
    done = subprocess.run(['mandoc', '-Tlint', *sorted(p.name for p in PAGES.glob('*.1'))], cwd=PAGES,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    report(done.stdout.splitlines(), 'mandoc has no remark')


def check_install():
    listed = set(re.findall(r"'(musicmap[\w-]*\.1)'", (PAGES / 'meson.build').read_text()))
    there = {p.name for p in PAGES.glob('*.1')}
    report([f'doc/man/meson.build: add or remove {name}' for name in sorted(listed ^ there)],
           'every page is installed')


def main():
    rows = re.findall(r'^  ([a-z]+) +(\S.*)$', ask('help'), re.M)
    commands = {name: summary for name, summary in rows if name != 'musicmap'}
    for name, summary in commands.items():
        check_page(name, summary)
    check_main_page(list(commands))
    check_install()
    check_lint()
    # The check itself must be able to fail.
    made = list(differences({'--a': ('', ''), '--b': ('-b', 'N')}, {'--b': ('', 'N'), '--c': ('', '')}, 'x'))
    report([] if len(made) == 3 else ['differences are not found'], 'differences are found')
    print(f'1..{count}')
    return 1 if bad else 0


sys.exit(main())
