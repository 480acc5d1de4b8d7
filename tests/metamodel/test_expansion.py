"""Formulas inside formulas: how large they become is decided when they are saved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client

Json = dict[str, Any]

START = {
    "number": ("day(today())", "length(name)"),
    "text": ("text(today())", "name"),
    "boolean": ("today() > '2020-01-01'", "name == 'x'"),
    "date": ("today()", "date('2026-06-15')"),
}


def chain(name: str, count: int, result: str, step: str, first: str) -> Json:
    """An object with so many formulas, each of which reads the one before it."""
    fields: list[Json] = [{"name": "name", "kind": "text"}]
    for number in range(count):
        formula = step.format(p=f"a{number - 1}") if number else first
        fields.append(
            {"name": f"a{number}", "kind": "calculated", "result": result, "formula": formula}
        )
    return {"kind": "object", "name": name, "title": "{name}", "fields": fields}


STEPS = [
    ("number", "{p} + 1"),
    ("number", "abs({p})"),
    ("number", "round({p}, 1)"),
    ("number", "1 if name == 'q' else {p}"),
    ("number", "coalesce({p}, 1)"),
    ("number", "max({p}, 2)"),
    ("text", "'a' & {p}"),
    ("text", "lower({p})"),
    ("boolean", "not {p}"),
    ("boolean", "{p} and name != 'x'"),
    ("date", "start_of({p}, 'month')"),
    ("date", "{p} + days(1)"),
]


@pytest.mark.parametrize("result,step", STEPS)
def test_a_chain_of_formulas_is_read_or_refused_when_it_is_saved(
    client: Client, result: str, step: str
) -> None:
    saved = 0
    for count in (6, 9, 12, 24, 60):
        name = f"chain{count}"
        document = chain(name, count, result, step, START[result][0])
        reply = client.post("/api/meta/changes", {"documents": [document]})
        if reply.status != 200:
            assert "formula" in reply.text and reply.status == 422
            break
        saved += 1
        client.made(name, name="Emma")
        for query in ({}, {"where": f"a{count - 1} != null"}, {"as_of": "2026-01-01"}):
            assert len(client.rows(f"/api/records/{name}", **query)) == 1, (count, query)
    assert saved >= 1


def test_formulas_that_double_are_refused_when_they_are_saved(client: Client) -> None:
    for at, first in enumerate(START["number"]):
        fine = chain(f"fine{at}", 6, "number", "{p} + {p}", first)
        client.define(fine)
        client.made(f"fine{at}", name="Emma")
        assert client.rows(f"/api/records/fine{at}", as_of="2026-01-01")
        document = chain(f"double{at}", 20, "number", "{p} + {p}", first)
        reply = client.post("/api/meta/changes", {"documents": [document]})
        assert reply.status == 422
        assert "more than 1,000 parts" in reply.json()["detail"]


def test_a_question_that_reads_large_formulas_often_is_refused(client: Client) -> None:
    client.define(chain("fine", 7, "number", "{p} + {p}", START["number"][0]))
    reply = client.get("/api/records/fine", where=" + ".join(["a6"] * 8) + " > 0")
    assert reply.status == 400
    assert "more than 1,000 parts" in reply.json()["detail"]


def test_a_long_chain_of_stored_formulas_is_stored(client: Client) -> None:
    client.define(chain("long", 80, "number", "{p} + 1", START["number"][1]))
    made = client.made("long", name="Emma")
    assert made["a79"] == "83.00"
    reply = client.get("/api/records/long", as_of="2026-01-01")
    assert reply.status in (200, 422), reply.text
