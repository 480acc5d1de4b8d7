"""Requests of every sort with odd contents, and what was not answered as it should be."""

from __future__ import annotations

import copy
from collections.abc import Callable
from json import dumps
from random import Random
from typing import Any

from tests.app import Client, Reply

from .expression_grammar import FIELDS as BY_TYPE
from .expression_grammar import PLAIN, Grammar
from .fuzzed_world import FIELDS, ODD, THING, odd_body

Json = dict[str, Any]
PATHS = tuple(
    name
    for names in BY_TYPE.values()
    for name in names
    if not name.startswith("me") and not name.endswith((".name", ".closed", ".currency"))
)
DAYS = ("2026-06-15", "0001-01-01", "9999-12-31", "2026-06-15T08:00:00Z", "2026-01-01")
RESULTS = ("number", "money", "date", "datetime", "duration", "text", "boolean")


class Fuzz:
    """Asks as its seed says, and keeps every answer of 500 and more."""

    def __init__(self, client: Client, things: list[str], seed: int) -> None:
        self.client = client
        self.things = things
        self.random = Random(seed)
        self.grammar = Grammar(self.random)
        self.faults: list[str] = []
        self.statuses: dict[int, int] = {}

    @property
    def taken(self) -> int:
        return sum(count for status, count in self.statuses.items() if status < 300)

    def run(self, requests: int, ways: tuple[Callable[[Fuzz], None], ...]) -> None:
        for _ in range(requests):
            self.random.choice(ways)(self)

    def ask(self, method: str, path: str, json: Any = None, **query: str) -> Reply:
        body = None if json is None else dumps(json).encode()  # also numbers beyond 64 bits
        sent = {"content-type": "application/json"}
        reply = self.client.call(method, path, body=body, headers=sent, query=query or None)
        self.statuses[reply.status] = self.statuses.get(reply.status, 0) + 1
        if reply.status >= 500:
            self.faults.append(f"{reply.status} {method} {path} {query or ''} {json or ''}")
        return reply

    def thing(self) -> str:
        return f"/api/records/thing/{self.random.choice(self.things)}"


def listing(fuzz: Fuzz) -> None:
    pick, query = fuzz.random, {"where": fuzz.grammar.condition()}
    if pick.random() < 0.3:
        query["sort"] = pick.choice(("", "-")) + pick.choice(PATHS)
    if pick.random() < 0.3:
        query["fields"] = ",".join(pick.sample(PATHS, 3))
    if pick.random() < 0.2:
        query["as_of"] = pick.choice(DAYS)
    if pick.random() < 0.1:
        query["total"] = pick.choice(("exact", "capped"))
    fuzz.ask("GET", "/api/records/thing", **query)


def _measure(fuzz: Fuzz) -> str:
    pick = fuzz.random
    function = pick.choice(("count", "sum", "avg", "min", "max"))
    of = pick.choice(("number", "money", "duration") if pick.random() < 0.9 else PLAIN)
    return f"{function}({fuzz.grammar.made(of, 2)})"


def summary(fuzz: Fuzz) -> None:
    pick = fuzz.random
    query = {"measure": _measure(fuzz)}
    if pick.random() < 0.6:
        query["group"] = pick.choice(PATHS)
    if pick.random() < 0.3:
        query["where"] = fuzz.grammar.condition()
    if pick.random() < 0.2:
        query["as_of"] = pick.choice(DAYS)
    fuzz.ask("GET", "/api/records/thing/summary", **query)


def equality(fuzz: Fuzz) -> None:
    value = fuzz.random.choice([one for one in ODD if isinstance(one, str)])
    fuzz.ask("GET", "/api/records/thing", **{fuzz.random.choice(PATHS): value})


def body(fuzz: Fuzz) -> None:
    pick = fuzz.random
    match pick.randrange(5):
        case 0:
            fuzz.ask("POST", "/api/records/thing", odd_body(pick))
        case 1:
            fuzz.ask("POST", "/api/records/thing", [odd_body(pick), odd_body(pick)])
        case 2:
            card = {
                "id": pick.choice(fuzz.things),
                "column": pick.choice((*ODD, None, "", "open", "shut")),
            }
            fuzz.ask("POST", "/api/boards/things/move", card)
        case 3:
            path = f"{fuzz.thing()}?as_of={pick.choice(DAYS)}"
            fuzz.ask("PATCH", path, odd_body(pick))
        case _:
            fuzz.ask("PATCH", fuzz.thing(), odd_body(pick))


def pin(fuzz: Fuzz) -> None:
    """A pin, home with it, and the pin gone again."""
    pick = fuzz.random
    document = {
        "kind": "pin",
        "name": "odd",
        "object": "thing",
        "show": pick.choice(("number", "trend", "board", "list")),
        "by": pick.choice(("status", "due", "created_at", "seen_at", "patron")),
        "measure": _measure(fuzz),
    }
    if pick.random() < 0.5:
        document["where"] = fuzz.grammar.condition()
    _kept(fuzz, document, "/", "/api/pins/odd")


def view(fuzz: Fuzz) -> None:
    pick = fuzz.random
    document = {
        "kind": "view",
        "name": "odd",
        "object": "thing",
        "columns": pick.sample(PATHS, 2),
        "where": fuzz.grammar.condition(),
    }
    if pick.random() < 0.5:
        document["sort"] = [pick.choice(PATHS)]
    _kept(fuzz, document, "/o/thing?view=odd")


def board(fuzz: Fuzz) -> None:
    pick = fuzz.random
    document = {
        "kind": "board",
        "name": "odd",
        "object": "thing",
        "columns": {"by": pick.choice(PATHS)},
        "totals": [_measure(fuzz)],
        "where": fuzz.grammar.condition(),
    }
    _kept(fuzz, document, "/boards/odd", "/api/boards/odd")


def _kept(fuzz: Fuzz, document: Json, *paths: str) -> None:
    """A document that is taken shows what it shows without a fault, which home is the proof of."""
    name = {"kind": document["kind"], "name": document["name"]}
    if fuzz.ask("POST", "/api/meta/changes", {"documents": [document]}).status != 200:
        return
    for path in paths:
        path, _, raw = path.partition("?")
        reply = fuzz.ask("GET", path, **dict(part.split("=") for part in raw.split("&") if part))
        if reply.status >= 400:
            fuzz.faults.append(f"{reply.status} {path} with {document}: {reply.text[:300]}")
    fuzz.ask("POST", "/api/meta/changes", {"delete": [name]})


def extra(fuzz: Fuzz) -> None:
    """An object of its own with a field, a check or a default of the grammar; then a record."""
    pick = fuzz.random
    field: Json = {"name": "extra", "kind": "calculated", "result": pick.choice(RESULTS)}
    field["formula"] = fuzz.grammar.any()
    if pick.random() < 0.5:
        kept = [one for one in THING["fields"] if one["kind"] not in ("calculated", "sequence")]
        field = copy.deepcopy(pick.choice(kept))
        odd = pick.choice(ODD) if pick.random() < 0.5 else fuzz.grammar.any()
        field |= {"name": "extra", "default": odd}
        field |= {"inverse": "extras"} if "inverse" in field else {}
    patch = {"kind": "object", "name": "thing", **THING, "fields": [*THING["fields"], field]}
    path = "/api/meta/changes"
    if fuzz.ask("POST", path, {"documents": [patch]}).status != 200:
        return
    made = fuzz.ask("POST", "/api/records/thing", {"name": "one more"})
    if made.status == 201:
        fuzz.ask("GET", f"/api/records/thing/{made.json()['id']}")
        fuzz.ask("GET", f"/api/records/thing/{made.json()['id']}", as_of=pick.choice(DAYS))
        fuzz.ask("DELETE", f"/api/records/thing/{made.json()['id']}")
    fuzz.ask("GET", "/api/records/thing", as_of=pick.choice(DAYS))
    fuzz.ask("POST", f"{path}?force=true", {"documents": [THING]})
    fuzz.ask("POST", "/api/meta/retired/thing/extra/purge", {})


def rule(fuzz: Fuzz) -> None:
    pick = fuzz.random
    name = pick.choice([f for f in FIELDS if f not in ("code",)])
    document = {
        "kind": "rule",
        "name": "odd",
        "phase": "before_save",
        "on": {"object": "thing", "event": ["created", "updated"]},
        "when": fuzz.grammar.condition(),
        "do": [{"set": {name: fuzz.grammar.any()}}],
    }
    if fuzz.ask("POST", "/api/meta/changes", {"documents": [document]}).status != 200:
        return
    fuzz.ask("PATCH", fuzz.thing(), {"note": str(pick.random())})
    fuzz.ask("POST", "/api/records/thing", {"name": "ruled"})
    gone = [{"kind": "rule", "name": "odd"}]
    fuzz.ask("POST", "/api/meta/changes", {"delete": gone})


def odd_document(fuzz: Fuzz) -> None:
    """A sound document with one member replaced by something odd."""
    pick = fuzz.random
    document: Json = copy.deepcopy(pick.choice((THING, *ODD_DOCUMENTS)))
    at: Any = document
    for _ in range(4):
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = pick.choice(keys)
        if not isinstance(at[key], dict | list) or pick.random() < 0.3:
            if key not in ("kind", "name"):
                at[key] = pick.choice(ODD)
            break
        at = at[key]
    document["name"] = "odd_one" if document["kind"] == "object" else document["name"]
    for field in document.get("fields", ()) if document["kind"] == "object" else ():
        if isinstance(field, dict):
            field.pop("inverse", None)
    if fuzz.ask("POST", "/api/meta/changes", {"documents": [document]}).status == 200:
        fuzz.ask("GET", "/")
        gone = [{"kind": document["kind"], "name": document["name"]}]
        fuzz.ask("POST", "/api/meta/changes?force=true", {"delete": gone})


ODD_DOCUMENTS: tuple[Json, ...] = (
    {
        "kind": "webform",
        "name": "odd",
        "slug": "odd",
        "object": "thing",
        "steps": [{"name": "one", "fields": ["name", "note"]}],
    },
    {
        "kind": "rule",
        "name": "odd",
        "on": {"object": "thing", "event": "created"},
        "do": [{"notify": {"to": ["me"], "subject": "Hello", "body": "A {{ thing.name }}"}}],
    },
    {"kind": "role", "name": "odd", "grants": [{"object": "thing", "can": ["read"]}]},
    {"kind": "calendar", "name": "odd", "hours": {"mon-fri": ["09:00-17:00"]}},
    {"kind": "pin", "name": "odd", "object": "thing", "measure": "count()", "show": "number"},
    {"kind": "view", "name": "odd", "object": "thing", "columns": ["name"], "sort": ["name"]},
)

READING = (listing, listing, listing, summary, summary, equality)
WRITING = (body,)
DEFINING = (pin, view, board, extra, rule, odd_document)
