"""Every way to change a record: what is made ready while an invoice is a draft, and what is tried.

Each door is tried on an invoice that is locked and on one that is not, where it has to do
something: a door that leads nowhere would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from fluvial.events import apply_planned
from fluvial.events.jobs import run_pending
from fluvial.runtime import long_jobs
from tests.app import Client, Reply
from tests.fluvial.records.writing.invoices import DOCUMENTS, Invoice
from tests.forms.shapes import multipart

Json = dict[str, Any]
LATER = (date.today() + timedelta(days=5)).isoformat()


def _rule(name: str, on: Json, *do: Json, **rest: Any) -> Json:
    return {"kind": "rule", "name": name, "on": on, "do": list(do), **rest}


def _button(name: str, *do: Json) -> Json:
    return _rule(name, {"object": "invoice", "button": name.title()}, *do)


RULES = (
    _button("stamp", {"update": {"set": {"note": "'stamped'"}}}),
    _button("add", {"create": "line", "set": {"invoice": "record", "name": "'by a button'"}}),
    _rule("carry", {"object": "account", "event": ["updated"]},
          {"update": {"each": "invoices", "set": {"note": "'carried'"}}}, when="name == 'carry'"),
    _button("clean", {"delete": {"each": "lines"}}),
    _rule("gather", {"object": "account", "button": "Gather"},
          {"create": "memo", "as": "made", "each": {"of": "invoices", "group": []},
           "set": {"name": "'gathered'"}, "back": {"memo": "made"}}),
    _button("touch", {"update": {"each": "lines", "set": {"name": "'touched'"}}}),
    _rule("fill", {"object": "invoice", "event": ["updated"]},
          {"set": {"note": "'filled'"}}, phase="before_save", when="dispute_note == 'fill'"),
)  # fmt: skip
BOARD: Json = {"kind": "board", "name": "bills", "object": "invoice", "columns": {"by": "account"},
               "card": {"title": "number"}}  # fmt: skip
HOOK: Json = {"kind": "hook", "name": "bank", "auth": "token", "secret": {"env": "BANK"},
              "object": "invoice", "key": ["number"],
              "map": {"number": "body.number", "note": "body.note"}}  # fmt: skip
FORM: Json = {"kind": "webform", "name": "ask", "object": "line", "slug": "ask",
              "steps": [{"name": "one", "fields": [{"field": "name"}]}],
              "prefill": ["invoice"],
              "spam": {"min_seconds": 0, "proof_of_work": False}}  # fmt: skip


class World:
    """What the doors share."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.app = client.app

    def work(self) -> None:
        engine = self.app.engine

        def all_of_it() -> None:
            while run_pending(engine):
                pass

        engine.database.call(all_of_it)

    def job(self, id: str) -> None:
        engine = self.app.engine
        while engine.database.call(
            lambda: long_jobs.advance(engine, engine.database.connection(), id)
        ):
            pass

    def table(self, object_name: str, text: str, query: str = "") -> Reply:
        body, headers = multipart(("file", "a.csv", "text/csv", text.encode()))
        path = f"/api/records/{object_name}/import?{query}"
        return self.client.call("POST", path, body=body, headers=headers)

    def page(self, path: str, **fields: str) -> Reply:
        body = urlencode({"csrf": self.client.headers["x-csrf-token"], **fields}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.client.call("POST", path, body=body, headers=headers)

    def days(self, invoice: Invoice) -> None:
        """The day of what is planned comes."""
        engine = self.app.engine
        engine.clock._shift += _shift(engine)
        while engine.database.call(lambda: apply_planned.run(engine)):
            pass


def _shift(engine: Any) -> timedelta:
    return timedelta(days=(date.fromisoformat(LATER) - engine.clock.today()).days + 1)


Ready = Callable[[World, Invoice], Any]
Try = Callable[[World, Invoice, Any], Any]


def nothing(world: World, invoice: Invoice) -> None:
    return None


@dataclass(frozen=True)
class Door:
    name: str
    open: Try
    ready: Ready = nothing
    planned: bool = True  # whether what is planned has to stay, too


def _patch(of: Callable[[Invoice], str], query: str = "", **body: Any) -> Try:
    return lambda w, i, _: w.client.patch(of(i) + query, body)


def own(invoice: Invoice) -> str:
    return invoice.path


def line(invoice: Invoice) -> str:
    return invoice.line_path


def detail(invoice: Invoice) -> str:
    return invoice.detail_path


def _binned_line(world: World, invoice: Invoice) -> str:
    made = world.client.made("line", invoice=invoice.id, name="Gone")["id"]
    assert world.client.delete(f"/api/records/line/{made}").status == 204
    return str(made)


def _planned(world: World, invoice: Invoice) -> list[str]:
    found = []
    for path, name in ((invoice.path, "tariff"), (invoice.line_path, "rate")):
        assert world.client.patch(f"{path}?as_of={LATER}", {name: "planned"}).status == 200
        found.append(f"{path}/planned/{world.client.rows(f'{path}/planned')[0]['id']}")
    return found


def _file(world: World, invoice: Invoice) -> str:
    body, headers = multipart(("file", "a.txt", "text/plain", b"text"))
    return str(world.client.call("POST", "/api/files", body=body, headers=headers).json()["id"])


def _imported(world: World, invoice: Invoice) -> str:
    number = world.client.get(invoice.path).json()["number"]
    reply = world.table("invoice", f"number,note\n{number},imported\n", "key=number")
    assert reply.status == 200, reply.text
    return str(reply.json()["batch"])


def _imported_lines(world: World, invoice: Invoice) -> str:
    reply = world.table("line", f"invoice,name\n{invoice.id},imported\n")
    assert reply.status == 200, reply.text
    return str(reply.json()["batch"])


def _import(world: World, invoice: Invoice, _: Any) -> Any:
    number = world.client.get(invoice.path).json()["number"]
    world.table("invoice", f"number,note\n{number},sly\n", "key=number")
    return world.table("invoice", f"id,note\n{invoice.id},sly\n", "key=id&skip_faults=true")


def _bulk(world: World, invoice: Invoice, object_name: str, record: str, field: str) -> str:
    body = {"field": field, "value": "in bulk", "ids": [record]}
    reply = world.client.post(f"/o/{object_name}/bulk", body, prefer="respond-async")
    assert reply.status == 202, reply.text
    world.job(reply.json()["id"])
    return str(reply.json()["id"])


def _in_bulk(world: World, object_name: str, record: str, **body: Any) -> str:
    reply = world.client.post(f"/o/{object_name}/bulk", {**body, "ids": [record]})
    assert reply.status in (200, 202), reply.text
    world.job(reply.json()["id"])
    return str(reply.json()["id"])


def _undo_job(world: World, invoice: Invoice, job: str) -> None:
    reply = world.client.post(f"/api/jobs/{job}/undo")
    if reply.status == 202:
        world.job(reply.json()["id"])


def _by_rule(word: str) -> Try:
    def open_(world: World, invoice: Invoice, _: Any) -> Reply:
        return world.client.patch(f"/api/records/account/{invoice.account}", {"name": word})

    return open_


def _hook(world: World, invoice: Invoice, _: Any) -> Reply:
    number = world.client.get(invoice.path).json()["number"]
    headers = {"authorization": "Bearer bank-token-of-the-test"}
    body = {"number": number, "note": "by a hook"}
    return Client(world.app).call("POST", "/hooks/bank", body, headers=headers)


def _form(world: World, invoice: Invoice, _: Any) -> Reply:
    reply = world.client.post("/api/forms/ask/links", {"values": {"invoice": invoice.id}})
    assert reply.status == 201, reply.text
    anybody = Client(world.app)
    token = anybody.get("/forms/ask.json").json()["token"]
    answers = {"name": "by a form", "prefill": reply.json()["prefill"], "token": token}
    sent = anybody.post("/forms/ask", answers)
    world.work()
    return sent


def _moved(world: World, invoice: Invoice, _: Any) -> Reply:
    other = world.client.made("account", name="Another")["id"]
    body = {"id": invoice.id, "column": other}
    return world.client.post("/api/boards/bills/move", body)


def _to_another(world: World, invoice: Invoice, _: Any) -> Reply:
    other = Invoice(world.client, f"B-{invoice.id[-12:]}")
    world.client.patch(other.line_path, {"invoice": invoice.id})
    world.client.patch(other.detail_path, {"line": invoice.line["id"]})
    return world.client.patch(invoice.line_path, {"invoice": other.id})


def _lines(world: World, invoice: Invoice, _: Any) -> Reply:
    return world.client.call("POST", "/api/records/line", [{"invoice": invoice.id}] * 2)


def _batch(world: World, invoice: Invoice, _: Any) -> Reply:
    changes = [{"id": invoice.id, "note": "in a batch"}]
    world.client.call("PATCH", "/api/records/line", [{"id": invoice.line["id"], "name": "x"}])
    return world.client.call("PATCH", "/api/records/invoice", changes)


def _mcp(world: World, invoice: Invoice, _: Any) -> Reply:
    token = world.client.post("/api/tokens", {"name": "mcp", "scopes": ["records:write"]}).json()
    headers = {
        "authorization": f"Bearer {token['token']}",
        "accept": "application/json, text/event-stream",
    }
    arguments = {"object": "invoice", "id": invoice.id, "values": {"note": "by an assistant"}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "change_record", "arguments": arguments}}  # fmt: skip
    return Client(world.app).call("POST", "/mcp", call, headers=headers)


DOORS = (
    Door("a field", _patch(own, note="x")),
    Door("the owner", _patch(own, owner=None)),
    Door("links", _patch(own, tags=[])),
    Door("a file", lambda w, i, file: w.client.patch(i.path, {"papers": [file]}), _file),
    Door("a field of a part", _patch(line, amount="7.00")),
    Door("a field of a part of a part", _patch(detail, name="x")),
    Door("a batch", _batch),
    Door("a part more", lambda w, i, _: w.client.post("/api/records/line", {"invoice": i.id})),
    Door("parts in a batch", _lines),
    Door("a part of a part", lambda w, i, _: w.client.post(
        "/api/records/detail", {"line": i.line["id"], "name": "more"})),
    Door("moving parts", _to_another),
    Door("deleting", lambda w, i, _: w.client.delete(i.path)),
    Door("deleting a part", lambda w, i, _: w.client.delete(i.line_path)),
    Door("deleting a part of a part", lambda w, i, _: w.client.delete(i.detail_path)),
    Door("restoring a part", lambda w, i, gone: w.client.post(
        f"/api/records/line/{gone}/restore"), _binned_line),
    Door("deleting what it refers to", lambda w, i, _: (
        w.client.delete(f"/api/records/account/{i.account}"),
        w.client.delete(f"/api/records/tag/{i.tag}"))),
    Door("a value of a day to come", _patch(own, f"?as_of={LATER}", tariff="x")),
    Door("a value of a day that has passed", _patch(own, "?as_of=2020-01-01", tariff="x")),
    Door("a value of a part from a day on", _patch(line, f"?as_of={LATER}", rate="x")),
    Door("withdrawing what is planned", lambda w, i, plans: [
        w.client.delete(plan) for plan in plans], _planned),
    Door("a transition with values", lambda w, i, _: (
        w.client.post(f"{i.path}/actions/reopen", {"note": "x"}),
        w.client.post(f"{i.path}/actions/issue", {"note": "x"}))),
    Door("a button that changes it", lambda w, i, _: w.client.post(f"{i.path}/actions/stamp")),
    Door("a button that adds a part", lambda w, i, _: w.client.post(f"{i.path}/actions/add")),
    Door("a rule on another record", _by_rule("carry")),
    Door("a button that deletes its parts", lambda w, i, _: w.client.post(
        f"{i.path}/actions/clean")),
    Door("a button that changes its parts", lambda w, i, _: w.client.post(
        f"{i.path}/actions/touch")),
    Door("a rule before it is saved", _patch(own, dispute_note="fill")),
    Door("a card of a board", _moved),
    Door("an import", _import),
    Door("an import of parts", lambda w, i, _: w.table("line", f"invoice,name\n{i.id},x\n")),
    Door("an import of parts by their ids", lambda w, i, _: w.table(
        "line", f"id,name\n{i.line['id']},x\n", "key=id")),
    Door("undo of an import", lambda w, i, batch: w.client.post(
        f"/api/imports/{batch}/undo"), _imported),
    Door("undo of an import of parts", lambda w, i, batch: w.client.post(
        f"/api/imports/{batch}/undo"), _imported_lines),
    Door("the page that undoes an import", lambda w, i, batch: w.page(
        f"/imports/{batch}/undo"), _imported),
    Door("a bulk edit", lambda w, i, _: _bulk(w, i, "invoice", i.id, "note")),
    Door("a bulk edit of parts", lambda w, i, _: _bulk(w, i, "line", i.line["id"], "name")),
    Door("several fields of a list", lambda w, i, _: _in_bulk(
        w, "invoice", i.id, values={"note": "x", "tariff": "x"})),
    Door("records of a list to the bin", lambda w, i, _: _in_bulk(w, "invoice", i.id, delete=True)),
    Door("parts of a list to the bin", lambda w, i, _: _in_bulk(
        w, "line", i.line["id"], delete=True)),
    Door("parts of a list back from the bin", _undo_job, lambda w, i: _in_bulk(
        w, "line", w.client.made("line", invoice=i.id, name="Gone")["id"], delete=True)),
    Door("a button on a list", lambda w, i, _: _in_bulk(w, "invoice", i.id, action="stamp")),
    Door("a rule that writes back into what it gathers", lambda w, i, _: w.client.post(
        f"/api/records/account/{i.account}/actions/gather", {})),
    Door("undo of a bulk edit", _undo_job,
         lambda w, i: _bulk(w, i, "invoice", i.id, "note")),
    Door("the form of its page", lambda w, i, _: w.page(f"/o/invoice/{i.id}/edit", note="x")),
    Door("the form of a part", lambda w, i, _: w.page(
        f"/o/line/{i.line['id']}/edit", name="x")),
    Door("the form of a new part", lambda w, i, _: w.page(
        "/o/line/new", invoice=i.id, name="x")),
    Door("deleting on its page", lambda w, i, _: w.page(f"/o/invoice/{i.id}/delete")),
    Door("restoring a part on a page", lambda w, i, gone: w.page(
        f"/o/line/{gone}/restore"), _binned_line),
    Door("assigning it to me", lambda w, i, _: w.page(f"/o/invoice/{i.id}/assign")),
    Door("a day's value on a page", lambda w, i, _: w.page(
        f"/o/invoice/{i.id}/days/tariff", day=LATER, tariff="x")),
    Door("withdrawing on a page", lambda w, i, plans: w.page(
        f"/o/invoice/{i.id}/days/tariff/{plans[0].rpartition('/')[2]}/withdraw"), _planned),
    Door("a button on its page", lambda w, i, _: w.page(f"/o/invoice/{i.id}/actions/stamp")),
    Door("an inbound hook", _hook),
    Door("a web form", _form),
    Door("an assistant", _mcp),
    # The last one: the clock goes on for good.
    Door("planned values whose day comes", lambda w, i, _: w.days(i), _planned, False),
)  # fmt: skip


def _altered(document: Json) -> Json:
    if document["name"] == "invoice":
        hand = {"name": "hand", "kind": "person", "accepts": ["user"]}
        memo = {"name": "memo", "kind": "lookup", "to": "memo"}
        more = {"fields": [*document["fields"], hand, memo], "work": {"assignee": "hand"}}
        return {**document, **more}
    return document


MEMO: Json = {"kind": "object", "name": "memo", "title": "{name}",
              "fields": [{"name": "name", "kind": "text"}]}  # fmt: skip
ALL = (MEMO, *map(_altered, DOCUMENTS), *RULES, BOARD, HOOK, FORM)
