# SPDX-License-Identifier: BSD-2-Clause
"""The songs the stand-in server has, made from a seed, and their sound, made on the fly.

Every genre has the same number of songs; one in seven lacks a preview. The same song has the same
ISRC, names and length in every service, so that joining services can be tested; ids differ.
"""
import hashlib, shutil, struct, subprocess, tempfile
from pathlib import Path

# A line: name, what a person would type for it, how it is written as one tag.
ROWS = [line.split('\t') for line in (Path(__file__).parent / 'genres.txt').read_text().splitlines()]
GENRES = [row[0] for row in ROWS]
CALLED = {alias: row[0] for row in ROWS for alias in (row[2], row[1], row[0].replace('-', ' '))}
ONSETS = 'b br d f g gr h k l m n p r s st t v w z'.split()
VOWELS = 'a e i o u ai ou ee'.split()


def number(*parts):
    """A number that depends on the parts only."""
    return int.from_bytes(hashlib.blake2b('/'.join(map(str, parts)).encode(), digest_size=8).digest(), 'big')


def word(*parts):
    n, out = number(*parts), ''
    for _ in range(2 + n % 2):
        n //= 7
        out += ONSETS[n % len(ONSETS)] + VOWELS[n // 19 % len(VOWELS)]
        n //= 152
    return out.capitalize()


def base62(n):
    digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
    out = ''
    for _ in range(22):
        out += digits[n % 62]
        n = n // 62 or number(n, out)
    return out


class Song:
    def __init__(self, seed, genre, index):
        self.genre, self.index = genre, index
        self.n = number(seed, genre, index)
        self.artist = f'{word(seed, genre, index // 2, "a")} {word(seed, genre, index // 2, "b")}'
        self.title = f'{word(seed, genre, index, "t")} {word(seed, genre, index, "u")} {index + 1}'
        if index % 5 == 4:
            self.title += ' (Live)'
        self.album = word(seed, genre, "album", index // 3)
        self.number = 10**6 + GENRES.index(genre) * 1000 + index
        self.isrc = f'QZMM0{self.number:07d}'
        self.duration = 120 + self.n // 10**7 % 200
        self.year = 1960 + self.n // 10**10 % 66
        self.spotify = base62(self.n)
        self.itunes = 5 * 10**8 + self.number
        self.has_preview = index % 7 != 3


class Catalogue:
    def __init__(self, seed=1, per_genre=14, short=None):
        short = short or {}
        self.by_genre = {g: [Song(seed, g, i) for i in range(short.get(g, per_genre))] for g in GENRES}
        self.songs = [s for g in GENRES for s in self.by_genre[g]]
        self.by_number = {s.number: s for s in self.songs}
        self.by_spotify = {s.spotify: s for s in self.songs}
        self.by_isrc = {s.isrc: s for s in self.songs}

    def genre(self, text):
        text = text.lower().strip()
        name = CALLED.get(text) or CALLED.get(text.replace('-', ' '))
        return self.by_genre[name] if name else None

    def search(self, text):
        """Songs of the genre of that name, else those that have all the words."""
        found = self.genre(text)
        if found is not None:
            return found
        words = set(text.lower().replace('(', ' ').replace(')', ' ').split())
        if not words:
            return []
        return [s for s in self.songs
                if words <= set(f'{s.artist} {s.title}'.lower().replace('(', ' ').replace(')', ' ').split())]


class Sounds:
    """Clips of 30 s. Twelve sounds are encoded once; a song's clip is a row of frames of them."""
    SEGMENTS, SECONDS = 12, 3

    def __init__(self):
        if not shutil.which('ffmpeg'):
            raise SystemExit('standin.py: ffmpeg is needed to make sounds')
        with tempfile.TemporaryDirectory() as folder:
            i = f'floor(t/{self.SECONDS})'
            tone = (f'0.3*sin(2*PI*(110*pow(1.31,{i}))*t)*(0.6+0.4*sin(2*PI*(1+mod({i},4))*t))'
                    f'+0.01*(1+mod({i},3))*(2*random(0)-1)')
            length = self.SEGMENTS * self.SECONDS
            subprocess.run(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', f"aevalsrc='{tone}':d={length}:s=22050",
                            '-c:a', 'libmp3lame', '-b:a', '48k', '-reservoir', '0', '-write_xing', '0',
                            '-id3v2_version', '0', '-f', 'mp3', f'{folder}/a.mp3',
                            *[x for k in range(6) for x in
                              ('-ss', str(3 * k), '-t', '12', '-c:a', 'aac', '-b:a', '48k', '-f', 'ipod',
                               f'{folder}/{k}.m4a')]], check=True, stdin=subprocess.DEVNULL)
            frames = list(self.frames(Path(f'{folder}/a.mp3').read_bytes()))
            per = len(frames) // self.SEGMENTS
            self.mp3 = [b''.join(frames[k * per:(k + 1) * per]) for k in range(self.SEGMENTS)]
            self.m4a = [Path(f'{folder}/{k}.m4a').read_bytes() for k in range(6)]

    @staticmethod
    def frames(data):
        """MPEG-2 layer III frames, 22,050 Hz."""
        rates = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
        at = 0
        while at + 4 <= len(data) and data[at] == 0xff:
            size = 72 * 1000 * rates[data[at + 2] >> 4] // 22050 + (data[at + 2] >> 1 & 1)
            yield data[at:at + size]
            at += size

    def clip_mp3(self, song):
        """An ID3 tag with the song's number, then ten sounds: the genre's own and one of the song."""
        g = GENRES.index(song.genre)
        rows = [g, g * 5 + 3, song.n, g, g + 7, g * 5 + 3, song.n // 13, g, g, song.n // 169]
        body = b'\0n\0' + str(song.number).encode()
        frame = b'TXXX' + struct.pack('>IH', len(body), 0) + body
        tag = b'ID3\4\0\0' + struct.pack('>I', len(frame)) + frame  # sizes below 128 need no care
        return tag + b''.join(self.mp3[r % self.SEGMENTS] for r in rows)

    def clip_m4a(self, song):
        body = str(song.number).encode()
        return self.m4a[GENRES.index(song.genre) % 6] + struct.pack('>I', 8 + len(body)) + b'free' + body
