"""Writes dbscan.txt: labels and core points of scikit-learn's DBSCAN, for points that the test draws alike.

    pip install scikit-learn==1.9.1
    python dbscan.py > dbscan.txt

A line a case: columns, eps, min_samples, the labels of 400 points with "." for noise, and "1" for each core point.
"""

import numpy as np
from sklearn.cluster import DBSCAN

N_ROWS = 400


def drawn(n_cols):
    """Walks from seven places: Knuth's MMIX generator, in single precision."""
    x, rows = n_cols, []
    for row in range(N_ROWS):
        values = []
        for column in range(n_cols):
            x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
            share = np.float32(x >> 40) / np.float32(2**24)
            values.append(np.float32((row * (column + 1)) % 7) + share * np.float32(row % 11) / np.float32(4))
        rows.append(values)
    return np.array(rows, dtype=np.float32)


for n_cols, eps, min_samples in [(1, 0.01, 4), (1, 0.03, 9), (2, 0.25, 5), (2, 0.4, 12), (3, 0.5, 5), (3, 0.8, 20), (6, 1.2, 4), (9, 1.7, 5)]:
    found = DBSCAN(eps=eps, min_samples=min_samples).fit(drawn(n_cols).astype(np.float64))
    core = np.zeros(N_ROWS, dtype=int)
    core[found.core_sample_indices_] = 1
    labels = ",".join("." if label < 0 else str(label) for label in found.labels_)
    print(n_cols, eps, min_samples, labels, "".join(map(str, core)))
