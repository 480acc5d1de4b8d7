"""Mails arrive by IMAP, SMTP and LMTP, from real servers and clients, and from files."""

from __future__ import annotations

import asyncio
import mailbox
import smtplib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from conversations.mail.mail_listener import listen
from conversations.mail.mail_source import MailSource, SourceFault
from fluvial.cli import main
from tests.app import environment
from tests.conversations.desk import DESK, Desk, mail
from tests.waiting import until


@pytest.fixture
def imap(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder whose .eml files are the mailbox of a server, and its address."""
    folder = tmp_path / "post"
    folder.mkdir()
    program = [sys.executable, str(Path(__file__).parent / "imap_process.py"), str(folder)]
    process = subprocess.Popen([*program, "desk", "pa ss"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    yield folder, f"imap://desk:pa%20ss@127.0.0.1:{port}"
    process.terminate()
    process.wait()
    process.stdout.close()


def seen(folder: Path) -> set[str]:
    file = folder / "seen"
    return set(file.read_text().split()) if file.exists() else set()


def test_a_mailbox_of_a_server_is_fetched_with_patience(
    desk: Desk, imap: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, url = imap
    monkeypatch.setenv("DESK_IMAP", url)
    (folder / "down").touch()
    desk.define({**DESK, "receive": {"env": "DESK_IMAP"}})

    def state() -> tuple[str, int]:
        (found,) = desk.client.rows("/api/mailboxes")
        return found["error"], found["failures"]

    def worked(reached: Callable[[], bool]) -> Callable[[], bool]:
        def step() -> bool:
            desk.work()
            return reached()

        return step

    until(worked(lambda: state()[1] == 1))
    assert "password" in state()[0]
    # It is not asked again before a pause is over, and then it takes what is there, once.
    (folder / "down").unlink()
    for at in range(12):
        raw = mail(f"Question {at}", message_id=f"<{at}@e.org>")
        (folder / f"{at:02}.eml").write_bytes(raw)
    desk.work()
    assert state()[1] == 1 and desk.enquiries() == []
    desk.engine.clock._shift += timedelta(minutes=5)
    until(worked(lambda: len(seen(folder)) == 12))
    until(worked(lambda: state() == ("", 0)))
    assert len(desk.enquiries()) == 12
    (folder / "seen").unlink()  # as if the marks had been lost
    desk.engine.clock._shift += timedelta(minutes=5)
    until(worked(lambda: len(seen(folder)) == 12))
    assert len(desk.enquiries()) == 12
    monkeypatch.delenv("DESK_IMAP")
    desk.engine.clock._shift += timedelta(minutes=5)
    until(worked(lambda: "DESK_IMAP is not set" in state()[0]))


def test_addresses_of_servers_are_read() -> None:
    source = MailSource.read("imaps://desk%40x.org:p%2Fw@mail.example/Post%20f%C3%BCr%20alle")
    assert (source.user, source.password, source.port) == ("desk@x.org", "p/w", 993)
    assert source.folder == "Post für alle" and source.tls
    for wrong in ("", "mail.example", "smtp://mail.example", "imaps://", "imap://h:x/"):
        with pytest.raises(SourceFault):
            MailSource.read(wrong)


@contextmanager
def listening(desk: Desk, *, lmtp: bool) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    started = asyncio.run_coroutine_threadsafe(listen(desk.engine, "127.0.0.1", 0, lmtp=lmtp), loop)
    server = started.result()
    yield server.sockets[0].getsockname()[1]

    async def shut() -> None:
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await loop.shutdown_default_executor()

    asyncio.run_coroutine_threadsafe(shut(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_other_servers_deliver_by_smtp_and_lmtp(desk: Desk) -> None:
    with listening(desk, lmtp=False) as port, smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail(
            "ann@example.org", ["Desk+shop@Library.example"], mail(message_id="<1@e.org>")
        )
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail("ann@example.org", ["nobody@library.example"], mail())
        assert refused.value.recipients["nobody@library.example"][0] == 550
        # The envelope says that nobody wants an answer.
        client.sendmail("", ["desk@library.example"], mail("Away", message_id="<2@e.org>"))
    with listening(desk, lmtp=True) as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.sendmail("bob@example.org", ["desk@library.example"], mail(message_id="<3@e.org>"))
    assert len(desk.enquiries()) == 2
    outcomes = [one["outcome"] for one in desk.client.rows("/api/mailboxes/desk/mails")]
    assert sorted(outcomes) == ["created", "created", "ignored"]


def test_files_are_taken_by_the_program(
    desk: Desk, engine_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for name, value in environment(engine_url, tmp_path).items():
        monkeypatch.setenv(name, value)
    one, many = tmp_path / "one.eml", tmp_path / "many.mbox"
    one.write_bytes(mail(message_id="<1@e.org>"))
    archive = mailbox.mbox(many)
    for at in range(2):
        archive.add(mail(f"Old {at}", message_id=f"<old{at}@e.org>"))
    archive.close()
    assert main(["mail", "--mailbox", "desk", "--import", str(one), str(many), str(one)]) == 0
    told = capsys.readouterr().out
    assert told.count("created enquiry") == 4 and "(came before)" in told
    assert len(desk.enquiries()) == 3
    assert main(["mail", "--import", str(one)]) == 1
    assert main(["mail", "--mailbox", "none", "--import", str(one)]) == 1
    assert main(["mail", "--listen", "here"]) == 1
