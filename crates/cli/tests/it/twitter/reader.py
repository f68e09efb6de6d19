"""An independent reader of Twitter stream archives: tells as JSON what a correct one finds.

    reader.py PATH...

Standard library only. It reads every container into memory, so it is for small archives.
"""

import bz2
import io
import json
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

NOTICES = ("delete", "scrub_geo", "status_withheld", "user_withheld")
MESSAGES = ("limit", "disconnect", "warning", "info")


def unpack(data):
    """The content of some bytes and whether it ends too early: (whole, content), or archives as lists of their members."""
    if data[:2] == b"\x1f\x8b":
        inflate = zlib.decompressobj(31)
        content = inflate.decompress(data) + inflate.flush()
        return inflate.eof, content
    if data[:3] == b"BZh":
        expand = bz2.BZ2Decompressor()
        content = expand.decompress(data)
        return expand.eof, content
    return None


def members(data):
    """Every file inside, as (whole, lines of bytes)."""
    packed = unpack(data)
    if packed:
        whole, content = packed
        if not whole:
            yield False, content
        else:
            yield from members(content)
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                yield from members(archive.read(info))
    elif data[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for info in archive:
                if info.isfile():
                    yield from members(archive.extractfile(info).read())
    else:
        yield True, data


def lines(whole, data):
    """Lines, of which a cut member's last one does not count: it is what the cut left."""
    parts = data.split(b"\n")
    last = parts.pop()
    yield from parts
    if whole and last:
        yield last


def parse(line):
    """The object of a line, or None where it is none that can be taken."""
    try:
        made = json.loads(line.decode("utf-8"))
        json.dumps(made, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    return made if isinstance(made, dict) and made else None


def unescape(text):
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, letter)
    return text


class Post:
    def __init__(self, id, author, reply_to, quote_of, text, cut):
        self.id, self.author, self.reply_to, self.quote_of = id, author, reply_to, quote_of
        self.text, self.cut = unescape(text), cut


def of_v1(status):
    extended = status.get("extended_tweet", {}).get("full_text")
    text = extended or status["text"]
    return Post(status["id_str"], status["user"]["id_str"], status["in_reply_to_status_id_str"] or "",
                status.get("quoted_status_id_str") or "", text, status["truncated"] and not extended)


def of_v2(data):
    referenced = {reference["type"]: reference["id"] for reference in data.get("referenced_tweets", [])}
    return Post(data["id"], data["author_id"], referenced.get("replied_to", ""), referenced.get("quoted", ""), data["text"], False)


def read_v1(status):
    """(direct post or None, retweeted id or None, posts inside, when)."""
    when = int(status["timestamp_ms"])
    retweeted = status.get("retweeted_status")
    inside = []
    for outer in (status, retweeted or {}):
        if "quoted_status" in outer:
            inside.append(of_v1(outer["quoted_status"]))
    if retweeted:
        return None, inside + [of_v1(retweeted)], when
    return of_v1(status), inside, when


def read_v2(envelope):
    data = envelope["data"]
    inside = [of_v2(post) for post in envelope.get("includes", {}).get("tweets", [])]
    if any(reference["type"] == "retweeted" for reference in data.get("referenced_tweets", [])):
        return None, inside, 0
    return of_v2(data), inside, 0


class Reader:
    def __init__(self):
        self.counts = dict.fromkeys("in stored superseded deletes notices duplicates ignored quarantined blank cut".split(), 0)
        self.known = set()
        self.best, self.newest, self.records = {}, {}, []
        self.deleted, self.reposts = {}, set()

    def member(self, whole, data):
        for line in lines(whole, data):
            self.counts["in"] += 1
            self.line(line.strip(b" \t\r"))
        if not whole:
            for name in ("in", "quarantined", "cut"):
                self.counts[name] += 1

    def line(self, line):
        if not line:
            self.counts["blank"] += 1
            return
        made = parse(line)
        kind = self.kind(made)
        if kind in ("quarantined", "ignored"):
            self.counts[kind] += 1
            return
        if line in self.known:
            self.counts["duplicates"] += 1
            return
        self.known.add(line)
        if kind in ("deletes", "notices"):
            self.counts[kind] += 1
            if kind == "deletes":
                self.deleted[made["delete"]["status"]["id_str"]] = True
            return
        post, inside, when = read_v2(made) if "data" in made else read_v1(made)
        if post:
            self.sight(post)
            self.records.append((post.id, when))
            self.newest[post.id] = max(when, self.newest.get(post.id, 0))
        else:
            id = made["data"]["id"] if "data" in made else made["id_str"]
            self.reposts.add(id)
            self.records.append((id, 0))
        for shown in inside:
            self.sight(shown)

    def kind(self, made):
        if made is None:
            return "quarantined"
        if any(name in made for name in MESSAGES):
            return "ignored"
        if "delete" in made:
            return "deletes"
        if any(name in made for name in NOTICES):
            return "notices"
        status = made.get("data", made)
        has_author = "author_id" in status or "user" in status
        has_id = "id" in status or "id_str" in status
        return "post" if has_id and has_author and isinstance(status.get("text"), str) else "quarantined"

    def sight(self, post):
        rank = lambda post: (not post.cut, len(post.text.encode()))
        if post.id not in self.best or rank(post) > rank(self.best[post.id]):
            self.best[post.id] = post

    def tell(self):
        for id, when in self.records:
            stands = id not in self.deleted and when == self.newest.get(id, 0)
            self.counts["stored" if stands else "superseded"] += 1
        post = lambda id: "twitter:" + id if id else ""
        rows = {post(id): [f"twitter:user:{best.author}", post(best.reply_to), post(best.quote_of), best.text]
                for id, best in self.best.items() if id not in self.deleted}
        gone = sorted(post(id) for id in self.deleted if id not in self.reposts)
        return self.counts | {"posts": rows, "tombstones": gone}


def main(paths):
    reader = Reader()
    for path in paths:
        files = sorted(found for found in path.rglob("*") if found.is_file()) if path.is_dir() else [path]
        for file in files:
            for whole, data in members(file.read_bytes()):
                reader.member(whole, data)
    json.dump(reader.tell(), sys.stdout)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
