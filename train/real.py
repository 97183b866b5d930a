# SPDX-License-Identifier: BSD-2-Clause
"""Recorded music: Debian packages -> tracks -> energies (to train on) and a 30-s clip (to measure).

    real.py WORK         reads WORK/debs, writes WORK/real; goes on where it was stopped
"""

import glob
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import numpy as np

import common

RECORDINGS = ('.ogg', '.oga', '.mp3', '.flac', '.opus', '.wav')
MODULES = ('.mod', '.xm', '.s3m', '.it')
ARCHIVES = ('.pk3', '.love')  # zip files with the game's data
LEAST_BYTES = 100_000  # of a recording; what is smaller is a noise
SHORTEST = 25.0    # seconds: what is shorter is a jingle or a noise
LONGEST = 100.0    # of a track that are trained on
MOST_TRACKS = 40   # of a label


def packages():
    """Rows of packages.txt: package, label, licence of the music."""
    with open(os.path.join(common.HERE, 'packages.txt'), encoding='utf-8') as file:
        for line in file:
            if line.strip() and not line.startswith('#'):
                yield [c.strip() for c in line.split('|')]


def duration(path):
    out = subprocess.run(['ffprobe', '-v', 'error', '-show_entries', 'format=duration', '-of',
                          'default=nw=1:nk=1', path], capture_output=True, text=True).stdout
    try:
        return float(out)
    except ValueError:
        return 0.0


def may_be_music(name, size):
    name = name.lower()
    return name.endswith(MODULES) or (name.endswith(RECORDINGS) and size > LEAST_BYTES)


def members(deb):
    """(name, bytes) of the files of a package that may be music, also inside its zip files."""
    process = subprocess.Popen(['dpkg-deb', '--fsys-tarfile', deb], stdout=subprocess.PIPE)
    with tarfile.open(fileobj=process.stdout, mode='r|') as archive:
        for member in archive:
            if not member.isfile():
                continue
            if may_be_music(member.name, member.size):
                yield member.name, archive.extractfile(member).read()
            elif member.name.lower().endswith(ARCHIVES):
                with zipfile.ZipFile(io.BytesIO(archive.extractfile(member).read())) as inner:
                    for entry in inner.infolist():
                        if may_be_music(entry.filename, entry.file_size):
                            yield f'{member.name}/{entry.filename}', inner.read(entry)
    process.stdout.read()
    process.wait()


def take(name, content, package, out, seen):
    """One track; False when it is none, or was had before."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    base = os.path.join(out, digest)
    if digest in seen:
        return False
    seen.add(digest)
    with tempfile.NamedTemporaryFile(suffix=os.path.splitext(name)[1]) as file:
        file.write(content)
        file.flush()
        length = duration(file.name)
        if length < SHORTEST:
            return False
        start = max(0.0, (length - LONGEST) / 2)
        samples = common.read_sound(file.name, start, LONGEST)
    if len(samples) < SHORTEST * common.RATE or np.abs(samples).max() < 1e-3:
        return False
    clip = samples[max(0, len(samples) // 2 - 15 * common.RATE):][:30 * common.RATE]
    common.write_wav(base + '.wav', clip)
    np.save(base + '.npy', common.log_energies(samples))
    with open(base + '.json', 'w', encoding='utf-8') as file:
        json.dump({'package': package, 'name': re.sub('^[./]*', '', name), 'seconds': length}, file)
    return True


def main(work):
    out = os.path.join(work, 'real')
    os.makedirs(out, exist_ok=True)
    for package, label, _ in packages():
        done = os.path.join(out, package + '.done')
        debs = glob.glob(os.path.join(work, 'debs', package + '_*.deb'))
        if os.path.exists(done) or not debs:
            continue
        seen, taken = set(), 0
        for name, content in members(debs[0]):
            try:
                taken += take(name, content, package, out, seen)
            except (OSError, subprocess.SubprocessError) as error:
                print(f'{package}: {name}: {error}', file=sys.stderr)
            if taken == MOST_TRACKS:
                break
        open(done, 'w').close()
        print(f'{package}: {taken} tracks', flush=True)


if __name__ == '__main__':
    main(sys.argv[1])
