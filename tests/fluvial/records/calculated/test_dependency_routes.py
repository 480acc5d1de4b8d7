"""Routes lead from a record that changed to the records that are made of it."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.kernel.ids import new_id
from fluvial.records.calculated.dependency_routes import begun, every, followed
from fluvial.records.writing.bin import delete
from fluvial.records.writing.writer import create
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.dependencies import RouteStep
from tests.app import Documents

NODE = {
    "kind": "object",
    "name": "node",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "parent", "kind": "lookup", "to": "node"},
        {"name": "friends", "kind": "multi_lookup", "to": "node"},
        {"name": "about", "kind": "any_lookup", "to": ["node", "group"]},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"]},
    ],
}


def step(field: str, target: str = "node", *, back: bool = False) -> RouteStep:
    return RouteStep("node", field, target, back)


@pytest.fixture
def documents() -> Documents:
    return [NODE]


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session.begin(engine)


@pytest.fixture
def ids(session: Session) -> dict[str, str]:
    """Nodes by name: b and c hang on a, d on b; a has the friends b and d."""
    made: dict[str, str] = {}
    for name, parent in (("a", None), ("b", "a"), ("c", "a"), ("d", "b")):
        body = {"name": name, "parent": made[parent] if parent else None}
        made[name] = create(session, "node", body)["id"]
    more: dict[str, Any] = {"name": "e", "friends": [made["b"], made["d"]], "parent": None}
    made["team"] = create(session, "team", {"name": "T"})["id"]
    more |= {"about": {"object": "node", "id": made["c"]}, "keeper": {"team": made["team"]}}
    made["e"] = create(session, "node", more)["id"]
    return made


@pytest.mark.parametrize(
    ("route", "start", "expected"),
    [
        ([step("parent")], "bd", "ab"),
        ([step("parent", back=True)], "a", "bc"),
        ([step("parent", back=True)] * 2, "a", "d"),
        ([step("parent")] * 2, "d", "a"),
        ([step("parent"), step("parent", back=True)], "b", "bc"),  # oneself among them
        ([step("friends")], "e", "bd"),
        ([step("friends", back=True)], "bd", "e"),  # once, whichever way
        ([step("about")], "e", "c"),
        ([step("about", back=True)], "c", "e"),
        ([step("about", "group")], "e", ""),  # it leads elsewhere
        ([step("parent")], "a", ""),
        ([step("parent")], "", ""),
    ],
)
def test_where_routes_lead(
    session: Session, ids: dict[str, str], route: list[RouteStep], start: str, expected: str
) -> None:
    found = followed(session, tuple(route), [ids[name] for name in start], 9)
    assert found == [ids[name] for name in expected]


def test_routes_through_people(session: Session, ids: dict[str, str]) -> None:
    back = (step("keeper", "team", back=True),)
    assert followed(session, back, [ids["team"]], 9) == [ids["e"]]
    assert followed(session, (step("keeper", "user", back=True),), [ids["team"]], 9) == []
    assert followed(session, (step("keeper", "team"),), [ids["e"]], 9) == [ids["team"]]


def test_long_ways_are_gone_in_portions(session: Session, ids: dict[str, str]) -> None:
    route, start = (step("parent", back=True),), [ids["a"], ids["b"]]
    whole = followed(session, route, start, 9)
    assert whole == [ids[name] for name in "bcd"]
    portions, after = [], None
    while portion := followed(session, route, start, 1, **({"after": after} if after else {})):
        portions += portion
        after = portion[-1]
    assert portions == whole


def test_the_first_step_leads_by_what_was_and_by_what_is(session: Session) -> None:
    ids = [new_id() for _ in range(3)]

    def led(step_: RouteStep, *values: dict[str, Any] | None) -> set[str]:
        return begun(session, step_, "me", values)

    parent = step("parent")
    assert led(parent, {"parent": ids[0]}, {"parent": ids[1]}) == set(ids[:2])
    assert led(parent, None, {"parent": ids[0]}) == {ids[0]}
    assert led(parent, {"parent": None}, {}) == set()
    assert led(step("friends"), {"friends": ids[:2]}, {"friends": ids[1:]}) == set(ids)
    assert led(step("about", "group"), {"about": ("node", ids[0])}) == set()
    assert led(step("about"), {"about": ("node", ids[0])}) == {ids[0]}
    assert led(step("parent", back=True), None) == {"me"}


def test_every_record_also_those_in_the_bin(session: Session, ids: dict[str, str]) -> None:
    delete(session, "node", ids["e"])
    order = [ids[name] for name in "abcde"]
    assert every(session, "node", 9) == order
    assert every(session, "node", 2) == order[:2]
    assert every(session, "node", 9, after=order[1]) == order[2:]
    assert every(session, "node", 2, newest=True) == order[:-3:-1]
