# SPDX-License-Identifier: BSD-2-Clause
"""Which styles of Debian's mma library are trained on, and songs in them.

Those of the demo libraries (STYLES=42, the default, and STYLES=60) are left out, and so is every other
file that plays the same dance under a like name, so that what the demo shows stays honest.
"""

import glob
import os
import random
import re
import subprocess
import sys

import common

sys.path.insert(0, os.path.join(common.ROOT, 'demo'))
import songs  # the demo's own reader of its list

LIBRARY = '/usr/share/mma/lib'
HELD_OUT = 60  # styles, in the order in which a demo library takes them
NO_SONG = re.compile(r'intro|end|fill|break|stop|count|tacet|metronome|silent', re.I)

PROGRESSIONS = [
    'C Am F G', 'C F G C', 'Am F C G', 'Dm7 G7 CM7 Am7', 'C C F F C G F C', 'Am Dm E7 Am',
    'CM7 Dm7 Em7 FM7', 'C7 C7 F7 C7 G7 F7 C7 G7', 'Am Am Dm Am E7 E7 Am E7', 'F G Em Am Dm G C C',
    'C G Am Em F C F G', 'Am G F E7', 'C Bb F C', 'Cm Fm Bb Eb Ab Fm G7 Cm', 'C A7 D7 G7',
    'Em C G D', 'Dm Am Dm A7', 'C Em F Fm', 'FM7 Em7 Dm7 CM7', 'Cm Ab Eb Bb',
]


def stem(path):
    """'kara/kbossa' and 'yamaha/bossa2' -> 'bossa': what tells a dance, whoever wrote it down."""
    folder, name = path.split('/')
    name = re.sub(r'[-_.].*|\d+', '', name.lower()) or name.lower()
    return name[1:] if folder == 'kara' and name.startswith('k') else name


def like(one, other):
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) > 4 and short in long)


def held_out():
    return [s.file for s in songs.read_styles(os.path.join(common.ROOT, 'demo/styles.txt'))[:HELD_OUT]]


def training():
    """{library file: [grooves]} of what may be trained on."""
    closed = held_out()
    stems = [stem(f) for f in closed]
    out = {}
    for path in sorted(glob.glob(LIBRARY + '/*/*.mma')):
        name = os.path.relpath(path, LIBRARY)[:-4]
        own = stem(name)
        if name in closed or any(like(own, s) for s in stems) or own == 'none':
            continue
        with open(path, encoding='latin-1') as file:
            grooves = re.findall(r'^\s*DefGroove\s+(\S+)', file.read(), re.M | re.I)
        grooves = [g for g in dict.fromkeys(grooves) if not NO_SONG.search(g)]
        if grooves:
            out[name] = grooves
    return out


def score(rng, name, grooves):
    """A song: up to two grooves of one file, one progression, any key and tempo."""
    chords = rng.choice(PROGRESSIONS).split()
    picked = [rng.choice(grooves[:4]) for _ in range(2)]
    lines = [f'Tempo {rng.randint(84, 150)}', f'Transpose {rng.randint(-5, 6)}',
             f'RndSeed {rng.randint(1, 10 ** 6)}', f'Use {name}']
    for bar in range(18):
        if bar % 8 == 0:
            lines.append(f'Groove {picked[bar // 8 % 2]}')
        lines.append(f'{bar + 1} {chords[bar % len(chords)]}')
    return '\n'.join(lines) + '\n'


def midi(rng, name, grooves, scratch):
    """The song as a MIDI file's bytes; None when mma cannot play the style."""
    source, target = (os.path.join(scratch, 'song.' + e) for e in ('mma', 'mid'))
    with open(source, 'w', encoding='utf-8') as file:
        file.write(score(rng, name, grooves))
    if os.path.exists(target):
        os.remove(target)
    subprocess.run(['mma', '-w', '-f', target, source], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
                   env={**os.environ, 'PYTHONHASHSEED': '0'}, check=False)
    if not os.path.exists(target):
        return None
    with open(target, 'rb') as file:
        return file.read()


if __name__ == '__main__':
    table = training()
    print(len(table), 'styles to train on;', len(held_out()), 'held out')
