"""From NumPy to sslkit and back, 3 of 3: NumPy reads what sslkit has written (see write.py), and works
out the same numbers by itself. Fails unless all agree to the tolerances below."""
import json
import os
import struct
import sys

import numpy as np

folder = sys.argv[1]
DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U8": "u1"}


def path(name):
    return os.path.join(folder, name)


def read_safetensors(path):
    data = open(path, "rb").read()
    size = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:8 + size])
    assert header.pop("__metadata__")["made_by"].startswith("sslkit")
    out = {}
    for name, about in header.items():
        first, last = about["data_offsets"]
        piece = data[8 + size + first:8 + size + last]
        out[name] = np.frombuffer(piece, DTYPES[about["dtype"]]).reshape(about["shape"])
    return out


def agree(what, ours, theirs, tolerance):
    error = np.max(np.abs(np.asarray(ours, float) - theirs) / np.maximum(1, np.abs(theirs)))
    assert error <= tolerance, "%s: off by %.3g, more than %g" % (what, error, tolerance)
    print("read.py: %-24s agrees to %.1e (tolerance %g)" % (what, error, tolerance))


# The files: what went in comes out, element for element, from all three formats.
before = np.load(path("numpy.npz"))
npz, safe = np.load(path("ours.npz")), read_safetensors(path("ours.safetensors"))
assert set(npz.files) == set(safe) == set(before.files) | {"white", "predictions"}
for name in npz.files:
    alone = np.load(path("ours_" + name + ".npy"))
    for other in (alone, safe[name]):
        assert other.dtype == npz[name].dtype and np.array_equal(other, npz[name]), name
    if name in before.files:
        a, b = before[name], npz[name]
        assert a.shape == b.shape and np.array_equal(a, b), name
        assert a.dtype == b.dtype or (a.dtype, b.dtype) == (np.float16, np.float32), name
print("read.py: %d arrays from .npy, .npz and .safetensors, equal to what was written" % len(safe))

# The numbers, in float64 by a singular value decomposition.
with open(path("results.json")) as file:
    results = json.load(file)
z, y, white = npz["z"].astype(float), npz["y"], npz["white"]
sigma = np.linalg.svd(z, compute_uv=False)
p = sigma / sigma.sum()
rankme = np.exp(-(p * np.log(p)).sum())
agree("RankMe", results["rankme"], rankme, 1e-9)
agree("RankMe of blocks", results["rankme_blocks"], rankme, 1e-9)
agree("RankMe, the paper's", results["rankme_paper"],
      np.exp(-((p + 1e-7) * np.log(p + 1e-7)).sum()), 1e-9)
variance = np.linalg.svd(z - z.mean(0), compute_uv=False) ** 2
q = variance / variance.sum()
agree("effective rank", results["effective_rank"], np.exp(-(q * np.log(q)).sum()), 1e-9)
agree("covariance, whitened", np.cov(white.T), np.eye(white.shape[1]), 1e-12)

# 20 nearest neighbours by cosine, with weights exp(cosine / 0.07).
unit = z / np.linalg.norm(z, axis=1, keepdims=True)
half = len(z) // 2
cosine = unit[half:] @ unit[:half].T
nearest = np.argsort(-cosine, axis=1, kind="stable")[:, :20]
weights = np.exp(np.take_along_axis(cosine, nearest, 1) / 0.07)
votes = np.stack([(weights * (y[nearest] == c)).sum(1) for c in range(3)], 1)
differing = int((votes.argmax(1) != npz["predictions"]).sum())
assert differing <= 1, differing  # a tie that float32 decides otherwise
agree("kNN accuracy", results["knn"], (npz["predictions"] == y[half:]).mean(), 1e-12)
print("read.py: %d of %d kNN predictions differ (1 may)" % (differing, half))
