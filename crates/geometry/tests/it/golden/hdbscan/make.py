"""Records what the Python package hdbscan finds: `python make.py`, with hdbscan 0.8.44 and numpy 2.4.

Writes `plane.csv` and `space.csv` beside itself. First line: number of the fitted rows, sum and maximum of the spanning tree's weights.
Then a row a line: coordinates (float32), labels and strengths by excess of mass, labels by leaf, labels by leaf
with epsilon; and for the rows behind the fitted ones, which are new: coordinates, predicted label, strength.
"""
from pathlib import Path

import hdbscan
import numpy as np

EPSILON = 0.7


def draw(n_dims, n_rows, seed):
    """Gaussians of uneven size and scale, and a tenth of uniform noise."""
    random = np.random.default_rng(seed)
    centres = random.uniform(-8, 8, (9, n_dims))
    which = random.choice(9, n_rows, p=np.array([6, 5, 4, 3, 3, 2, 2, 1, 1]) / 27)
    rows = centres[which] + random.normal(size=(n_rows, n_dims)) * random.uniform(0.25, 1.1, 9)[which, None]
    noise = random.random(n_rows) < 0.1
    rows[noise] = random.uniform(-10, 10, (noise.sum(), n_dims))
    return rows.astype(np.float32)


def fit(rows, **settings):
    settings = {"min_cluster_size": 12, "min_samples": 5, "approx_min_span_tree": False, **settings}
    return hdbscan.HDBSCAN(**settings).fit(rows.astype(np.float64))


def write(name, n_dims, n_rows, seed):
    rows = draw(n_dims, n_rows + 60, seed)
    fitted, new = rows[:n_rows], rows[n_rows:]
    found = fit(fitted, gen_min_span_tree=True, prediction_data=True)
    leaf = fit(fitted, cluster_selection_method="leaf").labels_
    merged = fit(fitted, cluster_selection_method="leaf", cluster_selection_epsilon=EPSILON).labels_
    weights = found.minimum_spanning_tree_.to_numpy()[:, 2]
    labels, strengths = hdbscan.approximate_predict(found, new.astype(np.float64))
    at = [",".join(f"{x:.9g}" for x in row) for row in rows]
    lines = [f"{n_rows},{weights.sum():.12g},{weights.max():.12g}"]
    for i in range(n_rows):
        lines.append(f"{at[i]},{found.labels_[i]},{found.probabilities_[i]:.9g},{leaf[i]},{merged[i]}")
    for i, (label, strength) in enumerate(zip(labels, strengths)):
        lines.append(f"{at[n_rows + i]},{label},{strength:.9g}")
    Path(__file__).with_name(name).write_text("\n".join(lines) + "\n")
    print(name, found.labels_.max() + 1, (found.labels_ < 0).mean(), leaf.max() + 1, merged.max() + 1)


write("plane.csv", 2, 700, 11)
write("space.csv", 3, 600, 12)
