#!/usr/bin/env python3
"""How fast and in how much memory the main job runs: the figures of docs/benchmarks.md.

    python3 bench/main_job.py --populi PATH/TO/populi --work FOLDER [--repeats 5] [QUESTION ...]

Questions: ingest, memory, threads, run, sql (all of them unless named). Each prints one line a figure: the median of the
repeats, the smallest and the largest. CPU seconds are user and system time of the process, peak memory its largest
resident set, both as the kernel counts them (wait4). What is compared with a peer is run in turns with it.

`sql` needs the command `duckdb` (`--duckdb PATH`), and is passed over without it. `memory` needs 12 GB of disk, `threads` 3 GB.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from measure import measure, spread

QUERIES = {
    "kinds": (
        "SELECT kind, count(*) AS n FROM actions GROUP BY kind ORDER BY n DESC",
        "SELECT kind, count(*) AS n FROM read_parquet({actions}) GROUP BY kind ORDER BY n DESC",
    ),
    "most answered": (
        "SELECT reply_to, count(*) AS n FROM posts WHERE reply_to IS NOT NULL GROUP BY reply_to ORDER BY n DESC, reply_to LIMIT 20",
        "SELECT reply_to, count(*) AS n FROM read_parquet({posts}) WHERE reply_to IS NOT NULL GROUP BY reply_to ORDER BY n DESC, reply_to LIMIT 20",
    ),
    "likes of long posts": (
        "SELECT p.author_id, count(*) AS n FROM actions a JOIN posts p ON a.target_key = p.post_key "
        "WHERE a.kind = 'like' AND length(p.text) > 80 GROUP BY p.author_id ORDER BY n DESC, p.author_id LIMIT 20",
        "SELECT p.author_id, count(*) AS n FROM read_parquet({actions}) a JOIN read_parquet({posts}) p ON a.target_key = p.post_key "
        "WHERE a.kind = 'like' AND length(p.text) > 80 GROUP BY p.author_id ORDER BY n DESC, p.author_id LIMIT 20",
    ),
}


def stream(populi, work, users, days, name):
    """A simulated stream as one plain file; its path and bytes."""
    path = work / f"{name}.jsonl"
    if not path.exists():
        folder = work / f"{name}-world"
        subprocess.run([populi, "simulate", "bluesky", "--users", str(users), "--days", str(days), "--seed", "7", "--out", folder, "--quiet"], check=True)
        files = sorted(file for file in (folder / "jetstream").rglob("*") if file.is_file())
        with path.with_suffix(".part").open("wb") as out:
            for file in files:
                # Some names of the simulated files lie about what is in them.
                with file.open("rb", buffering=0) as packed:
                    magic = packed.read(4)
                    packed.seek(0)
                    tool = ["gzip", "-dc"] if magic[:2] == b"\x1f\x8b" else ["zstd", "-dc"] if magic == b"\x28\xb5\x2f\xfd" else ["cat"]
                    subprocess.run(tool, stdin=packed, stdout=out, check=tool == ["cat"])
        path.with_suffix(".part").rename(path)
        shutil.rmtree(folder)
    return path, path.stat().st_size


def ingest(populi, work, repeats):
    path, n_bytes = stream(populi, work, 5000, 30, "month")
    walls, cpus, peaks = [], [], []
    for _ in range(repeats):
        shutil.rmtree(work / "corpus", ignore_errors=True)
        wall, cpu, peak, _ = measure([populi, "ingest", "bluesky", path, "--corpus", work / "corpus", "--quiet"])
        walls.append(wall), cpus.append(cpu), peaks.append(peak)
    print(f"ingest: {n_bytes / 1e6:.0f} MB of plain Jetstream")
    print(f"  wall {spread(walls, 's')}, {spread(cpus, 'CPU-s')}, peak {spread(peaks, 'MB', digits=0)}")
    print(f"  {n_bytes / 1e6 / statistics.median(cpus):.0f} MB a CPU-second, {statistics.median(cpus) / statistics.median(walls):.2f} cores busy")


def memory(populi, work, repeats):
    path, n_bytes = stream(populi, work, 20000, 60, "large")
    shutil.rmtree(work / "large-corpus", ignore_errors=True)
    wall, cpu, peak, _ = measure([populi, "ingest", "bluesky", path, "--corpus", work / "large-corpus", "--quiet"])
    print(f"memory: {n_bytes / 1e9:.2f} GB of plain Jetstream: peak {peak:.0f} MB, wall {wall:.1f} s, {cpu:.1f} CPU-s ({n_bytes / 1e6 / cpu:.0f} MB a CPU-second)")
    shutil.rmtree(work / "large-corpus")


def threads(populi, work, repeats):
    table = work / "replies.csv"
    if not table.exists():
        write_replies(table)
    corpus = work / "replies-corpus"
    if not corpus.exists():
        wall, cpu, peak, _ = measure([populi, "ingest", "text", table, "--corpus", corpus, "--quiet"])
        print(f"  (their ingest: {table.stat().st_size / 1e6:.0f} MB of CSV, wall {wall:.1f} s, {cpu:.1f} CPU-s, peak {peak:.0f} MB)")
    cpus, peaks, walls = [], [], []
    for _ in range(repeats):
        copy = work / "replies-copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(corpus, copy)
        wall, cpu, peak, _ = measure([populi, "threads", "--corpus", copy, "--quiet"])
        walls.append(wall), cpus.append(cpu), peaks.append(peak)
    shutil.rmtree(work / "replies-copy")
    print(f"threads: 10 M stored posts, from corpus to corpus: wall {spread(walls, 's')}, {spread(cpus, 'CPU-s')}, peak {spread(peaks, 'MB', digits=0)}")


def write_replies(path):
    """10 M posts: 4 M that answer nothing, one chain of 20,000, 120,000 parents that are not there."""
    chance = random.Random(7)
    n, chain = 10_000_000, 20_000
    rows = list(range(n))
    chance.shuffle(rows)
    with path.with_suffix(".part").open("w") as out:
        out.write("id,reply_to,text\n")
        for row in rows:
            if 0 < row < chain:
                parent = str(row - 1)
            elif row < chain or chance.random() < 0.4:
                parent = ""
            elif chance.random() < 0.02:
                parent = str(n + chance.randrange(120_000))
            else:
                parent = str(chance.randrange(row))
            out.write(f"{row},{parent},post {row}\n")
    path.with_suffix(".part").rename(path)


def run(populi, work, repeats):
    path, n_bytes = stream(populi, work, 7700, 30, "gigabyte")
    walls, cpus, peaks = [], [], []
    for _ in range(repeats):
        shutil.rmtree(work / "run-corpus", ignore_errors=True)
        recipe = work / "populi.toml"
        recipe.write_text(f'corpus = "run-corpus"\n\n[ingest]\nfrom = "bluesky"\npaths = ["{path.name}"]\n')
        wall, cpu, peak, _ = measure([populi, "run", recipe, "--quiet"], cwd=work)
        walls.append(wall), cpus.append(cpu), peaks.append(peak)
    print(f"run: {n_bytes / 1e9:.2f} GB of events, lexical vectors: wall {spread(walls, 's')}, {spread(cpus, 'CPU-s')}, peak {spread(peaks, 'MB', digits=0)}")


def sql(populi, work, repeats):
    corpus = work / "run-corpus"
    if shutil.which(DUCKDB) is None:
        print(f"sql: passed over, because there is no command {DUCKDB}")
        return
    if not corpus.exists():
        run(populi, work, 1)
    manifest = json.loads((corpus / "manifest.json").read_text())
    files = {table: [str(corpus / part["file"]) for part in entry["parts"]] for table, entry in manifest["tables"].items()}
    for name, (ours, theirs) in QUERIES.items():
        theirs = theirs.format(**files)
        walls = {"populi": [], "duckdb": []}
        answers = {}
        for turn in range(repeats + 1):
            for who, command in (("populi", [populi, "sql", ours, "--corpus", corpus, "--format", "csv"]), ("duckdb", [DUCKDB, "-csv", "-c", "SET threads = 2", "-c", theirs])):
                wall, _, _, out = measure(command)
                answers[who] = out
                if turn:  # the first only warms the page cache
                    walls[who].append(wall)
        if answers["populi"].splitlines() != answers["duckdb"].splitlines():
            print(f"  answers differ:\n{answers['populi'][:300]}\n{answers['duckdb'][:300]}")
        ratio = statistics.median(walls["populi"]) / statistics.median(walls["duckdb"])
        print(f"sql, {name}: populi {spread(walls['populi'], 's')}, DuckDB {spread(walls['duckdb'], 's')}, ratio {ratio:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--populi", required=True, type=Path)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--duckdb", default="duckdb")
    parser.add_argument("questions", nargs="*", default=["ingest", "memory", "threads", "run", "sql"])
    asked = parser.parse_args()
    global DUCKDB
    DUCKDB = asked.duckdb
    asked.work.mkdir(parents=True, exist_ok=True)
    print(f"{platform.machine()}, {os.cpu_count()} cores")
    for question in asked.questions:
        {"ingest": ingest, "memory": memory, "threads": threads, "run": run, "sql": sql}[question](asked.populi.resolve(), asked.work.resolve(), asked.repeats)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
