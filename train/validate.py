# SPDX-License-Identifier: BSD-2-Clause
"""Cross-validation over packages: how well does a network trained without a fifth of them tell their
music apart?

    validate.py WORK STEPS          writes WORK/validation.json; folds that are done are not done again
    validate.py WORK STEPS NUMBER   one fold: WORK/fold-NUMBER-STEPS.json

p@5: of a track's five nearest (cosine), the share from its own package, among the tracks of the packages
held out in that fold. The interval is a bootstrap over packages.
"""

import json
import os
import subprocess
import sys

import numpy as np
import torch

import common
import data
import learn
from net import embed

DRAWS = 2000


def vector(net, song):
    """Of the same 30 s that the other models have seen."""
    middle = len(song.energy) // 2
    half = 15 * common.RATE // common.HOP
    part = song.energy[max(0, middle - half):middle + half].astype(np.float32)
    return embed(net, torch.from_numpy(10.0 ** part)).numpy()


def measure(net, songs):
    """{row: p@5 of every song}."""
    labels = [s.label for s in songs]
    timbre = np.stack([s.targets for s in songs])
    blocks = {'mm1': [(1, np.stack([vector(net, s) for s in songs]))], 'timbre': [(1, timbre)]}
    blocks['mm1+timbre'] = blocks['mm1'] + [(0.7, timbre)]
    blocks['mm1+1*timbre'] = blocks['mm1'] + [(1, timbre)]
    if all(s.other is not None for s in songs):
        blocks['musicnn-msd'] = [(1, np.stack([s.other for s in songs]))]
        blocks['musicnn-msd+timbre'] = blocks['musicnn-msd'] + [(1, timbre)]
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
    recorded, made = data.load(work)
    group = data.folds(recorded)[number]
    net = learn.train([s for s in recorded if s.label not in group], made, steps, 100 + number,
                      lambda words: print(f'fold {number}: {words}', flush=True))
    torch.save(net.state_dict(), fold_file(work, steps, number)[:-5] + '.pt')
    held = [s for s in recorded if s.label in group]
    common.write_json(fold_file(work, steps, number),
                      {'packages': group, 'labels': [s.label for s in held], 'p': measure(net, held)})


def fold_file(work, steps, number):
    return os.path.join(work, f'fold-{number}-{steps}.json')


def run_folds(work, steps):
    """One process a core, each with one thread: that uses the cores best."""
    waiting = [n for n in range(data.FOLDS) if not os.path.exists(fold_file(work, steps, n))]
    running = []
    while waiting or running:
        while waiting and len(running) < len(os.sched_getaffinity(0)):
            running.append(subprocess.Popen([sys.executable, '-B', __file__, work, str(steps),
                                             str(waiting.pop(0))]))
        if running.pop(0).wait():
            for process in running:
                process.terminate()
            sys.exit('a fold failed')


def main(work, steps):
    run_folds(work, steps)
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
