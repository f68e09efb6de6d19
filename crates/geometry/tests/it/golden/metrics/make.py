#!/usr/bin/env python3
"""Records what scikit-learn 1.9.1 says of small clusterings and maps: the golden files beside this script.

    pip install scikit-learn==1.9.1
    python make.py

blobs.csv, lattice.csv: one row a point: its values x*, its place on a map m*, its label (-1 noise), its class, and its silhouette
with noise as a cluster and without noise. Values have four decimals, so that they read the same everywhere.
scores.csv: file, width of the numbers (f32, f64, or - for labels only), score, value.
"""

import csv
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

HERE = Path(__file__).parent


def blobs(chance):
    """60 points of 4 columns in clusters of 24, 17, 9, 1 and 9 of noise; a map that is nearly the first two columns."""
    sizes = {0: 24, 1: 17, 2: 9, 7: 1, -1: 9}
    labels = np.repeat(list(sizes), list(sizes.values()))
    points = chance.uniform(-3, 3, (8, 4))[labels] + chance.normal(0, 1.2, (60, 4))
    order = chance.permutation(60)
    points, labels = points[order], labels[order]
    places = points[:, :2] + chance.normal(0, 0.6, (60, 2))
    classes = np.where(chance.random(60) < 0.7, np.abs(labels), chance.integers(0, 4, 60))
    return points, places, labels, classes


def lattice(chance):
    """40 points on a 4 x 4 lattice: many lie at one place, many are equally far."""
    points = chance.integers(0, 4, (40, 2)).astype(float)
    labels = (points[:, 0] * 0.9 + chance.random(40)).astype(int) - 1
    return points, points + chance.normal(0, 0.5, (40, 2)), labels, (points[:, 1] > 1).astype(int)


def preservation(points, places, k):
    near = [NearestNeighbors(n_neighbors=k).fit(x).kneighbors(return_distance=False) for x in (points, places)]
    return np.mean([len(set(a) & set(b)) / k for a, b in zip(*near)])


def agreement(labels, classes):
    yield "adjusted rand", metrics.adjusted_rand_score(classes, labels)
    yield "adjusted mutual information", metrics.adjusted_mutual_info_score(classes, labels)
    yield "normalised mutual information", metrics.normalized_mutual_info_score(classes, labels)
    yield "homogeneity", metrics.homogeneity_score(classes, labels)
    yield "completeness", metrics.completeness_score(classes, labels)
    yield "v-measure", metrics.v_measure_score(classes, labels)


def shape(points, labels):
    yield "silhouette", metrics.silhouette_score(points, labels)
    yield "davies-bouldin", metrics.davies_bouldin_score(points, labels)
    yield "calinski-harabasz", metrics.calinski_harabasz_score(points, labels)


def neighbourhoods(points, places):
    for k in (5, 12, 29):
        yield f"trustworthiness {k}", trustworthiness(points, places, n_neighbors=k)
        yield f"preservation {k}", preservation(points, places, k)
    yield "trustworthiness 12 cosine", trustworthiness(points, places, n_neighbors=12, metric="cosine")


def main():
    assert sklearn.__version__ == "1.9.1", sklearn.__version__
    rows = []
    for name, draw, has_ties in (("blobs", blobs, False), ("lattice", lattice, True)):
        points, places, labels, classes = draw(np.random.default_rng(1))
        points, places = points.round(4), places.round(4)
        clustered = labels >= 0
        with_noise = metrics.silhouette_samples(points, labels)
        without = np.full(len(labels), np.nan)
        without[clustered] = metrics.silhouette_samples(points[clustered], labels[clustered])
        with open(HERE / f"{name}.csv", "w", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            columns = [f"x{i}" for i in range(points.shape[1])]
            out.writerow([*columns, "m0", "m1", "label", "class", "silhouette", "silhouette_without_noise"])
            for i in range(len(labels)):
                alone = "" if np.isnan(without[i]) else float(without[i])
                numbers = [float(x) for x in (*points[i], *places[i])]
                out.writerow([*numbers, int(labels[i]), int(classes[i]), float(with_noise[i]), alone])
        rows += [(name, "-", score, value) for score, value in agreement(labels, classes)]
        rows += [(name, "-", f"{score} without noise", value) for score, value in agreement(labels[clustered], classes[clustered])]
        for width in (np.float32, np.float64):
            x, m = points.astype(width), places.astype(width)
            kind = f"f{8 * x.itemsize}"
            rows += [(name, kind, score, value) for score, value in shape(x, labels)]
            rows += [(name, kind, f"{score} without noise", value) for score, value in shape(x[clustered], labels[clustered])]
            if not has_ties:
                rows += [(name, kind, score, value) for score, value in neighbourhoods(x, m)]
    with open(HERE / "scores.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["file", "numbers", "score", "value"])
        out.writerows((name, kind, score, float(value)) for name, kind, score, value in rows)


if __name__ == "__main__":
    main()
