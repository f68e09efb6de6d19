"""How the benchmarks measure: a command as the kernel accounts for it, and the machine that it ran on."""

import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path


def measure(command, watch=None, **options):
    """Runs a command; wall seconds, CPU seconds of all its threads and children, peak MB, what it printed.

    `watch` is called with the process id while it runs, in a thread of its own.
    """
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    errors = []
    beside = [threading.Thread(target=lambda: errors.append(process.stderr.read()))]
    if watch:
        beside.append(threading.Thread(target=watch, args=(process.pid,)))
    for thread in beside:
        thread.start()
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    for thread in beside:
        thread.join()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed with {process.returncode}:\n{errors[0].decode()}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, out.decode()


class PrivateMemory:
    """The most private memory that a process had, in MB: `measure(command, watch=memory)`.

    The peak resident set that the kernel keeps counts the pages of a mapped file with the rest, though they belong to the page
    cache and can be dropped at any time. Private is what is neither in a file nor shared: RssAnon of /proc/PID/status, looked
    at every 5 ms; what is taken and given back between two looks is not seen.
    """

    def __init__(self):
        self.peak_mb = 0.0

    def __call__(self, process_id):
        path = Path(f"/proc/{process_id}/status")
        while True:
            try:
                lines = path.read_text().splitlines()
            except OSError:
                return
            anonymous = [line.split() for line in lines if line.startswith("RssAnon:")]
            if not anonymous:  # it has ended, and waits to be asked how
                return
            self.peak_mb = max(self.peak_mb, int(anonymous[0][1]) * 1024 / 1e6)
            time.sleep(0.005)


def spread(values, unit, scale=1.0, digits=2):
    values = sorted(value * scale for value in values)
    return f"{statistics.median(values):.{digits}f} {unit} ({values[0]:.{digits}f}-{values[-1]:.{digits}f})"


def machine():
    """The CPU, its cores, the memory and the kernel."""
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gib": round(memory, 1), "kernel": platform.release()}


def commit():
    """The commit of this repository, and whether files differ from it."""
    def git(*words):
        return subprocess.run(["git", *words], cwd=Path(__file__).parent, capture_output=True, text=True).stdout.strip()

    return git("rev-parse", "--short=12", "HEAD") + (" and changes" if git("status", "--porcelain", "--untracked-files=no") else "")
