# SPDX-License-Identifier: BSD-2-Clause
"""Cross-validation over packages: how well does a network trained without a fifth of them tell their
music apart?

    validate.py WORK STEPS NUMBER   one fold: WORK/fold-NUMBER-STEPS.json, where it is not done
    validate.py WORK STEPS          all of them: WORK/validation.json

p@5: of a track's five nearest (cosine), the share from its own package, among the tracks of the packages
held out in that fold. The interval is a bootstrap over packages.
"""

import json
import os
import sys

import numpy as np
import torch

import common
import data
import learn
import metric
from net import embed

DRAWS = 2000
TIMBRE = 2  # its weight beside mm1, as in src/embed/join.c


def vector(net, song):
    """Of the same 30 s that the other models have seen."""
    middle = len(song.energy) // 2
    half = 15 * common.RATE // common.HOP
    part = song.energy[max(0, middle - half):middle + half].astype(np.float32)
    return embed(net, torch.from_numpy(10.0 ** part)).numpy()


def measure(net, learned, songs):
    """{row: p@5 of every song}."""
    labels = [s.label for s in songs]
    timbre = np.stack([s.targets for s in songs])
    projected = metric.apply(learned, timbre)
    mm1 = np.stack([vector(net, s) for s in songs])
    blocks = {'mm1': [(1, mm1)], 'timbre': [(1, timbre)], 'timbre in the metric': [(1, projected)],
              'mm1+timbre': [(1, mm1), (TIMBRE, projected)],
              'mm1+timbre without the metric': [(1, mm1), (0.7, timbre)]}
    if all(s.other is not None for s in songs):
        musicnn = np.stack([s.other for s in songs])
        blocks['musicnn-msd'] = [(1, musicnn)]
        blocks['musicnn-msd+timbre'] = [(1, musicnn), (1, projected)]
    return {row: common.same_label(common.join(*b), labels).tolist() for row, b in blocks.items()}


def interval(values, labels, seed=1):
    """Mean, and 95 % of the means when packages are drawn with replacement."""
    rng = np.random.default_rng(seed)
    groups = [np.array(values)[np.array(labels) == l] for l in sorted(set(labels))]
    draws = [np.concatenate([groups[i] for i in rng.integers(0, len(groups), len(groups))]).mean()
             for _ in range(DRAWS)]
    return float(np.mean(values)), *np.percentile(draws, (2.5, 97.5)).tolist()


def fold(work, steps, number):
    """Trains without the packages of one fold, and measures on them."""
    if os.path.exists(fold_file(work, steps, number)):
        return
    recorded, made = data.load(work)
    group = data.folds(recorded)[number]
    net = learn.train([s for s in recorded if s.label not in group], made, steps, 100 + number,
                      lambda words: print(f'fold {number}: {words}', flush=True))
    torch.save(net.state_dict(), fold_file(work, steps, number)[:-5] + '.pt')
    held = [s for s in recorded if s.label in group]
    common.write_json(fold_file(work, steps, number),
                      {'packages': group, 'labels': [s.label for s in held],
                       'p': measure(net, metric.of_styles(made), held)})


def fold_file(work, steps, number):
    return os.path.join(work, f'fold-{number}-{steps}.json')


def main(work, steps):
    folds = []
    for number in range(data.FOLDS):
        with open(fold_file(work, steps, number), encoding='utf-8') as file:
            folds.append(json.load(file))
    labels = [l for f in folds for l in f['labels']]
    of = lambda row: [v for f in folds for v in f['p'].get(row, [])]
    rows = {}
    for row in folds[0]['p']:
        if len(of(row)) == len(labels):
            rows[row] = interval(of(row), labels)
    for other in ('timbre', 'musicnn-msd', 'musicnn-msd+timbre'):
        if other in rows:
            gain = np.subtract(of('mm1+timbre'), of(other))
            rows[f'mm1+timbre less {other}'] = interval(gain, labels)
    common.write_json(os.path.join(work, 'validation.json'), {
        'steps': steps, 'tracks': len(labels), 'labels': len(set(labels)), 'rows': rows,
        'folds': [{'packages': f['packages'], **{r: float(np.mean(p)) for r, p in f['p'].items()}}
                  for f in folds]})
    for row, figures in rows.items():
        print('{:36} {:6.3f}  ({:.3f} to {:.3f})'.format(row, *figures))


if __name__ == '__main__':
    torch.set_num_threads(1)
    if len(sys.argv) > 3:
        fold(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    else:
        main(sys.argv[1], int(sys.argv[2]))
