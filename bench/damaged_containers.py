"""Cut and flipped containers: does `populi ingest` keep exactly what comes before the damage, and account for all?

    cargo build --release
    python3 bench/damaged_containers.py target/release/populi [--cuts 100] [--flips 500] [--records 10000] [--seed 1]

Makes a file of Jetstream lines and packs it as gz (1 and 100 members), bz2, zst (with the `zstd` program), tar, tar of
bz2, tar.gz and zip. Of each it makes copies cut at random offsets, and counts with Python's own zlib, bz2 and a reading
of the raw headers how many whole lines come before each cut. One ingest reads all copies; every copy must have that
many records and one `truncated_container`. Then single bits are flipped in copies of containers and of the plain lines;
the ingest must end by itself, every copy must balance, and a copy of which nothing is told must have every record.
Prints a line a kind of container and exits with 1 if anything differs. Needs Python 3.8; takes about five minutes.
"""

import argparse
import bz2
import gzip
import io
import json
import random
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

# Before this a cut file may not show what it is.
FIRST_CUT = 600


def line(number, rng):
    word = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz ") for _ in range(rng.randrange(20, 200)))
    record = {"$type": "app.bsky.feed.post", "createdAt": "2025-03-01T12:00:00.000Z", "text": word}
    commit = {
        "rev": "3ljabcdefgh2a",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": f"3lj{number:010d}",
        "record": record,
        "cid": f"bafy{number}",
    }
    event = {"did": f"did:plc:user{number % 97}", "time_us": 1740830400000000 + number, "kind": "commit", "commit": commit}
    return json.dumps(event).encode() + b"\n"


def chunks(lines, n):
    size = -(-len(lines) // n)
    return [b"".join(lines[i : i + size]) for i in range(0, len(lines), size)]


def tar_of(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zip_of(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(members):
            archive.writestr(name, content, zipfile.ZIP_STORED if number % 3 == 0 else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def zstd(content, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=content, capture_output=True).stdout


# What comes out of a stream that may be cut.


def from_gz(packed):
    out = b""
    while packed:
        member = zlib.decompressobj(31)
        out += member.decompress(packed)
        packed = member.unused_data
        if not member.eof:
            break
    return out


def from_bz2(packed):
    out = b""
    while packed:
        member = bz2.BZ2Decompressor()
        out += member.decompress(packed)
        if not member.eof:
            break
        packed = member.unused_data
    return out


def from_tar(tar):
    """Its members, and whether it has its end mark: at least one block of zeros."""
    contents, at = [], 0
    while at + 512 <= len(tar):
        header = tar[at : at + 512]
        if not any(header):
            return contents, True
        size = int(header[124:135], 8)
        contents.append(tar[at + 512 : at + 512 + size])
        at += 512 + -(-size // 512) * 512
    return contents, False


def from_zip(archive):
    contents, at = [], 0
    while archive[at : at + 4] == b"PK\x03\x04" and at + 30 <= len(archive):
        method, size, n_name, n_extra = struct.unpack_from("<8xH8xI4xHH", archive, at)
        start = at + 30 + n_name + n_extra
        content = archive[start : start + size]
        contents.append(content if method == 0 else zlib.decompressobj(-15).decompress(content))
        at = start + size
    return contents


def n_lines(contents):
    return sum(content.count(b"\n") for content in contents)


def kinds(lines):
    """Name, the whole container, and a function from a cut one to (whole lines, whether the cut is seen)."""
    whole, parts = b"".join(lines), chunks(lines, 10)
    plain = [(f"day/{i}.jsonl", part) for i, part in enumerate(parts)]
    packed = [(f"day/{i}.json.bz2", bz2.compress(part)) for i, part in enumerate(parts)]

    def of_tar(unpack):
        def count(cut):
            contents, has_end = from_tar(cut)
            return n_lines(unpack(content) for content in contents), not has_end

        return count

    return [
        ("gz", gzip.compress(whole, 6), lambda cut: (n_lines([from_gz(cut)]), True)),
        ("gz of 100", b"".join(map(gzip.compress, chunks(lines, 100))), lambda cut: (n_lines([from_gz(cut)]), True)),
        ("bz2", bz2.compress(whole, 1), lambda cut: (n_lines([from_bz2(cut)]), True)),
        ("zst", zstd(whole), lambda cut: (n_lines([zstd(cut, "-d")]), True)),
        ("tar", tar_of(plain), of_tar(lambda content: content)),
        ("tar of bz2", tar_of(packed), of_tar(from_bz2)),
        ("tar.gz", gzip.compress(tar_of(plain)), lambda cut: (n_lines(from_tar(from_gz(cut))[0]), True)),
        ("zip", zip_of(plain), lambda cut: (n_lines(from_zip(cut)), True)),
    ]


def ingest(populi, folder):
    """The account of every file, by its name, of one ingest of all that lies in the folder."""
    corpus = folder.parent / "corpus"
    command = [populi, "ingest", "bluesky", str(folder), "--corpus", str(corpus), "--max-quarantine", "1"]
    start = time.time()
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    status = subprocess.run([populi, "status", "--json", "--corpus", str(corpus)], capture_output=True, text=True)
    files = {Path(file["file"]).name: file for file in json.loads(status.stdout)["files"]}
    return files, time.time() - start, done.stderr


def balances(account):
    classes = ["stored", "superseded", "deletes", "notices", "duplicates", "blank"]
    parts = sum(account[name] for name in classes)
    return account["in"] == parts + sum(account["ignored"].values()) + sum(account["quarantined"].values())


def write(folder, name, content):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def check_cuts(populi, kind, whole, count, n_cuts, n_records, rng):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "cut"
        # No two alike, because of equal files one is read.
        offsets = rng.sample(range(FIRST_CUT, len(whole)), min(n_cuts, len(whole) - FIRST_CUT))
        expected = {}
        for offset in offsets:
            write(folder, f"{offset:09d}", whole[:offset])
            expected[f"{offset:09d}"] = count(whole[:offset])
        write(folder, "whole", whole)
        expected["whole"] = (n_records, False)
        files, seconds, _ = ingest(populi, folder)
    wrong, seen = [], 0
    for name, (n, is_seen) in expected.items():
        file = files.get(name)
        # A file that the manifest does not know has the bytes of another one.
        quarantined = {"truncated_container": 1} if is_seen else {}
        seen += is_seen
        if file is None or not balances(file) or file["quarantined"] != quarantined or file["in"] != n + is_seen:
            wrong.append(f"  cut at {name}: expected {n} records and {quarantined}, got {file}")
    kept = sum(n for n, _ in expected.values())
    print(f"{kind:12} {len(offsets)} cuts, {seen} seen, {kept} records kept, {len(wrong)} wrong, {seconds:.1f} s")
    print("\n".join(wrong[:5]), end="\n" if wrong else "")
    return len(wrong)


def check_flips(populi, cases, n_flips, n_records, rng):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "flipped"
        for i in range(n_flips):
            kind, whole = cases[i % len(cases)]
            flipped, at = bytearray(whole), rng.randrange(len(whole))
            flipped[at] ^= 1 << rng.randrange(8)
            write(folder, f"{i:04d} {kind} {at}", flipped)
        files, seconds, notes = ingest(populi, folder)
    wrong, n_told = [], 0
    for name, file in files.items():
        is_told = bool(file["quarantined"]) or name in notes
        n_told += is_told
        if not balances(file) or not (is_told or file["in"] == n_records):
            wrong.append(f"  {name}: {file}")
    if len(files) != n_flips:
        wrong.append(f"  expected {n_flips} files, got {len(files)}")
    print(f"{n_flips} flipped bits, {n_told} told, {len(wrong)} wrong, {seconds:.1f} s")
    print("\n".join(wrong[:5]), end="\n" if wrong else "")
    return len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("populi")
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--flips", type=int, default=500)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    populi = str(Path(args.populi).resolve())
    rng = random.Random(args.seed)
    lines = [line(number, rng) for number in range(args.records)]
    cases = kinds(lines)
    n_wrong = sum(check_cuts(populi, *case, args.cuts, args.records, rng) for case in cases)
    # Smaller, so that five hundred of them take minutes; every kind and the plain lines.
    n_small = max(args.records // 20, 100)
    small = [("jsonl", b"".join(lines[:n_small]))] + [case[:2] for case in kinds(lines[:n_small])]
    n_wrong += check_flips(populi, small, args.flips, n_small, rng)
    sys.exit(1 if n_wrong else 0)


if __name__ == "__main__":
    main()
