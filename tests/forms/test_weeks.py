"""A week grid: records of a person and a week as a table that is typed into."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from tests.app import Client, Documents, Reply
from tests.forms.workshop import JOB, ROLES, TOOL, USER, WORKER

SHIFT: dict[str, Any] = {
    "kind": "object", "name": "shift", "label": "Shift", "plural": "Shifts", "title": "{number}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "S-{000}"},
        {"name": "worker", "kind": "lookup", "to": "worker", "inverse": "shifts",
         "required": True, "default": "me.worker"},
        {"name": "job", "kind": "lookup", "to": "job", "inverse": "shifts"},
        {"name": "tool", "kind": "lookup", "to": "tool", "inverse": "shifts"},
        {"name": "sort", "kind": "choice", "options": [{"name": "own"}, {"name": "paid"}]},
        {"name": "day", "kind": "date", "required": True, "default": "today()"},
        {"name": "took", "kind": "duration", "max": 86400},
        {"name": "fixed", "kind": "boolean"},
        {"name": "approved", "kind": "boolean"},
    ],
    "locked": {"when": "approved == true", "except": ["approved"], "message": "It is approved."},
}  # fmt: skip
SHEET: dict[str, Any] = {
    "kind": "object", "name": "sheet", "label": "Sheet", "plural": "Sheets", "title": "{week}",
    "fields": [
        {"name": "worker", "kind": "lookup", "to": "worker", "inverse": "sheets",
         "required": True},
        {"name": "week", "kind": "date", "weekdays": ["mon"], "required": True},
        {"name": "reason", "kind": "text"},
        {"name": "status", "kind": "choice", "default": "open",
         "options": [{"name": "open"}, {"name": "sent"}, {"name": "approved"}]},
        {"name": "shifts", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "count(worker.shifts, day >= record.week and day < record.week + days(7))"},
    ],
    "locked": {"when": "status == 'approved'", "except": ["status", "reason"], "message": "Done."},
    "states": {"field": "status", "transitions": [
        {"name": "send", "from": ["open"], "to": "sent", "when": "shifts > 0",
         "message": "Enter some time first."},
        {"name": "approve", "from": ["sent"], "to": "approved"},
        {"name": "send_back", "from": ["sent"], "to": "open", "needs": ["reason"]},
    ]},
}  # fmt: skip
FIXED: dict[str, Any] = {
    "kind": "rule", "name": "fixed_length", "phase": "before_save",
    "on": {"object": "shift", "event": ["created", "updated"]}, "when": "fixed == true",
    "do": [{"set": {"took": "hours(2)"}}],
}  # fmt: skip
WEEK: dict[str, Any] = {
    "kind": "week_grid", "name": "my_week", "label": "My week", "object": "shift",
    "person": "worker", "day": "day", "amount": "took", "rows": ["job", "sort"],
    "sheet": {"object": "sheet", "person": "worker", "week": "week"},
}  # fmt: skip
PATH, CELLS = "/api/weeks/my_week", "/api/weeks/my_week/cells"


@pytest.fixture
def documents() -> Documents:
    return (JOB, TOOL, WORKER, USER, SHIFT, SHEET, FIXED, WEEK, *ROLES)


class Shop:
    def __init__(self, client: Client) -> None:
        self.admin = client
        me = client.get("/api/me").json()["id"]
        self.worker = client.made("worker", nick="Ada", user={"user": me})["id"]
        assert client.patch(f"/api/records/user/{me}", {"worker": self.worker}).status == 200
        self.saw = client.made("job", name="Saw")["id"]
        self.sheet = client.made("sheet", worker=self.worker, week="2026-06-15")["id"]

    def type(self, day: str, amount: Any, **row: Any) -> Reply:
        row = row or {"job": self.saw}
        return self.admin.post(CELLS, {"row": row, "day": day, "amount": amount})

    def shifts(self) -> list[dict[str, Any]]:
        return self.admin.rows("/api/records/shift", sort="day")


@pytest.fixture
def shop(client: Client) -> Shop:
    return Shop(client)


def test_what_is_typed_is_made_changed_and_deleted(shop: Shop) -> None:
    week = shop.type("2026-06-16", 5400).json()
    assert (week["week"], week["text"], week["who"]) == ("2026-06-15", "1:30", "Ada")
    assert [day["text"] for day in week["days"]] == ["", "1:30", "", "", "", "", ""]
    (row,) = week["rows"]
    assert (row["title"], row["values"]) == ("Saw", {"job": shop.saw, "sort": None})
    (shift,) = shop.shifts()
    assert (shift["worker"], shift["took"]) == (shop.worker, 5400)
    assert shop.type("2026-06-16", 7200).json()["amount"] == 7200
    assert shop.type("2026-06-18", 1800, sort="paid").json()["amount"] == 9000
    assert [one["id"] for one in shop.shifts()][0] == shift["id"]  # the same, changed
    week = shop.type("2026-06-16", None).json()
    assert week["text"] == "0:30" and len(shop.shifts()) == 1
    titles = [row["title"] for row in week["rows"]]
    assert titles == ["Paid", "Saw"]  # the row that was typed into stays
    later = shop.admin.get(PATH, week="2026-06-24").json()  # rows of the week before are offered
    assert [row["title"] for row in later["rows"]] == ["Paid"] and later["text"] == ""


def test_a_cell_that_cannot_be_typed_says_why(shop: Shop) -> None:
    made = {"worker": shop.worker, "job": shop.saw, "day": "2026-06-15"}
    for _ in range(2):
        shop.admin.made("shift", **made, took=600)
    shop.admin.made("shift", **{**made, "day": "2026-06-16"}, took=60, approved=True)
    shop.admin.made("shift", **{**made, "day": "2026-06-17"})
    shop.admin.made("shift", **{**made, "day": "2026-06-18"}, fixed=True)
    (row,) = shop.admin.get(PATH, week="2026-06-17").json()["rows"]
    closed = [cell["closed"] for cell in row["cells"]]
    assert closed[0].startswith("2 shifts of this day") and "approved" in closed[1]
    assert "without took" in closed[2] and closed[3:] == [""] * 4
    for day in ("2026-06-15", "2026-06-16", "2026-06-17"):
        assert shop.type(day, 3600).status == 409
    worked_out = shop.type("2026-06-18", 3600)
    assert worked_out.json()["errors"][0]["code"] == "worked_out"
    for day, amount in (("2026-06-19", "soon"), ("2026-06-19", 90000), ("2026-06-19", -1)):
        assert shop.type(day, amount).json()["errors"][0]["pointer"] == "/amount"
    assert shop.type("2026-06-19", 60, moon="x").status == 422
    assert shop.type("2026-06-19", 60, job="x").status == 422
    assert shop.type("soon", 60).status in (400, 422)
    assert shop.admin.get(PATH, of="x").status == 404
    assert shop.admin.get(PATH, week="0001-01-01").status == 422
    assert len(shop.shifts()) == 5


def test_an_approved_sheet_closes_the_week(shop: Shop) -> None:
    page = shop.admin.get("/weeks/my_week?week=2026-06-15").text
    assert "Enter some time first." in page  # why it cannot be sent
    shop.type("2026-06-16", 5400)
    page = shop.admin.get("/weeks/my_week?week=2026-06-15").text
    assert f"/o/sheet/{shop.sheet}/actions/send" in page and 'value="1:30"' in page
    for name in ("send", "approve"):
        assert shop.admin.post(f"/api/records/sheet/{shop.sheet}/actions/{name}").status == 200
    refused = shop.type("2026-06-16", 60)
    assert refused.status == 409 and "Done." in refused.json()["detail"]
    page = shop.admin.get("/weeks/my_week?week=2026-06-15").text
    assert "Done." in page and "<input class" not in page and "1:30" in page
    offered = unescape(shop.admin.get(f"/o/sheet/{shop.sheet}").text)
    assert f"/weeks/my_week?week=2026-06-15&of={shop.worker}" in offered


def posted(client: Client, path: str, fields: dict[str, str]) -> Reply:
    token = client.get("/work").text.partition('name="csrf" content="')[2].partition('"')[0]
    body = "&".join(f"{k}={v}" for k, v in {**fields, "csrf": token}.items()).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return client.call("POST", path, body=body, headers=kind)


def test_the_page_is_saved_whole_without_scripts(shop: Shop) -> None:
    path, row = "/weeks/my_week?week=2026-06-15", f"{shop.saw},"
    added = shop.admin.get(f"{path}&pick.job={shop.saw}")
    assert added.status == 303 and "rows=" in added.headers["location"]
    page = shop.admin.get(f"{path}&rows={row}").text
    assert f'name="cell.2026-06-15.{row}"' in page and "Saw, Mon 15 Jun" in page
    cells = {f"cell.2026-06-15.{row}": "1h+30", f"cell.2026-06-16.{row}": "2"}
    assert posted(shop.admin, path, cells).status == 303
    assert [one["took"] for one in shop.shifts()] == [5400, 7200]
    wrong = {f"cell.2026-06-15.{row}": "3", f"cell.2026-06-16.{row}": "soon"}
    refused = posted(shop.admin, f"{path}&rows={row}", wrong)
    assert (
        refused.status == 422 and 'role="alert"' in refused.text and 'value="soon"' in refused.text
    )
    assert [one["took"] for one in shop.shifts()] == [5400, 7200]  # all of it, or nothing


def test_rights_hold_in_the_grid(shop: Shop) -> None:
    shop.type("2026-06-16", 5400)
    guest = shop.admin.person("guest@example.com", "guest")
    assert guest.get(PATH, of=shop.worker).status == 404  # may not read whose it is
    mate = shop.admin.person("mate@example.com", "mate")
    assert mate.get(PATH).status == 422  # no worker of their own
    theirs = mate.get(PATH, of=shop.worker, week="2026-06-15").json()
    assert theirs["rows"] == [] and theirs["sheet"] is None  # of which they read nothing
    assert mate.get("/weeks/my_week").status == 422
    assert "/weeks/my_week" in mate.get("/").text


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"person": "sort"}, "/person"),
        ({"day": "took"}, "/day"),
        ({"amount": "day"}, "/amount"),
        ({"rows": ["job", "fixed"]}, "/rows/1"),
        ({"rows": ["number"]}, "/rows/0"),
        ({"sheet": {"object": "job", "person": "name", "week": "name"}}, "/sheet/person"),
        ({"sheet": {"object": "shift", "person": "job", "week": "day"}}, "/sheet/person"),
    ],
)
@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_a_grid_that_cannot_work_is_refused_when_it_is_saved(
    client: Client, change: dict[str, Any], place: str
) -> None:
    reply = client.post("/api/meta/changes", {"documents": [{**WEEK, **change}]})
    assert reply.status == 422
    assert any(one["pointer"].endswith(place) for one in reply.json()["errors"]), reply.text
