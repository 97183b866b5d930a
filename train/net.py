# SPDX-License-Identifier: BSD-2-Clause
"""The network of mm1: a small residual net over a mel picture, and the heads it is trained with."""

import torch
from torch import nn
from torch.nn import functional as F

import common

CHANNELS = (16, 24, 48, 96)
DIM = 128
SCALE = 14.0  # of the cosine softmax


class Block(nn.Module):
    """Two 3x3 convolutions, halving both sides, beside a 2x2 one."""

    def __init__(self, before, after):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, 2, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.short = nn.Conv2d(before, after, 2, 2, 0, bias=False)
        self.norm3 = nn.BatchNorm2d(after)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.norm3(self.short(x)))


class Net(nn.Module):
    def __init__(self, heads=None, targets=0):
        super().__init__()
        a, b, c, d = CHANNELS
        self.norm_in = nn.BatchNorm1d(common.BANDS)
        self.stem = nn.Conv2d(1, a, (7, 5), 2, (3, 2), bias=False)
        self.norm_stem = nn.BatchNorm2d(a)
        self.blocks = nn.ModuleList([Block(a, b), Block(b, c), Block(c, d)])
        self.dense = nn.Linear(d * 6, DIM, bias=False)
        self.norm_out = nn.BatchNorm1d(DIM)
        self.heads = nn.ModuleDict({k: nn.Linear(DIM, n, bias=False) for k, n in (heads or {}).items()})
        self.regress = nn.Linear(DIM, targets) if targets else None

    def pooled(self, x):
        """x: [batch][PATCH][BANDS] pictures -> [batch][576]: means over time of the four bands that
        are left, and maximum and deviation over everything."""
        x = self.norm_in(x.transpose(1, 2)).transpose(1, 2).unsqueeze(1)
        x = F.relu(self.norm_stem(self.stem(x)))
        for block in self.blocks:
            x = block(x)  # at last [batch][96][8 times][4 bands]
        mean = x.mean((2, 3), keepdim=True)
        spread = ((x - mean) ** 2).mean((2, 3)).add(1e-6).sqrt()
        return torch.cat([x.mean(2).flatten(1), x.amax((2, 3)), spread], 1)

    def forward(self, x):
        return self.norm_out(self.dense(self.pooled(x)))

    def logits(self, embedding, head):
        return SCALE * F.linear(F.normalize(embedding), F.normalize(self.heads[head].weight))


def embed(net, energy, batch=64):
    """A song's vector: the mean over its patches, as musicmap makes it. energy: [frames][BANDS]."""
    count = max(1, len(energy) // common.PATCH)
    if len(energy) < common.PATCH:
        energy = torch.cat([energy, torch.zeros(common.PATCH - len(energy), common.BANDS)])
    patches = energy[:count * common.PATCH].reshape(count, common.PATCH, common.BANDS)
    with torch.no_grad():
        return torch.cat([net(picture(p)) for p in patches.split(batch)]).mean(0)


def picture(energy):
    """common.picture() in torch."""
    mean = energy.mean((-2, -1), keepdim=True)
    return torch.log10(energy / mean.clamp(min=1e-30) + common.FLOOR)
