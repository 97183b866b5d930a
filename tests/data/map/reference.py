#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes reference.h: numbers of scikit-learn that tests/unit/map compares ours with.

    apt-get install python3-sklearn
    tests/data/map/reference.py > tests/data/map/reference.h
"""
import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_mutual_info_score, normalized_mutual_info_score, silhouette_score
from sklearn.preprocessing import StandardScaler

N, DIM = 60, 8
rng = np.random.default_rng(20240501)
label = np.arange(N) % 4
centres = rng.normal(size=(4, DIM)) * 2
x = centres[label] + rng.normal(size=(N, DIM)) @ rng.normal(size=(DIM, DIM)) * 0.6
x = (x * 10 ** rng.uniform(-2, 2, DIM) + rng.normal(size=DIM) * 30).astype(np.float32)
x[:, 5] = 7.5  # does not vary

z = StandardScaler().fit_transform(x.astype(np.float64))
pca = PCA(svd_solver='full').fit(z)
kept = pca.transform(z)[:, :DIM - 1]
xy = kept[:, :2].astype(np.float32)
guess = (np.arange(N) * 7 // 11) % 5
partial = label + 10
partial[::6] = -1  # songs without a label


def neighbours(d, k):
    d = d.copy()
    np.fill_diagonal(d, np.inf)
    return np.argsort(d, axis=1, kind='stable')[:, :k]


unit = z / np.linalg.norm(z, axis=1, keepdims=True)
high = neighbours(1 - unit @ unit.T, 5)
flat = neighbours(((xy[:, None].astype(float) - xy[None]) ** 2).sum(2), 5)
same = lambda near, who: (label[near] == label[:, None])[who].mean()
everyone = np.ones(N, bool)


def array(name, values, kind='double', width=6):
    flat_values = np.asarray(values).ravel()
    text = [f'{v:.9g}' if kind == 'float' else f'{v:.15g}' if kind == 'double' else str(int(v) & 0xFFFFFFFF)
            for v in flat_values]
    print(f'static const {kind} {name}[{len(text)}] = {{')
    for i in range(0, len(text), width):
        print('    ' + ', '.join(text[i:i + width]) + ',')
    print('};')


# REUSE-IgnoreStart
print('/* SPDX-License-Identifier: BSD-2-Clause */')
# REUSE-IgnoreEnd
print(f'/* Made by tests/data/map/reference.py with scikit-learn {sklearn.__version__}; do not edit. */')
print('/* clang-format off */')
print(f'#define REFERENCE_N {N}\n#define REFERENCE_DIM {DIM}\n#define REFERENCE_COMPONENTS {DIM - 1}')
array('reference_x', x, 'float')
array('reference_label', label, 'uint32_t', 20)
array('reference_partial', partial, 'uint32_t', 20)
array('reference_guess', guess, 'uint32_t', 20)
array('reference_xy', xy, 'float')
array('reference_variance', pca.explained_variance_[:DIM - 1] * (N - 1) / N)
array('reference_projected', kept)
for k in (2, 4, 7):
    best = KMeans(k, n_init=500, random_state=1).fit(z)
    print(f'#define REFERENCE_INERTIA_{k} {best.inertia_:.15g}')
    print(f'#define REFERENCE_SILHOUETTE_{k} {silhouette_score(z, best.labels_):.15g}')
    array(f'reference_cluster_{k}', best.labels_, 'uint32_t', 20)
print(f'#define REFERENCE_TRUST {trustworthiness(z, xy, n_neighbors=10, metric="cosine"):.15g}')
print(f'#define REFERENCE_P_HIGH {same(high, everyone):.15g}')
print(f'#define REFERENCE_P_2D {same(flat, everyone):.15g}')
print(f'#define REFERENCE_P_HIGH_PARTIAL '
      f'{(partial[high] == partial[:, None])[partial >= 0].mean():.15g}')
print(f'#define REFERENCE_KEPT {np.mean([len(set(a) & set(b)) / 5 for a, b in zip(high, flat)]):.15g}')
print(f'#define REFERENCE_AMI {adjusted_mutual_info_score(label, guess):.15g}')
print(f'#define REFERENCE_NMI {normalized_mutual_info_score(label, guess):.15g}')
keep = partial >= 0
print(f'#define REFERENCE_AMI_PARTIAL {adjusted_mutual_info_score(partial[keep], guess[keep]):.15g}')
own = np.arange(N)
print(f'#define REFERENCE_AMI_OWN {adjusted_mutual_info_score(label, own):.15g}')
print(f'#define REFERENCE_NMI_OWN {normalized_mutual_info_score(label, own):.15g}')
print('/* clang-format on */')
