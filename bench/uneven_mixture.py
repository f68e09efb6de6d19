#!/usr/bin/env python3
"""Makes the mixture that k-means with bounded cluster sizes is measured on: 7,400 rows of 1,024 columns, f32.

    python3 bench/uneven_mixture.py OUT.npy [--seed 1]
    pip install k-means-constrained scikit-learn
    python3 bench/uneven_mixture.py OUT.npy --peer --min 10 [--max 350]

15 Gaussians of Zipf sizes, and 10 groups of 2 to 8 rows far from them and from one another, so that k-means with k = 25 spends
centres on the groups: that it leaves at least eight clusters of fewer than 10 rows is checked with scikit-learn, best of 5 starts.
`--peer` runs k-means-constrained on it, with 5 starts, and prints one line of JSON.
"""

import argparse
import json
import resource
import time

import numpy as np

N_ROWS, N_COLUMNS, K = 7_400, 1_024, 25


def mixture(seed):
    chance = np.random.default_rng(seed)
    small = chance.integers(2, 9, 10)
    share = 1.0 / np.arange(1, 16) ** 0.7
    large = chance.choice(15, N_ROWS - small.sum(), p=share / share.sum())
    labels = np.concatenate([large, 15 + np.repeat(np.arange(10), small)])
    centres = chance.standard_normal((K, N_COLUMNS)) * np.where(np.arange(K) < 15, 0.35, 12.0)[:, None]
    rows = centres[labels] + chance.standard_normal((N_ROWS, N_COLUMNS)) * np.where(labels < 15, 1.0, 0.5)[:, None]
    return rows[chance.permutation(N_ROWS)].astype(np.float32)


def seconds_of_cpu():
    used = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(of.ru_utime + of.ru_stime for of in used)


def inertia(rows, labels):
    """The sum of squared distances to the means, in double precision: the peer reports another sum."""
    groups = (rows[labels == label].astype(np.float64) for label in range(K))
    return float(sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups))


def peer(rows, arguments):
    from k_means_constrained import KMeansConstrained

    wall, cpu = time.time(), seconds_of_cpu()
    model = KMeansConstrained(K, size_min=arguments.min, size_max=arguments.max, n_init=5, random_state=0)
    labels = model.fit_predict(rows)
    print(json.dumps({
        "peer": "k-means-constrained", "min": arguments.min, "max": arguments.max,
        "wall_s": round(time.time() - wall, 2), "cpu_s": round(seconds_of_cpu() - cpu, 2), "iterations": int(model.n_iter_),
        "inertia": round(inertia(rows, labels), 3), "sizes": sorted(np.bincount(labels, minlength=K).tolist()),
    }))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--min", type=int)
    parser.add_argument("--max", type=int)
    arguments = parser.parse_args()
    rows = mixture(arguments.seed)
    if arguments.peer:
        return peer(rows, arguments)
    from sklearn.cluster import KMeans

    sizes = np.bincount(KMeans(K, n_init=5, random_state=0).fit_predict(rows), minlength=K)
    assert (sizes < 10).sum() >= 8, f"only {(sizes < 10).sum()} clusters of fewer than 10 rows"
    np.save(arguments.out, rows)
    print(f"{arguments.out}: sizes of k-means {sorted(sizes.tolist())}")


if __name__ == "__main__":
    main()
