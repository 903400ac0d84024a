#!/usr/bin/python3
"""Peer timings of probes: scikit-learn and PyTorch on frozen features.

Usage: peer_probe.py TRAIN_Z.npy TRAIN_Y.npy TEST_Z.npy TEST_Y.npy [--threads 1] [--only knn,...] [--serve]

Prints one JSON object a line: {"name", "seconds" (median of --runs), "accuracy", "peer"}, for logistic also C, n_iter and the
final objective 0.5 |W|^2 / (C n) + mean log-loss on the standardised train rows, so that both sides stop at the same place.
The probes fit what sslkit's do: kNN (cosine, k=20, weights exp(s/0.07)), multinomial logistic
regression (L-BFGS, C=1, standardised), RidgeClassifierCV over 9 alphas, Gaussian naive Bayes, LDA.
Packages (Debian): python3-numpy python3-sklearn python3-torch.
"""
import argparse, json, os, statistics, sys, time

ap = argparse.ArgumentParser()
ap.add_argument("files", nargs=4)
ap.add_argument("--threads", type=int, default=1)
ap.add_argument("--runs", type=int, default=3)
ap.add_argument("--only", default="")
ap.add_argument("--serve", action="store_true", help="run the jobs named on standard input, one by one")
args = ap.parse_args()
for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[v] = str(args.threads)

import numpy as np
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.naive_bayes import GaussianNB
torch.set_num_threads(args.threads)

ztr, ytr, zte, yte = (np.load(f) for f in args.files)
mu, sd = ztr.mean(0), ztr.std(0); sd[sd == 0] = 1
str_, ste = (ztr - mu) / sd, (zte - mu) / sd


def knn():
    a = torch.nn.functional.normalize(torch.from_numpy(ztr), dim=1)
    b = torch.nn.functional.normalize(torch.from_numpy(zte), dim=1)
    y = torch.from_numpy(ytr.astype(np.int64)); k = int(y.max()) + 1; hit = 0
    for i in range(0, len(b), 1000):
        s, j = (b[i:i + 1000] @ a.T).topk(20, dim=1)
        votes = torch.zeros(len(s), k).scatter_add_(1, y[j], (s / 0.07).exp())
        hit += int((votes.argmax(1).numpy() == yte[i:i + 1000]).sum())
    return hit / len(b)


extra = {}


def logistic():
    m = LogisticRegression(max_iter=1000).fit(str_, ytr)
    from sklearn.metrics import log_loss
    extra.update(C=1.0, n_iter=int(m.n_iter_.max()),
                 objective=float(log_loss(ytr, m.predict_proba(str_)) + 0.5 * (m.coef_ ** 2).sum() / len(ytr)))
    return m.score(ste, yte)


jobs = {
    "knn": knn,
    "logistic": logistic,
    "ridge": lambda: RidgeClassifierCV(alphas=np.logspace(-2, 6, 9)).fit(str_, ytr).score(ste, yte),
    "naive_bayes": lambda: GaussianNB().fit(ztr, ytr).score(zte, yte),
    "lda": lambda: LinearDiscriminantAnalysis(solver="lsqr").fit(ztr, ytr).score(zte, yte),
}
if args.serve:
    from serve import serve
    serve(jobs)
    sys.exit()
only = [s for s in args.only.split(",") if s]
for name, f in jobs.items():
    if only and name not in only:
        continue
    times = []
    for _ in range(args.runs):
        t = time.perf_counter(); acc = f(); times.append(time.perf_counter() - t)
    row = {"name": "probe/" + name, "seconds": statistics.median(times), "accuracy": acc, "peer": "scikit-learn/torch"}
    print(json.dumps({**row, **(extra if name == "logistic" else {})}), flush=True)
