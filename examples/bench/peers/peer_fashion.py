#!/usr/bin/python3
"""A small ResNet-18 trained in PyTorch, the twin of fashion.lua.

Usage: peer_fashion.py X.npy Y.npy TEST_X.npy TEST_Y.npy [--width 16] [--epochs 3] [--threads N] --serve

Images float32 [N,1,28,28], labels int64 from 1. A job is named by its seed; its value is the accuracy on the test images.
Package (Debian): python3-torch.
"""
import argparse
import os
import sys

ap = argparse.ArgumentParser()
for name in ("x", "y", "test_x", "test_y"):
    ap.add_argument(name)
ap.add_argument("--width", type=int, default=16)
ap.add_argument("--epochs", type=int, default=3)
ap.add_argument("--batch", type=int, default=64)
ap.add_argument("--lr", type=float, default=0.05)
ap.add_argument("--threads", type=int, default=1)
ap.add_argument("--serve", action="store_true")
args = ap.parse_args()
for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[v] = str(args.threads)

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(args.threads)


class Block(nn.Module):
    def __init__(self, inp, out, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inp, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
            nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out))
        self.short = nn.Sequential()
        if inp != out or stride != 1:
            self.short = nn.Sequential(nn.Conv2d(inp, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        return F.relu(self.body(x) + self.short(x))


def resnet18(width):
    layers = [nn.Conv2d(1, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    inp = width
    for stage in range(4):
        for block in range(2):
            out = width << stage
            layers.append(Block(inp, out, 2 if stage and not block else 1))
            inp = out
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inp, 10))
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
    return net


x, test_x = (torch.from_numpy(np.load(p)) for p in (args.x, args.test_x))
y, test_y = (torch.from_numpy(np.load(p)) - 1 for p in (args.y, args.test_y))


def train(seed):
    torch.manual_seed(seed)
    net = resnet18(args.width)
    opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
    steps = args.epochs * ((len(x) + args.batch - 1) // args.batch)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps)
    for _ in range(args.epochs):
        for part in torch.randperm(len(x)).split(args.batch):
            opt.zero_grad()
            F.cross_entropy(net(x[part]), y[part]).backward()
            opt.step()
            rate.step()
    net.eval()
    with torch.no_grad():
        right = sum(int((net(a).argmax(1) == b).sum()) for a, b in zip(test_x.split(500), test_y.split(500)))
    return 100 * right / len(test_x)


if args.serve:
    from serve import serve
    serve({str(seed): (lambda seed=seed: train(seed)) for seed in range(1, 100)})
    sys.exit()
print(train(1))
