#!/usr/bin/env python3
"""How fast neighbours, maps and clusters are beside the Python references, at which quality: the table of docs/benchmarks.md.

    python3 bench/geometry.py --populi target/release/populi --peer-tools DIR --peer-python VENV/bin/python \\
        --vectors DIR --data DIR --work FOLDER --json OUT.json [--only knn20k,hdbscan1m] [--repeats 5]

--peer-tools holds bench_peers_cluster.py and bench_peers_quality.py, which run one peer, or score one result, and print a line of
JSON. --vectors holds tweets20k.npy and its labels, --data the synthetic matrices (made there by synthetic_vectors.py where they are
not). This script needs numpy, the peers' Python what its lines name. `--only` with no name that exists lists the lines.

Ours is always a fresh process of `populi matrix`. Two of its times are told: `work`, what it says its computation took (neither
reading the file nor writing the result), and `whole`, the process from outside. Peers are run in turns with ours:
- warm: inside one process, after a run on 5,000 rows that compiles them; to compare with `work`;
- cold: the whole of a fresh process, that imports, compiles, reads and writes; to compare with `whole`.
Times are medians (smallest to largest) of --repeats turns, after one turn of ours that only warms the page cache. CPU seconds are
of all threads. Quality stands beside every time, scored by the same tool for all. `private` is the most memory that a process had
beside the files that it maps (see measure.py); for the peers, who map nothing, it holds their input too.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from measure import PrivateMemory, commit, machine, measure, spread
from synthetic_vectors import write as write_synthetic

HERE = Path(__file__).parent
PACKAGES = "numpy numba scikit-learn umap-learn pynndescent hdbscan fast_hdbscan faiss-cpu k-means-constrained".split()


@dataclass
class Peer:
    """A reference: the tool's name of it and options, or a command of its own; several are run as a chain."""

    name: str
    steps: list
    ways: tuple = ("warm",)


@dataclass
class Line:
    """A line of the table: what is run, on what, and what it has to reach."""

    work: str
    data: str
    ours: list  # steps: the verb and its options; each reads what the one before wrote
    score: str  # what the last step gives: knn, map, labels or inertia
    peers: list = field(default_factory=list)
    gates: list = field(default_factory=list)


@dataclass
class Outcome:
    """What one contestant did, a value a turn."""

    who: str
    work: list = field(default_factory=list)
    whole: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    peak_mb: list = field(default_factory=list)
    private_mb: list = field(default_factory=list)
    quality: list = field(default_factory=list)
    digests: set = field(default_factory=set)
    said: dict = field(default_factory=dict)

    def median(self, name):
        """Of a time, of memory, or of a score by its name; None where there is none."""
        values = getattr(self, name, None) or [quality[name] for quality in self.quality if name in quality]
        return statistics.median(values) if values else None


# Gates: what has to hold of ours and the peers, as (words, holds).


def faster(times, who, way="warm"):
    def gate(ours, peers):
        peer = peers[f"{who}, {way}"]
        ratio = peer.median("work") / ours.median("work") if way == "warm" else peer.median("whole") / ours.median("whole")
        return f"{ratio:.1f}x {who}, {way} (to reach {times:g}x)", ratio >= times

    return gate


def at_least(score, floor):
    def gate(ours, peers):
        got = ours.median(score)
        return f"{score} {'unknown' if got is None else format(got, '.4f')} (at least {floor:g})", got is not None and got >= floor

    return gate


def at_most(value, ceiling, unit):
    return lambda ours, peers: (f"{value} {ours.median(value):.2f} {unit} (at most {ceiling:g})", ours.median(value) <= ceiling)


def not_below(score, who, by):
    def gate(ours, peers):
        got, floor = ours.median(score), peers[f"{who}, warm"].median(score) - by
        return f"{score} {got:.4f} (peer less {by:g}: {floor:.4f})", got >= floor

    return gate


def inertia_within(who, share):
    def gate(ours, peers):
        ratio = ours.median("inertia") / peers[f"{who}, warm"].median("inertia")
        return f"inertia {ratio:.4f} of {who}'s (at most {1 + share:g})", ratio <= 1 + share

    return gate


COSINE = ["--metric", "cosine"]
KNN = ["knn", "--k", "15", *COSINE]
UMAP = ["umap", "--neighbors", "15", *COSINE]
HDBSCAN = ["hdbscan", "--min-cluster-size", "50", "--min-samples", "5"]
KMEANS = ["kmeans", "--k", "150", "--n-init", "1", "--max-iter", "20"]
CONSTRAINED = ["kmeans", "--k", "25", "--n-init", "5", "--min-size", "10"]

PYNN = Peer("pynndescent", [["pynndescent"]])
UMAP_LEARN = Peer("umap-learn", [["umap-learn"]])
UMAP_LEARN_COLD = Peer("umap-learn", [["umap-learn"]], ("warm", "cold"))
FAST_HDBSCAN = Peer("fast_hdbscan", [["fast_hdbscan"]])
UMAP_AND_HDBSCAN = Peer("umap-learn and fast_hdbscan", [["umap-learn"], ["fast_hdbscan"]])
AS_GOOD_A_MAP = [not_below("trustworthiness@15", "umap-learn", 0.005), not_below("label_agreement", "umap-learn", 0.005)]
BOUNDED = "k-means-constrained"

LINES = {
    "knn20k": Line("kNN k=15, 20k real tweets", "tweets20k", [KNN], "knn", [PYNN], [at_least("recall@15", 0.999), faster(2, "pynndescent")]),
    "knn100k": Line("kNN k=15, 100k", "syn100k", [[*KNN, "--target-recall", "0.98"]], "knn", [PYNN], [at_least("recall@15", 0.98), faster(2, "pynndescent")]),
    "knn300k": Line("kNN k=15, 300k", "syn300k", [[*KNN, "--target-recall", "0.98"]], "knn", [PYNN], [at_least("recall@15", 0.98), faster(2, "pynndescent")]),
    "umap20k": Line("UMAP, 20k real tweets", "tweets20k", [UMAP], "map", [UMAP_LEARN_COLD],
                    [at_least("trustworthiness@15", 0.856), at_least("knn_preservation@15", 0.105), faster(5, "umap-learn"), faster(15, "umap-learn", "cold")]),
    "umap100k": Line("UMAP, 100k", "syn100k", [UMAP], "map", [UMAP_LEARN], [*AS_GOOD_A_MAP, faster(6, "umap-learn")]),
    "hdbscan100k": Line("HDBSCAN, 100k in 2-d", "xy100k", [HDBSCAN], "labels", [FAST_HDBSCAN]),
    "hdbscan1m": Line("HDBSCAN, 1 M in 2-d", "xy1M", [HDBSCAN], "labels", [FAST_HDBSCAN], [faster(12, "fast_hdbscan"), at_least("ari_to_peer", 0.99)]),
    "chain100k": Line("100k embeddings to map and clusters", "syn100k", [UMAP, HDBSCAN], "labels", [UMAP_AND_HDBSCAN],
                      [at_most("whole", 8, "s"), at_most("private_mb", 500, "MB"), not_below("ami", "umap-learn and fast_hdbscan", 0.005)]),
    "chain1m": Line("1 M embeddings to map and clusters", "syn1M", [[*UMAP], HDBSCAN], "labels", [],
                    [at_most("whole", 180, "s"), at_most("private_mb", 4000, "MB"), at_least("label_agreement", 0.90), at_least("recall_said", 0.95)]),
    "knn1m": Line("kNN k=15, 1 M", "syn1M", [[*KNN, "--target-recall", "0.95"]], "knn", [], [at_least("recall@15", 0.95)]),
    "kmeans100k": Line("k-means k=150, 100k x 384, 20 iterations", "syn100k", [KMEANS], "inertia", [Peer("faiss-kmeans", [["faiss-kmeans"]]), Peer("kmeans", [["kmeans"]])],
                       [faster(1, "faiss-kmeans"), faster(1, "kmeans"), inertia_within("faiss-kmeans", 0.005), inertia_within("kmeans", 0.005)]),
    "constrained-min": Line("constrained k-means, at least 10 rows a cluster", "uneven", [CONSTRAINED], "inertia", [Peer(BOUNDED, [["--min", "10"]])],
                            [at_most("work", 1, "s"), inertia_within(BOUNDED, 0.005)]),
    "constrained-max": Line("constrained k-means, 10 to 350 rows a cluster", "uneven", [[*CONSTRAINED, "--max-size", "350"]], "inertia",
                            [Peer(BOUNDED, [["--min", "10", "--max", "350"]])], [at_most("work", 1, "s"), inertia_within(BOUNDED, 0.005)]),
}


class Bench:
    def __init__(self, asked):
        self.asked = asked
        asked.work.mkdir(parents=True, exist_ok=True)

    def run(self, key):
        """All turns of a line: ours, then every peer in every way."""
        line = LINES[key]
        data, labels = self.data(line.data)
        ours = Outcome("populi")
        peers = {f"{peer.name}, {way}": Outcome(f"{peer.name}, {way}") for peer in line.peers for way in peer.ways}
        self.our_turn(line, data, Outcome("populi"), key)
        for turn in range(self.asked.repeats):
            print(f"{key}: turn {turn + 1} of {self.asked.repeats}", file=sys.stderr, flush=True)
            results = self.our_turn(line, data, ours, key)
            theirs = None
            for peer in line.peers:
                for way in peer.ways:
                    outcome = peers[f"{peer.name}, {way}"]
                    theirs = self.peer_turn(peer, way, data, outcome, key)
                    if theirs[-1].exists():
                        outcome.quality.append(self.score(line, data, labels, theirs))
            if len(ours.digests) > 1 or turn == 0:
                quality = self.score(line, data, labels, results)
                if line.score == "labels" and len(line.ours) == 1 and line.peers:
                    quality["ari_to_peer"] = self.tool("labels", truth=theirs[-1], result=results[-1])["ari"]
                recalls = [said["quality"]["recall"] for said in ours.said.values() if said["quality"].get("recall") is not None]
                if recalls:
                    quality["recall_said"] = recalls[0]
                ours.quality.append(quality)
        if len(ours.digests) > 1:
            print(f"{key}: ours gave {len(ours.digests)} different results in {self.asked.repeats} turns", file=sys.stderr)
        return line, ours, peers

    def our_turn(self, line, data, outcome, key):
        read, results, totals = data, [], [0.0] * 3
        private, peak = 0.0, 0.0
        for step, (verb, *options) in enumerate(line.ours):
            out = self.asked.work / f"{key}.ours.{step}.npy"
            memory = PrivateMemory()
            command = [self.asked.populi, "matrix", verb, read, "--out", out, "--overwrite", *options, "--threads", self.asked.threads, "--json", "--quiet"]
            wall, cpu, most, said = measure(command, watch=memory)
            said = json.loads(said)
            totals = [total + part for total, part in zip(totals, (said["timings"]["compute_s"], wall, cpu))]
            private, peak = max(private, memory.peak_mb), max(peak, most)
            outcome.said[verb] = {"timings": said["timings"], "quality": said["quality"], "method": said.get("method")}
            outcome.digests |= {hashlib.sha256(out.read_bytes()).hexdigest()} if step == len(line.ours) - 1 else set()
            results.append(out)
            read = out
        keep(outcome, *totals, peak, private)
        return results

    def peer_turn(self, peer, way, data, outcome, key):
        read, results, totals = data, [], [0.0] * 3
        private, peak = 0.0, 0.0
        for step, (name, *options) in enumerate(peer.steps):
            out = self.asked.work / f"{key}.{peer.name.replace(' ', '-')}.{way}.{step}.npy"
            if peer.name == BOUNDED:
                out.unlink(missing_ok=True)
                command = [self.asked.peer_python, HERE / "uneven_mixture.py", out, "--peer", name, *options]
            else:
                command = [self.asked.peer_python, self.asked.peer_tools / "bench_peers_cluster.py", name, "--data", read, "--out", out,
                           "--threads", self.asked.threads, "--warm", self.asked.warm if way == "warm" else 0, *options]
            memory = PrivateMemory()
            wall, cpu, most, said = measure(command, watch=memory)
            said = json.loads(said.splitlines()[-1])
            cpu = said["cpu_s"] if way == "warm" else cpu
            totals = [total + part for total, part in zip(totals, (said["wall_s"], wall, cpu))]
            private, peak = max(private, memory.peak_mb), max(peak, most)
            if "inertia" in said:
                outcome.quality.append({"inertia": said["inertia"]})
            results.append(out)
            read = out
        keep(outcome, *totals, peak, private)
        return results

    def score(self, line, data, labels, results):
        """What a result is worth: a mapping of scores."""
        if line.score == "inertia":
            return inertia(np.load(data, mmap_mode="r"), np.load(results[-1]))
        if line.score == "knn":
            return self.tool("knn", data=data, result=results[-1])
        if line.score == "map":
            return self.tool("map", data=data, result=results[-1], truth=labels)
        scores = self.tool("labels", truth=labels, result=results[-1])
        if len(results) > 1:
            scores |= self.tool("map", data=data, result=results[0], truth=labels)
        return scores

    def tool(self, what, **files):
        options = [word for name, path in files.items() for word in (f"--{name}", path)]
        sample = ["--sample", 1000] if what != "labels" else []
        said = measure([self.asked.peer_python, self.asked.peer_tools / "bench_peers_quality.py", what, *options, *sample])[3]
        return {name: value for name, value in json.loads(said).items() if isinstance(value, (int, float))}

    def data(self, name):
        """The matrix of that name and its labels, as files of f32 and int32."""
        if name == "uneven":
            path = self.asked.work / "uneven.npy"
            if not path.exists():
                subprocess.run([self.asked.peer_python, HERE / "uneven_mixture.py", path], check=True)
            return path, None
        if name == "tweets20k":
            path, labels = self.asked.work / "tweets20k.npy", self.asked.work / "tweets20k.labels.npy"
            if not path.exists():
                np.save(labels, np.loadtxt(self.asked.vectors / "tweets20k.labels.txt", dtype=np.int32))
                np.save(path, np.load(self.asked.vectors / "tweets20k.npy").astype(np.float32))
            return path, labels
        path = self.asked.data / f"{name}.npy"
        if not path.exists():
            write_synthetic(self.asked.data, name, seed=1)
        return path, self.asked.data / f"{name}.labels.npy"


def keep(outcome, work, whole, cpu, peak, private):
    outcome.work.append(work)
    outcome.whole.append(whole)
    outcome.cpu.append(cpu)
    outcome.peak_mb.append(peak)
    outcome.private_mb.append(private)


def inertia(rows, labels):
    """The sum of squared distances of all rows to the mean of their cluster, in f64, and the sizes' extremes."""
    total, sizes = 0.0, []
    for label in np.unique(labels):
        cluster = rows[np.flatnonzero(labels == label)].astype(np.float64)
        total += float(((cluster - cluster.mean(axis=0)) ** 2).sum())
        sizes.append(len(cluster))
    return {"inertia": total, "clusters": len(sizes), "smallest": min(sizes), "largest": max(sizes)}


def rows_of(line, ours, peers):
    """The rows of the table for one line."""
    verdict = []
    for gate in line.gates:
        words, holds = gate(ours, peers)
        verdict.append(words if holds else f"**short:** {words}")
    for outcome in (ours, *peers.values()):
        compared = ours.median("whole" if "cold" in outcome.who else "work")
        own = outcome.median("whole" if "cold" in outcome.who else "work")
        scores = sorted({name for quality in outcome.quality for name in quality} - {"n", "covered", "what"})
        yield [
            line.work if outcome is ours else "",
            outcome.who,
            spread(outcome.work, "s"),
            spread(outcome.whole, "s"),
            spread(outcome.cpu, "s"),
            f"{outcome.median('private_mb'):.0f} of {outcome.median('peak_mb'):.0f}",
            ", ".join(f"{name} {number(outcome.median(name))}" for name in scores),
            "; ".join(verdict) if outcome is ours else f"{own / compared:.1f}x",
        ]


def number(value):
    return f"{value:.4f}" if abs(value) < 10 and value != int(value) else f"{value:,.0f}"


def table(rows):
    header = ["work", "who", "work, wall", "whole process, wall", "CPU", "private of peak MB", "quality", "times of ours; what was to reach"]
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def versions(peer_python):
    code = "import importlib.metadata as m, json, sys\nd = {}\nfor p in sys.argv[1:]:\n    try: d[p] = m.version(p)\n    except m.PackageNotFoundError: pass\nprint(json.dumps(d))"
    said = subprocess.run([peer_python, "-c", code, *PACKAGES], capture_output=True, text=True, check=True).stdout
    return json.loads(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--populi", "--peer-tools", "--vectors", "--data", "--work"):
        parser.add_argument(name, required=True, type=Path)
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--json", required=True, type=Path)
    parser.add_argument("--only", default=",".join(LINES))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--warm", type=int, default=5000, help="rows that a warm peer is compiled with")
    asked = parser.parse_args()
    asked.populi = asked.populi.resolve()
    unknown = set(asked.only.split(",")) - set(LINES)
    if unknown:
        sys.exit(f"no line {', '.join(sorted(unknown))}; there are: {', '.join(LINES)}")

    bench = Bench(asked)
    about = {"machine": machine(), "commit": commit(), "versions": versions(asked.peer_python), "threads": asked.threads,
             "repeats": asked.repeats, "date": time.strftime("%Y-%m-%d %H:%M"), "load": os.getloadavg()}
    record, rows = {"about": about, "lines": {}}, []
    for key in asked.only.split(","):
        try:
            line, ours, peers = bench.run(key)
        except SystemExit as failed:  # the other lines still count
            print(f"{key}: {failed}", file=sys.stderr, flush=True)
            continue
        rows += rows_of(line, ours, peers)
        record["lines"][key] = [vars(outcome) | {"digests": sorted(outcome.digests)} for outcome in (ours, *peers.values())]
        record["lines"][key].append({"gates": [gate(ours, peers) for gate in line.gates], "work": line.work})
        asked.json.write_text(json.dumps(record, indent=1))
    print(" · ".join(f"{name}: {value}" for name, value in about.items()))
    print(table(rows))


if __name__ == "__main__":
    main()
