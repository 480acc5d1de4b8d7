"""scripts/watch.py, which shows a newcomer what rules send."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from socketserver import TCPServer, ThreadingTCPServer

import httpx
import pytest

from fluvial.services import mail
from rules import webhooks
from scripts.watch import Mailbox, Receiver, signed

KEY = b"a key of the library"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@contextmanager
def running(server: TCPServer) -> Iterator[int]:
    """Lets a server run beside the test; its port."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_shows_mails(capsys: pytest.CaptureFixture[str]) -> None:
    message = mail.compose(
        sender="fluvial@example.org",
        to="zoe@example.org",
        subject="Emma is due",
        html="<p>Dear Zoë,</p><p>.Emma is due.</p>",
        at=datetime(2026, 6, 1, tzinfo=UTC),
        message_id="<1@example.org>",
    )
    with running(ThreadingTCPServer(("127.0.0.1", 0), Mailbox)) as port:
        server = mail.Server.read(f"smtp://127.0.0.1:{port}")
        mail.send(server, "zoe@example.org", message)
    shown = capsys.readouterr().out
    assert "MAIL to zoe@example.org: Emma is due" in shown
    assert "Dear Zoë,\n\n.Emma is due." in shown.replace("\r\n", "\n")


def headers(body: bytes, at: float) -> dict[str, str]:
    stamp = int(at)
    signature = webhooks.signature(KEY, "m1", stamp, body)
    return {
        "webhook-id": "m1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature,
    }


def test_it_checks_signatures(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOMS_SECRET", SECRET)
    body = b'{"type": "loan.created"}'
    now = time.time()
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Receiver)) as port:
        url = f"http://127.0.0.1:{port}/"
        assert httpx.post(url, content=body, headers=headers(body, now)).status_code == 204
        assert httpx.post(url, content=body, headers=headers(b"{}", now)).status_code == 204
        assert httpx.post(url, content=body).status_code == 204
    shown = capsys.readouterr().out
    assert shown.count("its signature is valid") == 1
    assert shown.count("is not valid") == 2
    assert not signed(headers(body, now - 3600), body, SECRET)
