# SPDX-License-Identifier: BSD-2-Clause
"""Trains the network.

It tells apart: the album a recorded patch is from, the track, the style of a made patch and the style
without its swapped instruments (cosine softmax), and predicts the hand-made values of timbre. What it
sees is stretched, shifted, filtered and masked, so that it cannot live on tempo, key or equaliser.
"""

import math
import random
import time

import numpy as np
import torch
from torch.nn import functional as F

import common
from net import Net, picture

BATCH = 64
RATE = 2e-3
DECAY = 0.02
WEIGHTS = {'album': 1.0, 'track': 0.5, 'style': 1.0, 'groove': 0.3}
WIDTH = common.PATCH + 24  # frames that are read for a patch, before it is stretched


class Sampler:
    """Draws batches of patches, half of them recorded, half made."""

    def __init__(self, recorded, made, seed):
        self.rng = np.random.default_rng(seed)
        songs = recorded + made
        self.energy = np.concatenate([s.energy for s in songs])
        self.length = np.array([len(s.energy) for s in songs])
        self.start = np.r_[0, np.cumsum(self.length)[:-1]]
        self.n_recorded = len(recorded)
        numbers = lambda labels: {l: i for i, l in enumerate(sorted(set(labels)))}
        album, style = numbers(s.label for s in recorded), numbers(s.label for s in made)
        groove = numbers(s.label.split('#')[0] for s in made)
        self.classes = {'album': len(album), 'track': len(recorded), 'style': len(style),
                        'groove': len(groove)}
        self.album = np.array([album[s.label] for s in recorded])
        self.style = np.array([style[s.label] for s in made])
        self.groove = np.array([groove[s.label.split('#')[0]] for s in made])
        share = np.bincount(self.album)[self.album] ** -0.5  # large albums less than their due
        self.share = share / share.sum()
        targets = common.standardise([s.targets for s in songs])
        self.targets = np.clip(targets, -4, 4).astype(np.float32)

    def patches(self, songs):
        first = self.start[songs] + (self.rng.random(len(songs)) * (self.length[songs] - WIDTH)).astype(int)
        return torch.from_numpy(self.energy[first[:, None] + np.arange(WIDTH)].astype(np.float32))

    def augment(self, x):
        """x: [batch][WIDTH][BANDS] log energies -> pictures."""
        rng, batch = self.rng, len(x)
        frames = int(common.PATCH * rng.uniform(0.9, 1.16))
        x = F.interpolate(x[:, :frames].transpose(1, 2), size=common.PATCH, mode='linear',
                          align_corners=False).transpose(1, 2).contiguous()
        for part in range(4):
            shift = int(rng.integers(-2, 3))
            if shift > 0:
                x[part::4, :, shift:] = x[part::4, :, :-shift].clone()
            elif shift < 0:
                x[part::4, :, :shift] = x[part::4, :, -shift:].clone()
        draw = lambda *shape: torch.from_numpy(rng.standard_normal(shape).astype(np.float32))
        band = torch.arange(common.BANDS) / common.BANDS
        for k in (1, 2, 3):  # a slow equaliser
            phase = torch.from_numpy(rng.random((batch, 1)).astype(np.float32)) * 2 * math.pi
            x += (0.15 * draw(batch, 1) * torch.cos(math.pi * k * band + phase))[:, None]
        x = picture(10.0 ** x)
        middle = x.mean((1, 2))
        for i in range(batch):
            t, dt = rng.integers(0, common.PATCH - 12), rng.integers(0, 13)
            b, db = rng.integers(0, common.BANDS - 6), rng.integers(0, 7)
            x[i, t:t + dt] = middle[i]
            x[i, :, b:b + db] = middle[i]
        return x

    def batch(self):
        recorded = self.rng.choice(self.n_recorded, BATCH // 2, p=self.share)
        made = self.rng.integers(0, len(self.style), BATCH - len(recorded))
        songs = np.r_[recorded, made + self.n_recorded]
        truth = {'album': self.album[recorded], 'track': recorded, 'style': self.style[made],
                 'groove': self.groove[made]}
        return (self.augment(self.patches(songs)), {k: torch.from_numpy(v) for k, v in truth.items()},
                torch.from_numpy(self.targets[songs]))


def train(recorded, made, steps, seed, say=print):
    random.seed(seed)
    torch.manual_seed(seed)
    sampler = Sampler(recorded, made, seed)
    # Half again as fast as with the channels first.
    net = Net(sampler.classes, sampler.targets.shape[1]).to(memory_format=torch.channels_last)
    decay = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim < 2]
    optimiser = torch.optim.AdamW([{'params': decay, 'weight_decay': DECAY},
                                   {'params': plain, 'weight_decay': 0}], lr=RATE, betas=(0.9, 0.99))
    net.train()
    begin, total = time.time(), 0.0
    for step in range(steps):
        for group in optimiser.param_groups:
            group['lr'] = RATE * min(1, (step + 1) / 60) * 0.5 * (1 + math.cos(math.pi * step / steps)) + 1e-5
        x, truth, targets = sampler.batch()
        embedding = net(x)
        half = len(truth['album'])
        loss = 0.3 * F.smooth_l1_loss(net.regress(embedding), targets)
        for head, weight in WEIGHTS.items():
            part = embedding[:half] if head in ('album', 'track') else embedding[half:]
            smooth = 0.05 if head == 'album' else 0.0
            loss = loss + weight * F.cross_entropy(net.logits(part, head), truth[head],
                                                   label_smoothing=smooth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += float(loss)
        if (step + 1) % 200 == 0:
            say(f'step {step + 1} of {steps}, loss {total / 200:.3f}, {time.time() - begin:.0f} s')
            total = 0.0
    return net.eval()
