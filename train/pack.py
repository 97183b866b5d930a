# SPDX-License-Identifier: BSD-2-Clause
"""From a trained network to what the program embeds: batch norms folded into the convolutions before
them, 16-bit floats, one file.

    "MM1W", uint32 count, then for each array: uint32 rank, uint32 shape[rank], float16 values
    little-endian, in the order of arrays() below

The values after rounding are those that count: reference() computes what C must give for them.
"""

import struct

import numpy as np
import torch
from torch.nn import functional as F

import common
from net import picture

MAGIC = b'MM1W'
NAMES = ['in.scale', 'in.shift', 'stem.weight', 'stem.bias'] + [
    f'block{i}.{part}.{kind}' for i in range(3) for part in ('conv1', 'conv2', 'short')
    for kind in ('weight', 'bias')] + ['dense.weight', 'dense.bias']


def scale_shift(norm):
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def folded(conv, norm):
    scale, shift = scale_shift(norm)
    return [conv.weight * scale.reshape(-1, *[1] * (conv.weight.ndim - 1)), shift]


def arrays(net):
    """In the order of NAMES, rounded to 16 bits."""
    out = [*scale_shift(net.norm_in), *folded(net.stem, net.norm_stem)]
    for block in net.blocks:
        out += folded(block.conv1, block.norm1) + folded(block.conv2, block.norm2)
        out += folded(block.short, block.norm3)
    out += folded(net.dense, net.norm_out)
    return [half(a.detach().numpy()) for a in out]


def half(values):
    return np.asarray(values).astype('<f2')


def write(path, values):
    with open(path, 'wb') as file:
        file.write(MAGIC + struct.pack('<I', len(values)))
        for value in values:
            file.write(struct.pack(f'<{1 + value.ndim}I', value.ndim, *value.shape) + value.tobytes())


def reference(values, energy):
    """The network with the packed weights, by PyTorch: energy [n][PATCH][BANDS] -> [n][DIM]."""
    w = dict(zip(NAMES, (torch.from_numpy(v.astype(np.float32)) for v in values)))
    x = picture(torch.from_numpy(np.asarray(energy, np.float32)))
    x = (x * w['in.scale'] + w['in.shift']).unsqueeze(1)
    x = F.relu(F.conv2d(x, w['stem.weight'], w['stem.bias'], 2, (3, 2)))
    for i in range(3):
        part = lambda name, x, *how, i=i: F.conv2d(x, w[f'block{i}.{name}.weight'], w[f'block{i}.{name}.bias'], *how)
        y = F.relu(part('conv1', x, 2, 1))
        x = F.relu(part('conv2', y, 1, 1) + part('short', x, 2, 0))
    mean = x.mean((2, 3), keepdim=True)
    spread = ((x - mean) ** 2).mean((2, 3)).add(1e-6).sqrt()
    pooled = torch.cat([x.mean(2).flatten(1), x.amax((2, 3)), spread], 1)
    return F.linear(pooled, w['dense.weight'], w['dense.bias']).numpy()
