#!/usr/bin/python3
"""Peer timings of tensor operations: NumPy and PyTorch on the same arrays.

Usage: peer_tensor.py NAME=ARRAY.npy ... [--threads 1] [--runs 5] [--only PREFIX] [--serve]

The arrays are what examples/bench/tensor.lua writes: a, b (n x n), p, q (factors), s, t (two more, of fewer rows), wide
(rows to pick the largest of), pick (1-based positions along either axis of a), rows (1-based), x, y (points), tall, symmetric.
A job is "numpy NAME" or "torch NAME"; "save numpy NAME" writes the result and gives the path, for its comparison.
Prints one JSON object a line: {"name", "seconds" (median of --runs after one warm-up), "peer"}.
Packages (Debian): python3-numpy python3-scipy python3-torch.
"""
import argparse, json, os, statistics, sys, time

ap = argparse.ArgumentParser()
ap.add_argument("arrays", nargs="+", metavar="NAME=ARRAY.npy")
ap.add_argument("--threads", type=int, default=1)
ap.add_argument("--runs", type=int, default=5)
ap.add_argument("--only", default="")
ap.add_argument("--serve", action="store_true", help="run the jobs named on standard input, one by one")
args = ap.parse_args()
for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[v] = str(args.threads)

import numpy as np
import torch
from scipy.special import erf
torch.set_num_threads(args.threads)

files = dict(word.split("=", 1) for word in args.arrays)
N = {name: np.load(path) for name, path in files.items()}
for name in ("pick", "rows"):
    N[name] -= 1
T = {name: torch.from_numpy(array) for name, array in N.items()}
room, troom = np.empty_like(N["a"]), torch.empty_like(T["a"])
rng = np.random.default_rng(1)
small, tsmall = np.ones((2, 2), np.float32), torch.ones(2, 2)
ROOT_HALF = np.float32(0.5 ** 0.5)
CALLS = 20000  # of a small operation, for one time


def each(f):
    def run():
        for _ in range(CALLS):
            out = f()
        return out
    return run


def gelu(a):
    return np.float32(0.5) * a * (1 + erf(a * ROOT_HALF))


def gelu_out(a, out):
    np.multiply(a, ROOT_HALF, out=out)
    erf(out, out=out)
    out += 1
    out *= a
    out *= np.float32(0.5)
    return out


def softmax(a):
    e = np.exp(a - a.max(1, keepdims=True))
    e /= e.sum(1, keepdims=True)
    return e


def sort(a):  # values and positions, equal ones in order, as our sort
    order = np.argsort(a, axis=1, kind="stable")
    return np.take_along_axis(a, order, 1)


def topk(a, k):
    some = np.argpartition(a, -k, axis=1)[:, -k:]
    values = np.take_along_axis(a, some, 1)
    order = np.argsort(-values, axis=1)
    return np.take_along_axis(values, order, 1)


def cdist(x, y):
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * (x @ y.T)
    return np.sqrt(np.maximum(squares, 0))


jobs = {
    "numpy add": lambda: N["a"] + N["b"],
    "torch add": lambda: T["a"] + T["b"],
    "numpy add out": lambda: np.add(N["a"], N["b"], out=room),
    "torch add out": lambda: torch.add(T["a"], T["b"], out=troom),
    "numpy exp": lambda: np.exp(N["a"]),
    "torch exp": lambda: T["a"].exp(),
    "numpy exp out": lambda: np.exp(N["a"], out=room),
    "torch exp out": lambda: torch.exp(T["a"], out=troom),
    "numpy gelu": lambda: gelu(N["a"]),
    "torch gelu": lambda: torch.nn.functional.gelu(T["a"]),
    "numpy gelu out": lambda: gelu_out(N["a"], room),
    "torch gelu out": lambda: torch._C._nn.gelu(T["a"], out=troom),
    "numpy softmax": lambda: softmax(N["a"]),
    "torch softmax": lambda: T["a"].softmax(1),
    "numpy sum 1": lambda: N["a"].sum(0),
    "torch sum 1": lambda: T["a"].sum(0),
    "numpy sum 2": lambda: N["a"].sum(1),
    "torch sum 2": lambda: T["a"].sum(1),
    "numpy sum": lambda: N["a"].sum(),
    "torch sum": lambda: T["a"].sum(),
    "numpy sort": lambda: sort(N["a"]),
    "torch sort": lambda: T["a"].sort(stable=True, dim=1).values,
    "numpy topk": lambda: topk(N["wide"], 20),
    "torch topk": lambda: T["wide"].topk(20, 1).values,
    "numpy gather 1": lambda: np.take_along_axis(N["a"], N["pick"], 0),
    "torch gather 1": lambda: T["a"].gather(0, T["pick"]),
    "numpy gather 2": lambda: np.take_along_axis(N["a"], N["pick"], 1),
    "torch gather 2": lambda: T["a"].gather(1, T["pick"]),
    "numpy index": lambda: N["a"][N["rows"]],
    "torch index": lambda: T["a"][T["rows"]],
    "numpy matmul square": lambda: N["p"] @ N["q"],
    "torch matmul square": lambda: T["p"] @ T["q"],
    "numpy matmul flat": lambda: N["s"] @ N["q"],
    "torch matmul flat": lambda: T["s"] @ T["q"],
    "numpy transpose": lambda: N["a"].T.copy(),
    "torch transpose": lambda: T["a"].T.contiguous(),
    "numpy cdist": lambda: cdist(N["x"], N["y"]),
    "torch cdist": lambda: torch.cdist(T["x"], T["y"]),
    "numpy svdvals": lambda: np.linalg.svd(N["tall"], compute_uv=False),
    "torch svdvals": lambda: torch.linalg.svdvals(T["tall"]),
    "numpy eigvalsh": lambda: np.linalg.eigvalsh(N["symmetric"]),
    "torch eigvalsh": lambda: torch.linalg.eigvalsh(T["symmetric"]),
    "numpy small": each(lambda: small + small),
    "torch small": each(lambda: tsmall + tsmall),
    "numpy randn": lambda: rng.standard_normal(N["a"].shape, dtype=np.float32),
    "torch randn": lambda: torch.randn(N["a"].shape),
    "numpy cumsum": lambda: N["a"].cumsum(1),
    "torch cumsum": lambda: T["a"].cumsum(1),
}


def saved(job):
    path = files["a"] + ".result.npy"
    np.save(path, np.asarray(job()))
    return path


def quiet(job):
    def run():
        job()
    return run


if args.serve:
    from serve import serve
    serve({**{name: quiet(job) for name, job in jobs.items()},
           **{"save " + name: (lambda job=job: saved(job)) for name, job in jobs.items()}})
    sys.exit()
for name, job in jobs.items():
    if not name.split(" ", 1)[1].startswith(args.only):
        continue
    job()
    times = []
    for _ in range(args.runs):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    print(json.dumps({"name": name, "seconds": statistics.median(times), "peer": name.split()[0]}), flush=True)
