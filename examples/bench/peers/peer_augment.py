#!/usr/bin/env python3
"""Peer figure: torchvision SimCLR augmentation throughput, one CPU thread.
usage: OMP_NUM_THREADS=1 /usr/bin/python3 peer_augment.py [seconds-per-case | --threads N --serve]
Prints one JSON line per case: images/s counts augmented output views.
With --serve, a job is one pass of a case over its data, and its value the number of views; with more
than one thread the data are shared out to as many processes, as a DataLoader's workers do, which
here do not even send back what they make."""
import sys, time, json, os
os.environ.setdefault("OMP_NUM_THREADS", "1")
import torch, torchvision
import torchvision.transforms as T
torch.set_num_threads(1)
try: torch.set_num_interop_threads(1)
except Exception: pass
SERVE = "--serve" in sys.argv
SEC = float(sys.argv[1]) if len(sys.argv) > 1 and not SERVE else 4.0
THREADS = int(sys.argv[sys.argv.index("--threads") + 1]) if "--threads" in sys.argv else 1
jobs, cases = {}, {}


def share(case):
    """One process's share of a case: (name, which, of how many)."""
    name, i, n = case
    fn, data = cases[name]
    return len([fn(x) for x in data[i::n]])

def simclr(size, ch, s=0.5, blur=False, solarize=False):
    t = [T.RandomResizedCrop(size, scale=(0.08, 1.0)), T.RandomHorizontalFlip(0.5)]
    if ch == 3:
        t += [T.RandomApply([T.ColorJitter(0.8*s, 0.8*s, 0.8*s, 0.2*s)], p=0.8), T.RandomGrayscale(0.2)]
    else:                      # hue/saturation mean nothing for one channel
        t += [T.RandomApply([T.ColorJitter(0.8*s, 0.8*s, 0, 0)], p=0.8)]
    if blur:
        k = max(3, int(0.1*size) // 2 * 2 + 1)
        t += [T.RandomApply([T.GaussianBlur(k, (0.1, 2.0))], p=0.5)]
    if solarize:
        t += [T.RandomSolarize(0.5, p=0.2)]
    return T.Compose(t)

def bench(name, fn, data, n_per_call=1):
    if SERVE:
        cases[name] = fn, data
        if THREADS == 1:
            jobs[name] = lambda: share((name, 0, 1)) * n_per_call
        else:
            jobs[name] = lambda: sum(pool.map(share, [(name, i, THREADS) for i in range(THREADS)])) * n_per_call
        return
    for i in range(50 // n_per_call + 1): fn(data[i % len(data)])
    n, t0 = 0, time.perf_counter()
    while True:
        for i in range(max(1, 100 // n_per_call)):
            fn(data[(n // n_per_call) % len(data)]); n += n_per_call
        dt = time.perf_counter() - t0
        if dt > SEC: break
    print(json.dumps(dict(case=name, images_per_s=round(n/dt, 1), us_per_image=round(1e6*dt/n, 1))), flush=True)

if not SERVE:
    print(json.dumps(dict(torch=torch.__version__, torchvision=torchvision.__version__, threads=torch.get_num_threads(), python=sys.version.split()[0])))
torch.manual_seed(0)
for (size, ch) in ((32, 3), (28, 1)):
    u8 = [torch.randint(0, 256, (ch, size, size), dtype=torch.uint8) for _ in range(512)]
    f32 = [x.float() / 255 for x in u8]
    tag = f"{size}x{size}x{ch}"
    for blur in (False, True):
        p = simclr(size, ch, blur=blur)
        bench(f"{tag} tensor f32 SimCLR s=0.5 blur={blur}", p, f32)
        bench(f"{tag} tensor u8  SimCLR s=0.5 blur={blur}", p, u8)
    pil = [T.functional.to_pil_image(x) for x in u8]
    for blur in (False, True):
        p = T.Compose([simclr(size, ch, blur=blur), T.ToTensor()])
        bench(f"{tag} PIL+ToTensor SimCLR s=0.5 blur={blur}", p, pil)
    mean, std = ([.4914,.4822,.4465],[.247,.2435,.2616]) if ch == 3 else ([.1307],[.3081])
    p = T.Compose([simclr(size, ch, blur=True, solarize=True), T.Normalize(mean, std)])
    bench(f"{tag} tensor f32 BYOL-like (blur, solarize, normalize)", p, f32)
    for nm, op in (("RandomResizedCrop", T.RandomResizedCrop(size, (0.08, 1))), ("HFlip p=1", T.RandomHorizontalFlip(1.0)),
                   ("GaussianBlur k=3", T.GaussianBlur(3, (0.1, 2.0)))) + \
                  ((("ColorJitter .4 .4 .4 .1", T.ColorJitter(.4,.4,.4,.1)), ("Grayscale", T.Grayscale(3))) if ch == 3 else ()):
        bench(f"{tag} tensor f32 op {nm}", op, f32)
    # a whole batch with ONE shared random draw (cheap upper bound; not per-sample randomness)
    batch = [torch.stack(f32[:256])]
    bench(f"{tag} tensor f32 batch-of-256 one shared draw blur=True", simclr(size, ch, blur=True), batch, 256)
if SERVE:
    import multiprocessing
    from serve import serve
    pool = THREADS > 1 and multiprocessing.get_context("fork").Pool(THREADS)
    serve(jobs)
