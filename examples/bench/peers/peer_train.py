#!/usr/bin/python3
"""Peer timings of training steps: PyTorch on the CPU.

Usage: peer_train.py --arch mlp|vgg11|resnet18 [--input 1x28x28] [--batch 256] [--steps 20]
                     [--loss supervised|random_teacher|simclr|barlow] [--threads 1] [--serve]

One step of random_teacher: frozen teacher forward, student forward, softmax cross-entropy between
the two heads' outputs, backward, Adam. Prints one JSON object: median milliseconds a step, images a
second, peak resident memory in MiB and the seconds that `import torch` took.
Package (Debian): python3-torch.
"""
import argparse, json, os, resource, statistics, sys, time

ap = argparse.ArgumentParser()
ap.add_argument("--arch", default="mlp")
ap.add_argument("--input", default="1x28x28")
ap.add_argument("--batch", type=int, default=256)
ap.add_argument("--steps", type=int, default=20)
ap.add_argument("--loss", default="random_teacher")
ap.add_argument("--threads", type=int, default=1)
ap.add_argument("--serve", action="store_true", help="one step for each line \"step\" on standard input")
args = ap.parse_args()
for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[v] = str(args.threads)
t0 = time.perf_counter()
import torch
import_s = time.perf_counter() - t0
from torch import nn
import torch.nn.functional as F
torch.set_num_threads(args.threads)
torch.manual_seed(0)
C, H, W = map(int, args.input.split("x"))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(C * H * W, 1024), nn.BatchNorm1d(1024), nn.ReLU(),
                         nn.Linear(1024, 1024), nn.BatchNorm1d(1024), nn.ReLU(), nn.Linear(1024, 512)), 512


def vgg11():
    layers, c = [], C
    for v in [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512]:
        if v == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(c, v, 3, padding=1, bias=False), nn.BatchNorm2d(v), nn.ReLU(inplace=True)]
            c = v
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), 512


class Block(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(i, o, 3, s, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True),
                               nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o))
        self.s = nn.Sequential() if i == o and s == 1 else nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        return F.relu(self.a(x) + self.s(x))


def resnet18():
    layers = [nn.Conv2d(C, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    i = 64
    for o, s in [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]:
        layers.append(Block(i, o, s)); i = o
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), 512


def build():
    body, d = {"mlp": mlp, "vgg11": vgg11, "resnet18": resnet18}[args.arch]()
    out = {"supervised": 10, "random_teacher": 1024, "simclr": 128, "barlow": 1024}[args.loss]
    head = nn.Linear(d, 10) if args.loss == "supervised" else nn.Sequential(nn.Linear(d, 1024), nn.GELU(), nn.Linear(1024, out))
    return nn.Sequential(body, head)


student = build()
teacher = build().eval() if args.loss == "random_teacher" else None
opt = torch.optim.Adam(student.parameters(), lr=1e-3)
x = torch.rand(args.batch, C, H, W); x2 = torch.rand(args.batch, C, H, W)
y = torch.randint(0, 10, (args.batch,))


def step():
    if args.loss == "supervised":
        loss = F.cross_entropy(student(x), y)
    elif args.loss == "random_teacher":
        with torch.no_grad():
            p = F.softmax(teacher(x), 1)
        loss = -(p * F.log_softmax(student(x), 1)).sum(1).mean()
    else:
        z = student(torch.cat([x, x2]))
        if args.loss == "simclr":
            z = F.normalize(z, dim=1)
            s = (z @ z.T) / 0.5
            s.fill_diagonal_(-1e9)
            t = torch.arange(2 * args.batch).roll(args.batch)
            loss = F.cross_entropy(s, t)
        else:
            a, b = z.chunk(2)
            a = (a - a.mean(0)) / a.std(0); b = (b - b.mean(0)) / b.std(0)
            c = a.T @ b / args.batch
            on = (c.diagonal() - 1).pow(2).sum(); off = c.pow(2).sum() - c.diagonal().pow(2).sum()
            loss = on + 5e-3 * off
    opt.zero_grad(set_to_none=True); loss.backward(); opt.step()
    return float(loss)


if args.serve:
    from serve import serve
    serve({"step": step, "rss": lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})
    sys.exit()
for _ in range(3):
    step()
t = []
for _ in range(args.steps):
    s = time.perf_counter(); step(); t.append(time.perf_counter() - s)
m = statistics.median(t)
views = 2 if args.loss in ("simclr", "barlow") else 1
print(json.dumps({"name": f"train/{args.arch}/{args.loss}/{args.input}/b{args.batch}", "ms_per_step": 1e3 * m,
                  "images_per_s": views * args.batch / m, "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                  "import_s": import_s, "params": sum(p.numel() for p in student.parameters()), "peer": "torch " + torch.__version__}))
