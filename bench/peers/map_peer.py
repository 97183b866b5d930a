#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The peers of bench/map: one round for every line of input, its seconds as the answer.

    bench/peers/map_peer.py knn|umap FILE SONGS DIMENSIONS [OUT]
"""
import sys
import time

import numpy as np

what, path, n, dim = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
x = np.fromfile(path, np.float32).reshape(n, dim)
out = sys.argv[5] if len(sys.argv) > 5 else None


def knn():
    from sklearn.neighbors import NearestNeighbors
    # The point itself is among scikit-learn's: one more.
    return NearestNeighbors(n_neighbors=16, algorithm='brute', n_jobs=-1).fit(x).kneighbors(
        x, return_distance=False)[:, 1:].astype(np.uint32)


def umap():
    import umap
    z = (x - x.mean(0)) / x.std(0)
    # Without a random_state: then umap-learn uses all cores.
    return umap.UMAP(n_neighbors=15, metric='cosine').fit_transform(z).astype(np.float32)


for line in sys.stdin:
    begin = time.monotonic()
    result = {'knn': knn, 'umap': umap}[what]()
    print(time.monotonic() - begin, flush=True)
    if out:
        result.tofile(out)
