# SPDX-License-Identifier: BSD-2-Clause
"""Made music: mma styles played by fluidsynth through several sound fonts.

    render.py WORK [PART PARTS]     writes WORK/made; goes on where it was stopped

Every song is played twice: as it is, and with its instruments swapped by a rule that stays the same
within a virtual style (label "style#1"), so that the network hears more styles than there are.
"""

import ctypes
import glob
import json
import os
import random
import subprocess
import sys
import tempfile
import zlib

import numpy as np

import common
import styles

SONGS = 8       # a style
VIRTUAL = 4     # ways to swap the instruments of a style
SECONDS = 28
CODED_SHARE = 0.3  # go through MP3 or Vorbis, as most people's music has


def sound_fonts(work):
    found = {'timgm': '/usr/share/sounds/sf2/TimGM6mb.sf2',
             'fluid': '/usr/share/sounds/sf2/FluidR3_GM.sf2'}
    for name, pattern in (('opl3', 'fonts/usr/share/**/OPL-3*.sf2'),
                          ('musescore', 'fonts/usr/share/**/MuseScore_General*.sf3')):
        files = sorted(glob.glob(os.path.join(work, pattern), recursive=True))
        if files:
            found[name] = files[0]
    return {name: path for name, path in found.items() if os.path.exists(path)}


class Player:
    """libfluidsynth, as far as it is needed: one synthesizer a sound font."""

    def __init__(self, fonts):
        self.fonts, self.synths = fonts, {}
        self.lib = ctypes.CDLL('libfluidsynth.so.3')
        p, i, d = ctypes.c_void_p, ctypes.c_int, ctypes.c_double
        for name, result, *arguments in (
                ('new_fluid_settings', p), ('new_fluid_synth', p, p), ('new_fluid_player', p, p),
                ('fluid_settings_setnum', i, p, ctypes.c_char_p, d),
                ('fluid_synth_sfload', i, p, ctypes.c_char_p, i),
                ('fluid_player_add_mem', i, p, p, ctypes.c_size_t), ('fluid_player_play', i, p),
                ('fluid_player_stop', i, p), ('fluid_player_get_status', i, p),
                ('delete_fluid_player', None, p), ('fluid_synth_system_reset', i, p),
                ('fluid_synth_set_reverb', i, p, d, d, d, d),
                ('fluid_synth_write_float', i, p, i, p, i, i, p, i, i)):
            function = getattr(self.lib, name)
            function.restype, function.argtypes = result, arguments

    def synth(self, font):
        if font not in self.synths:
            settings = self.lib.new_fluid_settings()
            self.lib.fluid_settings_setnum(settings, b'synth.sample-rate', float(common.RATE))
            self.lib.fluid_settings_setnum(settings, b'synth.gain', 0.5)
            synth = self.lib.new_fluid_synth(settings)
            if self.lib.fluid_synth_sfload(synth, self.fonts[font].encode(), 1) < 0:
                raise OSError(f'{self.fonts[font]} is no sound font')
            self.synths[font] = synth
        return self.synths[font]

    def play(self, midi, font, room):
        synth = self.synth(font)
        self.lib.fluid_synth_system_reset(synth)
        self.lib.fluid_synth_set_reverb(synth, *room)
        player = self.lib.new_fluid_player(synth)
        self.lib.fluid_player_add_mem(player, midi, len(midi))
        self.lib.fluid_player_play(player)
        left, right = (np.zeros(common.RATE, np.float32) for _ in range(2))
        out = []
        for _ in range(SECONDS):
            self.lib.fluid_synth_write_float(synth, common.RATE, left.ctypes.data, 0, 1,
                                             right.ctypes.data, 0, 1)
            out.append((left + right) / 2)
            if self.lib.fluid_player_get_status(player) != 1:
                break
        self.lib.fluid_player_stop(player)
        self.lib.delete_fluid_player(player)
        return np.concatenate(out)


def number(data, at):
    """A variable-length number of a MIDI file, and what follows it."""
    value = 0
    while True:
        byte = data[at]
        value, at = value << 7 | byte & 127, at + 1
        if byte < 128:
            return value, at


def swap_instruments(midi, table):
    """The same file with every program change outside the drums replaced by table[program]."""
    data, at = bytearray(midi), 14
    while at < len(data):
        at, end, status = at + 8, at + 8 + int.from_bytes(data[at + 4:at + 8], 'big'), 0
        while at < end:
            _, at = number(data, at)
            if data[at] >= 0x80:
                status, at = data[at], at + 1
            if status in (0xff, 0xf0, 0xf7):
                length, at = number(data, at + (status == 0xff))
                at += length
                continue
            if status >> 4 == 12 and status & 15 != 9:
                data[at] = table[data[at]]
            at += 1 if status >> 4 in (12, 13) else 2
    return bytes(data)


def swap_table(label):
    """Which instrument stands for which in a virtual style: of its own family or of any other; a
    bass stays a bass."""
    rng = random.Random(zlib.crc32(label.encode()))
    near = rng.random() < 0.4
    table = [p // 8 * 8 + rng.randrange(8) if near else rng.randrange(104) for p in range(128)]
    table[32:40] = [rng.randrange(32, 40) for _ in range(8)]
    return [p if p < 120 else 0 for p in table]


def through_codec(samples, rng, scratch):
    """As it sounds after MP3 or Vorbis at the bit rates people use, for one channel."""
    source = os.path.join(scratch, 'plain.wav')
    ending, *options = rng.choice((('mp3', '-b:a', '48k'), ('mp3', '-b:a', '64k'),
                                   ('ogg', '-c:a', 'libvorbis', '-q:a', '2')))
    target = os.path.join(scratch, 'coded.' + ending)
    common.write_wav(source, samples)
    subprocess.run(['ffmpeg', '-nostdin', '-v', 'error', '-y', '-i', source, *options, target],
                   check=True)
    return common.read_sound(target)


def keep(out, name, label, samples):
    base = os.path.join(out, name)
    common.write_wav(base + '.wav', samples)
    np.save(base + '.npy', common.log_energies(samples))
    with open(base + '.json', 'w', encoding='utf-8') as file:
        json.dump({'style': label}, file)


def room(rng):
    if rng.random() < 0.6:
        return 0.2, 0.0, 0.5, 0.9
    return tuple(rng.random() for _ in range(4))


def main(work, part=0, parts=1):
    out = os.path.join(work, 'made')
    os.makedirs(out, exist_ok=True)
    fonts = sound_fonts(work)
    player = Player(fonts)
    table = styles.training()
    jobs = [(song, name) for song in range(SONGS) for name in table][part::parts]
    with tempfile.TemporaryDirectory() as scratch:
        for count, (song, name) in enumerate(jobs):
            base = name.replace('/', '-') + f'-{song}'
            if os.path.exists(os.path.join(out, base + '.done')):
                continue
            rng = random.Random(f'{song}/{name}')
            midi = styles.midi(rng, name, table[name], scratch)
            for virtual in range(2 if midi else 0):
                label = f'{name}#{rng.randint(1, VIRTUAL)}' if virtual else name
                data = swap_instruments(midi, swap_table(label)) if virtual else midi
                font = 'timgm' if rng.random() < 0.4 else rng.choice(sorted(fonts))
                samples = player.play(data, font, room(rng))
                if len(samples) < 8 * common.RATE or np.abs(samples).max() < 1e-3:
                    continue
                if rng.random() < CODED_SHARE:
                    samples = through_codec(samples, rng, scratch)
                keep(out, f'{base}-{virtual}', label, samples)
            open(os.path.join(out, base + '.done'), 'w').close()
            if count % 20 == 0:
                print(f'{count} of {len(jobs)} songs', flush=True)


if __name__ == '__main__':
    main(sys.argv[1], *map(int, sys.argv[2:]))
