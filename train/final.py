# SPDX-License-Identifier: BSD-2-Clause
"""The network that is shipped: trained on everything, packed, and what it is told in figures.

    final.py WORK STEPS train   trains it: WORK/mm1-STEPS.pt, where it is not done
    final.py WORK STEPS         writes WORK/mm1.weights, WORK/metric.weights, WORK/metrics.json, WORK/card.md
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
import pack
import real
import validate
from net import Net

CARD = """# mm1, and the metric of timbre

Two things that training made, both part of the program, meant to be used together: `mm1+timbre` is what
songs are embedded with where no other model is installed.

- **The network** ({parameters:,} weights, {bytes:,} bytes) turns three seconds of sound into {dim} values; a
  song's vector, `mm1`, is their mean.
- **The metric** ({metric:,} bytes): beside another model, `timbre`'s values are compared after a projection
  in which songs of one style spread alike in every direction (within-class covariance normalisation, Hatch,
  Kajarekar and Stolcke 2006). Key, tempo, chords, instruments, sound font, room and codec weigh less in
  it than what a style keeps. `timbre` alone stays as it is: nothing in it is learned.

The network's vectors count once, timbre's in the metric {weight} times (`mm1+{weight}*timbre`).

## What went in

`train/run` (train/README.md), seed 1, {steps:,} steps of {batch} patches of three seconds, half of them from each of:

- {recorded} recorded tracks of {packages} Debian packages, nearly all of them games. train/packages.txt names each
  one's label and the licence of its music; packages whose music has no clear free licence are left out.
- {made} made songs in {styles} styles of the mma library and variants of them with other instruments,
  through {fonts} sound fonts, a third of them also through MP3 or Vorbis.

The network learned to tell apart albums, tracks and styles, and to predict the values of `timbre`; the metric
is learned from the made songs alone, their instruments swapped or not. The {held} styles of
the demo libraries were never trained on, nor any style that plays the same dance under another name, nor
any other music. No weights of anyone else's were used.

## What it is good and bad at

Good at: kinds of arrangement, instruments and production.
Bad at: voices and lyrics (game music has few), classical music, whatever game music and General MIDI do
not sound like. It knows no artists and no genres.

## Cross-validated over packages

Five networks, each trained for {cv_steps:,} steps without a fifth of the labels that have six tracks and more
({cv_labels} labels, {cv_tracks} tracks); p@5 is the share of a track's five nearest, among those held out, that have its label; 95 %
interval over labels (bootstrap). The metric is the same in all five: no recorded music went into it.

{table}

By fold:

{by_fold}
"""


def network_file(work, steps):
    return os.path.join(work, f'mm1-{steps}.pt')


def train(work, steps):
    target = network_file(work, steps)
    if os.path.exists(target):
        return
    recorded, made = data.load(work)
    net = learn.train(recorded, made, steps, 1, lambda words: print(f'final: {words}', flush=True))
    torch.save(net.state_dict(), target + '.new')
    os.replace(target + '.new', target)


def trained(work, steps):
    """The packed weights of the network that train() has left."""
    known = torch.load(network_file(work, steps))
    net = Net()
    net.load_state_dict({k: v for k, v in known.items() if not k.startswith(('heads.', 'regress.'))})
    return pack.arrays(net.eval())


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
    values = trained(work, steps)
    path = os.path.join(work, 'mm1.weights')
    pack.write(path, values)
    learned = os.path.join(work, 'metric.weights')
    pack.write(learned, metric.of_styles(made))
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
                               fonts=len(render.sound_fonts(work)),
                               weight=validate.TIMBRE, metric=os.path.getsize(learned), **figures))


if __name__ == '__main__':
    torch.set_num_threads(1)
    if sys.argv[3:] == ['train']:
        train(sys.argv[1], int(sys.argv[2]))
    else:
        main(sys.argv[1], int(sys.argv[2]))
