# SPDX-License-Identifier: BSD-2-Clause
"""What the steps share: the front end of mm1, reading sound, the figure of merit."""

import json
import os
import subprocess

import numpy as np

RATE = 22050
N_FFT = 2048
HOP = 512
BANDS = 64
LOW, HIGH = 30.0, 11025.0
PATCH = 128          # frames: 2.97 s
PATCH_SAMPLES = (PATCH - 1) * HOP + N_FFT
FLOOR = 1e-6         # of the patch's mean energy

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PROGRAM = os.environ.get('MUSICMAP', os.path.join(ROOT, 'build', 'musicmap'))


def mel_bank():
    """64 triangles, HTK scale, unit area: mm_mel_create(MM_MEL_HTK, ...) in src/audio/spectrum.c."""
    to_mel = lambda f: 2595 * np.log10(1 + f / 700)
    to_hertz = lambda m: 700 * (10 ** (m / 2595) - 1)
    edges = to_hertz(np.linspace(to_mel(LOW), to_mel(HIGH), BANDS + 2))
    bins = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bank = np.maximum(0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)))
    return (bank * 2 / (right - left)).astype(np.float32).T.copy()  # [bins][bands]


BANK = mel_bank()
WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


def energies(samples):
    """Mel energies of every frame: [frames][BANDS] float32."""
    samples = np.ascontiguousarray(samples, np.float32)
    count = 1 + (len(samples) - N_FFT) // HOP
    if count < 1:
        return np.zeros((0, BANDS), np.float32)
    step = samples.strides[0]
    frames = np.lib.stride_tricks.as_strided(samples, (count, N_FFT), (step * HOP, step))
    parts = []
    for first in range(0, count, 1024):
        spectrum = np.fft.rfft(frames[first:first + 1024] * WINDOW, axis=1)
        power = (spectrum.real ** 2 + spectrum.imag ** 2).astype(np.float32)
        parts.append(power @ BANK)
    return np.concatenate(parts)


def log_energies(samples):
    """log10 of the energies, as they are kept on disk. 1e-7: far below the floor of any music."""
    return np.log10(energies(samples) + 1e-7).astype(np.float16)


def picture(energy):
    """What enters the network for a patch of energies [..., PATCH, BANDS]: its level does not
    matter, and what lies 60 dB below its mean is floor."""
    mean = energy.mean((-2, -1), keepdims=True)
    return np.log10(energy / np.maximum(mean, 1e-30) + FLOOR)


def read_sound(path, start=0.0, seconds=None, rate=RATE):
    """Mono samples of a file, by ffmpeg."""
    command = ['ffmpeg', '-nostdin', '-v', 'error', '-ss', f'{start:.3f}', '-i', path]
    if seconds:
        command += ['-t', f'{seconds:.3f}']
    command += ['-ac', '1', '-ar', str(rate), '-f', 'f32le', '-']
    raw = subprocess.run(command, capture_output=True, timeout=300).stdout
    return np.frombuffer(raw[:len(raw) // 4 * 4], np.float32)


def write_wav(path, samples):
    """16-bit mono; a peak beyond full scale is brought down to it."""
    import wave
    peak = max(1.0, float(np.abs(samples).max(initial=0)))
    with wave.open(path, 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples / peak * 32767).astype('<i2').tobytes())


def write_json(path, value):
    """Whole or not at all: what a killed run leaves is never taken for done."""
    with open(path + '.new', 'w', encoding='utf-8') as file:
        json.dump(value, file, indent=1)
    os.replace(path + '.new', path)


def standardise(values):
    values = np.asarray(values, np.float64)
    spread = values.std(0)
    return (values - values.mean(0)) / np.where(spread > 1e-9, spread, 1)


def join(*blocks):
    """As musicmap joins models: (weight, values) blocks, standardised, over the root of their length."""
    return np.concatenate([w * standardise(v) / np.sqrt(v.shape[1]) for w, v in blocks], 1)


def same_label(values, labels, k=5):
    """For every song the share of its k nearest (cosine) with its label; values standardised."""
    values = values / (np.linalg.norm(values, axis=1, keepdims=True) + 1e-12)
    likeness = values @ values.T
    np.fill_diagonal(likeness, -9)
    near = np.argsort(-likeness, 1, kind='stable')[:, :k]
    labels = np.asarray(labels)
    return (labels[near] == labels[:, None]).mean(1)
