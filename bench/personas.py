"""The persona bar: how near do persona clusters come to a classifier that knows the true distributions?

    populi simulate bluesky --users 5000 --days 30 --communities 8 --seed 7 --out world
    populi ingest bluesky world/jetstream --corpus corpus --max-quarantine 1
    populi embed --corpus corpus
    pip install scikit-learn
    python bench/personas.py POPULI world corpus

Runs `POPULI personas --lang en` on the corpus with k = auto and with the true k. On the authors that it clusters, prints
the adjusted Rand index (and adjusted mutual information) against the planted communities of

- a Bayes classifier with the true distributions (`truth/tastes.json`): the posterior of the communities, given the words in
  the slots of the author's visible English posts;
- persona clusters, k = auto and the true k;
- a baseline: TF-IDF of words, one document an author, k-means with the true k (scikit-learn's, as they come);
- shuffled labels, the control.

Only the command line of Populi and the files of the truth are read, so the classifier shares no code with what it judges.
"""

import csv
import json
import random
import re
import subprocess
import sys
from collections import defaultdict
from math import log

from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

POSTS = """
SELECT p.author_id, p.text FROM posts p JOIN languages l ON l.post_key = p.post_key
WHERE l.lang = 'en' AND p.author_key IN (SELECT unit_key FROM clusters)
"""
CLUSTERS = """
SELECT DISTINCT p.author_id, c.cluster FROM clusters c JOIN posts p ON p.author_key = c.unit_key
"""


class Bayes:
    """The posterior of the communities by the words that stand in slots."""

    def __init__(self, tastes):
        self.log_prior = [log(share) for share in tastes["prior"]]
        self.log_share = {word: [log(share) for share in shares] for word, shares in tastes["words"].items()}
        word = "(" + "|".join(sorted(map(re.escape, tastes["words"]), key=len, reverse=True)) + ")"
        patterns = tastes["post_patterns"] + tastes["reply_patterns"]
        self.patterns = [re.compile(word.join(map(re.escape, pattern.split("{}")))) for pattern in patterns]
        self.link = re.compile(r"https://example\.org/" + word)

    def slots(self, text):
        """The words in the slots of the sentences of a text; where two patterns match, the longer one."""
        text = text.lower()
        found = [match for pattern in self.patterns for match in pattern.finditer(text)]
        found.sort(key=lambda match: match.start() - match.end())
        taken, words = [], [match.group(1) for match in self.link.finditer(text)]
        for match in found:
            if all(match.end() <= start or match.start() >= end for start, end in taken):
                taken.append(match.span())
                words.extend(match.groups())
        return words

    def community(self, texts):
        score = list(self.log_prior)
        for text in texts:
            for word in self.slots(text):
                for community, log_share in enumerate(self.log_share[word]):
                    score[community] += log_share
        return max(range(len(score)), key=score.__getitem__)


def main(populi, world, corpus):
    def rows(query):
        command = [populi, "sql", "--corpus", corpus, "--format", "json", query]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    def personas(k):
        command = [populi, "personas", "--corpus", corpus, "--lang", "en", "--k", str(k), "--json", "--quiet"]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        return found, {row["author_id"]: row["cluster"] for row in rows(CLUSTERS)}

    with open(f"{world}/truth/communities.tsv", newline="") as file:
        planted = {row["did"]: int(row["community"]) for row in csv.DictReader(file, delimiter="\t")}
    with open(f"{world}/truth/tastes.json") as file:
        bayes = Bayes(json.load(file))
    n_communities = len(bayes.log_prior)

    fixed, clusters = personas(n_communities)
    authors = sorted(clusters)
    truth = [planted[author] for author in authors]
    texts = defaultdict(list)
    for row in rows(POSTS):
        texts[row["author_id"]].append(row["text"])

    def score(name, labels):
        ari, ami = adjusted_rand_score(truth, labels), adjusted_mutual_info_score(truth, labels)
        print(f"{name}\t{ari:.4f}\t{ami:.4f}", flush=True)
        return ari

    print(f"authors\t{len(authors)}\ncommunities\t{n_communities}\n\nmethod\tARI\tAMI")
    best = score("Bayes, true distributions", [bayes.community(texts[author]) for author in authors])
    with_k = score(f"personas, k = {n_communities}", [clusters[author] for author in authors])
    auto, clusters = personas("auto")
    with_auto = score(f"personas, k = auto: {auto['k']}", [clusters[author] for author in authors])
    documents = [" ".join(texts[author]) for author in authors]
    tf_idf = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(documents)
    score("TF-IDF and k-means", KMeans(n_communities, n_init=10, random_state=0).fit_predict(tf_idf))
    shuffled = [clusters[author] for author in authors]
    random.Random(0).shuffle(shuffled)
    score("shuffled labels", shuffled)
    print(f"\nof Bayes, k = {n_communities}\t{with_k / best:.4f}\nof Bayes, k = auto\t{with_auto / best:.4f}")
    stability = auto["stability"]
    if stability:
        print(f"stability ARI\t{stability['ari']['mean']:.4f}\nof shuffled labels\t{stability['shuffled_ari']['mean']:.4f}")
    passed = min(with_k, with_auto) >= 0.9 * best and abs(auto["k"] - n_communities) <= 2
    print("the bar is", "passed" if passed else "MISSED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
