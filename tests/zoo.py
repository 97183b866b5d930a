#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The zoo of bad audio: files that lie, are torn, huge or empty, through gather and embed.

    tests/zoo.py [--full] [--table FILE] MUSICMAP

Every file must end as a song with a vector or as one line of a reason, no helper may crash, and each
group keeps to LIMIT_MB of memory a process and LIMIT_S seconds a file. Without --full a sample.
Prints TAP; --table writes what came of each group as Markdown.
"""
import argparse, json, math, os, random, struct, subprocess, sys, tempfile, time
from pathlib import Path

LIMIT_MB, LIMIT_S = 900, 20  # of one process; of one file, on a machine with other things to do
FORMATS = {  # ending: encoder's options
    'mp3': ['-c:a', 'libmp3lame', '-b:a', '96k'], 'flac': ['-c:a', 'flac'],
    'ogg': ['-c:a', 'libvorbis'], 'opus': ['-c:a', 'libopus', '-b:a', '64k'],
    'm4a': ['-c:a', 'aac', '-b:a', '96k'], 'mp4': ['-c:a', 'alac'], 'wav': ['-c:a', 'pcm_s16le'],
    'aiff': ['-c:a', 'pcm_s16be'], 'wma': ['-c:a', 'wmav2', '-b:a', '96k'], 'wv': ['-c:a', 'wavpack'],
    'ac3': ['-c:a', 'ac3', '-b:a', '192k'], 'mka': ['-c:a', 'libmp3lame', '-b:a', '96k'],
}


def ffmpeg(*arguments):
    subprocess.run(['ffmpeg', '-v', 'error', '-y', *map(str, arguments)], check=True,
                   stdin=subprocess.DEVNULL)


def tone(seconds=4, rate=44100, channels=1):
    expression = '|'.join(f'0.3*sin(2*PI*{220 * (c + 1)}*t)' for c in range(channels))
    return ['-f', 'lavfi', '-i', f"aevalsrc='{expression}':d={seconds}:s={rate}"]


def wav(samples, rate=44100, channels=1, bits=16, kind=1, data_size=None, riff_size=None):
    body = samples
    n = len(body) if data_size is None else data_size
    return (b'RIFF' + struct.pack('<I', (36 + n if riff_size is None else riff_size) & 0xffffffff) + b'WAVEfmt '
            + struct.pack('<IHHIIHH', 16, kind, channels, rate, rate * channels * bits // 8 & 0xffffffff,
                          channels * bits // 8, bits) + b'data' + struct.pack('<I', n & 0xffffffff) + body)


def sine(n, amplitude=8000):
    return b''.join(struct.pack('<h', int(amplitude * math.sin(i / 20))) for i in range(n))


# ---- the groups: each fills a folder ----

def torn(ending, step):
    def fill(folder):
        whole = folder.parent / f'whole.{ending}'
        ffmpeg(*tone(), *FORMATS[ending], whole)
        data = whole.read_bytes()
        for percent in range(step, 100, step):
            (folder / f'{percent:02d}.{ending}').write_bytes(data[:len(data) * percent // 100])
    return fill


def wrong_endings(folder):
    for ending, options in FORMATS.items():
        other = {'mp3': 'flac', 'flac': 'mp3', 'wav': 'm4a'}.get(ending, 'wav')
        ffmpeg(*tone(2), *options, folder.parent / f'w.{ending}')
        (folder.parent / f'w.{ending}').rename(folder / f'{ending}-as.{other}')


def wrong_lengths(folder):
    body = sine(88200)
    for name, data, riff in (('zero', 0, 0), ('more', 1 << 28, 1 << 28), ('all', 0xffffffff, 0xffffffff),
                             ('odd', 12345, None), ('riff-zero', None, 0), ('minus', 0x80000000, None)):
        (folder / f'{name}.wav').write_bytes(wav(body, data_size=data, riff_size=riff))
    for name, rate, channels, bits in (('rate-0', 0, 1, 16), ('rate-max', 0xffffffff, 1, 16), ('no-channel', 44100, 0, 16),
                                       ('65535-channels', 44100, 65535, 16), ('0-bits', 44100, 1, 0),
                                       ('7-bits', 44100, 1, 7)):
        head = b'RIFF' + struct.pack('<I', 36 + len(body)) + b'WAVEfmt ' + struct.pack(
            '<IHHIIHH', 16, 1, channels, rate, 88200, 2, bits) + b'data' + struct.pack('<I', len(body))
        (folder / f'{name}.wav').write_bytes(head + body)
    flac = folder.parent / 'l.flac'
    ffmpeg(*tone(), flac)
    data = bytearray(flac.read_bytes())
    data[21] |= 0x0f  # STREAMINFO: 36 bits of samples
    data[22:26] = b'\xff\xff\xff\xff'
    (folder / 'samples-max.flac').write_bytes(data)
    data = bytearray(flac.read_bytes())
    data[18:21] = b'\x00\x00\x00'
    (folder / 'rate-0.flac').write_bytes(data)


def few_samples(folder):
    for n in (0, 1, 2, 10):
        for ending in ('wav', 'flac', 'mp3', 'ogg', 'm4a'):
            raw = folder.parent / 'few.wav'
            raw.write_bytes(wav(sine(n)))
            if ending == 'wav':
                (folder / f'{n}.wav').write_bytes(raw.read_bytes())
            else:
                subprocess.run(['ffmpeg', '-v', 'quiet', '-y', '-i', raw, folder / f'{n}.{ending}'], stdin=subprocess.DEVNULL)
    (folder / 'empty.mp3').write_bytes(b'')
    (folder / 'zeros.flac').write_bytes(bytes(100000))
    (folder / 'noise.mp3').write_bytes(random.Random(1).randbytes(200000))


def rates_and_channels(folder):
    for rate in (8000, 11025, 16000, 22050, 32000, 48000, 88200, 96000, 176400, 192000):
        ffmpeg(*tone(3, rate), '-c:a', 'flac', '-ar', rate, folder / f'{rate}.flac')
    for channels in range(1, 9):
        ffmpeg(*tone(3, 44100, channels), '-c:a', 'pcm_s16le', folder / f'{channels}ch.wav')


def strange_floats(folder):
    for name, value in (('nan', math.nan), ('inf', math.inf), ('minus-inf', -math.inf), ('huge', 3e38),
                        ('tiny', 1e-45)):
        for share in (1, 10):
            values = [value if i % share == 0 else 0.1 * math.sin(i / 20) for i in range(88200)]
            (folder / f'{name}-{share}.wav').write_bytes(
                wav(struct.pack(f'<{len(values)}f', *values), bits=32, kind=3))


def long_claims(folder):
    """A day of sound, claimed by a small file; and a day of sound in a small file."""
    day = 24 * 3600
    (folder / 'wav.wav').write_bytes(wav(sine(44100), rate=8000, data_size=day * 16000))
    flac = folder.parent / 'day.flac'
    ffmpeg(*tone(3, 8000), '-ar', '8000', flac)
    data = bytearray(flac.read_bytes())
    data[21] = data[21] & 0xf0
    data[22:26] = struct.pack('>I', day * 8000)
    (folder / 'flac.flac').write_bytes(data)
    mp3 = folder.parent / 'day.mp3'
    ffmpeg(*tone(3), '-c:a', 'libmp3lame', '-b:a', '32k', '-write_xing', '1', mp3)
    data = bytearray(mp3.read_bytes())
    at = max(data.find(b'Xing'), data.find(b'Info'))
    if at > 0:
        data[at + 8:at + 12] = struct.pack('>I', day * 44100 // 1152)
    (folder / 'mp3.mp3').write_bytes(data)
    ogg = folder.parent / 'day.ogg'
    ffmpeg(*tone(3, 44100), '-c:a', 'libvorbis', ogg)
    data = bytearray(ogg.read_bytes())
    at = data.rfind(b'OggS')
    data[at + 6:at + 14] = struct.pack('<q', day * 44100)
    (folder / 'ogg.ogg').write_bytes(data)
    ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', day, '-c:a', 'flac', folder / 'silent-day.flac')


def heavy_tags(folder):
    mp3 = folder.parent / 'plain.mp3'
    ffmpeg(*tone(3), '-c:a', 'libmp3lame', '-id3v2_version', '0', '-write_xing', '0', mp3)
    sound = mp3.read_bytes()

    def id3(frames):
        size = len(frames)
        return b'ID3\x03\x00\x00' + bytes((size >> s) & 127 for s in (21, 14, 7, 0)) + frames

    def frame(name, body):
        return name + struct.pack('>I', len(body)) + b'\x00\x00' + body

    def write(name, frames):
        (folder / name).write_bytes(id3(frames) + sound)

    write('10-MB-text.mp3', frame(b'TIT2', b'\x00' + b'A' * 10_000_000))
    write('padding.mp3', frame(b'TIT2', b'\x00T') + bytes(10_000_000))
    write('10000-frames.mp3', b''.join(frame(b'TXXX', b'\x00k%d\x00v' % i) for i in range(10000)))
    picture = b'\x00image/png\x00\x03\x00' + b'\x89PNG\r\n\x1a\n'
    write('cover-200-MB.mp3', frame(b'APIC', picture + bytes(200_000_000)))
    write('cover-claims-more.mp3', b'APIC' + struct.pack('>I', 0x7fffffff) + b'\x00\x00' + picture)
    write('frame-claims-all.mp3', b'TIT2' + b'\xff\xff\xff\xff\x00\x00' + b'\x00title')
    (folder / 'size-claims-all.mp3').write_bytes(b'ID3\x04\x00\xff\x7f\x7f\x7f\x7f' + sound)
    head = b'\x7fvorbis'
    (folder / 'flac-cover.flac').write_bytes(b'fLaC\x86\xff\xff\xff' + head + sound[:1000])


def chains(folder):
    parts = []
    for i, rate in enumerate((44100, 48000, 22050)):
        part = folder.parent / f'part{i}.ogg'
        ffmpeg(*tone(2, rate, 1 + i % 2), '-c:a', 'libvorbis', part)
        parts.append(part.read_bytes())
    (folder / 'chained.ogg').write_bytes(b''.join(parts))
    (folder / 'chained-100.ogg').write_bytes(parts[0] * 100)
    for ending in ('mp3', 'flac', 'aac'):
        data = b''
        for i, rate in enumerate((44100, 22050, 48000)):
            part = folder.parent / f'part{i}.{ending}'
            ffmpeg(*tone(2, rate, 1 + i % 2), '-ar', rate, *(['-f', 'adts'] if ending == 'aac' else []), part)
            data += part.read_bytes()
        (folder / f'rate-changes.{ending}').write_bytes(data)


def flipped(ending, count):
    """Bytes overwritten by chance."""
    def fill(folder):
        whole = folder.parent / f'flip.{ending}'
        ffmpeg(*tone(), *FORMATS[ending], whole)
        data = whole.read_bytes()
        chance = random.Random(ending)
        for i in range(count):
            bad = bytearray(data)
            for _ in range(chance.choice((1, 10, 100))):
                bad[chance.randrange(min(len(bad), chance.choice((200, len(bad)))))] = chance.randrange(256)
            (folder / f'{i:03d}.{ending}').write_bytes(bad)
    return fill


def groups(full):
    for ending in FORMATS:
        if full:
            yield f'{ending}, cut at every 1 %', torn(ending, 1)
            yield f'{ending}, bytes overwritten', flipped(ending, 40)
        elif ending in ('mp3', 'flac', 'ogg', 'm4a', 'wav'):
            yield f'{ending}, cut at every 20 %', torn(ending, 20)
    yield 'wrong endings', wrong_endings
    yield 'headers that lie about lengths', wrong_lengths
    yield '0, 1, 2 and 10 samples; empty files', few_samples
    if full:
        yield '8 to 192 kHz, 1 to 8 channels', rates_and_channels
    yield 'NaN, infinite, huge and tiny floats', strange_floats
    if full:
        yield 'claims of 24 hours; a silent day', long_claims
        yield 'ID3 of 10 MB, covers of 200 MB', heavy_tags
    yield 'chained Ogg, changes of rate', chains


# ---- what comes of them ----

# A process's largest memory counts what its parent had when it forked: so the parent is a small one.
LAUNCHER = '''
import os, sys
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, file=sys.stderr)
'''


def measured(command):
    """Its status, output, seconds and the largest memory of it and its helpers, in MB."""
    begun = time.monotonic()
    done = subprocess.run([sys.executable, '-ISc', LAUNCHER, *command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = done.stderr.decode('utf-8', 'replace').strip().split('\n')
    status, kilobytes = map(int, said[-1].split())
    return status, '\n'.join(said[:-1]), time.monotonic() - begun, kilobytes / 1024


def run(program, folder, library):
    files = sorted(p for p in folder.iterdir())
    base = [program, '--library', str(library), '--json']
    problems, seconds, memory = [], 0, 0
    for command in (['gather', 'folder', str(folder)], ['embed']):
        status, text, s, m = measured([base[0], *command, *base[1:]])
        seconds, memory = seconds + s, max(memory, m)
        # 3: not a single file was a song
        if status not in (0, 1, 3):
            problems.append(f'{command[0]} ended with {status}: {text[-300:]}')
    done = subprocess.run([base[0], 'status', *base[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    report = json.loads(done.stdout) if done.stdout else {'failures': [], 'models': []}
    failures = report.get('failures', [])
    embedded = min((m['songs'] for m in report.get('models', [])), default=0)
    for failure in failures:
        reason = failure.get('reason', '')
        if not reason or '\n' in reason or len(reason) > 500:
            problems.append(f'{failure["path"]}: no clear line: {reason!r}')
        if 'signal' in reason or 'crash' in reason:
            problems.append(f'{failure["path"]}: {reason}')
    if embedded + len({f['path'] for f in failures}) != len(files):
        problems.append(f'{len(files)} files, but {embedded} songs and {len(failures)} reasons')
    if memory > LIMIT_MB:
        problems.append(f'{memory:.0f} MB')
    if seconds > LIMIT_S * len(files):
        problems.append(f'{seconds:.0f} s')
    return len(files), embedded, len(failures), seconds, memory, problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--full', action='store_true')
    parser.add_argument('--table')
    parser.add_argument('--only', default='')
    parser.add_argument('musicmap')
    arguments = parser.parse_args()
    arguments.musicmap = os.path.abspath(arguments.musicmap)
    rows, count, bad = [], 0, 0
    for name, fill in groups(arguments.full):
        if arguments.only not in name:
            continue
        with tempfile.TemporaryDirectory(prefix='musicmap-zoo-') as scratch:
            folder = Path(scratch, 'music')
            folder.mkdir()
            fill(folder)
            n, songs, refused, seconds, memory, problems = run(arguments.musicmap, folder, Path(scratch, 'library'))
        count, bad = count + 1, bad + bool(problems)
        print(f'{"not ok" if problems else "ok"} {count} - {name}: {n} files, {songs} songs, {refused} refused, '
              f'{seconds:.1f} s, {memory:.0f} MB', flush=True)
        for problem in problems:
            print('# ' + problem.replace('\n', '\n# '), flush=True)
        rows.append((name, n, songs, refused, 1000 * seconds / max(n, 1), memory, len(problems)))
    print(f'1..{count}')
    if arguments.table:
        with open(arguments.table, 'w', encoding='utf-8') as out:
            out.write('| what | files | songs | refused with a line | ms a file | most memory, MB | wrong |\n'
                      '|---|--:|--:|--:|--:|--:|--:|\n')
            out.writelines(f'| {r[0]} | {r[1]} | {r[2]} | {r[3]} | {r[4]:.0f} | {r[5]:.0f} | {r[6]} |\n' for r in rows)
    return bad > 0


if __name__ == '__main__':
    sys.exit(main())
