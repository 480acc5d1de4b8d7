"""Stops the servers of a test run when the run ends, however it ends.

Its standard input is a pipe that the run holds open: the end of the pipe is the end of the run,
also when the run was killed.
"""

import fcntl
import os
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

PATIENCE = 5.0


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(pid: int, number: int, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        while listening(port):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.02)


def main() -> None:
    folder = Path(sys.argv[1])
    sys.stdin.buffer.read()
    # A worker that is just starting a server holds the lock until it has written its record.
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in folder.glob("*.server"):
            _, pid, number, port = path.read_text(encoding="utf-8").split()
            stop(int(pid), int(number), int(port))
        for data in folder.glob("*/data"):  # may be a link to memory
            shutil.rmtree(data.resolve(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
