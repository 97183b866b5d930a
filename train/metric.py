# SPDX-License-Identifier: BSD-2-Clause
"""The metric in which timbre's values are compared beside another model's: where songs of one style
spread, their distance says little.

Within-class covariance normalisation (Hatch, Kajarekar, Stolcke: Within-class covariance normalization for
SVM-based speaker recognition, 2006): values are standardised, and projected so that the made songs of one
style spread alike in every direction. Songs of a style differ in key, tempo, chords, instruments, sound font, room
and codec. A last rotation mixes the directions, so that they all vary alike between songs and the library may
standardise them again without undoing anything.

The file has the layout of pack.py: mean [n], 1 / deviation [n], projection [n in][n out].
"""

import numpy as np

import pack

RIDGE = 0.03  # of the covariance that is replaced by its mean variance
LIMIT = 6.0  # deviations, beyond which a value says no more


def within(values, labels):
    """What every song differs by from the mean of its class; classes of one say nothing."""
    labels = np.asarray(labels)
    parts = []
    for label in sorted(set(labels)):
        group = values[labels == label]
        if len(group) > 1:
            parts.append((group - group.mean(0)) * np.sqrt(len(group) / (len(group) - 1)))
    return np.concatenate(parts)


def fit(values, labels, seed=1):
    """(mean, 1 / deviation, projection), rounded as they are shipped."""
    values = np.asarray(values, np.float64)
    mean, spread = values.mean(0), values.std(0)
    inverse = np.where(spread > 1e-9, 1 / np.maximum(spread, 1e-9), 0)
    rest = within((values - mean) * inverse, labels)
    covariance = rest.T @ rest / len(rest)
    n = len(covariance)
    variance, directions = np.linalg.eigh((1 - RIDGE) * covariance +
                                          RIDGE * np.trace(covariance) / n * np.eye(n))
    rotation, upper = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))
    projection = directions / np.sqrt(variance) @ (rotation * np.sign(np.diag(upper)))
    return tuple(pack.half(v) for v in (mean, inverse, projection))


def of_styles(made):
    """Learned from made songs alone: what is measured on recorded ones was never heard."""
    return fit([s.targets for s in made], [s.label.split('#')[0] for s in made])


def apply(metric, values):
    mean, inverse, projection = (m.astype(np.float32) for m in metric)
    return np.clip((np.asarray(values, np.float32) - mean) * inverse, -LIMIT, LIMIT) @ projection
