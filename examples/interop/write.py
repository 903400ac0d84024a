"""From NumPy to sslkit and back, 1 of 3: NumPy writes embeddings and their labels.

    eval "$(make -s env)"; cd examples/interop
    /usr/bin/python3 write.py /tmp/x && lua5.4 measure.lua /tmp/x && /usr/bin/python3 read.py /tmp/x

Each array goes to a .npy file; all of them to an .npz and a .safetensors file (whose format is a
header in JSON and the bytes: for one's own tensors no package is needed)."""
import json
import os
import struct
import sys

import numpy as np

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)

# Three classes that overlap, in 32 dimensions of which some count more than others.
rng = np.random.default_rng(1)
labels = np.arange(600) % 3
centres = rng.normal(size=(3, 32))
z = (centres[labels] + rng.normal(size=(600, 32)) * 1.5) * np.linspace(0.2, 2, 32)

arrays = {
    "z": z.astype("<f4"),
    "z64": z.astype("<f8"),
    "y": labels.astype("<i8"),
    "pixels": rng.integers(0, 256, (600, 8, 8)).astype("u1"),
    "fortran": np.asfortranarray(z.astype("<f4")),  # column by column in its .npy
    "half": z.astype("<f2"),
    "scalar": np.array(2.5, "<f8"),
    "empty": np.zeros((0, 3), "<f4"),
}

CODES = {"<f2": "F16", "<f4": "F32", "<f8": "F64", "<i8": "I64", "|u1": "U8"}


def write_safetensors(path, arrays):
    header, pieces, at = {}, [], 0
    for name, a in arrays.items():
        data = a.tobytes("C")
        header[name] = {"dtype": CODES[a.dtype.str], "shape": a.shape,
                        "data_offsets": [at, at + len(data)]}
        pieces.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(pieces))


for name, a in arrays.items():
    np.save(os.path.join(folder, name + ".npy"), a)
np.savez_compressed(os.path.join(folder, "numpy.npz"), **arrays)
write_safetensors(os.path.join(folder, "numpy.safetensors"), arrays)
print("write.py: %d arrays as .npy, .npz and .safetensors" % len(arrays))
