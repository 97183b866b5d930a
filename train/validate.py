# SPDX-License-Identifier: BSD-2-Clause
"""Cross-validation over packages: how well does a network trained without a fifth of them tell their
music apart?

    validate.py WORK STEPS      writes WORK/validation.json; folds that are done are not done again

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


def main(work, steps):
    target = os.path.join(work, 'validation.json')
    done = {}
    if os.path.exists(target):
        with open(target, encoding='utf-8') as file:
            done = json.load(file)
    if done.get('steps') != steps:
        done = {'steps': steps, 'folds': {}}
    recorded, made = data.load(work)
    print(f'{len(recorded)} recorded tracks, {len(made)} made songs', flush=True)
    for number, group in enumerate(data.folds(recorded)):
        if str(number) in done['folds']:
            continue
        net = learn.train([s for s in recorded if s.label not in group], made, steps, 100 + number,
                          lambda words, n=number: print(f'fold {n}: {words}', flush=True))
        held = [s for s in recorded if s.label in group]
        done['folds'][str(number)] = {'labels': [s.label for s in held], 'p': measure(net, held)}
        with open(target + '.new', 'w', encoding='utf-8') as file:
            json.dump(done, file)
        os.replace(target + '.new', target)
    labels = [l for f in done['folds'].values() for l in f['labels']]
    rows = {}
    for row in next(iter(done['folds'].values()))['p']:
        values = [v for f in done['folds'].values() for v in f['p'].get(row, [])]
        rows[row] = interval(values, labels) if len(values) == len(labels) else None
    gain = [a - b for f in done['folds'].values() for a, b in zip(f['p']['mm1+timbre'], f['p']['timbre'])]
    rows['mm1+timbre less timbre'] = interval(gain, labels)
    done['rows'] = rows
    with open(target, 'w', encoding='utf-8') as file:
        json.dump(done, file)
    for row, figures in rows.items():
        if figures:
            print('{:24} {:.3f}  ({:.3f} to {:.3f})'.format(row, *figures))


if __name__ == '__main__':
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    main(sys.argv[1], int(sys.argv[2]))
