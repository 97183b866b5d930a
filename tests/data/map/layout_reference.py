#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes layout_reference.h: numbers of scikit-learn for t-SNE and for figures of quality.

    apt-get install python3-sklearn
    tests/data/map/layout_reference.py > tests/data/map/layout_reference.h
"""
import numpy as np
import sklearn
from scipy.spatial.distance import squareform
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities_nn, _kl_divergence
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

N, DIM, PERPLEXITY = 70, 6, 5
rng = np.random.default_rng(20261122)
group = np.arange(N) % 5
x = (rng.normal(size=(5, DIM))[group] * 2 + rng.normal(size=(N, DIM))).astype(np.float32)
y = rng.normal(size=(N, 2)).astype(np.float32)
guess = np.where(np.arange(N) % 4 == 0, (group + 1) % 6, group)

k = 3 * PERPLEXITY
knn = NearestNeighbors(n_neighbors=k).fit(x.astype(float)).kneighbors_graph(mode='distance')
knn.sort_indices()
knn.data **= 2
p = _joint_probabilities_nn(knn.astype(np.float32), PERPLEXITY, 0)
dense = np.asarray(p.todense())
kl, gradient = _kl_divergence(y.ravel().astype(float), squareform(dense, checks=False), 1, N, 2)

z = StandardScaler().fit_transform(x.astype(float))
unit = z / np.linalg.norm(z, axis=1, keepdims=True)


def array(name, values, kind='double', width=6):
    flat_values = np.asarray(values).ravel()
    text = [f'{v:.9g}' if kind == 'float' else f'{v:.15g}' if kind == 'double' else str(int(v))
            for v in flat_values]
    print(f'static const {kind} {name}[{len(text)}] = {{')
    for i in range(0, len(text), width):
        print('    ' + ', '.join(text[i:i + width]) + ',')
    print('};')


# REUSE-IgnoreStart
print('/* SPDX-License-Identifier: BSD-2-Clause */')
# REUSE-IgnoreEnd
print(f'/* Made by tests/data/map/layout_reference.py with scikit-learn {sklearn.__version__}; do not edit. */')
print('/* clang-format off */')
print(f'#define LAYOUT_N {N}\n#define LAYOUT_DIM {DIM}\n#define LAYOUT_PERPLEXITY {PERPLEXITY}')
array('layout_x', x, 'float')
array('layout_y', y, 'float')
array('layout_group', group, 'uint32_t', 20)
array('layout_guess', guess, 'uint32_t', 20)
array('layout_p_row', dense[0])
print(f'#define LAYOUT_KL {kl:.15g}')
array('layout_gradient', gradient)
best = min(TSNE(perplexity=PERPLEXITY, init='random', learning_rate='auto', random_state=s).fit(x).kl_divergence_
           for s in range(5))
print(f'#define LAYOUT_TSNE_KL {best:.15g}')
print(f'#define LAYOUT_TRUST {trustworthiness(unit, y, n_neighbors=10):.15g}')
print(f'#define LAYOUT_CONTINUITY {trustworthiness(y, unit, n_neighbors=10):.15g}')
print(f'#define LAYOUT_SILHOUETTE {silhouette_score(z, guess):.15g}')
print(f'#define LAYOUT_DAVIES_BOULDIN {davies_bouldin_score(z, guess):.15g}')
print(f'#define LAYOUT_ARI {adjusted_rand_score(group, guess):.15g}')
print('/* clang-format on */')
