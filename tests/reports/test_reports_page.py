"""The examples of docs/reports.md do what the page says."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.app import Client
from tests.house.test_structure import ROOT

BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)
NAMED = {"name": "name", "kind": "text"}


def thing(name: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "object", "name": name, "title": "{name}", "fields": [NAMED, *fields]}


OBJECTS = (
    thing("branch", {"name": "town", "kind": "text"}),
    thing("copy", {"name": "branch", "kind": "lookup", "to": "branch"}),
    thing(
        "loan",
        {"name": "copy", "kind": "lookup", "to": "copy"},
        {"name": "taken", "kind": "date"},
        {"name": "due", "kind": "date"},
        {"name": "returned", "kind": "date"},
        {"name": "fee", "kind": "money", "currency": "EUR"},
        {"name": "state", "kind": "choice", "log": True,
         "options": [{"name": "asked"}, {"name": "out"}, {"name": "back"}]},
    ),
    thing(
        "shift",
        {"name": "clerk", "kind": "person"},
        {"name": "day", "kind": "date"},
        {"name": "hours", "kind": "number", "scale": 1},
    ),
    thing(
        "stamp",
        {"name": "who", "kind": "person"},
        {"name": "came", "kind": "datetime"},
        {"name": "kind", "kind": "choice", "options": [{"name": "desk"}, {"name": "cellar"}]},
        {"name": "hours", "kind": "number", "scale": 1},
    ),
)  # fmt: skip


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_the_reports_of_the_page_measure_the_library(client: Client) -> None:
    text = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    reports = [one for one in map(yaml.safe_load, BLOCK.findall(text)) if one["kind"] == "report"]
    rule = next(one for one in map(yaml.safe_load, BLOCK.findall(text)) if one["kind"] == "rule")
    board = next(one for one in map(yaml.safe_load, BLOCK.findall(text)) if "items" in one)
    assert [one["name"] for one in reports] == ["loans_by_branch", "loan_funnel", "desk_hours"]
    rule["on"] = rule.pop(True)  # what YAML takes a bare `on` for
    client.define(*OBJECTS, *reports, board, {"kind": "role", "name": "librarian"}, rule)
    copy = client.made("copy", name="Emma", branch=client.made("branch", name="Harbour")["id"])
    for taken, returned in (("2026-01-02", "2026-02-01"), ("2026-01-03", None)):
        client.made("loan", copy=copy["id"], taken=taken, due="2026-01-20", returned=returned,
                    fee="1.50", state="out")  # fmt: skip
    harbour, january = client.get("/api/reports/loans_by_branch").json()["data"]
    assert harbour["labels"] == {"copy.branch": "Harbour"}
    assert january["labels"]["month(taken)"] == "January 2026"
    assert harbour["measures"] == january["measures"] == {
        "count()": 2, "sum(fee)": {"amount": "3.00", "currency": "EUR"},
        "late": "1", "late_part": "0.5",
    }  # fmt: skip
    steps = client.get("/api/reports/loan_funnel").json()["total"]["steps"]
    assert [(one["state"], one["count"]) for one in steps] == [
        ("asked", 0),
        ("out", 2),
        ("back", 0),
    ]
    assert "Harbour" in client.get("/dashboards/front_desk").text
    me = {"user": client.get("/api/me").json()["id"]}
    client.made("shift", clerk=me, day="2026-06-01", hours="8")
    client.made("stamp", who=me, came="2026-06-01T08:00:00Z", hours="6", kind="desk")
    hours = client.get("/api/reports/desk_hours").json()["total"]["measures"]
    assert hours == {"planned": "8.0", "worked": "6.0", "used": "0.75"}
