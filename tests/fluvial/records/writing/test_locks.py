"""A locked record stays as it is, with its parts, whoever writes and by whatever way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Thread
from typing import Any

import pytest

from fluvial.events import apply_planned
from fluvial.records.writing.writer import create, update
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client, Documents, OpenEngine, Reply
from tests.fluvial.records.writing.invoices import DOCUMENTS, SAID, Invoice
from tests.forms.shapes import multipart

Json = dict[str, Any]


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    """One thread, so that statements are counted on one connection."""
    return open_engine(threads="1")


def refused(reply: Reply, pointer: str = "", status: int = 409) -> None:
    assert reply.status == status, reply.text
    errors = reply.json()["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [(pointer, "locked")], reply.text
    assert SAID in errors[0]["message"]


def test_only_what_is_excepted_can_be_written(client: Client) -> None:
    invoice = Invoice(client)
    assert client.patch(invoice.path, {"note": "new"}).status == 200
    invoice.issued()
    before = invoice.stands()
    reply = client.patch(invoice.path, {"note": "newer"})
    refused(reply, "/note")
    assert reply.json()["title"] == "The record is locked"
    assert reply.json()["detail"] == f"This invoice is locked. {SAID}"
    refused(client.patch(invoice.path, {"tags": []}), "/tags")
    refused(client.patch(invoice.path, {"owner": None}), "/owner")
    assert invoice.stands() == before
    # What stays as it is is no change.
    assert client.patch(invoice.path, {"note": "new"}).status == 200
    reply = client.patch(invoice.path, {"dispute_note": "too much"})
    assert (reply.status, reply.json()["dispute_note"]) == (200, "too much")


def test_no_write_unlocks_and_changes_in_one(client: Client) -> None:
    invoice = Invoice(client).issued()
    refused(client.patch(invoice.path, {"status": "draft", "note": "sly"}), "/note")
    refused(client.post(f"{invoice.path}/actions/reopen", {"note": "sly"}), "/note")
    # Nor does one that locks: it is judged on what was stored before.
    invoice.act("reopen")
    reply = client.patch(invoice.path, {"status": "issued", "note": "last words"})
    assert (reply.status, reply.json()["note"]) == (200, "last words")


def test_the_state_moves_by_its_transitions_only(client: Client) -> None:
    invoice = Invoice(client).issued()
    reply = client.patch(invoice.path, {"status": None})
    assert reply.status in (409, 422), reply.text
    assert client.patch(invoice.path, {"status": "paid"}).status == 200
    reply = client.patch(invoice.path, {"status": "draft"})
    assert (reply.status, reply.json()["errors"][0]["code"]) == (422, "no_transition")


def test_a_transition_leads_out_of_a_lock_that_does_not_except_the_state(client: Client) -> None:
    document = client.get("/api/meta/object/invoice").json()
    locked = {"when": "status in ['issued', 'paid']", "except": ["dispute_note"]}
    client.define({**document, "locked": locked})
    invoice = Invoice(client).issued()
    reply = client.post(f"{invoice.path}/actions/pay", {})
    assert (reply.status, reply.json()["errors"][0]["code"]) == (409, "locked")
    invoice.act("reopen")
    assert client.patch(invoice.path, {"note": "again"}).status == 200


def test_it_can_neither_be_deleted_nor_brought_back(client: Client) -> None:
    invoice = Invoice(client).issued()
    before = invoice.stands()
    refused(client.delete(invoice.path))
    refused(client.delete(invoice.line_path))
    refused(client.delete(invoice.detail_path))
    assert invoice.stands() == before
    invoice.act("reopen")
    assert client.delete(invoice.line_path).status == 204
    invoice.act("issue")
    refused(client.post(f"{invoice.line_path}/restore"))
    invoice.act("reopen")
    assert client.post(f"{invoice.line_path}/restore").status == 200
    assert client.get(invoice.detail_path).status == 200


def test_a_record_in_the_bin_whose_lock_holds_stays_there(client: Client) -> None:
    shift = client.made("shift", name="Early", day=(date.today() + timedelta(days=3)).isoformat())
    assert client.delete(f"/api/records/shift/{shift['id']}").status == 204
    document = client.get("/api/meta/object/shift").json()
    client.define({**document, "locked": {"when": "day > today()", "message": SAID}})
    refused(client.post(f"/api/records/shift/{shift['id']}/restore"))


def test_what_it_owns_is_locked_with_it_however_deep(client: Client) -> None:
    invoice, other = Invoice(client).issued(), Invoice(client, "A-2")
    before = invoice.stands()
    said = "This line is part of a locked invoice."
    reply = client.patch(invoice.line_path, {"amount": "11.00"})
    refused(reply)
    assert reply.json()["detail"] == f"{said} {SAID}"
    refused(client.patch(invoice.detail_path, {"name": "Day"}))
    refused(client.post("/api/records/line", {"invoice": invoice.id, "name": "More"}))
    refused(client.post("/api/records/detail", {"line": invoice.line["id"], "name": "More"}))
    # Neither out of it nor into it.
    refused(client.patch(invoice.line_path, {"invoice": other.id}))
    refused(client.patch(invoice.line_path, {"invoice": None}))
    refused(client.patch(other.line_path, {"invoice": invoice.id}))
    refused(client.patch(other.detail_path, {"line": invoice.line["id"]}))
    assert invoice.stands() == before
    invoice.act("reopen")
    assert client.patch(invoice.line_path, {"amount": "11.00"}).status == 200
    assert client.get(invoice.path).json()["total"] == "11.00"


def test_what_refers_to_it_as_no_part_stays_free(client: Client) -> None:
    project = client.made("project", name="Bridge")["id"]
    payment = client.made("payment", project=project, amount="5.00")["id"]
    assert client.patch(f"/api/records/payment/{payment}", {"amount": "6.00"}).status == 200
    assert client.get(f"/api/records/project/{project}").json()["paid"] == "6.00"


def test_a_calculated_condition_holds_as_of_now(client: Client) -> None:
    project = client.made("project", name="Bridge")["id"]
    path = f"/api/records/project/{project}"
    assert client.patch(path, {"name": "Tunnel"}).status == 200
    payment = client.made("payment", project=project, amount="5.00")["id"]
    reply = client.patch(path, {"name": "Bridge"})
    assert (reply.status, reply.json()["detail"]) == (409, "This project is locked.")
    assert client.delete(f"/api/records/payment/{payment}").status == 204
    assert client.patch(path, {"name": "Bridge"}).status == 200


def test_a_condition_of_the_time_holds_as_of_now(client: Client) -> None:
    today = date.today()
    tomorrow, yesterday = (today + timedelta(days=days) for days in (1, -1))
    for day, status in ((tomorrow, 200), (yesterday, 409)):
        shift = client.made("shift", name="Late", day=day.isoformat())["id"]
        path = f"/api/records/shift/{shift}"
        assert client.patch(path, {"name": "Early"}).status == 200
        assert client.patch(path, {"day": "2040-01-01"}).status == status
        assert client.delete(path).status == (204 if status == 200 else 409)


def test_a_batch_tells_each_locked_record_at_its_place(client: Client) -> None:
    one, two, three = Invoice(client), Invoice(client, "A-2"), Invoice(client, "A-3")
    two.issued()
    before = [one.stands(), two.stands(), three.stands()]
    changes = [{"id": each.id, "note": "all"} for each in (one, two, three)]
    reply = client.call("PATCH", "/api/records/invoice", changes)
    refused(reply, "/1/note", 422)
    lines = [{"id": each.line["id"], "name": "all"} for each in (one, two, three)]
    refused(client.call("PATCH", "/api/records/line", lines), "/1", 422)
    new = [{"invoice": each.id, "name": "new"} for each in (three, one, two)]
    refused(client.call("POST", "/api/records/line", new), "/2", 422)
    assert [one.stands(), two.stands(), three.stands()] == before


def test_what_it_refers_to_is_held_back(client: Client) -> None:
    invoice = Invoice(client).issued()
    reply = client.delete(f"/api/records/account/{invoice.account}")
    assert reply.status == 409, reply.text
    (use,) = reply.json()["uses"]
    assert (use["object"], use["id"], use["locked"]) == ("invoice", invoice.id, True)
    assert client.get(invoice.path).json()["account"] == invoice.account
    assert client.delete(f"/api/records/tag/{invoice.tag}").status == 409
    invoice.act("reopen")
    assert client.delete(f"/api/records/account/{invoice.account}").status == 204


def test_values_of_other_days_are_locked_too(client: Client) -> None:
    today = date.today()
    later, earlier = ((today + timedelta(days=days)).isoformat() for days in (30, -30))
    invoice = Invoice(client)
    for path, name in ((invoice.path, "tariff"), (invoice.line_path, "rate")):
        assert client.patch(f"{path}?as_of={later}", {name: "planned"}).status == 200
    invoice.issued()
    before = invoice.stands()
    for day in (later, earlier, today.isoformat()):
        refused(client.patch(f"{invoice.path}?as_of={day}", {"tariff": "x"}), "/tariff")
        refused(client.patch(f"{invoice.line_path}?as_of={day}", {"rate": "x"}))
    for path, pointer in ((invoice.path, "/tariff"), (invoice.line_path, "")):
        (plan,) = client.rows(f"{path}/planned")
        reply = client.delete(f"{path}/planned/{plan['id']}")
        assert (reply.status, reply.json()["errors"][0]["code"]) == (409, "locked"), pointer
    assert invoice.stands() == before


def test_a_feature_passes_by_its_own_right_only(client: Client) -> None:
    invoice = Invoice(client).issued()
    engine = client.app.engine

    def post() -> None:
        session = Session.begin(engine)
        own = session.posting("invoice")
        update(own, "invoice", invoice.id, {"note": "posted"})
        create(session.posting("line"), "line", {"invoice": invoice.id, "name": "Posted"})
        assert not own.as_actor(own.actor).posts

    engine.database.call(post)
    assert client.get(invoice.path).json()["note"] == "posted"
    refused(client.patch(invoice.path, {"note": "mine"}), "/note")


def test_calculated_values_still_move(client: Client) -> None:
    invoice = Invoice(client).issued()
    client.define({**_bare(client, "invoice"), "locked": {"when": "status != 'draft'",
                   "except": ["status"]}})  # fmt: skip
    assert client.patch(invoice.line_path, {"amount": "12.00"}).status == 200
    assert client.get(invoice.path).json()["total"] == "12.00"


def _bare(client: Client, name: str) -> Json:
    document: Json = client.get(f"/api/meta/object/{name}").json()
    return {key: value for key, value in document.items() if key != "locked"}


def test_a_lock_costs_no_statement_and_one_for_parts(client: Client) -> None:
    invoices = [Invoice(client, f"A-{at}") for at in range(3)]
    database = client.app.engine.database

    def count(method: str, path: str, body: Callable[[str], Any]) -> int:
        assert client.call(method, path, body("first")).status < 300
        before = sum(connection.statements for connection in database._all)
        reply = client.call(method, path, body("second"))
        assert reply.status < 300, reply.text
        return sum(connection.statements for connection in database._all) - before

    def counts() -> list[int]:
        one, lines = invoices[0], "/api/records/line"
        return [
            count("PATCH", one.path, lambda word: {"note": word}),
            count("PATCH", "/api/records/invoice",
                  lambda word: [{"id": each.id, "note": f"{word} of all"} for each in invoices]),
            count("PATCH", one.line_path, lambda word: {"name": word}),
            count("PATCH", lines, lambda word: [
                {"id": each.line["id"], "name": f"{word} of all"} for each in invoices]),
            count("POST", lines, lambda word: {"invoice": one.id}),
            count("POST", lines, lambda word: [{"invoice": each.id} for each in invoices]),
        ]  # fmt: skip

    locked = counts()
    client.define(_bare(client, "invoice"))
    more = [with_ - without for with_, without in zip(locked, counts(), strict=True)]
    assert more == [0, 0, 1, 1, 1, 1]


def test_the_api_says_whether_a_record_is_locked(client: Client) -> None:
    invoice = Invoice(client)
    assert client.get(f"{invoice.path}/lock").json() == {"locked": False}
    invoice.issued()
    reason = f"This invoice is locked. {SAID}"
    told = {"locked": True, "reason": reason, "open": ["dispute_note", "status"]}
    assert client.get(f"{invoice.path}/lock").json() == told
    part = {"locked": True, "open": []}
    for path, name in ((invoice.line_path, "line"), (invoice.detail_path, "detail")):
        said = f"This {name} is part of a locked invoice. {SAID}"
        assert client.get(f"{path}/lock").json() == {**part, "reason": said}
    assert client.get("/api/records/tag/" + invoice.tag + "/lock").json() == {"locked": False}
    assert client.get(f"/api/records/invoice/{invoice.tag}/lock").status == 404


def test_planned_values_that_come_due_are_refused_and_told(client: Client, engine: Engine) -> None:
    invoice = Invoice(client)
    day = (date.today() + timedelta(days=5)).isoformat()
    assert client.patch(f"{invoice.path}?as_of={day}", {"tariff": "planned"}).status == 200
    assert client.patch(f"{invoice.line_path}?as_of={day}", {"rate": "planned"}).status == 200
    invoice.issued()
    engine.clock._shift += timedelta(days=6)
    while engine.database.call(lambda: apply_planned.run(engine)):
        pass
    assert client.get(invoice.path).json()["tariff"] == "normal"
    assert client.get(invoice.line_path).json()["rate"] == "a"
    for path in (invoice.path, invoice.line_path):
        (plan,) = client.rows(f"{path}/planned")
        assert SAID in plan["error"]
        assert client.delete(f"{path}/planned/{plan['id']}").status == 204  # it is known now


def test_nobody_issues_an_invoice_while_its_lines_change(client: Client) -> None:
    invoice, engine = Invoice(client), client.app.engine
    told: list[Reply] = []
    writer = Thread(
        target=lambda: told.append(client.patch(invoice.line_path, {"amount": "99.00"}))
    )

    def issue() -> None:
        session = Session.begin(engine)
        with session.connection.transaction():
            update(session, "invoice", invoice.id, {"status": "issued"})
            writer.start()
            writer.join(timeout=0.5)
            assert writer.is_alive()  # it waits for what becomes of the invoice

    engine.database.call(issue)
    writer.join(timeout=30)
    refused(told[0])
    assert client.get(invoice.line_path).json()["amount"] == "10.00"


CASE: Json = {
    "kind": "object", "name": "case", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "unique": True},
        {"name": "opened", "kind": "datetime"},
        {"name": "before", "kind": "lookup", "to": "case"},
        {"name": "status", "kind": "choice", "default": "new",
         "options": [{"name": one} for one in ("new", "held", "done")]},
    ],
    "states": {"field": "status", "transitions": [
        {"name": "hold", "from": ["new"], "to": "held"},
        {"name": "end", "from": ["held"], "to": "done"}]},
    "timers": [{"name": "answer", "starts": "opened", "stops": {"states": ["done"]},
                "pauses": {"states": ["held"]}, "target": "hours(4)"}],
    "locked": {"when": "opened != null", "except": ["status"]},
}  # fmt: skip


def test_timers_and_the_log_of_states_still_move(client: Client) -> None:
    client.define({**CASE, "locked": {"when": "'true' == name", "except": ["status", "name"]}})
    case = client.made("case", name="true", opened=datetime.now(UTC).isoformat())
    path = f"/api/records/case/{case['id']}"
    assert client.patch(path, {"opened": None}).status == 409
    states = [client.get(path).json()["answer_state"]]
    for action in ("hold", "end"):
        reply = client.post(f"{path}/actions/{action}", {})
        assert reply.status == 200, reply.text
        states.append(reply.json()["answer_state"])
    assert states == ["running", "paused", "met"]
    spans = client.get(f"{path}/states").json()["data"]
    assert [span["state"] for span in spans if span["field"] == "status"] == ["new", "held", "done"]


def test_an_import_completes_what_it_makes_before_a_lock_holds(client: Client) -> None:
    client.define({**CASE, "locked": {"when": "name != ''", "except": ["status", "name"]}})
    old = client.made("case", name="old")
    table = "name,before.name\na,b\nb,old\n"
    body, headers = multipart(("file", "a.csv", "text/csv", table.encode()))
    reply = client.call("POST", "/api/records/case/import", body=body, headers=headers)
    assert reply.status == 200, reply.text
    rows = client.rows("/api/records/case", sort="name", fields="name,before.name")
    found = {row["name"]: (row["before"] or {}).get("name") for row in rows}
    assert found == {"a": "b", "b": "old", "old": None}
    # Those that were there stay locked for it, also where a row names one further down.
    table = "name,before.name\nold,c\nc,\n"
    body, headers = multipart(("file", "a.csv", "text/csv", table.encode()))
    query = "/api/records/case/import?key=name"
    reply = client.call("POST", query, body=body, headers=headers)
    assert reply.status == 422 and "locked" in reply.text, reply.text
    assert client.get(f"/api/records/case/{old['id']}").json()["before"] is None
