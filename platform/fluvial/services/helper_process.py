"""A process beside ours for work that may take too much time or memory: it is killed then.

A line of JSON goes in, a line of JSON comes out. It is started when it is needed, and again after
it was killed. Nothing of ours is in its environment but where Python finds the code: no secrets.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

START_SECONDS = 20.0


class HelperEnded(Exception):
    """The process died, or took too long."""


class HelperProcess:
    """One process that does one job after the other. `roots` is where Python finds its code."""

    def __init__(self, module: str, *roots: Path) -> None:
        self._module = module
        self._roots = roots
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, job: Mapping[str, Any], seconds: float, patience: float = -1) -> dict[str, Any]:
        """Its answer; raises HelperEnded where there is none in time, and TimeoutError where it
        is at other jobs for longer than `patience`."""
        line = json.dumps(job).encode() + b"\n"
        if not self._lock.acquire(timeout=patience):
            raise TimeoutError
        try:
            return self._ask(line, seconds)
        finally:
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, line: bytes, seconds: float) -> dict[str, Any]:
        process = self._process
        if process is None or process.poll() is not None:
            self._end()
            process = self._process = self._start()
            seconds += START_SECONDS
        assert process.stdin is not None
        try:
            process.stdin.write(line)
            process.stdin.flush()
            answer = _line(process, seconds)
        except (OSError, HelperEnded):
            self._end()
            raise HelperEnded from None
        found: dict[str, Any] = json.loads(answer)
        return found

    def _start(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(map(str, self._roots))
        return subprocess.Popen(
            [sys.executable, "-P", "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": path, "PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:
                        pass


def _line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    assert process.stdout is not None
    handle = process.stdout.fileno()
    deadline = time.monotonic() + seconds
    chunks: list[bytes] = []
    while not chunks or not chunks[-1].endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([handle], [], [], left)[0]:
            raise HelperEnded
        chunk = os.read(handle, 1 << 16)
        if not chunk:
            raise HelperEnded
        chunks.append(chunk)
    return b"".join(chunks)
