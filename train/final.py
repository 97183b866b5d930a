# SPDX-License-Identifier: BSD-2-Clause
"""The network that is shipped: trained on everything, packed, and what it is told in figures.

    final.py WORK STEPS         writes WORK/mm1.weights, WORK/metrics.json, WORK/card.md
"""

import json
import os
import sys

import numpy as np
import torch

import common
import data
import learn
import pack
import real
from net import Net

CARD = """# mm1

A small network ({parameters:,} weights, {bytes:,} bytes, part of the program) that turns three seconds of
sound into {dim} values; a song's vector is their mean. It is meant to be joined with `timbre`: `mm1+timbre`.

    musicmap embed --model mm1+timbre
    musicmap map --model mm1+timbre

## What went in

`train/run` (train/README.md), seed 1, {steps:,} steps of {batch} patches of three seconds, half of them from each of:

- {recorded} recorded tracks of {packages} Debian packages, nearly all of them games. train/packages.txt names each
  one's label and the licence of its music; packages whose music has no clear free licence are left out.
- {made} made songs in {styles} styles of the mma library and variants of them with other instruments,
  through {fonts} sound fonts, a third of them also through MP3 or Vorbis.

It learned to tell apart albums, tracks and styles, and to predict the values of `timbre`. The {held} styles of
the demo libraries were never trained on, nor any style that plays the same dance under another name, nor
any other music. No weights of anyone else's were used.

## What it is good and bad at

Good at: kinds of arrangement, instruments and production.
Bad at: voices and lyrics (game music has few), classical music, whatever game music and General MIDI do
not sound like. It knows no artists and no genres.

## Cross-validated over packages

Five networks, each trained for {cv_steps:,} steps without a fifth of the labels that have six tracks and more
({cv_labels} labels, {cv_tracks} tracks); p@5 is the share of a track's five nearest, among those held out, that have its label; 95 %
interval over labels (bootstrap).

{table}

By fold:

{by_fold}
"""


def trained(work, steps, recorded, made):
    """The packed weights, and the network as it was trained in WORK/mm1-STEPS.pt; not trained twice."""
    target = os.path.join(work, f'mm1-{steps}.pt')
    if os.path.exists(target):
        known = torch.load(target)
        net = Net()
        net.load_state_dict({k: v for k, v in known.items() if not k.startswith(('heads.', 'regress.'))})
        return pack.arrays(net.eval())
    net = learn.train(recorded, made, steps, 1, lambda words: print(words, flush=True))
    torch.save(net.state_dict(), target + '.new')
    os.replace(target + '.new', target)
    return pack.arrays(net)


def intervals(rows):
    return '\n'.join(['| | p@5 | 95 % |', '|---|---|---|'] + [
        f'| {row} | {f[0]:.3f} | {f[1]:.3f} to {f[2]:.3f} |' for row, f in rows.items()])


def by_fold(validation):
    rows = [r for r in validation['rows'] if ' less ' not in r]
    lines = ['| held out | ' + ' | '.join(rows) + ' |', '|---' * (len(rows) + 1) + '|']
    for fold in validation['folds']:
        lines.append(f'| {", ".join(fold["packages"])} | ' +
                     ' | '.join(f'{fold[r]:.3f}' if r in fold else '' for r in rows) + ' |')
    return '\n'.join(lines)


def main(work, steps):
    recorded, made = data.load(work)
    values = trained(work, steps, recorded, made)
    path = os.path.join(work, 'mm1.weights')
    pack.write(path, values)
    with open(os.path.join(work, 'validation.json'), encoding='utf-8') as file:
        validation = json.load(file)
    figures = {'steps': steps, 'recorded': len(recorded), 'made': len(made),
               'parameters': int(sum(v.size for v in values)), 'bytes': os.path.getsize(path)}
    common.write_json(os.path.join(work, 'metrics.json'), {**figures, 'validation': validation})
    import render
    import styles
    with open(os.path.join(work, 'card.md'), 'w', encoding='utf-8') as file:
        file.write(CARD.format(table=intervals(validation['rows']), by_fold=by_fold(validation),
                               cv_tracks=validation['tracks'], cv_steps=validation['steps'], cv_labels=validation['labels'],
                               dim=values[-1].size, batch=learn.BATCH,
                               packages=len({p for p, _, _ in real.packages()}),
                               styles=len(styles.training()), held=styles.HELD_OUT,
                               fonts=len(render.sound_fonts(work)), **figures))


if __name__ == '__main__':
    torch.set_num_threads(1)
    main(sys.argv[1], int(sys.argv[2]))
