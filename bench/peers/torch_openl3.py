#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""OpenL3's network (mel256, 512) in PyTorch, frozen and optimised for inference.

    torch_openl3.py THREADS WINDOWS [--export FILE]

For every line on stdin runs WINDOWS windows and prints the seconds. --export writes the network as
ONNX instead and ends.
"""
import sys, time

import torch
from torch import nn


def block(channels_in, channels_out, last=False):
    layers = [nn.Conv2d(channels_in, channels_out, 3, padding=1), nn.BatchNorm2d(channels_out),
              nn.ReLU(), nn.Conv2d(channels_out, channels_out, 3, padding=1)]
    return layers if last else layers + [nn.BatchNorm2d(channels_out), nn.ReLU(),
                                         nn.MaxPool2d(2, 2)]


torch.manual_seed(0)
network = nn.Sequential(nn.BatchNorm2d(1), *block(1, 64), *block(64, 128), *block(128, 256),
                        *block(256, 512, last=True), nn.MaxPool2d((32, 24)), nn.Flatten()).eval()
threads, windows = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
if '--export' in sys.argv:
    torch.onnx.export(network, torch.zeros(8, 1, 256, 199), sys.argv[-1], input_names=['in'],
                      output_names=['out'], opset_version=13)
    sys.exit()
batch = torch.randn(8, 1, 256, 199) * 20 - 40
with torch.no_grad():
    network = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.script(network)))
    for _ in range(3):  # it compiles itself on the way
        network(batch)
    for line in sys.stdin:
        begin = time.perf_counter()
        for done in range(0, windows, 8):
            network(batch[:min(8, windows - done)])
        print(time.perf_counter() - begin, flush=True)
