#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Cuts the reference implementation's arrays down to the fixtures of this folder.

    ./subsample.py FOLDER_OF_THE_REFERENCE

The reference is an independent numpy + PyTorch program that runs the OpenL3 audio network with
pseudo-random weights (tests/unit/embed/oracle.h regenerates weights and signal by its formulas).
Every STRIDE-th value of the flattened array is kept; 512-value embeddings are kept whole.
"""
import os
import sys

import numpy as np

STRIDES = {
    'frontend_linear_trained': 97, 'frontend_mel128_trained': 97, 'frontend_mel128_kapre': 97,
    'frontend_mel128_librosa': 97, 'frontend_mel256_trained': 97, 'frontend_mel256_kapre': 97,
    'frontend_mel256_librosa': 97, 'embedding_linear_512': 1, 'embedding_mel128_512': 1,
    'embedding_mel256_512': 1, 'embedding_linear_6144': 13, 'embedding_mel128_6144': 13,
    'embedding_mel256_6144': 13,
}

here = os.path.dirname(os.path.abspath(__file__))
for name, stride in STRIDES.items():
    values = np.load(os.path.join(sys.argv[1], name + '.npy')).astype('<f4').ravel()
    np.save(os.path.join(here, name + '.npy'), values[::stride])
