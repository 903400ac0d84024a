#!/usr/bin/python3
"""Peer timings of representation metrics: NumPy, PyTorch and scikit-learn.

Usage: peer_metrics.py Z.npy [Z2.npy] [--labels y.npy] [--threads N] [--runs R] [--rows R2] [--eps E] [--only NAME,...] [--serve]

Z.npy is an N x D float32 matrix of embeddings; --rows bounds the pairwise ones (default 4096), --eps is RankMe's
(default 0, as in sslkit; the paper's is 1e-7). Prints one JSON object a line:
{"name", "seconds" (median of R runs after one warm-up), "value", "peer"}.
The same Z.npy is read by the project's own benchmark, so that both sides do the same work.
Packages (Debian): python3-numpy python3-torch python3-sklearn.
"""
import argparse, json, os, statistics, sys, time

ap = argparse.ArgumentParser()
ap.add_argument("z"); ap.add_argument("z2", nargs="?")
ap.add_argument("--threads", type=int, default=1)
ap.add_argument("--runs", type=int, default=3)
ap.add_argument("--labels"); ap.add_argument("--rows", type=int, default=4096); ap.add_argument("--eps", type=float, default=0.0)
ap.add_argument("--only", default="")
ap.add_argument("--serve", action="store_true", help="run the jobs named on standard input, one by one")
args = ap.parse_args()
for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[v] = str(args.threads)

import numpy as np
import torch
torch.set_num_threads(args.threads)

Z = np.load(args.z).astype(np.float32)
Z2 = np.load(args.z2).astype(np.float32) if args.z2 else None
T = torch.from_numpy(Z)


def entropy(s):
    p = s / s.sum() + args.eps
    p = p[p > 0]
    return float(torch.exp(-(p * p.log()).sum()))


def rankme_svd():
    s = torch.linalg.svdvals(T)
    return entropy(s)


def rankme_svd64():
    s = torch.linalg.svdvals(T.double())
    return entropy(s)


def rankme_gram32():
    s = torch.linalg.eigvalsh(T.T @ T).clamp_min(0).sqrt()
    return entropy(s)


def rankme_gram64():
    A = T.double()
    s = torch.linalg.eigvalsh(A.T @ A).clamp_min(0).sqrt()
    return entropy(s)


def covariance():
    return float(torch.cov(T.T).diagonal().sum())


def uniformity():
    x = torch.nn.functional.normalize(T[:args.rows], dim=1)
    return float(torch.pdist(x).pow(2).mul(-2).exp().mean().log())


def uniformity_gemm():
    x = torch.nn.functional.normalize(T[:args.rows], dim=1)
    n = len(x); total = 0.0
    for i in range(0, n, 2048):
        total += float(((x[i:i + 2048] @ x.T - 1) * 4).exp().double().sum())
    return float(np.log((total - n) / (n * (n - 1.0))))


def silhouette():
    from sklearn.metrics import silhouette_score
    return float(silhouette_score(Z, np.load(args.labels)))


def cka_linear():
    a = T - T.mean(0); b = torch.from_numpy(Z2); b = b - b.mean(0)
    return float((a.T @ b).norm() ** 2 / ((a.T @ a).norm() * (b.T @ b).norm()))


def knn_top20():
    x = torch.nn.functional.normalize(T, dim=1)
    q = x[:10000]; out = 0.0
    for i in range(0, len(q), 1000):
        v, _ = (q[i:i + 1000] @ x.T).topk(20, dim=1)
        out += float(v.sum())
    return out


def twonn():
    from sklearn.neighbors import NearestNeighbors
    x = Z[:10000]
    d, _ = NearestNeighbors(n_neighbors=3, algorithm="brute", n_jobs=args.threads).fit(x).kneighbors(x)
    mu = d[:, 2] / d[:, 1]
    return float(len(x) / np.log(mu).sum())


jobs = {"rankme_svd": rankme_svd, "rankme_svd64": rankme_svd64, "rankme_gram32": rankme_gram32,
        "rankme_gram64": rankme_gram64, "covariance": covariance, "uniformity": uniformity, "uniformity_gemm": uniformity_gemm,
        "knn_top20_10k": knn_top20, "twonn_10k": twonn}
if Z2 is not None:
    jobs["cka_linear"] = cka_linear
if args.labels:
    jobs["silhouette"] = silhouette
if args.serve:
    from serve import serve
    serve(jobs)
    sys.exit()
only = [s for s in args.only.split(",") if s]
for name, f in jobs.items():
    if only and name not in only:
        continue
    value = f(); t = []
    for _ in range(args.runs):
        s = time.perf_counter(); f(); t.append(time.perf_counter() - s)
    print(json.dumps({"name": name, "seconds": statistics.median(t), "value": value, "peer": "torch/sklearn"}), flush=True)
