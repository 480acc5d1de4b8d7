"""A small IMAP server, as a process of its own: one mailbox of the .eml files in a folder.

python imap_process.py FOLDER USER PASSWORD prints the port. A file FOLDER/seen lists what was seen;
while FOLDER/down is there, nobody may sign in.
"""

from __future__ import annotations

import re
import socketserver
import sys
from pathlib import Path

FOLDER, USER, PASSWORD = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


class Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.say("* OK ready")
        self.known = False
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            name, _, arguments = rest.partition(" ")
            if name.upper() == "UID":
                name, _, arguments = arguments.partition(" ")
            action = getattr(self, f"on_{name.lower()}", None)
            if action is None or not (
                self.known or name.upper() in ("CAPABILITY", "LOGIN", "LOGOUT")
            ):
                self.say(f"{tag} BAD not known")
                continue
            answer = action(arguments)
            self.say(f"{tag} {answer}")
            if name.upper() == "LOGOUT":
                return

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def mails(self) -> list[Path]:
        return sorted(FOLDER.glob("*.eml"))

    def seen(self) -> set[str]:
        file = FOLDER / "seen"
        return set(file.read_text().split()) if file.exists() else set()

    def on_capability(self, _: str) -> str:
        self.say("* CAPABILITY IMAP4rev1")
        return "OK done"

    def on_login(self, arguments: str) -> str:
        given = [quoted or plain for quoted, plain in QUOTED.findall(arguments)]
        if (FOLDER / "down").exists() or given != [USER, PASSWORD]:
            return "NO [AUTHENTICATIONFAILED] wrong name or password"
        self.known = True
        return "OK signed in"

    def on_select(self, arguments: str) -> str:
        if arguments.strip('"') not in ("INBOX", "Post für alle"):
            return "NO no such folder"
        self.say(f"* {len(self.mails())} EXISTS")
        self.say("* OK [UIDVALIDITY 7] numbers")
        return "OK [READ-WRITE] selected"

    def on_search(self, _: str) -> str:
        seen = self.seen()
        fresh = [str(at) for at, one in enumerate(self.mails(), 1) if one.name not in seen]
        self.say(f"* SEARCH {' '.join(fresh)}".strip())
        return "OK done"

    def on_fetch(self, arguments: str) -> str:
        uid, _, what = arguments.partition(" ")
        raw = self.mails()[int(uid) - 1].read_bytes()
        if "SIZE" in what:
            self.say(f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(raw)})")
        else:
            self.wfile.write(f"* {uid} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode())
            self.wfile.write(raw)
            self.say(")")
        return "OK done"

    def on_store(self, arguments: str) -> str:
        uids = arguments.partition(" ")[0].split(",")
        names = {self.mails()[int(uid) - 1].name for uid in uids}
        (FOLDER / "seen").write_text("\n".join(self.seen() | names))
        return "OK done"

    def on_noop(self, _: str) -> str:
        return "OK done"

    def on_logout(self, _: str) -> str:
        self.say("* BYE")
        return "OK done"


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
