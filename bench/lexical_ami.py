"""The scikit-learn half of the lexical bar: TF-IDF, SVD 100, L2, k-means at the true number of classes.

    pip install scikit-learn
    python bench/lexical_ami.py DATA_DIR > sklearn.tsv

DATA_DIR holds `short_text/` (label TAB text, no header) and `banking77/train.csv` (text,category). Prints one line
per data set and seed, then the median: set, k, seed, AMI, ARI, separated by tabs. The other half, our lexical vectors and
our k-means on the same files, prints the same columns:

    cargo run --release -p populi-embed --example lexical_ami -- DATA_DIR
"""

import csv
import statistics
import sys
from pathlib import Path

from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from sklearn.preprocessing import normalize

SEEDS = range(10)


def read_tab(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = [line.rstrip("\r\n").split("\t", 1) for line in file]
    return [row[1].strip() for row in rows if len(row) == 2], [row[0] for row in rows if len(row) == 2]


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["category"] for row in rows]


def main(data):
    short = data / "short_text"
    sets = [
        ("agnews", read_tab(short / "agnewsdataraw-8000")),
        ("stackoverflow", read_tab(short / "stackoverflow_true_text")),
        ("tweet", read_tab(short / "tweet-original-order.txt")),
        ("banking77", read_csv(data / "banking77" / "train.csv")),
    ]
    for name, (texts, labels) in sets:
        k = len(set(labels))
        tfidf = TfidfVectorizer(max_features=5000, stop_words="english", sublinear_tf=True).fit_transform(texts)
        scores = []
        for seed in SEEDS:
            vectors = normalize(TruncatedSVD(100, random_state=seed).fit_transform(tfidf))
            found = KMeans(k, n_init=5, random_state=seed).fit_predict(vectors)
            ami = adjusted_mutual_info_score(labels, found)
            scores.append(ami)
            print(name, k, seed, f"{ami:.4f}", f"{adjusted_rand_score(labels, found):.4f}", sep="\t", flush=True)
        print(name, k, "median", f"{statistics.median(scores):.4f}", sep="\t", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
