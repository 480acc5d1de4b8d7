"""One object with a field of every kind, and records with low, high and no values of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.kinds import KINDS
from tests.app import Client
from tests.forms.shapes import multipart

EXAMPLES = Path(__file__).parent / "examples"
ROWS = ("low", "high", "empty")

BOOK = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "searchable": True}],
}
BRANCH = {**BOOK, "name": "branch"}
CLERK = {"kind": "role", "name": "clerk", "label": "Clerk"}


@dataclass(frozen=True)
class Example:
    """A field of a kind, with two values of it in their order."""

    kind: str
    name: str
    spec: Mapping[str, Any]

    def get(self, member: str, default: Any = None) -> Any:
        return self.spec.get(member, default)

    @property
    def made(self) -> bool:
        """Whether the system makes its values."""
        return bool(self.get("made"))

    @property
    def text(self) -> str:
        """The low value as people write it."""
        return str(self.get("text", self.spec["low"]))

    @property
    def cell(self) -> str:
        """What a list says of the low value."""
        return str(self.get("cell", self.spec["low"]))

    @property
    def words(self) -> str:
        """What a template, or the record's page, says of the low value."""
        return str(self.get("words", self.cell))

    @property
    def document(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, **filled(self.spec["options"], f=self.name)}

    @property
    def form(self) -> dict[str, str]:
        """The low value as a page posts it."""
        parts = self.get("form", {"": self.text})
        return {f"{self.name}{part}": value for part, value in parts.items()}


def examples() -> list[Example]:
    found = []
    for path in sorted(EXAMPLES.glob("*.yaml")):
        for at, spec in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))):
            name = f"f_{path.stem}{f'_{at + 1}' if at else ''}"
            found.append(Example(path.stem, name, spec))
    return found


def filled(value: Any, **places: str) -> Any:
    """A value with `{book1}` and the like put in."""
    if isinstance(value, Mapping):
        return {filled(name, **places): filled(one, **places) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, **places) for one in value]
    if isinstance(value, str):
        for place, text in places.items():
            value = value.replace(f"{{{place}}}", text)
    return value


class World:
    """The object `item` on one database, with all that points at it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.examples = examples()
        client.define(BOOK, BRANCH, CLERK, self._item())
        self.places = self._places()
        self.rows = {row: self._made(row) for row in ROWS}

    def _item(self) -> dict[str, Any]:
        extra = [
            {"name": "label", "kind": "text"},
            {"name": "marks", "kind": "text", "max_length": 2000},
        ]
        fields = [*extra, *(one.document for one in self.examples)]
        return {"kind": "object", "name": "item", "title": "{label}", "fields": fields}

    def _places(self) -> dict[str, str]:
        made = self.client.made
        people = [
            made("user", name=name, email=f"{name}@example.org", roles=[])["id"]
            for name in ("Ada", "Zoe")
        ]
        books = [made("book", name=name)["id"] for name in ("Emma", "Ulysses")]
        return {
            "user1": people[0], "user2": people[1], "book1": books[0], "book2": books[1],
            "branch1": made("branch", name="North")["id"],
        }  # fmt: skip

    def files(self) -> dict[str, str]:
        """Two files that nothing is attached to yet."""
        ids = {}
        for place, name in (("file1", "one.txt"), ("file2", "two.txt")):
            body, headers = multipart(("file", name, "text/plain", b"words"))
            reply = self.client.call("POST", "/api/files", body=body, headers=headers)
            assert reply.status == 201, reply.text
            ids[place] = reply.json()["id"]
        return ids

    def values(self, row: str) -> dict[str, Any]:
        """What is written for a row of values."""
        if row == "empty":
            return {}
        places = self.places | self.files()
        return {one.name: filled(one.spec[row], **places) for one in self.examples if not one.made}

    def _made(self, row: str) -> dict[str, Any]:
        return self.client.made("item", label=row, **self.values(row))

    def field(self, example: Example) -> Field:
        catalog = Session.begin(self.client.app.engine).catalog
        return catalog.objects["item"].fields[example.name]

    def found(self, **query: str) -> list[str]:
        """The rows that a list of the three finds, in its order."""
        ids = {record["id"]: row for row, record in self.rows.items()}
        found = self.client.rows("/api/records/item", fields="id", limit="100", **query)
        return [ids[one["id"]] for one in found if one["id"] in ids]

    def where(self, example: Example, template: str) -> str:
        """A condition with the field and its two values put in."""
        low, high = (self._literal(example, row) for row in ("low", "high"))
        asked = example.name + example.get("asked", "")
        return template.replace("{f}", asked).replace("{v}", low).replace("{h}", high)

    def _literal(self, example: Example, row: str) -> str:
        member = "literal" if row == "low" else "literal_high"
        value = example.get(member, example.spec[row])
        text = value if example.get(member) is not None else f"'{value}'"
        return str(filled(str(text), **self.places))

    def posted(self, path: str, values: Mapping[str, str], client: Client | None = None) -> Any:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(filled(dict(values), **self.places)).encode()
        return (client or self.client).call("POST", path, body=body, headers=headers)

    @cached_property
    def schema(self) -> Any:
        return self.client.get("/api/schema/records/item").json()

    @cached_property
    def openapi(self) -> Any:
        return self.client.get("/api/openapi.json").json()["components"]["schemas"]

    @cached_property
    def new_page(self) -> str:
        return self.client.get("/o/item/new").text

    @cached_property
    def by_page(self) -> dict[str, Any]:
        """The record that the page of new ones makes of the low values."""
        files = self.files()
        values = {"label": "by page", "csrf": self.client.headers["x-csrf-token"]}
        for one in self.examples:
            if not one.made:
                values |= filled(one.form, **files)
        reply = self.posted("/o/item/new", values)
        assert reply.status in (302, 303), reply.text
        return self.latest("by page")

    def latest(self, label: str) -> dict[str, Any]:
        found = self.client.rows("/api/records/item", where=f"label == '{label}'")
        assert len(found) == 1, label
        return found[0]

    @cached_property
    def list_page(self) -> str:
        names = [one.name for one in self.examples]
        view = {"kind": "view", "name": "all_kinds", "object": "item", "columns": ["label", *names]}
        self.client.define({**view, "where": "label == 'low'"})
        return self.client.get("/o/item", view="all_kinds").text

    @cached_property
    def studio(self) -> str:
        return self.client.get("/studio/objects/item").text

    @cached_property
    def record_page(self) -> str:
        return self.client.get(f"/o/item/{self.rows['low']['id']}").text

    @cached_property
    def changed(self) -> Mapping[str, list[Any]]:
        """What the history says of a record that went from low to high."""
        made = self.client.made("item", label="changed", **self.values("low"))
        path = f"/api/records/item/{made['id']}"
        reply = self.client.patch(path, self.values("high"))
        assert reply.status == 200, reply.text
        changes: Mapping[str, list[Any]] = self.client.rows(f"{path}/history")[0]["changes"]
        return changes

    @cached_property
    def marks(self) -> Mapping[str, set[str]]:
        """For each row the fields of which a rule said that they are not empty."""
        rules = [
            {
                "kind": "rule", "name": f"saw_{one.name}", "phase": "before_save",
                "on": {"object": "item", "event": ["created", "updated"]},
                "when": f"{one.name} != null and label == 'marked'",
                "do": [{"set": {"marks": f"coalesce(marks, '') & ' {one.name}'"}}],
            }
            for one in self.examples
        ]  # fmt: skip
        self.client.define(*rules)
        found = {}
        for row in ROWS:
            record = self.client.made("item", label="marked", **self.values(row))
            found[row] = set((record["marks"] or "").split())
        gone = [{"kind": "rule", "name": rule["name"]} for rule in rules]
        assert self.client.post("/api/meta/changes", {"delete": gone}).status == 200
        return found


def cases(made: bool = True) -> Iterator[Any]:
    """The parameters of a test that runs for each field of each kind."""
    return (one for one in examples() if made or not one.made)


assert {path.stem for path in EXAMPLES.glob("*.yaml")} >= set(KINDS)
