"""The realm on one database: its records, and which words are not for whom."""

from __future__ import annotations

import base64
import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from fluvial.events.jobs import run_pending
from tests.app import Client, Reply
from tests.canaries.people import READERS, Reader, client_of
from tests.canaries.realm import (
    COSTS,
    ENDS,
    HIDDEN,
    KEYS,
    MARGINS,
    OBJECTS,
    WRITTEN,
    label,
    word,
)
from tests.forms.shapes import multipart

Json = dict[str, Any]


@dataclass(frozen=True)
class Canary:
    """A word, and of which field of which record it is; an empty key: what the field is called."""

    text: str
    object: str
    key: str
    field: str

    @property
    def place(self) -> str:
        return ".".join(part for part in (self.object, self.key, self.field) if part)


class Aviary:
    """The administrator's client, those of the readers, and the records by object and key."""

    def __init__(self, admin: Client) -> None:
        self.admin = admin
        self.canaries: list[Canary] = []
        self._forbidden: dict[str, list[Canary]] = {}  # by reader, once everything is made
        self.records: dict[str, dict[str, Json]] = {name: {} for name in OBJECTS}
        self.files: dict[str, str] = {}
        self.comments: dict[str, str] = {}
        self.binned: dict[str, Json] = {}
        self.ids: dict[str, list[str]] = {}  # of what the engine keeps, by the word in its routes
        self.clients = {reader.name: client_of(reader, admin) for reader in READERS}
        users = admin.rows("/api/records/user", fields="email", limit="100")
        self.users = {user["email"].partition("@")[0]: user["id"] for user in users}
        self.secrets: list[str] = []  # of links to contracts, which show nothing but the state
        self.calendars: dict[str, str] = {}  # the readers' own, as addresses end
        for key in KEYS:
            self._make(key)
            self._hand_out(key)
        for reader in READERS:
            if reader.signs_in:
                href = self.clients[reader.name].post("/api/calendar").json()["href"]
                self.calendars[reader.name] = href.rpartition("/")[2].removesuffix(".ics")
        for object_name in OBJECTS:
            self._label(object_name)
        for key in KEYS:
            subject = {"subject": self.id_of("contract", key)}
            run = admin.post("/api/processes/watch/runs", subject).json()
            self.ids.setdefault("processes/runs", []).append(run["id"])
            self.ids.setdefault("processes/tasks", []).append(run["tasks"][0]["id"])
        self.work()
        self._bundle()
        for name in ("tell", "say"):
            runs = admin.rows(f"/api/rules/{name}/runs", outcome="done", limit="1")
            self.ids.setdefault("runs", []).extend(run["id"] for run in runs)
            sent = admin.rows("/api/deliveries", rule=name, limit="2")
            self.ids.setdefault("deliveries", []).extend(one["id"] for one in sent)
        assert all(self.ids[kind] for kind in ("runs", "deliveries"))

    def work(self) -> None:
        """Let rules run for what has happened, and send what they say."""
        engine = self.admin.app.engine
        until = time.monotonic() + 60

        def all_of_it() -> None:
            while run_pending(engine):
                assert time.monotonic() < until, "the workers find no end"

        engine.database.call(all_of_it)

    def _make(self, key: str) -> None:
        house = self._add("house", key, name=..., code=..., remark=..., place=key)
        vault = self._add("vault", key, name=..., content=...)
        contract = self._contract(key, house, vault)
        self._add("item", key, name=..., cost=COSTS[key], contract=contract)
        own = {"owner": {"user": self.users["owner"]}} if key == "north" else {}
        self._add("visit", key, name=..., contract=contract, place=house, **own)
        self._sing("item", key, "cost", COSTS[key])
        self._talk(key, contract)
        gone = self._add("vault", f"{key}gone", name=..., content=...)
        assert self.admin.delete(f"/api/records/vault/{gone}").status == 204
        self.binned[key] = {"id": gone}

    def _contract(self, key: str, house: str, vault: str) -> str:
        contract = self._add(
            "contract", key, number=f"first {key}", secret=..., house=house, others=[house],
            about={"object": "vault", "id": vault}, vault=vault, price="12.00", plan=...,
            keeper={"user": self.users["owner"]}, margin=MARGINS[key], ends=ENDS[key],
            grade="fine" if key == "north" else "poor", visible_note=..., pin_code=...,
            papers=[self._file(key, "papers")], letter=self._file(key, "letter"), tariff=...,
        )  # fmt: skip
        for name in ("margin", "gain"):
            self._sing("contract", key, name, MARGINS[key])
        self._sing("contract", key, "ends", ENDS[key])
        path = f"/api/records/contract/{contract}"
        self._change(path, secret=self._word("contract", key, "secret", "was"))
        self._change(path, secret=word("contract", key, "secret"))
        self._change(path, number=self._word("contract", key, "number"))
        later = self._word("contract", key, "plan", "later")
        assert self.admin.patch(f"{path}?as_of=2030-01-01", {"plan": later}).status == 200
        return contract

    def _change(self, path: str, **values: Any) -> None:
        reply = self.admin.patch(path, values)
        assert reply.status == 200, reply.text

    def _word(self, object_name: str, key: str, field: str, more: str = "") -> str:
        text = word(object_name, key, f"{field}{more}")
        self._sing(object_name, key, field, text)
        return text

    def _sing(self, object_name: str, key: str, field: str, text: str) -> None:
        self.canaries += [
            Canary(way.lower(), object_name, key, field) for way in WRITTEN.get(text, (text,))
        ]

    def _add(self, object_name: str, key: str, **values: Any) -> str:
        """A record; `...` stands for a word of the field's own."""
        said = {n: self._word(object_name, key, n) if v is ... else v for n, v in values.items()}
        made = self.admin.made(object_name, **said)
        self.records[object_name][key] = made
        return str(made["id"])

    def _bundle(self) -> None:
        """A change set that keeps values that nobody but the administrator has seen yet."""
        bundle = self.admin.made("bundle", name="All", contract=self.id_of("contract", "north"))
        inside = f"?change_set={bundle['id']}"
        kept = {
            ("contract", "south"): ("secret", "plan", "visible_note"),
            ("vault", "north"): ("name", "content"),
            ("house", "south"): ("name", "code", "remark"),
            ("item", "south"): ("name",),
        }
        for (name, key), fields in kept.items():
            path = f"/api/records/{name}/{self.id_of(name, key)}{inside}"
            reply = self.admin.patch(path, {f: self._word(name, key, f, "kept") for f in fields})
            assert reply.status == 202, reply.text
        for name, fields in (("house", ("name", "code")), ("visit", ("name",))):
            body = {f: self._word(name, "south", f, "new") for f in fields}
            more = {"place": "south"} if name == "house" else {}
            reply = self.admin.post(f"/api/records/{name}{inside}", body | more)
            assert reply.status == 202, reply.text
        told = self.admin.get(f"/api/change-sets/{bundle['id']}").json()
        self.ids["change-sets"] = [bundle["id"]]
        self.ids["edits"] = [one["id"] for one in told["edits"]]

    def _file(self, key: str, field: str) -> str:
        name = self._word("contract", key, field, "name")
        text = self._word("contract", key, field, "text")
        body, headers = multipart(("file", f"{name}.txt", "text/plain", text.encode()))
        reply = self.admin.call("POST", "/api/files", body=body, headers=headers)
        self.files[f"{key}.{field}"] = reply.json()["id"]
        return str(reply.json()["id"])

    def _hand_out(self, key: str) -> None:
        """A link to a contract, for somebody outside."""
        path = f"/api/records/contract/{self.id_of('contract', key)}/links"
        made = self.admin.post(
            path, {"link": "end_it", "to": self._word("contract", key, "recipient")}
        )
        assert made.status == 201, made.text
        self.ids.setdefault("links", []).append(made.json()["id"])
        self.secrets.append(made.json()["href"].rpartition("/")[2])

    def _talk(self, key: str, contract: str) -> None:
        """A comment, which names the two who may read it; hidden words are in no comment."""
        text = self._word("contract", key, "comment")
        named = [self.users["clerk"], self.users["designer"]]
        body = {"text": text, "mentions": named}
        made = self.admin.post(f"/api/records/contract/{contract}/comments", body)
        assert made.status == 201, made.text
        self.comments[key] = made.json()["id"]

    def _label(self, object_name: str) -> None:
        for name in HIDDEN.get(object_name, ()):
            self.canaries.append(Canary(label(object_name, name).lower(), object_name, "", name))
        if object_name == "vault":
            self.canaries.append(Canary(label("vault").lower(), "vault", "", ""))
        if object_name == "contract":
            for text in ("zlgradefinelz", "zlgradepoorlz"):
                self.canaries.append(Canary(text, "contract", "", "grade"))

    def forbidden(self, reader: Reader) -> list[Canary]:
        if reader.name not in self._forbidden:
            found = [one for one in self.canaries if not self._allowed(reader, one)]
            self._forbidden[reader.name] = found
        return self._forbidden[reader.name]

    def found_in(self, reader: Reader, text: str, said: str = "") -> list[str]:
        """What of a text is not for a reader, who has not said it first."""
        forbidden = self.forbidden(reader)
        return sorted({one.place for one in forbidden if one.text in text and one.text not in said})

    def is_in(self, place: str, text: str) -> bool:
        return any(one.text in text for one in self.canaries if one.place == place)

    def _allowed(self, reader: Reader, one: Canary) -> bool:
        if not one.key:
            return reader.knows(one.object, one.field)
        if one.field == "comment":
            return reader.comments
        if one.field == "pin_code":
            return False  # protected: told to who asks for it, which none of these walks does
        return reader.may_read(one.object, one.key, one.field)

    def id_of(self, object_name: str, key: str) -> str:
        return str(self.records[object_name][key]["id"])


def told(reply: Reply) -> str:
    """Everything that an answer says, in lower case: headers, text, what is in a workbook."""
    body = reply.body
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"\n".join(book.read(name) for name in book.namelist())
    heads = unquote_plus("\n".join(reply.headers.values()))
    text = body.decode("utf-8", "replace")
    return f"{heads}\n{text}\n{_decoded(text)}".lower()


_CURSOR = re.compile(r'"next":\s*"([A-Za-z0-9_-]{8,})"')


def _decoded(text: str) -> str:
    """Cursors hold values of the last record; they are read as a curious person would."""
    found: Iterator[str] = (match[1] for match in _CURSOR.finditer(text))
    return "\n".join(_base64(one) for one in found)


def _base64(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except ValueError:
        return ""
