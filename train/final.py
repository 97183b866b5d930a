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

CARD = """# mm1

A small network ({parameters} weights, {bytes} bytes) that turns three seconds of sound into {dim} values; a
song's vector is their mean. Trained by `train/run` of this repository, seed 1, {steps} steps of {batch}
patches, on {recorded} recorded tracks of {packages} Debian packages (train/packages.txt, with the licence
of each one's music) and {made} made songs in {styles} styles of the mma library, played through {fonts} sound
fonts. Not trained on: the {held} styles of the demo libraries, and anything else.

Good at: telling kinds of arrangement, instruments and production apart, joined with `timbre`.
Bad at: voices and lyrics (game music has few), classical music, whatever game music and General MIDI do
not sound like. It knows no artists and no genres.

Cross-validated over packages (validate.py): share of a track's five nearest from its own package, 95 %
interval over packages.

{table}
"""


def main(work, steps):
    recorded, made = data.load(work)
    net = learn.train(recorded, made, steps, 1, lambda words: print(words, flush=True))
    torch.save(net.state_dict(), os.path.join(work, 'mm1.pt'))
    values = pack.arrays(net)
    path = os.path.join(work, 'mm1.weights')
    pack.write(path, values)
    with open(os.path.join(work, 'validation.json'), encoding='utf-8') as file:
        rows = json.load(file)['rows']
    table = '\n'.join(['| model | p@5 | interval |', '|---|---|---|'] + [
        f'| {row} | {f[0]:.3f} | {f[1]:.3f} to {f[2]:.3f} |' for row, f in rows.items() if f])
    figures = {'steps': steps, 'recorded': len(recorded), 'made': len(made), 'rows': rows,
               'parameters': int(sum(v.size for v in values)), 'bytes': os.path.getsize(path)}
    with open(os.path.join(work, 'metrics.json'), 'w', encoding='utf-8') as file:
        json.dump(figures, file, indent=1)
    import render
    import styles
    with open(os.path.join(work, 'card.md'), 'w', encoding='utf-8') as file:
        file.write(CARD.format(table=table, dim=values[-1].size, batch=learn.BATCH,
                               packages=len({p for p, _, _ in real.packages()}),
                               styles=len(styles.training()), held=styles.HELD_OUT,
                               fonts=len(render.sound_fonts(work)), **figures))


if __name__ == '__main__':
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    main(sys.argv[1], int(sys.argv[2]))
