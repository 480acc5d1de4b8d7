"""mail: take mails from files, or listen for those that other servers deliver."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import mailbox
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from fluvial.commands.server import Commands
from fluvial.kernel.problems import Problem
from fluvial.kernel.settings import load
from fluvial.packages.installation import prepare
from fluvial.runtime.session import Session

from .incoming_mail import MAX_MAIL
from .mail_intake import FAILED, REFUSED, take
from .mail_listener import listen
from .mailbox_api import mailbox_of

ADDRESS = "127.0.0.1:8025"


def add_commands(commands: Commands) -> None:
    command = commands.add_parser(
        "mail", help="take mails: from files, or from servers that deliver them (SMTP, LMTP)"
    )
    command.add_argument(
        "--import", dest="files", nargs="+", type=Path, default=[], metavar="FILE",
        help="take these .eml files or mbox archives, and end",
    )  # fmt: skip
    command.add_argument("--mailbox", default="", help="the mailbox that takes the files")
    command.add_argument(
        "--listen", default=ADDRESS, metavar="HOST:PORT", help=f"where to listen [{ADDRESS}]"
    )
    command.add_argument("--lmtp", action="store_true", help="speak LMTP and not SMTP")
    command.set_defaults(run=run_mail)


def run_mail(options: argparse.Namespace) -> int:
    if options.files:
        return _import(options.files, options.mailbox)
    host, colon, port = options.listen.rpartition(":")
    if not colon or not port.isdigit():
        raise Problem(f"--listen {options.listen} is not an address. Write it as HOST:PORT.")
    engine = prepare(load())
    try:
        asyncio.run(_serve(engine, host.strip("[]"), int(port), lmtp=options.lmtp))
    finally:
        engine.close()
    return 0


async def _serve(engine: object, host: str, port: int, *, lmtp: bool) -> None:
    server = await listen(engine, host, port, lmtp=lmtp)  # type: ignore[arg-type]
    ended = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, ended.set)
    shown = server.sockets[0].getsockname()
    print(f"Listening for {'LMTP' if lmtp else 'SMTP'} on {shown[0]}:{shown[1]}.", flush=True)
    async with server:
        await ended.wait()


def _import(files: list[Path], name: str) -> int:
    """Take the mails of files; how many could not be taken decides the exit code."""
    engine = prepare(load())
    failed = 0
    try:
        session = Session.begin(engine)
        box = mailbox_of(session, name) if name else None
        if box is None:
            raise Problem("Name the mailbox that takes the mails: --mailbox NAME.")
        for file in files:
            for place, raw in _mails(file):
                taken = take(session, box, raw)
                failed += taken.outcome in (FAILED, REFUSED)
                record = f" {taken.object} {taken.record}" if taken.record else ""
                repeated = " (came before)" if taken.repeated else ""
                print(f"{place}: {taken.outcome}{record}{repeated} {taken.reason}".rstrip())
    finally:
        engine.close()
    if failed:
        print(f"{failed} mails could not be taken.", file=sys.stderr)
    return 1 if failed else 0


def _mails(file: Path) -> Iterator[tuple[str, bytes]]:
    """The mail of a file, or the mails of an archive."""
    with file.open("rb") as source:
        start = source.read(5)
    if start != b"From ":
        yield str(file), file.read_bytes()[: MAX_MAIL + 1]
        return
    with contextlib.closing(mailbox.mbox(file, create=False)) as archive:
        for at, key in enumerate(archive.keys(), start=1):
            yield f"{file}, {at}", archive.get_bytes(key)
