"""A sentence encoder against sentence-transformers: speed, memory and vectors, in alternated runs on one thread each.

    pip install sentence-transformers==6.2.0 transformers==5.23.0 torch==2.15.0
    cargo build --release -p populi-embed --example transformer_speed
    python bench/transformer.py MODEL_DIR TEXTS [N_ROUNDS] [EXAMPLE]

TEXTS holds a text a line. EXAMPLE is the built example, target/release/examples/transformer_speed where it is not given. Prints
a line a run, tool TAB texts a CPU-second TAB peak MB, then the medians of both, their ratio, and the greatest difference of
two components. The Python side sorts by length and takes 32 texts a batch, as it does by default; its peak is that of
the whole process, as is ours.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

THREADS = {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


def reference(model, texts, out):
    """One run of sentence-transformers, in a process of its own."""
    import resource
    import time

    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    encoder = SentenceTransformer(model, device="cpu")
    lines = Path(texts).read_bytes().decode().split("\n")[:-1]
    started = time.process_time()
    vectors = encoder.encode(lines, show_progress_bar=False)
    spent = time.process_time() - started
    vectors.astype("<f4").tofile(out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"texts_per_cpu_s": len(lines) / spent, "peak_mb": peak}))


def main(model, texts, n_rounds=5, example="target/release/examples/transformer_speed"):
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        tools = {
            "ours": [example, model, texts, f"{folder}/ours"],
            "sentence-transformers": [sys.executable, __file__, "--reference", model, texts, f"{folder}/theirs"],
        }
        speeds, peaks = {tool: [] for tool in tools}, {tool: [] for tool in tools}
        for _ in range(int(n_rounds)):
            for tool, command in tools.items():
                run = subprocess.run(command, env={**os.environ, **THREADS}, capture_output=True, text=True, check=True)
                figures = json.loads(run.stdout.splitlines()[-1])
                speeds[tool].append(figures["texts_per_cpu_s"])
                peaks[tool].append(figures["peak_mb"])
                print(tool, f"{speeds[tool][-1]:.1f}", f"{peaks[tool][-1]:.0f}", sep="\t", flush=True)
        ours, theirs = np.fromfile(f"{folder}/ours", "<f4"), np.fromfile(f"{folder}/theirs", "<f4")
    medians = {tool: statistics.median(values) for tool, values in speeds.items()}
    for tool in tools:
        print("median", tool, f"{medians[tool]:.1f}", f"{max(peaks[tool]):.0f}", sep="\t")
    print("ratio", f"{medians['ours'] / medians['sentence-transformers']:.2f}", sep="\t")
    # Ours are zeros for a blank text.
    print("greatest difference", f"{np.abs(ours - theirs)[ours != 0].max():.1e}", sep="\t")


if __name__ == "__main__":
    if sys.argv[1] == "--reference":
        reference(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
