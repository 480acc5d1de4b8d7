"""Both applications must answer the same before they are timed."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.operations import OPERATIONS, Operation
from bench.session import Reply, Session
from bench.streams import Get, new_loan
from bench.world import LOANS, PAGE, World

# Ids and the moments and makers of records differ by nature; all else must be equal.
OWN = {"id", "member", "assignee", "created_at", "created_by", "updated_at", "updated_by", "owner"}
HEAD = ("value", "count", "capped")
CARD = ("title", "number", "book", "due", "status")
AROUND = 200  # characters of a long answer to show
TOO_SLOW = 15  # seconds of an answer that refuses: the engine ends a query after 20
TRIES = 2  # of each operation that reads


class Difference(Exception):
    """The targets, or a target and what it must do, do not agree."""


def verify(worlds: dict[str, World]) -> None:
    if len(worlds) > 1:
        for operation in OPERATIONS:
            if not operation.writes and operation.name != "read":
                _same(operation, worlds)
    for name, world in worlds.items():
        for check in CHECKS:
            try:
                check(world)
            except Difference as difference:
                raise Difference(f"{name}: {difference}") from difference


def _expect(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        one, other = repr(found), repr(wanted)
        same = len(os.path.commonprefix([one, other]))
        at = slice(max(0, same - AROUND), same + AROUND)
        raise Difference(f"{what}: found {one[at]}, wanted {other[at]}")


def _status(what: str, reply: Reply, *wanted: int) -> None:
    if reply.status not in wanted:
        answer = reply.raw[:400].decode(errors="replace")
        raise Difference(f"{what}: answered {reply.status} {answer}, wanted {wanted}")


def _created(world: World, **changes: Any) -> Reply:
    return world.session.call("POST", LOANS, new_loan(world, random.Random(3)) | changes)


def hidden_record(world: World) -> None:
    _status("a hidden record", world.session.call("GET", f"{LOANS}/{world.hidden['id']}"), 404)
    change = world.session.call("PATCH", f"{LOANS}/{world.hidden['id']}", {"notes": "x"})
    _status("a change of a hidden record", change, 404)


def bad_token(world: World) -> None:
    stranger = Session(world.port, {"authorization": "Bearer nonsense"})
    _status("a bad token", stranger.call("GET", f"{LOANS}/{world.loans[0]['id']}"), 401)
    _status("a bad token that writes", stranger.call("POST", LOANS, {}), 401)
    _status("no token", Session(world.port).call("GET", f"{LOANS}?{PAGE}"), 401)


def bad_values(world: World) -> None:
    for name, value in {
        "weight": "1.2345",
        "fee": {"amount": "1,50", "currency": "EUR"},
        "status": "borrowed",
        "lent_on": "2026-02-30",
        "due": "2026-02-03T10:00:00",
        "deposit": {"amount": "1.00", "currency": "EUR"},
        "remark": "hidden from this role",
        "number": "L-1",
        "member": world.foreign_member,
        "assignee": {"user": "00000000-0000-7000-8000-000000000000"},
    }.items():
        _status(f"{name} = {value!r}", _created(world, **{name: value}), 422)
        batch = [new_loan(world, random.Random(3)) | {name: value}]
        _status(f"{name} = {value!r} in a batch", world.session.call("POST", LOANS, batch), 422)
    body = b'{"book": "a", "book": "b"}'
    _status("a member given twice", world.session.call("POST", LOANS, body), 400)


def unique_key(world: World) -> None:
    taken = world.loans[0]["barcode"]
    _status("a barcode that is taken", _created(world, barcode=taken), 409, 422)


def exact_amounts(world: World) -> None:
    made = _created(world, fee={"amount": "1234567890123.1", "currency": "EUR"}, weight="0.1")
    _status("a new loan", made, 201)
    found = world.session.get(f"{LOANS}/{made.body['id']}")
    _expect("what create answered, read again", found, made.body)
    _expect("fee", found["fee"], {"amount": "1234567890123.10", "currency": "EUR"})
    _expect("weight", found["weight"], "0.100")
    _expect("due", found["due"][-1:], "Z")
    _expect("a field that the role may not see", "remark" in found, False)


def revisions(world: World) -> None:
    made = _created(world).body
    path = f"{LOANS}/{made['id']}"
    fee = {"amount": "7.25", "currency": "EUR"}
    changed = world.session.call("PATCH", path, {"rev": made["rev"], "fee": fee})
    _status("a change", changed, 200)
    _expect("the fee after the change", changed.body["fee"], fee)
    _expect("the rev after the change", changed.body["rev"], made["rev"] + 1)
    _expect("the record after the change", world.session.get(path), changed.body)
    stale = {"rev": made["rev"], "fee": {"amount": "8.00", "currency": "EUR"}}
    _status("a change from a stale rev", world.session.call("PATCH", path, stale), 409)
    merged = world.session.call("PATCH", path, {"rev": made["rev"], "notes": "another field"})
    _status("a change of another field from that rev", merged, 200)


def batches(world: World) -> None:
    chance = random.Random(5)
    made = world.session.call("POST", LOANS, [new_loan(world, chance) for _ in range(3)])
    _status("a batch", made, 201)
    first, *others = made.body["data"]
    _expect("what the batch answered", world.session.get(f"{LOANS}/{first['id']}"), first)
    changes = [{"id": loan["id"], "rev": 1, "notes": f"Of {loan['id']}"} for loan in others]
    changed = world.session.call("PATCH", LOANS, changes)
    _status("changes in a batch", changed, 200)
    _expect("revs", [loan["rev"] for loan in changed.body["data"]], [2, 2])
    stale = [{"id": first["id"], "rev": 1, "notes": "a"}, {**changes[0], "notes": "b"}]
    _status("a batch with a stale rev", world.session.call("PATCH", LOANS, stale), 409)
    hidden = [{"id": first["id"], "notes": "a"}, {"id": world.hidden["id"], "notes": "b"}]
    _status("a batch with a hidden loan", world.session.call("PATCH", LOANS, hidden), 404, 422)
    _expect("a loan of refused batches", world.session.get(f"{LOANS}/{first['id']}"), first)
    found = world.session.get(f"{LOANS}?search={first['number']}")["data"]
    _expect("a new loan is found by its number", [loan["id"] for loan in found], [first["id"]])


def pages(world: World) -> None:
    first = world.session.get(f"{LOANS}?status=returned&{PAGE}")
    _expect("the length of a page", len(first["data"]), 50)
    second = world.session.get(f"{LOANS}?status=returned&{PAGE}&cursor={first['next']}")
    together = [loan["due"] for loan in first["data"] + second["data"]]
    _expect("the order of two pages", together, sorted(set(together)))
    _status(
        "an unknown parameter", world.session.call("GET", f"{LOANS}?{PAGE}&colour=red"), 400, 422
    )


CHECKS: tuple[Callable[[World], None], ...] = (
    hidden_record,
    bad_token,
    bad_values,
    unique_key,
    exact_amounts,
    revisions,
    batches,
    pages,
)


def _same(operation: Operation, worlds: dict[str, World]) -> None:
    """What is measured answers the same records in the same order, with the same numbers."""
    streams = [(operation.stream(name, world, 1), world) for name, world in worlds.items()]
    for _ in range(TRIES):
        answers = []
        for stream, world in streams:
            if not isinstance(stream, Get):
                return  # what a write answers is read again in the checks
            path = stream.path()
            began = time.monotonic()
            reply = world.session.call("GET", path)
            if reply.status == 422 and time.monotonic() - began > TOO_SLOW:
                print(f"not compared, for it is too slow: {operation.name}", file=sys.stderr)
                return  # the table will have no number
            _status(f"{operation.name}, {path}", reply, 200)
            answers.append(_comparable(reply.body))
        _expect(f"{operation.name}, {path}", answers[1], answers[0])


def _comparable(body: dict[str, Any]) -> Any:
    if "columns" in body:
        return [
            (
                [column[name] for name in HEAD],
                [[card[name] for name in CARD] for card in column["records"]],
                column["next"] is None,
            )
            for column in body["columns"]
        ]
    if not all("rev" in record for record in body["data"]):
        return body  # a summary
    records = [
        {name: value for name, value in record.items() if name not in OWN}
        | {"assigned": record.get("assignee") is not None}
        | {"name": member["name"] if isinstance(member := record["member"], dict) else None}
        for record in body["data"]
    ]
    return records, body.get("next") is None, body.get("total")
