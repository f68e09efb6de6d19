"""How much of a sentence transformer's quality does the static table keep? Five TweetEval tasks, with intervals.

    pip install scikit-learn numpy
    populi distill --teacher MINILM --texts … --epochs 0 --out plain.table
    python bench/embedding_quality.py --populi target/release/populi --minilm MINILM --plain plain.table TWEETEVAL

MINILM is a folder of all-MiniLM-L6-v2; TWEETEVAL holds `emotion/train_text.txt` and so on. `--table FILE` measures
another table than the one in the program.

Vectors are made by `populi embed` from the texts alone. Emotion, irony, hate and offensive are fitted on train and
scored on validation; sentiment, of which only the validation part is at hand, by five folds. Two classifiers look at
the vectors: logistic regression, whose one setting is chosen by cross-validation on the fitted part, and the majority
of the 15 nearest by cosine. TF-IDF (words and pairs) and SVD to 256 dimensions, fitted on the same part, stand beside.

The share of a table is (its mean accuracy - plain) / (MiniLM - plain) over the ten accuracies. Its interval is the
percentiles 2.5 and 97.5 of 2,000 resamples of the scored texts, the same ones for every encoder.
Nothing of these texts or labels is used to make a table or to choose its settings.
"""

import argparse
import json
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize

TASKS = ["emotion", "irony", "hate", "offensive", "sentiment"]
N_RESAMPLES = 2000


def lines(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return [line.rstrip("\n") for line in file]


def read_task(folder, name):
    """Texts, labels, and pairs of (fitted, scored) row numbers."""
    parts = [part for part in ("train", "val") if name != "sentiment" or part == "val"]
    texts = [lines(folder / name / f"{part}_text.txt") for part in parts]
    labels = [lines(folder / name / f"{part}_labels.txt") for part in parts]
    for part, text, label in zip(parts, texts, labels):
        assert len(text) == len(label), f"{name}/{part}: {len(text)} texts and {len(label)} labels"
    all_texts, y = sum(texts, []), np.array(sum(labels, []))
    if len(parts) == 2:
        n = len(texts[0])
        return all_texts, y, [(np.arange(n), np.arange(n, len(y)))]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return all_texts, y, list(folds.split(np.zeros(len(y)), y))


def by_populi(populi, model, texts):
    """Vectors of `texts`; line breaks inside a text would make two of it."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "texts.jsonl", Path(folder) / "vectors.npy"
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        command = [populi, "embed", source, "--text", "text", "--model", model, "--out", out, "--quiet"]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
        vectors = np.load(out)
    assert len(vectors) == len(texts), f"{model}: {len(vectors)} vectors of {len(texts)} texts"
    return vectors


def tfidf(fitted, scored):
    counts = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    svd = TruncatedSVD(256, random_state=0)
    fitted = normalize(svd.fit_transform(counts.fit_transform(fitted)))
    return fitted, normalize(svd.transform(counts.transform(scored)))


def hits(fitted, y_fitted, scored, y_scored):
    """Whether each scored row is told right: by the linear probe, by its neighbours."""
    grid = {"C": [0.1, 1.0, 10.0, 100.0]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        probe = GridSearchCV(LogisticRegression(max_iter=500), grid, cv=3).fit(fitted, y_fitted)
    near = KNeighborsClassifier(15, metric="cosine", algorithm="brute").fit(fitted, y_fitted)
    return [model.predict(scored) == y_scored for model in (probe, near)]


def hits_of_task(texts, y, splits, vectors):
    """`[2, n_scored]` in the order of the scored rows; `vectors` is None for TF-IDF."""
    found = np.zeros((2, len(y)), bool)
    for fitted, scored in splits:
        if vectors is None:
            a, b = tfidf([texts[i] for i in fitted], [texts[i] for i in scored])
        else:
            a, b = vectors[fitted], vectors[scored]
        found[:, scored] = hits(a, y[fitted], b, y[scored])
    return found[:, np.sort(np.concatenate([scored for _, scored in splits]))]


def share(means):
    return (means["ours"] - means["plain"]) / (means["minilm"] - means["plain"])


def main(args):
    models = {"minilm": args.minilm, "ours": args.table, "plain": args.plain}
    tasks = {name: read_task(args.tweeteval, name) for name in TASKS}
    found = {encoder: {} for encoder in [*models, "tfidf"]}
    for name, (texts, y, splits) in tasks.items():
        for encoder in found:
            vectors = by_populi(args.populi, models[encoder], texts) if encoder in models else None
            found[encoder][name] = hits_of_task(texts, y, splits, vectors)
            probe, near = 100 * found[encoder][name].mean(axis=1)
            print(f"{name}\t{encoder}\tprobe {probe:.1f}\t15-NN {near:.1f}", flush=True)

    means = {encoder: np.mean([of.mean(axis=1) for of in by_task.values()]) for encoder, by_task in found.items()}
    random = np.random.default_rng(0)
    shares = []
    for _ in range(N_RESAMPLES):
        rows = {name: random.integers(0, found["ours"][name].shape[1], found["ours"][name].shape[1]) for name in TASKS}
        shares.append(share({e: np.mean([found[e][n][:, rows[n]].mean(axis=1) for n in TASKS]) for e in models}))
    low, high = np.percentile(shares, [2.5, 97.5])
    print("\t".join(f"{encoder} {100 * mean:.2f}" for encoder, mean in means.items()))
    print(f"share {100 * share(means):.0f} % ({100 * low:.0f} to {100 * high:.0f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--populi", type=Path, required=True)
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--plain", type=Path, required=True)
    parser.add_argument("--table", default="static")
    parser.add_argument("tweeteval", type=Path)
    main(parser.parse_args())
