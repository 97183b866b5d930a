# SPDX-License-Identifier: BSD-2-Clause
"""What a demo song is: its style, key, tempo, chords and instruments, all drawn from a seed."""

import collections
import math
import random

import names

SECONDS = 30
NOTES = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B']

Style = collections.namedtuple('Style', 'index file grooves beats pulse bpm harmony name family')
Song = collections.namedtuple(
    'Song', 'style title artist album year key mode tempo score room loudness_db')

# Eight bars each, tonic at home and a cadence at the end: a listener has no doubt about the key.
# Capital = major chord, small = minor; degrees are those of the mode's own scale.
MAJOR = {
    'pop': ['I V vi IV I IV V I', 'I I IV I vi ii V I', 'I iii IV V I vi V7 I', 'I IV I V I IV V7 I'],
    'rock': ['I I IV I I IV V I', 'I IV V I I IV V I', 'I I I I IV V I I', 'I V IV I I V IV I'],
    'folk': ['I I V7 I I IV V7 I', 'I IV I V7 I IV V7 I', 'I V7 I I IV I V7 I', 'I I IV I I V7 I I'],
    'blues': ['I I IV7 I I V7 IV7 I', 'I IV7 I I IV7 I V7 I', 'I I I I IV7 I V7 I'],
    'jazz': ['IM7 vi7 ii7 V7 IM7 IV6 V7 I6', 'I6 I6 ii7 V7 I6 vi7 V7 I6',
             'IM7 IV6 iii7 vi7 ii7 V7 IM7 I6', 'ii7 V7 IM7 IM7 ii7 V7 I6 I6'],
    'latin': ['I ii7 V7 I I ii7 V7 I', 'I IV V7 I I IV V7 I', 'I6 vi7 ii7 V7 I6 IV V7 I'],
    'tango': ['I I V7 V7 V7 V7 I I', 'I IV V7 I I ii7 V7 I'],
    'funk': ['I I IV I I I V I', 'I IV I IV I IV V I', 'I I I I IV IV V7 I'],
    'dance': ['I V vi IV I V IV I', 'I IV vi V I IV V I', 'I I IV V I I V I'],
    'classic': ['I V7 I IV I ii V7 I', 'I IV V7 I vi ii V7 I', 'I V7 V7 I IV I V7 I'],
}
MINOR = {
    'pop': ['i VI iv V i iv V i', 'i i iv i VI iv V7 i', 'i iv V i i VI V7 i'],
    'rock': ['i i iv i i iv V i', 'i VI V i i VI V i', 'i i i i iv V i i'],
    'folk': ['i i V7 i i iv V7 i', 'i iv i V7 i iv V7 i', 'i V7 i i iv i V7 i'],
    'blues': ['i i iv i i V7 iv i', 'i iv i i iv i V7 i', 'i i i i iv i V7 i'],
    'jazz': ['i6 iv7 ii7b5 V7 i6 iv7 V7 i6', 'i i ii7b5 V7 i VI V7 i', 'ii7b5 V7 i i ii7b5 V7 i6 i6'],
    'latin': ['i iv V7 i i iv V7 i', 'i i V7 V7 V7 V7 i i', 'i VI ii7b5 V7 i iv V7 i'],
    'tango': ['i i V7 V7 V7 V7 i i', 'i iv V7 i VI iv V7 i', 'i iv i V7 i iv V7 i'],
    'funk': ['i i iv i i i V7 i', 'i iv i iv i iv V7 i', 'i i i i iv iv V7 i'],
    'dance': ['i VI iv V i VI V i', 'i iv VI V i iv V i', 'i i iv V i i V i'],
    'classic': ['i V7 i iv i ii7b5 V7 i', 'i iv V7 i VI ii7b5 V7 i', 'i V7 V7 i iv i V7 i'],
}
MINOR_SHARE = {'tango': 0.7, 'folk': 0.2, 'blues': 0.3, 'rock': 0.35}  # else 0.4

SCALE = {'major': [0, 2, 4, 5, 7, 9, 11], 'minor': [0, 2, 3, 5, 7, 8, 10]}
NUMERALS = {'i': 0, 'ii': 1, 'iii': 2, 'iv': 3, 'v': 4, 'vi': 5, 'vii': 6}

# Instruments that can stand in for one another without leaving the style.
STAND_INS = [
    ['Piano1', 'Piano2', 'Piano3', 'RhodesPiano', 'EPiano'],
    ['NylonGuitar', 'SteelGuitar', 'JazzGuitar', 'CleanGuitar'],
    ['OverDriveGuitar', 'DistortionGuitar'],
    ['AcousticBass', 'FingeredBass', 'FretlessBass', 'PickedBass'],
    ['SynthBass1', 'SynthBass2', 'SlapBass1', 'SlapBass2'],
    ['Strings', 'SlowStrings', 'SynthStrings1', 'TremoloStrings'],
    ['ChoirAahs', 'VoiceOohs', 'SynthVox'],
    ['TenorSax', 'AltoSax', 'Clarinet'],
    ['Trumpet', 'MutedTrumpet', 'Trombone', 'FrenchHorn'],
    ['BrassSection', 'SynthBrass1'],
    ['Organ1', 'Organ2', 'Organ3'],
    ['Accordion', 'Bandoneon', 'Harmonica'],
    ['Violin', 'Fiddle', 'Viola'],
    ['Flute', 'Piccolo', 'Recorder'],
    ['WarmPad', 'SweepPad', 'HaloPad'],
    ['Vibraphone', 'Marimba', 'Celesta'],
]
SWAP_SHARE = 0.3  # of the instruments are swapped


def read_styles(path):
    """The rows of styles.txt, in the order in which a library takes them: round the families."""
    families = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            if line.startswith('#') or not line.strip():
                continue
            source, grooves, beats, bpm, harmony, name, family = (c.strip() for c in line.split('|'))
            count, _, pulses = beats.partition('/')
            rows = families.setdefault(family, [])
            rows.append(Style(0, source, tuple(grooves.split()), int(count), int(pulses or count), int(bpm),
                              harmony, name, family))
    order = []
    for turn in range(max(map(len, families.values()))):
        order += [rows[turn] for rows in families.values() if turn < len(rows)]
    return [style._replace(index=i) for i, style in enumerate(order)]


def chord(numeral, tonic, mode):
    """'ii7' in C major -> 'Dm7'."""
    length = next(n for n in (3, 2, 1) if numeral[:n].lower() in NUMERALS)
    degree, suffix = numeral[:length], numeral[length:]
    root = NOTES[(tonic + SCALE[mode][NUMERALS[degree.lower()]]) % 12]
    return root + ('m' if degree.islower() else '') + suffix


def score(rng, style, tonic, mode, tempo):
    """The song as a text for mma: two sections of eight bars, A and B, until the time is up."""
    table = (MAJOR if mode == 'major' else MINOR)[style.harmony]
    sections = [names.pick(rng, table).split() for _ in range(2)]
    grooves = [names.pick(rng, style.grooves) for _ in range(2)]
    # mma's tempo counts its own beats: three to a tap in 6/8.
    mma_tempo = tempo * style.beats / style.pulse
    bars = math.ceil((SECONDS + 0.5) * mma_tempo / 60 / style.beats)
    lines = [f'Tempo {mma_tempo:g}', f'RndSeed {int(rng.random() * 1e6)}']
    for group in STAND_INS:
        for voice in group:
            if rng.random() < SWAP_SHARE:
                lines.append(f'VoiceTr {voice}={names.pick(rng, group)}')
    lines.append(f'Use {style.file}')
    for bar in range(bars):
        section = bar // 8 % 2
        if bar % 8 == 0:
            lines.append(f'Groove {grooves[section]}')
        lines.append(f'{bar + 1} {chord(sections[section][bar % 8], tonic, mode)}')
    return '\n'.join(lines) + '\n'


def room(rng):
    """Where an artist records: the first reflections, as ffmpeg's aecho takes them."""
    size = 0.6 + 0.9 * rng.random()
    wet = 0.25 * rng.random()
    delays = [size * ms for ms in (17, 29, 43, 71)]
    return '|'.join(f'{d:.1f}' for d in delays) + ':' + '|'.join(
        f'{wet * 0.75 ** i:.3f}' for i in range(len(delays)))


def plan_style(style, count, seed, artists):
    """The first count songs of a style. A song depends on seed, style and its own number only."""
    songs, titles = [], set()
    for number in range(count):
        rng = random.Random(f'{seed}/{style.file}/{number}')
        artist_index = number // 2  # two songs an artist
        artist_rng = random.Random(f'{seed}/{style.file}/artist/{artist_index}')
        artist = artists.name(artist_rng, style.family, style.index, artist_index)
        album, year = names.album(artist_rng), names.year(artist_rng, style.family)
        title = names.title(rng)
        while title in titles:
            title = names.title(rng)
        titles.add(title)
        tonic = int(rng.random() * 12)
        mode = 'minor' if rng.random() < MINOR_SHARE.get(style.harmony, 0.4) else 'major'
        tempo = round(style.bpm * (0.88 + 0.24 * rng.random()))
        songs.append(Song(style, title, artist, album, year, NOTES[tonic] + 'm' * (mode == 'minor'),
                          mode, tempo, score(rng, style, tonic, mode, tempo), room(artist_rng),
                          -2 - 5 * rng.random()))
    return songs
