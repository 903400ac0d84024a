"""What lets a peer take turns with sslkit: it stays loaded, and runs one job each time it is told to."""
import json
import sys
import time


def serve(jobs):
    """Says "ready", then runs the job named on each line of standard input, once, and prints its seconds and value."""
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        value = jobs[line.strip()]()
        print(json.dumps({"seconds": time.perf_counter() - start, "value": value}), flush=True)
