"""Writes the texts that the shipped static table is fitted on, one a line.

    python bench/shipped_texts.py --banking77 train.csv --clinc150 FOLDER --oasst trees.jsonl --goemotions train.tsv > texts.txt
    populi distill --teacher MINILM --texts texts.txt --notes crates/embed/assets/notes.txt --overwrite --out crates/embed/assets/static.table

The sources, all of whose licences allow derived works (NOTICE names them):

- BANKING77, CC BY 4.0: `banking_data/train.csv` of github.com/PolyAI-LDN/task-specific-datasets
- CLINC150, CC BY 3.0: the lists of github.com/clinc/oos-eval, each `[[text, intent], …]`
- OpenAssistant conversations, Apache-2.0: message trees of github.com/LAION-AI/Open-Assistant, cut into sentences
- GoEmotions, CC BY 4.0: `goemotions/data/train.tsv` of github.com/google-research/google-research; no labels are read

MINILM is a folder of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).
"""

import argparse
import csv
import json
import re
import sys
from pathlib import Path

SENTENCE_END = re.compile(r"\n+|(?<=[.!?])\s+")


def banking77(path):
    with open(path, encoding="utf-8", newline="") as file:
        yield from (row["text"] for row in csv.DictReader(file))


def clinc150(folder):
    for name in ("train", "val", "oos_train", "oos_val"):
        for text, _ in json.loads((folder / f"{name}.json").read_text(encoding="utf-8")):
            yield text


def oasst(path):
    def sentences(message):
        for sentence in SENTENCE_END.split(message.get("text") or ""):
            if 3 <= len(sentence.split()) <= 60:
                yield sentence
        for reply in message.get("replies", []):
            yield from sentences(reply)

    with open(path, encoding="utf-8") as file:
        for line in file:
            yield from sentences(json.loads(line)["prompt"])


def goemotions(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        yield from (line.split("\t")[0] for line in file)


def main(args):
    texts = [*banking77(args.banking77), *clinc150(args.clinc150), *oasst(args.oasst), *goemotions(args.goemotions)]
    for text in texts:
        sys.stdout.write(" ".join(text.split()) + "\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for source in ("banking77", "clinc150", "oasst", "goemotions"):
        parser.add_argument(f"--{source}", type=Path, required=True)
    main(parser.parse_args())
