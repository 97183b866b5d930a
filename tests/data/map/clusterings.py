#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes clusterings.h: numbers of SciPy and scikit-learn, and a plain HDBSCAN*, that
tests/unit/map/test_clusterers.c compares ours with.

    apt-get install python3-sklearn
    tests/data/map/clusterings.py > tests/data/map/clusterings.h
"""
import numpy as np
import scipy
import sklearn
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score
from sklearn.mixture import GaussianMixture

N, DIM = 150, 5
rng = np.random.default_rng(20261122)
truth = np.repeat([0, 1, 2, 3], [60, 45, 25, 20])
centres = np.array([[0, 0, 0, 0, 0], [3, 1, 0, 0, 1], [-2, 3, 1, 0, 0], [0, -4, 2, 1, -2]])
spread = np.array([1, 0.6, 0.8, 0.4])
x = (centres[truth] + rng.normal(size=(N, DIM)) * spread[truth][:, None]).astype(np.float32)
order = rng.permutation(N)
x, truth = x[order], truth[order]
wide = x.astype(np.float64)


def array(name, values, kind='double', width=8):
    flat = np.asarray(values).ravel()
    text = [f'{v:.9g}' if kind == 'float' else f'{v:.15g}' if kind == 'double' else str(int(v) & 0xFFFFFFFF)
            for v in flat]
    print(f'static const {kind} {name}[{len(text)}] = {{')
    for i in range(0, len(text), width):
        print('    ' + ', '.join(text[i:i + width]) + ',')
    print('};')


def in_order(label):
    """Numbered by first appearance; noise (-1) stays."""
    seen = {}
    return [-1 if l < 0 else seen.setdefault(l, len(seen)) for l in label]


def hdbscan(x, least, neighbours):
    """HDBSCAN* as Campello, Moulavi, Sander (2013) define it, the slow way: for every level of the
    hierarchy the components of the whole mutual reachability graph."""
    d = cdist(x, x)
    core = np.sort(d, axis=1)[:, neighbours]
    reach = np.maximum(d, np.maximum(core[:, None], core[None]))
    np.fill_diagonal(reach, 0)

    def components(members, below):
        left, parts = set(members), []
        while left:
            todo = [left.pop()]
            part = set(todo)
            while todo:
                i = todo.pop()
                near = [j for j in left if reach[i, j] < below]
                left.difference_update(near)
                part.update(near)
                todo += near
            parts.append(sorted(part))
        return parts

    def grow(members, birth):
        """-> dict of a cluster that appears at density `birth`."""
        node = {'members': members, 'birth': birth, 'stability': 0.0, 'children': []}
        now = members
        while True:
            inside = reach[np.ix_(now, now)]
            # The level at which it falls apart: its minimum spanning tree's longest edge.
            lo = np.unique(inside[np.triu_indices(len(now), 1)])
            a, b = 0, len(lo) - 1  # smallest level whose graph (<=) is connected
            while a < b:
                mid = (a + b) // 2
                if len(components(now, np.nextafter(lo[mid], np.inf))) == 1:
                    b = mid
                else:
                    a = mid + 1
            level = lo[a]
            density = 1 / level
            big = [p for p in components(now, level) if len(p) >= least]
            gone = len(now) - (sum(map(len, big)) if len(big) == 1 else 0)
            node['stability'] += gone * (density - birth)
            if len(big) != 1:
                node['children'] = [grow(p, density) for p in big]
                return node
            now = big[0]

    label = np.full(len(x), -1)
    root = grow(list(range(len(x))), 0.0)

    def best(node):
        """-> (stability of the best choice below, the clusters chosen)"""
        if not node['children']:
            return node['stability'], [node]
        parts = [best(c) for c in node['children']]
        total = sum(p[0] for p in parts)
        if total > node['stability']:
            return total, [n for p in parts for n in p[1]]
        return node['stability'], [node]

    chosen = [n for c in root['children'] for n in best(c)[1]] if root['children'] else [root]
    for i, node in enumerate(chosen):
        label[node['members']] = i
    return label


print('/* SPDX-License-Identifier: BSD-2-Clause */')
print(f'/* Made by tests/data/map/clusterings.py with scikit-learn {sklearn.__version__}, '
      f'SciPy {scipy.__version__}; do not edit. */')
print('/* clang-format off */')
print(f'#define CLUSTERINGS_N {N}\n#define CLUSTERINGS_CROWDS 200\n#define CLUSTERINGS_DIM {DIM}')
array('clusterings_x', x, 'float')
array('clusterings_truth', truth, 'uint32_t', 25)

tree = linkage(wide, 'ward')
array('clusterings_ward_height', tree[:, 2])
for k in (2, 4, 9):
    array(f'clusterings_ward_{k}', in_order(fcluster(tree, k, 'maxclust')), 'uint32_t', 25)

start = np.arange(N) % 7 // 2  # four groups, bad ones
array('clusterings_start', start, 'uint32_t', 25)
for kind in ('diag', 'full'):
    share = np.eye(4)[start]
    count = share.sum(0)
    mean = share.T @ wide / count[:, None]
    covariance = np.array([(wide - mean[c]).T @ ((wide - mean[c]) * share[:, c:c + 1]) / count[c]
                           for c in range(4)]) + 1e-6 * np.eye(DIM)
    precision = np.linalg.inv(covariance) if kind == 'full' else 1 / np.array([np.diag(c) for c in covariance])
    model = GaussianMixture(4, covariance_type=kind, weights_init=count / N, means_init=mean,
                            precisions_init=precision, tol=1e-9, max_iter=5000, reg_covar=1e-6).fit(wide)
    assert model.converged_
    print(f'#define CLUSTERINGS_GMM_{kind.upper()}_LIKELIHOOD {model.score(wide) * N:.15g}')
    print(f'#define CLUSTERINGS_GMM_{kind.upper()}_BIC {model.bic(wide):.15g}')
    array(f'clusterings_gmm_{kind}', model.predict(wide), 'uint32_t', 25)
    array(f'clusterings_gmm_{kind}_mean', model.means_)

# Crowds of several densities, one of them a ring, and strangers between them.
angle = rng.uniform(0, 2 * np.pi, 40)
crowds = [np.c_[np.cos(angle), np.sin(angle)] * 6 + rng.normal(size=(40, 2)) * 0.2,
          rng.normal(size=(40, 2)) * 0.5, rng.normal(size=(30, 2)) * 0.2 + [3, 0.5],
          rng.normal(size=(25, 2)) * 0.3 + [9, 9], rng.normal(size=(25, 2)) * 0.3 + [10.4, 9],
          rng.uniform(-8, 12, (40, 2))]
y = rng.permutation(np.concatenate(crowds)).astype(np.float32)
array('clusterings_crowds', y, 'float')
for least, neighbours in ((5, 5), (10, 3), (20, 8)):
    array(f'clusterings_hdbscan_{least}_{neighbours}',
          in_order(hdbscan(y.astype(np.float64), least, neighbours)), 'uint32_t', 25)

print(f'#define CLUSTERINGS_ARI {adjusted_rand_score(truth, start):.15g}')
ward4 = fcluster(tree, 4, 'maxclust')
print(f'#define CLUSTERINGS_ARI_WARD {adjusted_rand_score(truth, ward4):.15g}')
print(f'#define CLUSTERINGS_DB_WARD {davies_bouldin_score(wide, ward4):.15g}')
print(f'#define CLUSTERINGS_DB_TRUTH {davies_bouldin_score(wide, truth):.15g}')
