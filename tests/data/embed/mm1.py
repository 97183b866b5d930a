#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes mm1.npy and metric.npy, what PyTorch and NumPy compute with src/embed/mm1.weights and
metric.weights (needs python3-torch):

    python3 tests/data/embed/mm1.py
"""
import os
import struct
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(ROOT, 'train'))
sys.dont_write_bytecode = True
import metric
import pack


def read(path):
    data = open(path, 'rb').read()
    count, at, out = struct.unpack_from('<I', data, 4)[0], 8, []
    for _ in range(count):
        rank = struct.unpack_from('<I', data, at)[0]
        shape = struct.unpack_from(f'<{rank}I', data, at + 4)
        at += 4 + 4 * rank
        size = int(np.prod(shape))
        out.append(np.frombuffer(data, '<f2', size, at).reshape(shape))
        at += 2 * size
    return out


def energy(patch):
    t, b = np.arange(128)[:, None], np.arange(64)[None]
    x = np.sin(0.37 * (t + 1) * (patch + 1)) + np.cos(0.11 * b * (patch + 2) + 0.05 * t)
    return (10 ** (1.2 * x - 0.02 * b)).astype(np.float32)


def values(song, mean, inverse):
    """Like timbre's; some lie far outside of what any song has."""
    i = np.arange(len(mean))
    size = np.where(i % 50 == 7, 9, 1.5)
    return (mean + size * np.sin(1 + 0.7 * i * (song + 1)) / np.maximum(inverse, 1e-3)).astype(np.float32)


weights = read(os.path.join(ROOT, 'src/embed/mm1.weights'))
np.save(os.path.join(HERE, 'mm1.npy'),
        pack.reference(weights, np.stack([energy(p) for p in range(3)])).astype(np.float32))
learned = read(os.path.join(ROOT, 'src/embed/metric.weights'))
mean, inverse = (learned[k].astype(np.float32) for k in (0, 1))
songs = np.stack([values(s, mean, inverse) for s in range(3)])
np.save(os.path.join(HERE, 'metric.npy'), np.concatenate([songs, metric.apply(learned, songs)]))
