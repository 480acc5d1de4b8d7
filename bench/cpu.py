"""CPU seconds of processes, as the kernel counts them."""

from __future__ import annotations

import time
from pathlib import Path

Seconds = dict[int, float]


def tree(root: int) -> Seconds:
    """CPU seconds of a process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name in brackets may hold spaces; the fields after it are plain.
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it ended while we looked
        children.setdefault(parent, []).append(int(entry.parent.name))
    seen, todo = [], [root]
    while todo:
        process = todo.pop()
        seen.append(process)
        todo += children.get(process, [])
    return _seconds(seen)


def backends(database: str) -> Seconds:
    """CPU seconds of the PostgreSQL backends that serve clients of one database."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").split()
        except OSError:
            continue
        # "postgres: USER DATABASE [local] idle"; autovacuum workers have another second word.
        if len(words) > 3 and words[0] == "postgres:" and words[2] == database:
            found.append(int(entry.parent.name))
    return _seconds(found)


def spent(before: Seconds, after: Seconds) -> float:
    return sum(seconds - before.get(process, 0.0) for process, seconds in after.items())


def _seconds(processes: list[int]) -> Seconds:
    found: Seconds = {}
    for process in processes:
        try:
            # The process's own clock has nanoseconds; /proc/PID/stat counts in 10 ms ticks.
            found[process] = time.clock_gettime((~process << 3) | 2)
        except OSError:
            continue
    return found
