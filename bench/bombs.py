"""Bombs and hostile names: do the limits of `populi ingest` hold?

    cargo build --release
    python3 bench/bombs.py target/release/populi

Makes, in a temporary folder (4 GB), containers that unpack to 10 GB, containers six deep, a million empty members,
names that leave the folder, links, devices and FIFOs, members that overlap, and members by the hundred thousand. Prints
for each how long the ingest took, its peak memory and what was put aside, and exits with 1 if it took 512 MB or more, left
a file outside the corpus, crashed, or did not put aside what it should. Needs Python 3.8 on Linux, and `zstd`.
"""

import bz2
import gzip
import io
import json
import os
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

MAX_BYTES = 512 << 20
LINE = b'{"did":"did:plc:x","time_us":1740830400000000,"kind":"account","account":{"active":true}}\n'


def zeros_gz(path, n_members, member_bytes):
    """Members that unpack to zeros: each is a piece that was flushed, again and again."""
    piece_bytes = 10_000_000
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = deflate.compress(bytes(piece_bytes)) + deflate.flush(zlib.Z_FULL_FLUSH)
    n_pieces, rest = divmod(member_bytes, piece_bytes)
    crc = 0
    for _ in range(n_pieces):
        crc = zlib.crc32(bytes(piece_bytes), crc)
    crc = zlib.crc32(bytes(rest), crc)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    end = deflate.compress(bytes(rest)) + deflate.flush()
    member = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + piece * n_pieces + end + struct.pack("<II", crc, member_bytes % 2**32)
    path.write_bytes(member * n_members)


def zeros_zst(path):
    command = "head -c 10G /dev/zero | zstd -q -c"
    with open(path, "wb") as file:
        subprocess.run(["sh", "-c", command], stdout=file, check=True)


def six_deep(path, pack):
    content = LINE
    for _ in range(6):
        content = pack(content)
    path.write_bytes(content)


def one_in_zip(content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", content)
    return out.getvalue()


def one_in_tar(content):
    return tar_with(lambda tar: add(tar, "inner", content))


def tar_with(fill, **options):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **options) as tar:
        fill(tar)
    return out.getvalue()


def add(tar, name, content=b"", kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(content), kind, link
    tar.addfile(info, io.BytesIO(content))


def hostile_tar(path):
    def fill(tar):
        for name in ["../../up", "/absolute", "C:\\up", "CON", "a" * 64_000, "fifo/../../up", "\u202egnp.x"]:
            add(tar, name, LINE)
        add(tar, "link", kind=tarfile.SYMTYPE, link="/tmp")
        add(tar, "link/through", LINE)
        add(tar, "hard", kind=tarfile.LNKTYPE, link="/etc/passwd")
        add(tar, "fifo", kind=tarfile.FIFOTYPE)
        add(tar, "tty", kind=tarfile.CHRTYPE)
        add(tar, "disk", kind=tarfile.BLKTYPE)

    path.write_bytes(tar_with(fill, format=tarfile.GNU_FORMAT))


def hostile_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        for name in ["../../up", "/absolute", "C:\\up", "a" * 60_000]:
            archive.writestr(name, LINE)
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/tmp")


def empty_tar(path):
    header = bytearray(tar_with(lambda tar: add(tar, "0000000"), format=tarfile.USTAR_FORMAT)[:512])
    with open(path, "wb") as file:
        for number in range(1_000_000):
            header[:7] = b"%07d" % number
            header[148:156] = b" " * 8
            header[148:156] = b"%06o\0 " % sum(header)
            file.write(header)
        file.write(bytes(1024))


def many_zip(path, n_members, content, name_bytes=7):
    """Stored members by hand: Python's own writer holds them all."""
    crc, n = zlib.crc32(content), len(content)
    with open(path, "wb") as file:
        offsets = []
        for number in range(n_members):
            name = (b"%07d" % number).ljust(name_bytes, b"x")
            offsets.append(file.tell())
            file.write(struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, crc, n, n, len(name), 0) + name + content)
        write_directory(file, offsets, crc, n, n, name_bytes)


def write_directory(file, offsets, crc, n_packed, n_unpacked, name_bytes=7, method=0):
    start = file.tell()
    for number, offset in enumerate(offsets):
        name = (b"%07d" % number).ljust(name_bytes, b"x")
        fields = (b"PK\x01\x02", 20, 20, 0, method, 0, 0, crc, n_packed, n_unpacked, len(name), 0, 0, 0, 0, 0, offset)
        file.write(struct.pack("<4s6H3I5H2I", *fields) + name)
    end, n = file.tell(), len(offsets)
    file.write(struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, n, n, end - start, start))
    file.write(struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1))
    file.write(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))


def overlapping_zip(path):
    """A million entries of the directory for one member that unpacks to 10 MB."""
    content = bytes(10_000_000)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(content) + deflate.flush()
    crc = zlib.crc32(content)
    with open(path, "wb") as file:
        fields = (b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(packed), len(content), 7, 0)
        file.write(struct.pack("<4s5H3I2H", *fields) + b"0000000" + packed)
        write_directory(file, [0] * 1_000_000, crc, len(packed), len(content), method=8)


def many_small(path):
    def fill(tar):
        for number in range(200_000):
            add(tar, f"{number}.gz", gzip.compress(LINE.replace(b"plc:x", b"plc:%d" % number), 1))

    path.write_bytes(tar_with(fill, format=tarfile.USTAR_FORMAT))


def many_bz2(path):
    """Each unpacks to 45 MB, so a few of them at once would not fit."""
    packed = bz2.compress(bytes(45_000_000))
    path.write_bytes(tar_with(lambda tar: [add(tar, f"{i}.bz2", packed) for i in range(100)]))


def special_files(path):
    path.mkdir()
    (path / "line").write_bytes(LINE)
    (path / "link").symlink_to("/etc/passwd")
    (path / "folder").symlink_to("/etc")
    os.mkfifo(path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path / "socket"))


# Name, how it is made, what must be put aside (None for anything), and how many records there are (None for any).
CASES = [
    ("10 GB of zeros, gz", lambda path: zeros_gz(path, 1, 10_000_000_000), {"container_limit": 1}, None),
    ("10 GB of zeros, gz of 1100", lambda path: zeros_gz(path, 1100, 9_500_000), {"line_too_long": 1}, 1),
    ("10 GB of zeros, zst", zeros_zst, {"container_limit": 1}, None),
    ("1 GB of zeros, bz2", lambda path: path.write_bytes(bz2.compress(bytes(10**9))), {"container_limit": 1}, None),
    ("six deep, gz", lambda path: six_deep(path, gzip.compress), {"container_limit": 1}, 1),
    ("six deep, zip", lambda path: six_deep(path, one_in_zip), {"container_limit": 1}, 1),
    ("six deep, tar", lambda path: six_deep(path, one_in_tar), {"container_limit": 1}, 1),
    ("hostile names, tar", hostile_tar, {}, 8),
    ("hostile names, zip", hostile_zip, {}, 4),
    ("special files", special_files, {}, 1),
    ("1,000,000 empty, tar", empty_tar, {}, 0),
    ("1,000,000 empty, zip", lambda path: many_zip(path, 1_000_000, b""), {}, 0),
    ("1,000,000 overlapping, zip", overlapping_zip, None, None),
    ("4,000 names of 64 KB, zip", lambda path: many_zip(path, 4_000, b"", 65_000), {}, 0),
    ("200,000 lines in gz, tar", many_small, {}, 200_000),
    ("100 of 45 MB in bz2, tar", many_bz2, {"container_limit": 100}, 100),
]


def run(populi, folder, name):
    """Exit code, seconds, peak memory in bytes, what was said."""
    command = [populi, "ingest", "bluesky", name, "--corpus", "corpus", "--max-quarantine", "1"]
    start = time.time()
    with open(folder / "said", "w+") as said:
        child = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
        _, code, usage = os.wait4(child.pid, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(code), time.time() - start, usage.ru_maxrss * 1024, said.read()


def check(populi, name, make, expected, n_records):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "a" / "b" / "c"
        folder.mkdir(parents=True)
        make(folder / "bomb")
        before = {str(path) for path in Path(temporary).rglob("*")}
        code, seconds, peak, said = run(populi, folder, "bomb")
        outside = [
            path
            for path in {str(path) for path in Path(temporary).rglob("*")} - before
            if not path.startswith(str(folder / "corpus")) and path != str(folder / "said")
        ]
        done = subprocess.run([populi, "status", "--json"], cwd=folder, capture_output=True, text=True)
        total = json.loads(done.stdout)["total"] if done.returncode == 0 else {"quarantined": None, "in": None}
        is_right = code == 0 and peak < MAX_BYTES and not outside
        is_right &= expected is None or total["quarantined"] == expected
        is_right &= n_records is None or total["in"] == n_records
        verdict = "ok" if is_right else f"WRONG: exit code {code}, outside {outside}\n{said}"
        print(f"{name:28} {seconds:6.1f} s {peak / 1e6:6.0f} MB  {total['in']} in, {total['quarantined']}  {verdict}")
        return is_right


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    populi = str(Path(sys.argv[1]).resolve())
    chosen = [case for case in CASES if all(word in case[0] for word in sys.argv[2:])]
    sys.exit(0 if all([check(populi, *case) for case in chosen]) else 1)


if __name__ == "__main__":
    main()
