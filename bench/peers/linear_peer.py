#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The peer of bench/map's kmeans and pca: scikit-learn. One round for every line of input; prints its seconds.

    linear_peer.py lloyd|elkan|pca FILE SONGS DIMENSIONS COUNT OUT
"""
import sys, time
import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

what, path, n, dim, count, out = sys.argv[1:7]
x = np.fromfile(path, np.float32).reshape(int(n), int(dim))
for seed, _ in enumerate(sys.stdin):
    begin = time.perf_counter()
    if what == 'pca':
        model = PCA(int(count), random_state=seed)
        model.fit_transform(StandardScaler().fit_transform(x))
        took, result = time.perf_counter() - begin, model.components_
    else:
        model = KMeans(int(count), n_init=1, algorithm=what, random_state=seed).fit(x)
        took, result = time.perf_counter() - begin, model.cluster_centers_
    result.astype(np.float32).tofile(out)
    print(took, flush=True)
