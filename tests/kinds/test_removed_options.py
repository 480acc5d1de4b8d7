"""Options in use that are taken out: counted, refused, and kept where somebody insists."""

import re
from html import unescape
from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.pages.posting import posted
from tests.fluvial.tables import imported, sent

TICKET: dict[str, Any] = {
    "kind": "object",
    "name": "ticket",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "status", "kind": "choice",
         "options": [{"name": "new"}, {"name": "waiting", "label": "Waiting"}, {"name": "done"}]},
        {"name": "tags", "kind": "multi_choice", "options": [{"name": "red"}, {"name": "blue"}]},
        {"name": "place", "kind": "choice", "show": "radio",
         "options": [{"name": "here"}, {"name": "there"}]},
    ],
}  # fmt: skip
BOARD = {"kind": "board", "name": "desk", "object": "ticket", "columns": {"by": "status"},
         "card": {"title": "name"}}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [TICKET, BOARD]


@pytest.fixture
def ticket(client: Client) -> dict[str, Any]:
    client.made("ticket", name="other", status="new")
    return client.made("ticket", name="held", status="waiting", tags=["red", "blue"], place="there")


def without(name: str, *gone: str) -> dict[str, Any]:
    (field,) = [f for f in TICKET["fields"] if f["name"] == name]
    left = [option for option in field["options"] if option["name"] not in gone]
    return TICKET | {
        "fields": [f | {"options": left} if f["name"] == name else f for f in TICKET["fields"]]
    }


CASES = [
    ("status", "waiting", "1 record of ticket with status waiting"),
    ("tags", "red", "1 record of ticket with tags red"),
    ("place", "there", "1 record of ticket with place there"),
]


@pytest.mark.parametrize(("name", "option", "use"), CASES)
def test_an_option_that_records_hold_is_refused_with_its_uses(
    client: Client, ticket: dict[str, Any], name: str, option: str, use: str
) -> None:
    body = {"documents": [without(name, option)]}
    refused = client.post("/api/meta/changes", body)
    assert (refused.status, refused.json()["uses"]) == (409, [use])
    forced = client.post("/api/meta/changes?force=true", body)
    assert forced.status == 200, forced.text
    operations = forced.json()["plan"]["operations"] if "plan" in forced.json() else None
    assert operations is None or any(
        (o["target"], o["rows"]) == (f"ticket.{name}.{option}", 1) for o in operations
    )
    kept = client.get(f"/api/records/ticket/{ticket['id']}").json()
    assert kept == ticket


def test_an_option_that_nobody_holds_goes(client: Client, ticket: dict[str, Any]) -> None:
    client.define(without("status", "done"))
    client.delete(f"/api/records/ticket/{ticket['id']}")
    client.define(without("status", "waiting", "done"))


@pytest.mark.parametrize(("name", "option", "use"), CASES)
def test_a_page_that_is_saved_untouched_changes_nothing(
    client: Client, ticket: dict[str, Any], name: str, option: str, use: str
) -> None:
    body = {"documents": [without(name, option)]}
    assert client.post("/api/meta/changes?force=true", body).status == 200
    address = f"/o/ticket/{ticket['id']}"
    page = client.get(f"{address}/edit").text
    assert "(no longer an option)" in page
    assert sent_by(page)[name], name
    saved = posted(client, f"{address}/edit", sent_by(page))
    assert saved.status == 303, saved.text
    assert client.get(f"/api/records/ticket/{ticket['id']}").json() == ticket
    same = client.patch(f"/api/records/ticket/{ticket['id']}", {name: ticket[name]})
    assert (same.status, same.json()["rev"]) == (200, ticket["rev"])
    other = client.rows("/api/records/ticket", where="name == 'other'")[0]
    refused = client.patch(f"/api/records/ticket/{other['id']}", {name: ticket[name]})
    assert refused.status == 422


def sent_by(page: str) -> dict[str, list[str]]:
    """What a browser sends of the form of a record, untouched."""
    form = page[page.index("<form", page.index("<main")) :]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        told = {key: unescape(value) for key, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        ticked = told.get("type") not in ("checkbox", "radio") or re.search(r"\bchecked\b", tag)
        if "name" in told and ticked:
            sent.setdefault(told["name"], []).append(told.get("value", ""))
    for name, inner in re.findall(r'<select[^>]*?name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.findall(r'<option value="([^"]*)"[^>]*\bselected\b', inner)
        sent[name] = chosen or [""]
    return sent


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (["red", "blue", "green"], ["red", "blue", "green"]),
        (["green", "red"], ["red", "green"]),
        (["red"], ["red"]),
        (["blue"], ["blue"]),
        (["green"], ["green"]),
        (["red", "red", "green"], ["red", "green"]),
    ],
)
@pytest.mark.parametrize("retired", [False, True])
def test_a_removed_option_stays_beside_others_that_are_added_or_taken(
    client: Client, ticket: dict[str, Any], written: list[str], stored: list[str], retired: bool
) -> None:
    options = [{"name": "red", "retired": True}] if retired else []
    options += [{"name": "blue"}, {"name": "green"}]
    fields = [f | {"options": options} if f["name"] == "tags" else f for f in TICKET["fields"]]
    body = {"documents": [TICKET | {"fields": fields}]}
    assert client.post("/api/meta/changes?force=true", body).status == 200
    path = f"/api/records/ticket/{ticket['id']}"
    saved = client.patch(path, {"tags": written})
    assert (saved.status, saved.json().get("tags")) == (200, stored), saved.text
    assert client.patch(path, {"tags": ["red", "grey"]}).status == 422
    page = client.get(f"/o/ticket/{ticket['id']}/edit").text
    more = posted(client, f"/o/ticket/{ticket['id']}/edit", sent_by(page) | {"tags": [*stored]})
    assert more.status == 303, more.text
    # What was let go does not come back, and nobody else gets it.
    assert client.patch(path, {"tags": ["blue"]}).status == 200
    assert client.patch(path, {"tags": ["blue", "red"]}).status == 422
    assert client.post("/api/records/ticket", {"name": "n", "tags": ["red"]}).status == 422


def test_cards_of_an_option_that_is_gone_stay_in_sight(
    client: Client, ticket: dict[str, Any]
) -> None:
    body = {"documents": [without("status", "waiting")]}
    assert client.post("/api/meta/changes?force=true", body).status == 200
    columns = client.get("/api/boards/desk").json()["columns"]
    held = {c["value"]: [r["name"] for r in c["records"]] for c in columns}
    assert held.get("waiting") == ["held"]
    assert "held" in client.call("GET", "/boards/desk").text
    moved = client.post("/api/boards/desk/move", {"id": ticket["id"], "column": "done"})
    assert moved.status == 200, moved.text


@pytest.mark.parametrize("gone", ["red", "retired"])
def test_cards_in_a_lane_of_an_option_that_is_gone_stay_in_sight(
    client: Client, ticket: dict[str, Any], gone: str
) -> None:
    client.define(BOARD | {"swimlanes": {"by": "place"}})
    body = {"documents": [without("place", "there")]}
    if gone == "retired":
        body = {"documents": [with_retired("place", "there")]}
    assert client.post("/api/meta/changes?force=true", body).status == 200
    lanes = client.get("/api/boards/desk").json()["lanes"]
    assert [(lane["value"], lane["count"]) for lane in lanes] == [
        ("here", 0), ("there", 1), (None, 1),
    ]  # fmt: skip
    page = client.call("GET", "/boards/desk").text
    assert page.count('data-lane="there"') >= 1 and "held" in page


def with_retired(name: str, option: str) -> dict[str, Any]:
    fields = []
    for field in TICKET["fields"]:
        if field["name"] == name:
            options = [o | {"retired": o["name"] == option} for o in field["options"]]
            field = field | {"options": options}
        fields.append(field)
    return TICKET | {"fields": fields}


PRICE: dict[str, Any] = {
    "kind": "object",
    "name": "cover",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "level", "kind": "choice", "dated": True,
         "options": [{"name": "silver"}, {"name": "gold"}, {"name": "none"}]},
        {"name": "extras", "kind": "multi_choice", "dated": True,
         "options": [{"name": "nights"}, {"name": "night"}, {"name": "sundays"}]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "now", "planned", "use"),
    [
        ("level", "silver", "gold", "1 planned value of cover with level gold"),
        ("extras", ["sundays"], ["night", "sundays"],
         "1 planned value of cover with extras night"),
    ],
)  # fmt: skip
def test_an_option_that_a_planned_value_holds_is_refused(
    client: Client, field: str, now: Any, planned: Any, use: str
) -> None:
    client.define(PRICE)
    held = client.made("cover", name="one", **{field: now})
    address = f"/api/records/cover/{held['id']}"
    later = client.patch(f"{address}?as_of=2099-01-01", {field: planned})
    assert later.status == 200, later.text
    gone = planned if isinstance(planned, str) else planned[0]
    fields = [
        f | {"options": [o for o in f["options"] if o["name"] != gone]} if f["name"] == field else f
        for f in PRICE["fields"]
    ]
    refused = client.post("/api/meta/changes", {"documents": [PRICE | {"fields": fields}]})
    assert (refused.status, refused.json()["uses"]) == (409, [use])
    unused = [o["name"] for f in PRICE["fields"] if f["name"] == field for o in f["options"]]
    free = next(name for name in unused if name not in (now, gone) and name not in now)
    fields = [
        f | {"options": [o for o in f["options"] if o["name"] != free]} if f["name"] == field else f
        for f in PRICE["fields"]
    ]
    assert (
        client.post("/api/meta/changes", {"documents": [PRICE | {"fields": fields}]}).status == 200
    )


@pytest.mark.parametrize(("form", "key"), [("", "id"), ("people", "name")])
def test_an_export_with_removed_options_comes_back(
    client: Client, ticket: dict[str, Any], form: str, key: str
) -> None:
    taken = {"status": "waiting", "tags": "red", "place": "there"}
    fields = [
        next(f for f in without(name, option)["fields"] if f["name"] == name)
        for name, option in taken.items()
    ]
    gone = {"documents": [TICKET | {"fields": [TICKET["fields"][0], *fields]}]}
    assert client.post("/api/meta/changes?force=true", gone).status == 200
    how = {"for": form} if form else {}
    exported = client.get("/api/records/ticket/export", format="csv", **how)
    back = imported(client, "ticket", exported.body, key=[key])
    assert (back["unchanged"], back["errors"]) == (2, []), back
    assert client.get(f"/api/records/ticket/{ticket['id']}").json() == ticket
    # Nobody else gets them, and what else the row says counts.
    file = b"name,status,place\nheld,waiting,here\nother,waiting,\n"
    refused = sent(client, "ticket", file, key=["name"]).json()["errors"]
    assert [(f["row"], f["code"]) for f in refused] == [(3, "not_an_option")]
    once = imported(client, "ticket", file[: file.index(b"other")], key=["name"])
    assert (once["updated"], once["errors"]) == (1, [])
    changed = client.get(f"/api/records/ticket/{ticket['id']}").json()
    assert (changed["status"], changed["place"]) == ("waiting", "here")
