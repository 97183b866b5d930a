#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Judges sets that musicmap wrote, knowing nothing but the files and doc/sets.md.

    tests/set-checker.py [--clean] FOLDER    for every NAME.ini in FOLDER there is a NAME.json

A rule that is broken and not reported, or reported and not broken, or reported with another amount,
is a fault. With --clean nothing may be broken at all. Prints the faults and a last line with
counts; exit status 1 when there is a fault.
"""
import datetime, fnmatch, json, re, sys
from pathlib import Path

FIELDS = ('artist', 'album', 'country', 'source', 'genre', 'decade', 'work')
VERSIONS = ('live remaster remastered remix mix edit version demo acoustic unplugged mono stereo session '
            'sessions take extended radio instrumental karaoke bonus single deluxe explicit clean sped '
            'slowed dub anniversary rerecorded').split()
EPS = 2e-3  # seconds: the file has nine digits


def entries(text):
    section = None
    for number, line in enumerate(text.split('\n'), 1):
        line = re.sub(r'(^|\s);.*', '', line).strip()
        if not line or line.startswith('#'):
            continue
        m = re.fullmatch(r'\[(.*)\]', line)
        if m:
            section = m.group(1)
            continue
        m = re.match(r'([^=:]*?)\s*[=:]\s*(.*)', line)
        yield number, section, m.group(1).strip(), m.group(2).strip()


def artist_of(song):
    name = (song['artist'] or '').casefold()
    return re.sub(r'\s*[(\[]?\b(feat|ft|featuring)\b.*', '', name) or name


def words(text):
    return re.findall(r'[a-z0-9\u0080-\U0010ffff]+', text)


def work_of(song):
    title = (song['title'] or '').casefold()
    title = re.sub(r'\s*[(\[]?\b(feat|ft|featuring)\b.*', '', title) or title
    title = re.sub(r'(?<=.)[(\[][^)\]]*[)\]]',
                   lambda m: '' if set(words(m.group())) & set(VERSIONS) else m.group(), title)
    head, dash, tail = title.rpartition(' - ')
    while dash and head and set(words(tail)) & set(VERSIONS):
        title = head
        head, dash, tail = title.rpartition(' - ')
    title = ''.join(words(title))
    return (artist_of(song), title) if title else None


def value_of(song, field):
    if field == 'artist':
        return artist_of(song) or None
    if field == 'album':
        return (artist_of(song), song['album'].casefold()) if song['album'] else None
    if field == 'country':
        return song['country']
    if field == 'source':
        return (song['source'] or '').casefold() or None
    if field == 'genre':
        return song['genres'][0].casefold() if song['genres'] else None
    if field == 'decade':
        return song['year'] // 10 if song['year'] else None
    return work_of(song)


def meets(text, song, classes, context):
    word, _, name = text.partition(' ')
    name = name.strip().casefold()
    if word in ('genre',) and name:
        return name in [g.casefold() for g in song['genres']]
    if word == 'artist' and name:
        return artist_of(song) == name
    if word == 'album' and name:
        return (song['album'] or '').casefold() == name
    if word == 'country' and name:
        return (song['country'] or '').casefold() == name
    if word == 'source' and name:
        return (song['source'] or '').casefold() == name
    if word in ('year', 'years') and name:
        low, _, high = name.partition('-')
        return int(low) <= song['year'] <= int(high or low)
    if word == 'path' and name:
        return fnmatch.fnmatchcase(song['path'] or '', text.partition(' ')[2].strip().replace('[', '[[]'))
    if word == 'song' and name:
        line = f"{song['artist'] or ''} - {song['title'] or ''}".casefold()
        return name in (line, (song['title'] or '').casefold(), f"#{song['id']}")
    text = text.casefold()
    if text in classes:
        return any(meets(t, song, classes, context) for t in classes[text])
    if text in ('new', 'new releases'):
        return song['year'] > datetime.date.today().year - 2
    if text == 'explicit':
        return bool(re.search(r'[(\[]explicit', song['title'] or '', re.I))
    if text == 'unplayed':
        return song['last_played'] == 0
    raise ValueError(text)


def seconds(text, plain=1.0):
    m = re.fullmatch(r'([\d.]+)\s*(\w*)', text)
    unit = {'': plain, 's': 1, 'sec': 1, 'min': 60, 'm': 60, 'h': 3600, 'hours': 3600}[m.group(2)]
    return float(m.group(1)) * unit


class Judge:
    def __init__(self, rules, songs, crossfade):
        self.broken = []  # (line, position or None, amount)
        self.songs = songs
        self.rows = list(entries(rules))
        self.classes = {}
        for _, section, name, value in self.rows:
            if section.startswith('class '):
                self.classes.setdefault(section[6:].casefold(), []).append(
                    name if value == 'yes' else f'{name} {value}')
        self.options = {n: v for _, s, n, v in self.rows if s == 'set'}
        fade = seconds(self.options.get('crossfade', '0'))
        assert abs(fade - crossfade) < EPS, 'crossfade'
        self.starts, at = [], 0.0
        for song, next_song in zip(songs, [*songs[1:], None]):
            self.starts.append(at)
            at += song['duration_s']
            if next_song:
                at -= min(fade, song['duration_s'] / 3, next_song['duration_s'] / 3)
        self.length = at
        self.boundaries = self.starts + [self.length]
        self.clock = 0
        if 'start' in self.options:
            h, m = re.search(r'(\d+):(\d+)', self.options['start']).groups()
            self.clock = int(h) * 3600 + int(m) * 60
        self.works_named = False

    def say(self, line, position, amount):
        self.broken.append((line, position, amount))

    def which(self, text):
        return [meets(text, s, self.classes, self) for s in self.songs]

    def run(self):
        length_line = next((n for n, s, k, _ in self.rows if (s, k) == ('set', 'minutes')), 0)
        target = float(self.options.get('minutes', '58').split()[0]) * 60
        tolerance = seconds(self.options.get('tolerance', '10'))
        off = abs(self.length - target)
        if off > tolerance + EPS:
            self.say(length_line, None, off - tolerance)
        for number, section, name, value in self.rows:
            value = re.sub(r'[ ,]+soft( [\d.]+)?$', '', value)
            handler = getattr(self, 'on_' + section.split()[0], None)
            if handler:
                handler(number, name, value)
        if not self.works_named:
            self.limit(0, 'work', 1)
        return self.broken

    def on_separation(self, number, name, value):
        for part in value.split(','):
            part = part.strip()
            songs = re.fullmatch(r'(\d+) songs?', part)
            last = {}
            for i, song in enumerate(self.songs):
                v = value_of(song, name)
                if v is None:
                    continue
                if v in last:
                    want = float(songs.group(1)) if songs else seconds(part)
                    have = i - last[v] - 1 if songs else self.starts[i] - self.starts[last[v]]
                    if have < want - EPS:
                        self.say(number, i, want - have)
                last[v] = i

    def limit(self, number, name, most):
        if name == 'work':
            self.works_named = True
        counts = {}
        for i, song in enumerate(self.songs):
            v = value_of(song, name)
            if v is None:
                continue
            counts[v] = counts.get(v, 0) + 1
            if counts[v] > most:
                self.say(number, i, counts[v] - most)

    def on_limit(self, number, name, value):
        self.limit(number, name, int(value.split()[0]))

    def on_quota(self, number, name, value):
        sign, text = name[-1], name[:-1].strip()
        hourly = 'per hour' in value
        m = re.fullmatch(r'([\d.]+)\s*(\w*|%)', value.replace('per hour', '').strip())
        want, unit = float(m.group(1)), m.group(2)
        hit = self.which(text)
        windows = max(int(self.length / 3600 + 0.5), 1) if hourly else 1
        for w in range(windows):
            low, high = 3600 * w, 3600 * (w + 1) if w + 1 < windows else 1e12
            inside = [i for i, s in enumerate(self.starts) if low - EPS <= s < high - EPS]
            have = float(sum(hit[i] for i in inside))
            if unit in ('min', 'minutes'):
                have = sum(self.songs[i]['duration_s'] / 60 for i in inside if hit[i])
            elif unit in ('%', 'percent'):
                have = 100 * have / len(inside) if inside else 0.0
            miss = want - have if sign == '>' else have - want
            if miss > EPS:
                self.say(number, inside[0] if windows > 1 and inside else None, miss)

    def each(self, number, name, value, good):
        for i, hit in enumerate(self.which(name if value == 'yes' else f'{name} {value}')):
            if hit != good:
                self.say(number, i, 1)

    def on_only(self, number, name, value):
        self.each(number, name, value, True)

    def on_never(self, number, name, value):
        self.each(number, name, value, False)

    def on_hours(self, number, name, value):
        h0, m0, h1, m1 = map(int, re.fullmatch(r'(\d+):(\d+)-(\d+):(\d+)', value).groups())
        low, high = h0 * 3600 + m0 * 60, h1 * 3600 + m1 * 60
        for i, hit in enumerate(self.which(name)):
            time = (self.clock + self.starts[i]) % 86400
            inside = low - EPS <= time < high - EPS if low < high else \
                time >= low - EPS or time < high - EPS
            if hit and not inside:
                self.say(number, i, min((low - time) % 86400, (time - high) % 86400))

    def on_marks(self, number, name, value):
        if name == 'within':
            return
        within = seconds(next((v for _, s, n, v in self.rows if (s, n) == ('marks', 'within')), '90'))
        if name == 'every':
            step = seconds(value, 60)
            marks = [step * k for k in range(1, int(self.length / step) + 1)]
        else:
            minutes = {int(p.strip()[1:]) for p in value.split(',')}
            first = self.clock // 60
            marks = [m * 60 - self.clock for m in range(first, first + int(self.length / 60) + 2)
                     if m % 60 in minutes and m * 60 > self.clock]
        for mark in marks:
            if mark < self.length - EPS:
                off = min(abs(mark - b) for b in self.boundaries)
                if off > within + EPS:
                    at = min(range(len(self.boundaries)), key=lambda k: abs(mark - self.boundaries[k]))
                    self.say(number, min(at, len(self.songs) - 1), off - within)

    def on_songs(self, number, name, value):
        hits = [i for i, h in enumerate(self.which('song ' + value)) if h]
        if name == 'include' and not hits:
            self.say(number, None, 1)
        for i in hits if name == 'exclude' else []:
            raise AssertionError(f'excluded song at {i}')

    def on_history(self, number, name, value):
        limit = float(value.split()[0])
        now = datetime.datetime.now().timestamp()
        for i, song in enumerate(self.songs):
            if name == 'days' and song['last_played'] and song['last_played'] > now - limit * 86400:
                self.say(number, i, 1)
            if name == 'shows' and 0 < song['shows_ago'] <= limit:
                self.say(number, i, 1)


def check(ini, clean):
    data = json.loads(ini.with_suffix('.json').read_text())
    songs = data['songs']
    faults = []
    if len({s['id'] for s in songs}) != len(songs) or not songs:
        faults.append('a song is there twice, or none is')
    judge = Judge(ini.read_text(), songs, data['crossfade_s'])
    broken = judge.run()
    for i, song in enumerate(songs):
        if abs(song['start_s'] - judge.starts[i]) > EPS:
            faults.append(f'song {i} does not start at {song["start_s"]}')
    told = [(b['line'], b['position'] - 1 if b['position'] else None, b['amount'])
            for b in data['bent']]
    for b in data['bent']:
        if not b['what'] or not b['needed'] or not b['rule']:
            faults.append(f'says too little: {b}')
    left = list(told)
    for line, at, amount in broken:
        match = next((t for t in left if t[0] == line and t[1] == at and
                      abs(t[2] - amount) < 0.01 + 1e-4 * abs(amount)), None)
        if match:
            left.remove(match)
        else:
            faults.append(f'not reported: line {line}, song {at}, by {amount:.3f}')
    faults += [f'reported, but holds: line {t[0]}, song {t[1]}, by {t[2]:.3f}' for t in left]
    if clean and broken:
        faults.append('something is bent')
    return faults, len(broken)


def main():
    clean = '--clean' in sys.argv
    folder = Path(sys.argv[-1])
    sets = bent = bad = 0
    for ini in sorted(folder.glob('*.ini')):
        faults, broken = check(ini, clean)
        sets, bent, bad = sets + 1, bent + (broken > 0), bad + bool(faults)
        for f in faults:
            print(f'{ini.name}: {f}')
    print(f'{sets} sets, {bent} with bent rules, {bad} wrong')
    return 1 if bad or not sets else 0


if __name__ == '__main__':
    sys.exit(main())
