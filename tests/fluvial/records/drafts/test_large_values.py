"""Values larger than their column are refused by their field, or empty."""

from __future__ import annotations

from json import dumps
from typing import Any

import pytest

from tests.app import Client

Json = dict[str, Any]
HUGE = "99999999999999999"
KINDS: dict[str, tuple[Json, str]] = {
    "number": ({"kind": "number", "scale": 2}, HUGE),
    "whole": ({"kind": "number", "scale": 0}, f"{HUGE}99"),
    "fine": ({"kind": "number", "scale": 6}, "9999999999999"),
    "money": ({"kind": "money", "currency": "EUR"}, HUGE),
    "any_money": ({"kind": "money"}, f"money({HUGE}, 'JPY') * 1000"),
    "duration": ({"kind": "duration"}, "hours(9999999999)"),
    "text": ({"kind": "text", "max_length": 5}, "'longer than five'"),
    "long_text": ({"kind": "long_text"}, "'long' & 'er'"),
    "date": ({"kind": "date"}, "date('9999-12-31') + days(9)"),
    "moment": ({"kind": "datetime"}, "datetime('9999-12-30T00:00:00Z') + days(999)"),
}


def case(*fields: Json) -> Json:
    name = {"name": "name", "kind": "text"}
    return {"kind": "object", "name": "case", "title": "{name}", "fields": [name, *fields]}


def sound(client: Client, document: Json, told: str) -> bool:
    """Whether documents are taken; where not, the refusal is a clear one."""
    reply = client.call(
        "POST", "/api/meta/changes?force=true", body=dumped({"documents": [document]})
    )
    assert reply.status in (200, 422), (told, reply.text)
    return reply.status == 200


def tried(client: Client, told: str) -> None:
    reply = client.post("/api/records/case", {"name": "Emma"})
    assert reply.status in (201, 422), (told, reply.text)
    if reply.status == 422:
        assert reply.json()["errors"], told
        return
    id = reply.json()["id"]
    for answer in (
        client.patch(f"/api/records/case/{id}", {"name": "Lady"}),
        client.get(f"/api/records/case/{id}", as_of="2026-01-01"),
        client.get("/api/records/case", sort="extra"),
    ):
        assert answer.status in (200, 422, 400), (told, answer.text)
    assert client.get("/o/case").status == 200, told


@pytest.mark.parametrize("kind", KINDS)
def test_a_default_that_is_too_large_is_refused_by_its_field(client: Client, kind: str) -> None:
    spec, huge = KINDS[kind]
    for default in (
        huge,
        huge.strip("'"),
        10**17,
        10**25,
        1e22,
        f"({huge}) if name != null else null",
    ):
        field = {"name": "extra", **spec, "default": default}
        if sound(client, case(field), f"{kind} {default}"):
            tried(client, f"{kind} {default}")
        client.post("/api/meta/changes?force=true", {"documents": [case()]})
        client.post("/api/meta/retired/case/extra/purge", {})


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_that_sets_too_much_is_refused_by_the_field(client: Client, kind: str) -> None:
    spec, huge = KINDS[kind]
    client.define(case({"name": "extra", **spec}))
    rule = {"kind": "rule", "name": "big", "phase": "before_save",
            "on": {"object": "case", "event": ["created", "updated"]},
            "do": [{"set": {"extra": huge}}]}  # fmt: skip
    if sound(client, rule, kind):
        tried(client, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_formula_that_is_too_large_is_empty(client: Client, kind: str) -> None:
    spec, huge = KINDS[kind]
    if spec["kind"] in ("text", "long_text"):
        return
    result = {k: v for k, v in spec.items() if k in ("scale", "currency")}
    for formula in (huge, f"({huge}) if name != null else null", f"-({huge})"):
        field = {"name": "extra", "kind": "calculated", "result": spec["kind"], **result}
        if sound(client, case({**field, "formula": formula}), f"{kind} {formula}"):
            tried(client, f"{kind} {formula}")
        client.post("/api/meta/changes?force=true", {"documents": [case()]})
        client.post("/api/meta/retired/case/extra/purge", {})


@pytest.mark.parametrize(
    "where",
    ["extra == 99999999999999999", "extra > 9999999999999999999999",
     "extra in [99999999999999999, 1]",
     "extra + 99999999999999999 > 1", "extra * 9999999999 * 9999999999 != 1",
     "sum(cases, extra * 999999999999) > 99999999999999999", "-99999999999999999 < extra"],
)  # fmt: skip
def test_a_question_with_a_large_number_is_answered(client: Client, where: str) -> None:
    own = {"name": "parent", "kind": "lookup", "to": "case", "inverse": "cases"}
    client.define(case({"name": "extra", "kind": "number", "scale": 2}, own))
    first = client.made("case", name="Emma", extra="9999999999999999.99")["id"]
    client.made("case", name="Lady", extra="-9999999999999999.99", parent=first)
    assert client.get("/api/records/case", where=where).status == 200


def test_sums_and_averages_of_the_largest_numbers_are_exact(client: Client) -> None:
    client.define(case({"name": "extra", "kind": "number", "scale": 2}))
    for name in "abc":
        client.made("case", name=name, extra="9999999999999999.99")
    (row,) = client.rows("/api/records/case/summary", measure="sum(extra),avg(extra)")
    assert row["sum(extra)"] == "29999999999999999.97"


def test_a_body_with_a_number_that_is_too_large_is_refused(client: Client) -> None:
    client.define(case(*({"name": f"x_{name}", **spec} for name, (spec, _) in KINDS.items())))
    money = {"amount": "1" * 30, "currency": "EUR"}
    for value in (10**17, "9" * 17, "9" * 25, -(10**18), "1" * 39, money):
        for name, (spec, _) in KINDS.items():
            body = {"name": "Emma", f"x_{name}": value}
            reply = client.call("POST", "/api/records/case", body=dumped(body))
            assert reply.status in (201, 422), (name, spec, value, reply.text)


def dumped(value: Any) -> bytes:
    return dumps(value).encode()
