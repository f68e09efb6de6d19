#!/usr/bin/env python3
"""Makes the synthetic matrices of the geometry benchmark, with the label of every row beside.

    python3 bench/synthetic_vectors.py --out FOLDER [--seed 1] syn10k syn100k xy1m vmf100k …

A name is a kind and a number of rows (`k` thousand, `m` million). Writes FOLDER/NAME.npy and FOLDER/NAME.labels.npy (int32,
-1 for noise). Rows are drawn by blocks of 10,000, each from its own random stream, so that memory stays below 200 MB and the
rows of a smaller matrix are the first rows of a larger one of the same seed. Needs numpy only. The kinds, all f32:

syn   384 columns, length 1. 150 clusters in 12 groups; a cluster is a flat ellipsoid of 24 directions of falling spread, its
      size falls as 1/rank (Zipf). A tenth of the rows is noise on bridges: anywhere between two clusters of one group.
vmf   384 columns, length 1. 150 clusters of Zipf sizes, round on the sphere (nearly von Mises-Fisher, concentration 900):
      who is near whom inside a cluster is nearly chance, which is the hardest case for a search by neighbours of neighbours.
xy    2 columns. 300 overlapping Gaussians of uneven scale and size on a square of side 100, and 15 % uniform noise.
"""

import argparse
import re
from pathlib import Path

import numpy as np

BLOCK = 10_000
N_DIMS, N_CLUSTERS, N_GROUPS, RANK = 384, 150, 12, 24


def unit(rows):
    rows /= np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows


def zipf(n):
    share = 1.0 / np.arange(1, n + 1)
    return share / share.sum()


class Ellipsoids:
    """150 flat ellipsoids in 12 groups, with noise on bridges inside a group."""

    n_cols = N_DIMS

    def __init__(self, chance):
        groups = unit(chance.standard_normal((N_GROUPS, N_DIMS)))
        self.group = chance.integers(0, N_GROUPS, N_CLUSTERS)
        self.centres = unit(groups[self.group] + 0.8 * unit(chance.standard_normal((N_CLUSTERS, N_DIMS))))
        spread = 0.13 * np.arange(1, RANK + 1) ** -0.4
        bases = np.linalg.qr(chance.standard_normal((N_CLUSTERS, N_DIMS, RANK)))[0].transpose(0, 2, 1)
        size = chance.uniform(0.7, 1.4, N_CLUSTERS)
        self.axes = (bases * spread[:, None] * size[:, None, None]).astype(np.float32)
        self.sizes = zipf(N_CLUSTERS)

    def draw(self, chance, n):
        labels = chance.choice(N_CLUSTERS, n, p=self.sizes).astype(np.int32)
        rows = self.centres[labels].astype(np.float32)
        noise = np.flatnonzero(chance.random(n) < 0.1)
        for at in noise:
            near = np.flatnonzero(self.group == self.group[labels[at]])
            rows[at] += chance.random() * (self.centres[chance.choice(near)] - rows[at])
        latent = chance.standard_normal((n, RANK), dtype=np.float32)
        for label in np.unique(labels):
            of = labels == label
            rows[of] += latent[of] @ self.axes[label]
        rows += 0.008 * chance.standard_normal((n, N_DIMS), dtype=np.float32)
        labels[noise] = -1
        return unit(rows), labels


class Sphere:
    """150 round clusters on the sphere."""

    n_cols = N_DIMS
    concentration = 900

    def __init__(self, chance):
        self.centres = unit(chance.standard_normal((N_CLUSTERS, N_DIMS))).astype(np.float32)
        self.sizes = zipf(N_CLUSTERS)

    def draw(self, chance, n):
        labels = chance.choice(N_CLUSTERS, n, p=self.sizes).astype(np.int32)
        rows = chance.standard_normal((n, N_DIMS), dtype=np.float32) / np.float32(self.concentration**0.5)
        return unit(rows + self.centres[labels]), labels


class Plane:
    """300 overlapping Gaussians on a square, and uniform noise."""

    n_cols = 2

    def __init__(self, chance):
        self.centres = chance.uniform(0, 100, (300, 2))
        self.scales = np.exp(chance.normal(np.log(0.65), 0.5, 300))
        sizes = chance.uniform(0.2, 1.0, 300)
        self.sizes = sizes / sizes.sum()

    def draw(self, chance, n):
        labels = chance.choice(300, n, p=self.sizes).astype(np.int32)
        rows = self.centres[labels] + self.scales[labels, None] * chance.standard_normal((n, 2))
        noise = chance.random(n) < 0.15
        rows[noise] = chance.uniform(-5, 105, (int(noise.sum()), 2))
        labels[noise] = -1
        return rows.astype(np.float32), labels


KINDS = {"syn": Ellipsoids, "vmf": Sphere, "xy": Plane}


def write(folder, name, seed):
    """Streams one matrix into a file that gets its name when it is whole."""
    kind, number, unit_letter = re.fullmatch(r"([a-z]+?)(\d+)([kmKM]?)", name).groups()
    n_rows = int(number) * {"": 1, "k": 1_000, "m": 1_000_000}[unit_letter.lower()]
    mixture = KINDS[kind](np.random.default_rng([seed, 0]))
    labels = np.empty(n_rows, np.int32)
    part = folder / f"{name}.part"
    with part.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (n_rows, mixture.n_cols)}
        np.lib.format.write_array_header_1_0(file, header)
        for block, start in enumerate(range(0, n_rows, BLOCK)):
            # A whole block is always drawn: the rows do not depend on how many are asked for.
            rows, block_labels = mixture.draw(np.random.default_rng([seed, 1 + block]), BLOCK)
            n = min(BLOCK, n_rows - start)
            file.write(rows[:n].tobytes())
            labels[start : start + n] = block_labels[:n]
    with (folder / f"{name}.labels.part").open("wb") as file:
        np.save(file, labels)
    (folder / f"{name}.labels.part").rename(folder / f"{name}.labels.npy")
    part.rename(folder / f"{name}.npy")
    print(f"{name}: {n_rows} rows, {mixture.n_cols} columns, {np.mean(labels < 0):.1%} noise", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("names", nargs="+")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.names:
        write(asked.out, name, asked.seed)


if __name__ == "__main__":
    main()
