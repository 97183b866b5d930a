# SPDX-License-Identifier: BSD-2-Clause
"""What is trained on, in memory; and the folds of the cross-validation."""

import glob
import json
import os
import random
import sqlite3

import numpy as np

import real

FOLDS = 5
LEAST_TRACKS = 6  # of a label, to be measured with five neighbours


class Song:
    __slots__ = ('path', 'label', 'energy', 'targets', 'other')

    def __init__(self, path, label, energy):
        self.path, self.label, self.energy = path, label, energy
        self.targets = self.other = None


def vectors(library, model):
    """{path: vector} of a library that musicmap embedded."""
    with sqlite3.connect(f'file:{library}/catalog.sqlite?mode=ro', uri=True) as db:
        rows = db.execute('SELECT s.key, v.data FROM vector v JOIN vector_kind k ON k.id = v.kind'
                          ' JOIN song s ON s.id = v.song WHERE k.model = ?', (model,))
        return {os.fsdecode(key): np.frombuffer(data, '<f4') for key, data in rows}


def load(work):
    """(recorded, made): lists of Song, in a fixed order, with their timbre."""
    label_of = {package: label for package, label, _ in real.packages()}
    known = vectors(os.path.join(work, 'library'), 'timbre')
    other = os.path.join(work, 'library-musicnn')
    musicnn = vectors(other, 'musicnn-msd') if os.path.exists(other) else {}
    out = []
    for kind in ('real', 'made'):
        songs = []
        for path in sorted(glob.glob(os.path.join(work, kind, '*.json'))):
            with open(path, encoding='utf-8') as file:
                info = json.load(file)
            label = label_of.get(info['package']) if kind == 'real' else info['style']
            wav = os.path.realpath(path[:-5] + '.wav')
            if label and wav in known:
                song = Song(wav, label, np.load(path[:-5] + '.npy'))
                song.targets, song.other = known[wav], musicnn.get(wav)
                if len(song.energy) >= 170:
                    songs.append(song)
        out.append(songs)
    return out


def folds(recorded, seed=1):
    """Labels with enough tracks, in FOLDS groups of about as many tracks."""
    count = {}
    for song in recorded:
        count[song.label] = count.get(song.label, 0) + 1
    labels = sorted(l for l, n in count.items() if n >= LEAST_TRACKS)
    random.Random(seed).shuffle(labels)
    labels.sort(key=lambda l: -count[l])
    groups, weight = [[] for _ in range(FOLDS)], [0] * FOLDS
    for label in labels:
        least = weight.index(min(weight))
        groups[least].append(label)
        weight[least] += count[label]
    return groups
