"""Shows the mails and webhooks that rules send, on this machine, while one tries them.

`python3 scripts/watch.py` takes mails on port 8025 and webhooks on port 9000. It needs Python
alone. The check of the signature is what Standard Webhooks asks of a receiver.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading
import time
from collections.abc import Mapping
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer

MAILS, WEBHOOKS = ("127.0.0.1", 8025), ("127.0.0.1", 9000)
SECRET = "ROOMS_SECRET"  # the variable that holds the secret
TOLERANCE = 300  # seconds


def signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether one of the signatures holds and the message is of now."""
    stamp = headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join((headers["webhook-id"].encode(), stamp.encode(), body))
    wanted = "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    found = any(hmac.compare_digest(wanted, s) for s in headers["webhook-signature"].split())
    return found and abs(time.time() - int(stamp)) <= TOLERANCE


def show(*lines: str) -> None:
    print("\n".join(("", *lines)), flush=True)


class Mailbox(StreamRequestHandler):
    """As much of SMTP as a mail needs."""

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 mailbox")
        while line := self.rfile.readline():
            command = line[:4].strip().upper()
            if command == b"QUIT":
                return self.say("221 bye")
            if command == b"DATA":
                self.say("354 go on, end with a dot")
                self.take()
            self.say("250 ok")
        return None

    def take(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        text = mail.get_body(("plain",))
        show(f"MAIL to {mail['To']}: {mail['Subject']}", text.get_content() if text else "")


class Receiver(BaseHTTPRequestHandler):
    """Takes webhooks."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        secret = os.environ.get(SECRET, "")
        holds = "webhook-signature" in headers and signed(headers, body, secret)
        word = "is valid" if holds else f"is not valid: is {SECRET} the same here?"
        show(f"WEBHOOK {headers.get('webhook-id', '')}, its signature {word}", body.decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing more than what `show` says."""


def main() -> None:
    ThreadingTCPServer.allow_reuse_address = True
    mails = ThreadingTCPServer(MAILS, Mailbox)
    threading.Thread(target=mails.serve_forever, daemon=True).start()
    print(f"Mails on {MAILS[1]}, webhooks on {WEBHOOKS[1]}. Press Ctrl-C to stop.", flush=True)
    try:
        ThreadingHTTPServer(WEBHOOKS, Receiver).serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
