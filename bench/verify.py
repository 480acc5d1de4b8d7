"""Both applications must answer the same before they are timed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from bench.operations import LISTED, LOANS, PAGE, WITH_MEMBER, World, new_loan
from bench.session import Reply, Session

# Ids and the moments and makers of records differ by nature; all else must be equal.
OWN = {"id", "member", "assignee", "created_at", "created_by", "updated_at", "updated_by", "owner"}


class Difference(Exception):
    """The targets, or a target and what it must do, do not agree."""


def verify(worlds: dict[str, World]) -> None:
    for name, world in worlds.items():
        for check in CHECKS:
            try:
                check(world)
            except Difference as difference:
                raise Difference(f"{name}: {difference}") from difference
    if len(worlds) > 1:
        first, *others = worlds
        for other in others:
            _same(first, worlds[first], other, worlds[other])


def _expect(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise Difference(f"{what}: found {found!r}, wanted {wanted!r}")


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
    pages,
)


def _same(first: str, one: World, second: str, other: World) -> None:
    for status in LISTED:
        for fields in ("", f"&fields={WITH_MEMBER}"):
            path = f"{LOANS}?status={status}&{PAGE}{fields}"
            pairs = zip(one.session.get(path)["data"], other.session.get(path)["data"], strict=True)
            for a, b in pairs:
                _equal(f"{path}: {first} and {second}", a, b, bool(fields))


def _equal(place: str, one: dict[str, Any], other: dict[str, Any], names: bool) -> None:
    _expect(f"{place}: members", sorted(one.keys() - OWN), sorted(other.keys() - OWN))
    for name in one.keys() - OWN:
        _expect(f"{place}: {name} of {one['barcode']}", one[name], other[name])
    _expect(f"{place}: assigned", one["assignee"] is None, other["assignee"] is None)
    if names:
        a, b = one["member"], other["member"]
        _expect(f"{place}: the member's name", a and a.get("name"), b and b.get("name"))
