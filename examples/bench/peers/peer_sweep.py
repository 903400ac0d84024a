#!/usr/bin/python3
"""Peer timings of sweeps: Optuna, a study of cheap trials in a store that survives the process.

Usage: peer_sweep.py FOLDER TRIALS [--threads 1] [--only random_sqlite,...] [--runs 3] [--serve]

Each job makes a new study in FOLDER, runs TRIALS trials of a function of a float, a logarithmic float and a choice, and gives the
best value. Prints one JSON object a line.
Packages (Debian): python3-optuna.
"""
import argparse, itertools, json, os, statistics, sys, time

ap = argparse.ArgumentParser()
ap.add_argument("folder")
ap.add_argument("trials", type=int)
ap.add_argument("--threads", type=int, default=1)
ap.add_argument("--runs", type=int, default=3)
ap.add_argument("--only", default="")
ap.add_argument("--serve", action="store_true", help="run the jobs named on standard input, one by one")
args = ap.parse_args()

import optuna
from optuna.storages import JournalFileStorage, JournalStorage
optuna.logging.set_verbosity(optuna.logging.ERROR)

number = itertools.count()


def score(trial):
    x = trial.suggest_float("x", -1, 1)
    lr = trial.suggest_float("lr", 1e-4, 1, log=True)
    return x * x + lr + {"a": 0, "b": 1, "c": 2}[trial.suggest_categorical("k", ["a", "b", "c"])]


def path():
    return os.path.join(args.folder, "optuna%d-%d" % (os.getpid(), next(number)))


def sqlite():
    return "sqlite:///" + path() + ".db"


def journal():
    return JournalStorage(JournalFileStorage(path() + ".log"))


def run(storage, sampler, trials=args.trials):
    study = optuna.create_study(storage=storage, sampler=sampler)
    study.optimize(score, n_trials=trials)
    return study.best_value


jobs = {
    "random_sqlite": lambda: run(sqlite(), optuna.samplers.RandomSampler(seed=1)),
    "random_journal": lambda: run(journal(), optuna.samplers.RandomSampler(seed=1)),
    "tpe_sqlite": lambda: run(sqlite(), optuna.samplers.TPESampler(seed=1)),
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
        t = time.perf_counter(); best = f(); times.append(time.perf_counter() - t)
    print(json.dumps({"name": "sweep/" + name, "seconds": statistics.median(times), "best": best, "peer": "optuna"}), flush=True)
