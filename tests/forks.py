"""Processes that start at once: copies of one that has imported the product already.

An interpreter of its own takes seconds for the imports, and the tests start dozens of processes.
This file is both sides: the tests ask, and the program that it is forks.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
# What `fluvial serve` and `fluvial worker` import as late as they can.
MODULES = ("fluvial.cli", "uvicorn.loops.auto", "uvicorn.protocols.http.auto",
           "uvicorn.lifespan.on", "celery.apps.worker", "celery.bin.worker",
           "kombu.transport.redis")  # fmt: skip


class Forks:
    """The program of this file, and what the tests ask of it: a line each way."""

    def __init__(self) -> None:
        paths = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", __file__],
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        atexit.register(self._process.communicate)

    def ask(self, **question: Any) -> Any:
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None and answers is not None
        asked.write(json.dumps(question) + "\n")
        asked.flush()
        return json.loads(answers.readline())


@functools.cache
def forks() -> Forks:
    """The one of this run, or of this worker of it."""
    return Forks()


class Forked:
    """A process as subprocess.Popen has it, as far as the tests use that."""

    def __init__(
        self, module: str, arguments: Sequence[str], environ: Mapping[str, str], log: Path
    ) -> None:
        """Calls the module's main() with these; `log` gets what it says."""
        self.returncode: int | None = None
        self._log = log
        self.pid: int = forks().ask(
            module=module, arguments=list(arguments), environ=dict(environ), log=str(log)
        )

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = forks().ask(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.02)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def become(
    answers: int, module: str, arguments: list[str], environ: dict[str, str], log: str
) -> int:
    """In the copy: be the program that was asked for."""
    os.close(answers)
    nothing = os.open(os.devnull, os.O_RDONLY)
    said = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for number, own in enumerate((nothing, said, said)):
        os.dup2(own, number)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(Path(log).parent)
    importlib.reload(importlib.import_module("fluvial.kernel.crash_points"))  # they are read once
    main = importlib.import_module(module).main
    return int(main(arguments) or 0)


def ended(pid: int) -> int | None:
    """The code with which a copy ended, if it did."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def serve() -> int:
    """Answer until the run ends, however it ends; its processes end with it."""
    for name in MODULES:
        importlib.import_module(name)
    importlib.import_module("fluvial.kernel.features").load_features()
    gc.freeze()
    answers = os.dup(1)  # the copies print elsewhere
    alive: set[int] = set()
    for line in sys.stdin:
        question = json.loads(line)
        if "poll" in question:
            answer = ended(question["poll"])
            if answer is not None:
                alive.remove(question["poll"])
        else:
            answer = os.fork()
            if answer == 0:
                return become(answers, **question)
            alive.add(answer)
        os.write(answers, json.dumps(answer).encode() + b"\n")
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    return 0


if __name__ == "__main__":
    sys.exit(serve())
