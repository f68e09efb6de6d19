"""Writes golden.txt: what umap-learn makes of the neighbours of a few rows.

    pip install umap-learn==0.5.12 && python golden.py > golden.txt

Lines: `curve MIN_DIST SPREAD A B`; `graph N K` (K neighbours, the row itself left out); for every row
`row SIGMA RHO`, then `ids ...` and `distances ...`; for every entry of the fuzzy set `entry ROW COLUMN MEMBERSHIP`.
The rows hold duplicates, and a far group that nobody else names.
"""
import numpy as np
from umap.umap_ import find_ab_params, fuzzy_simplicial_set, smooth_knn_dist

for min_dist, spread in [(0.1, 1.0), (0.0, 1.0), (0.5, 1.0), (0.99, 1.0), (0.25, 2.0), (0.01, 0.5)]:
    a, b = find_ab_params(spread, min_dist)
    print("curve", min_dist, spread, repr(float(a)), repr(float(b)))

random = np.random.default_rng(5)
x = random.normal(size=(60, 4)).astype(np.float32)
x[7] = x[3]
x[20:24] = x[20]  # more equal rows than some have neighbours
x[50:] += 40
k = 9
d = np.sqrt(((x[:, None].astype(np.float64) - x[None]) ** 2).sum(-1))
ids = np.array([[i] + [j for j in np.argsort(d[i], kind="stable") if j != i][:k] for i in range(len(x))])
distances = np.take_along_axis(d, ids, 1).astype(np.float32)

sigmas, rhos = smooth_knn_dist(distances, float(k + 1), local_connectivity=1.0)
graph, _, _ = fuzzy_simplicial_set(x, k + 1, np.random.RandomState(0), "euclidean", knn_indices=ids, knn_dists=distances)
print("graph", len(x), k)
for i in range(len(x)):
    print("row", repr(float(sigmas[i])), repr(float(rhos[i])))
    print("ids", *ids[i, 1:])
    print("distances", *(repr(float(v)) for v in distances[i, 1:]))
coo = graph.tocoo()
for entry in zip(coo.row, coo.col, coo.data):
    print("entry", entry[0], entry[1], repr(float(entry[2])))
