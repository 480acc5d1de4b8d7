"""Every place of every kind of document that takes an expression is judged.

The places come from the schemas: a new one fails here until it has a document that tries it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.app import ONE_DATABASE, Client
from tests.fluvial.metadata_changes.workshop import (
    DEAL,
    DEPT,
    NOTICE,
    WORKER,
    WORKSHOP,
    Body,
    refused,
    rule,
    sent,
    with_fields,
)

pytestmark = ONE_DATABASE

HIDDEN = "worker.salary"
ASKS, SAYS = "salary > 100", "'' & salary"
# Hooks and mailboxes know what came and no record; what is deleted is given no values.
NO_RECORD = {
    "hook/map/*", "hook/map/*/value", "mailbox/map/*", "mailbox/map/*/value",
    "rule/do/*/delete/set/*",
}  # fmt: skip
# Calculations of reports know their measures, and no record.
NO_RECORD |= {"report/calculate/*/formula"}
# What a button or a link asks for is described as fields are, without these options.
NO_OPTIONS = {
    f"{place}/ask/*/{one}"
    for place in ("rule/on", "link")
    for one in ("at", "formula", "pull/*", "where", "where/*")
} - {"rule/on/ask/*/where"}  # a button asks for records, too
SCHEDULE = {"schedule": "0 7 * * 1-5", "object": "worker", "where": ASKS}
PRESSED = {"object": "worker", "button": "Press"}
TOLD = {"to": ["created_by"], "subject": "name"}


def link(**options: Any) -> Body:
    return with_fields(NOTICE, {"name": "worker", "kind": "lookup", "to": "worker",
                                "inverse": "notices", **options})  # fmt: skip


def form(section: Body) -> Body:
    return {"kind": "form", "name": "f", "object": "worker",
            "sections": [{"name": "s", "fields": ["name"], **section}]}  # fmt: skip


def webform(**of_field: str) -> Body:
    return {"kind": "webform", "name": "w", "object": "worker", "slug": "w", "steps": [
        {"name": "s", "fields": [{"field": "name"}, {"field": "notes", **of_field}]}]}  # fmt: skip


def board(**members: Any) -> Body:
    return {"kind": "board", "name": "b", "object": "worker", "columns": {"by": "grade"}, **members}


def timer(**members: Any) -> Body:
    whole = {"name": "t", "starts": "created_at", "target": "hours(1)", "stops": {"when": "true"}}
    return {**WORKER, "timers": [{**whole, **members}]}


def decision(**members: Any) -> Body:
    return {"kind": "decision", "name": "d", "object": "rate", "inputs": ["name"],
            "for": {"worker": {"name": "name"}}, **members}  # fmt: skip


def report(**members: Any) -> Body:
    return {"kind": "report", "name": "s", "object": "worker", **members}


def union(where: str) -> Body:
    shown = {"dimensions": {"who": "name"}, "measures": ["count()"]}
    return {
        "kind": "report",
        "name": "s",
        "union": [
            {"object": "worker", **shown, "where": where},
            {"object": "dept", "dimensions": {"who": "name"}, "measures": ["count(name)"]},
        ],
    }


def process(action: Body | None = None, **of_route: str) -> Body:
    stage = {"name": "s", **({"main_action": action} if action else {})}
    routes = [{"from": "start", "to": "s"}, {"from": "s", "to": "end", **of_route}]
    return {"kind": "process", "name": "p", "subject": "worker", "stages": [stage],
            "routes": [*routes, {"from": "s", "to": "end"}]}  # fmt: skip


def sheet(**members: Any) -> Body:
    return {"kind": "template", "name": "t", "for": "worker", "channel": "document", "body": "y",
            **members}  # fmt: skip


def ledger(of: str = "rate", **members: Any) -> Body:
    entry = {"object": "deal", "amount": "amount", "set": {"name": "'x'"}}
    whole: Body = {"kind": "ledger", "name": "l", "for": of, "target": [{"price": "1"}],
                   "entries": [entry]}  # fmt: skip
    if of == "rate" and "day" not in members:
        whole["periods"] = {"from": "starts", "until": "ends", "every": "month"}
    return {**whole, **members}


def monthly(**members: str) -> Body:
    return ledger(periods={"from": "starts", "every": "month", **members})


def charged(of: str = "rate", **members: Any) -> Body:
    return ledger(of, target=[{**({} if "amount" in members else {"price": "1"}), **members}])


def released(**members: str) -> Body:
    return ledger(target=[{"spread": {
        "amount": "1", "from": "starts", "until": "ends", **members}}])  # fmt: skip


def allocated(side: str = "", several: bool = False, **members: Any) -> Body:
    """A ledger that drains rates into rates."""
    rows: Body = {"of": "rates", "quantity": "1"}
    sides: Body = {"demands": {**rows, "at": "starts"}, "sources": rows}
    choices = {"of": "picks", "demand": "rate", "source": "other"}
    given: Body = {**sides, **({"choices": choices} if side == "choices" else {})}
    if side:
        given[side] = {**given[side], **members}
    if several:
        given["sources"] = [given["sources"]]
    made = ledger("worker", allocate={**given, **({} if side else members)})
    return {name: one for name, one in made.items() if name != "target"}


OF_SOURCES = ("from", "match", "order", "quantity", "until", "where")


def places(path: str, side: str, *names: str, several: bool = False) -> dict[str, Body]:
    """By place: a document of which that member reads what is hidden."""
    day = f"starts if record.{ASKS} else ends"
    says = {"at": day, "from": day, "until": day, "match": ASKS, "order": ["record.salary"],
            "quantity": "record.salary", "where": f"record.{ASKS}"}  # fmt: skip
    return {
        f"ledger/allocate/{path}/{name}{'/*' if name == 'order' else ''}": allocated(
            side, several, **{name: says[name]}
        )
        for name in names
    }


def rest(**members: Any) -> Body:
    entry = {"object": "deal", "amount": "amount", "set": {"name": "'x'"}}
    return allocated(rest={"entries": [entry], **members})


def assign(**members: Any) -> Body:
    whole = {"field": "updated_by", "among": {"role": "chief"}, **members}
    return rule("r", {"assign": {**whole, "field": "owner", "each": "notices"}})


TABLE = {"name": "deals", "rows": "deals", "columns": ["name", "amount"], "sum": "amount"}
GATHERED = {"create": "dept", "set": {"name": "'x'"}}
LINE = {"create": "notice", "each": {"of": "notices"}, "set": {"name": "'x'"}}

RATED = {"of": "rates", "from": "starts", "until": "ends"}


def workload(**options: Any) -> Body:
    return {"kind": "workload", "name": "w", "object": "worker", "busy": [RATED], **options}


PLACES: Mapping[str, Body] = {
    "link/ticks/where": {
        "kind": "link", "name": "l", "object": "deal", "action": "lose",
        "ticks": {"of": "picks", "field": "done", "shows": ["done"], "where": f"worker.{ASKS}"}},
    "link/language": {
        "kind": "link", "name": "l", "object": "deal", "action": "lose",
        "language": "'' & worker.salary"},
    "decision/day/*": decision(day={"worker": f"today() + days(1 if {ASKS} else 2)"}),
    "decision/for/*/*": decision(**{"for": {"worker": {"name": SAYS}}}),
    "object/change_set/applies": {**WORKER, "change_set": {"of": ["notice"], "applies": ASKS}},
    "object/change_set/reverses": {**WORKER, "change_set": {
        "of": ["notice"], "applies": "name == 'x'", "reverses": ASKS}},
    "ledger/allocate/match": allocated(match=ASKS),
    "ledger/allocate/rest/entries/*/set/*": rest(entries=[
        {"object": "deal", "amount": "amount", "set": {"name": SAYS}}]),
    "ledger/allocate/rest/price": rest(price="salary"),
    **places("choices", "choices", "order", "quantity", "where"),
    **places("demands", "demands", "at", "order", "quantity", "where"),
    **places("sources", "sources", *OF_SOURCES),
    **places("sources/*", "sources", *OF_SOURCES, several=True),
    "ledger/closed_until": ledger(closed_until=f"starts if worker.{ASKS} else ends"),
    "ledger/day": ledger(day=f"starts if worker.{ASKS} else ends"),
    "ledger/entries/*/set/*": ledger("worker", entries=[
        {"object": "deal", "amount": "amount", "set": {"name": SAYS}}]),
    "ledger/parts/set/*": ledger("worker", parts={
        "object": "deal", "amount": "amount", "set": {"name": SAYS}}),
    "ledger/periods/due": monthly(due=f"'start' if worker.{ASKS} else 'end'"),
    "ledger/periods/lead": monthly(lead=f"days(1 if worker.{ASKS} else 2)"),
    "ledger/target/*/amount": charged("worker", amount="salary"),
    "ledger/target/*/at": charged(
        "worker", each="rates", at=f"starts if record.{ASKS} else ends"),
    "ledger/target/*/convention": charged(convention=f"'none' if worker.{ASKS} else '30_360'"),
    "ledger/target/*/least": charged(least="worker.salary"),
    "ledger/target/*/price": charged(price="worker.salary"),
    "ledger/target/*/quantity": charged(quantity="worker.salary"),
    "ledger/target/*/spread/amount": released(amount="worker.salary"),
    "ledger/target/*/spread/from": released(**{"from": f"starts if worker.{ASKS} else ends"}),
    "ledger/target/*/spread/until": released(until=f"starts if worker.{ASKS} else ends"),
    "ledger/target/*/when": charged("worker", when=ASKS),
    "ledger/target/*/where": charged("worker", each="rates", where=f"record.{ASKS}"),
    "ledger/when": ledger("worker", when=ASKS),
    "object/checks/*/expect": {**WORKER, "checks": [
        {"name": "c", "expect": ASKS, "message": "No."}]},
    "object/fields/*/at": with_fields(
        WORKER, {"name": "x", "kind": "sequence", "pattern": "W-{0}", "at": ASKS}),
    "object/fields/*/formula": with_fields(
        WORKER, {"name": "x", "kind": "calculated", "result": "text", "formula": SAYS}),
    "object/fields/*/pull/*": link(pull={"body": SAYS}),
    "object/fields/*/where": link(where=ASKS),
    "object/fields/*/where/*": with_fields(
        NOTICE, {"name": "x", "kind": "any_lookup", "to": ["worker", "dept"],
                 "where": {"worker": ASKS}}),
    "object/locked/when": {**WORKER, "locked": {"when": ASKS, "except": ["salary"]}},
    "object/logic/*/read_only": {**WORKER, "logic": [{"field": "notes", "read_only": ASKS}]},
    "object/logic/*/required": {**WORKER, "logic": [{"field": "notes", "required": ASKS}]},
    "object/logic/*/visible": {**WORKER, "logic": [{"field": "notes", "visible": ASKS}]},
    "object/read_by": {**WORKER, "read_by": f"created_by == me and {ASKS}"},
    "object/states/transitions/*/when": {**DEAL, "states": {"field": "stage", "transitions": [
        *DEAL["states"]["transitions"],
        {"name": "x", "from": ["lost"], "to": "open", "when": f"worker.{ASKS}"}]}},
    "object/timers/*/calendar": timer(calendar=SAYS),
    "object/timers/*/starts": timer(starts=f"created_at if {ASKS} else updated_at"),
    "object/timers/*/stops/when": timer(stops={"when": ASKS}),
    "object/timers/*/target": timer(target=f"hours(1 if {ASKS} else 2)"),
    "gantt/bars/*/where": {"kind": "gantt", "name": "g", "object": "worker", "bars": [
        {"of": "rates", "last": "ends", "where": f"worker.{ASKS}"}]},
    "workload/where": workload(where=ASKS),
    "workload/busy/*/where": workload(busy=[{**RATED, "where": f"worker.{ASKS}"}]),
    "workload/away/*/where": workload(away=[{**RATED, "where": f"worker.{ASKS}"}]),
    "view/where": {"kind": "view", "name": "v", "object": "worker", "where": ASKS},
    "role/grants/*/where": {"kind": "role", "name": "r", "grants": [
        {"object": "worker", "can": ["read"], "where": ASKS, "fields": {"salary": "none"}}]},
    "report/union/*/where": union(ASKS),
    "report/where": report(where=ASKS),
    "rule/do/*/as_of": rule("r", {
        "update": {"each": "worker.notices", "set": {"name": "''"}}, "in": "record",
        "as_of": f"today() if worker.{ASKS} else today()"}, on={**PRESSED, "object": "deal"}),
    "rule/do/*/assign/among/team": assign(among={"team": f"dept.crew if {ASKS} else dept.crew"}),
    "rule/do/*/assign/among/where": assign(
        among={"role": "chief", "where": f"record.{ASKS}"}),
    "rule/do/*/assign/load": assign(by="least_loaded", load=f"worker.{ASKS}"),
    "rule/do/*/back/*": rule("r", {
        **GATHERED, "each": {"of": "notices"}, "back": {"body": "'' & record.salary"}}),
    "rule/do/*/call/path/*": rule("r", {"call": {"to": "bank", "path": [SAYS]}}),
    "rule/do/*/each/where": rule("r", {
        **GATHERED, "each": {"of": "notices", "where": f"record.{ASKS}"}}),
    "rule/do/*/lines/*/back/*": rule("r", {
        **GATHERED, "lines": [{**LINE, "back": {"body": "'' & record.salary"}}]}),
    "rule/do/*/lines/*/each/where": rule("r", {
        **GATHERED, "lines": [{**LINE, "each": {"of": "notices", "where": f"record.{ASKS}"}}]}),
    "rule/do/*/lines/*/set/*": rule("r", {
        **GATHERED, "lines": [{**LINE, "set": {"name": "'' & record.salary"}}]}),
    "rule/do/*/post/until": rule("r", {
        "post": {"ledger": "fees", "until": f"today() + days(1 if {ASKS} else 2)"}}),
    "rule/do/*/post/where": rule("r", {"post": {"ledgers": ["fees"], "where": ASKS}}),
    "rule/do/*/restore/where": rule("r", {
        "restore": {"each": "notices", "where": f"record.{ASKS}"}}),
    "rule/do/*/start/for": rule("r", {
        "start": {"process": "of_dept", "for": f"dept if {ASKS} else dept"}}),
    "rule/do/*/stop/when": rule("r", {"stop": {"when": ASKS}}),
    "rule/do/*/wait/until": rule("r", {"wait": {"until": ASKS}}, {"notify": TOLD}),
    "rule/do/*/delete/where": rule("r", {"delete": {"each": "notices", "where": f"record.{ASKS}"}}),
    "rule/do/*/notify/attach/*/formats": rule("r", {"notify": {**TOLD, "attach": [
        {"document": "paper", "formats": f"'csv' if {ASKS} else 'pdf'"}]}}),
    "rule/do/*/notify/subject": rule("r", {"notify": {**TOLD, "subject": SAYS}}),
    "rule/do/*/notify/text": rule("r", {"notify": {**TOLD, "text": SAYS}}),
    "rule/do/*/set/*": rule("r", {"create": "notice", "set": {"name": SAYS}}),
    "rule/do/*/update/set/*": rule("r", {"update": {"set": {"notes": SAYS}}}),
    "rule/do/*/update/where": rule(
        "r", {"update": {"each": "notices", "where": f"record.{ASKS}", "set": {"body": "'x'"}}}),
    "rule/on/ask/*/where": rule("r", {"notify": TOLD}, on={**PRESSED, "ask": [
        {"name": "who", "kind": "lookup", "to": "worker", "where": ASKS}]}),
    "rule/on/when": rule("r", {"notify": TOLD}, on={**PRESSED, "when": ASKS}),
    "rule/on/where": rule("r", {"notify": TOLD}, on=SCHEDULE),
    "rule/once": rule("r", {"notify": TOLD}, once=SAYS),
    "rule/when": rule("r", {"notify": TOLD}, when=ASKS),
    "template/keep": sheet(keep=ASKS),
    "template/language": sheet(language=SAYS),
    "template/tables/*/equals": sheet(
        tables=[{**TABLE, "equals": "salary"}]),
    "template/tables/*/where": sheet(tables=[{**TABLE, "where": f"worker.{ASKS}"}]),
    "template/as_of": {"kind": "template", "name": "t", "for": "worker", "subject": "x",
                       "body": "y", "as_of": f"today() + days(1 if {ASKS} else 2)"},
    "form/sections/*/read_only": form({"read_only": ASKS}),
    "form/sections/*/visible": form({"visible": ASKS}),
    "process/routes/*/when": process(when=ASKS),
    "process/stages/*/main_action/mail/subject": process({"mail": {"subject": SAYS}}),
    "process/stages/*/main_action/mail/text": process({"mail": {"text": SAYS}}),
    "process/stages/*/main_action/mail/to": process({"mail": {"to": SAYS}}),
    "process/stages/*/main_action/set/*": process({"create": "notice", "set": {"name": SAYS}}),
    "process/start/where": {**process(), "start": {"every": "1d", "where": ASKS}},
    "process/start/when": {**process(), "start": {"when": ASKS}},
    "webform/steps/*/fields/*/required": webform(required=ASKS),
    "webform/steps/*/fields/*/visible": webform(visible=ASKS),
    "board/filters/*/where": board(filters=[{"name": "f", "where": ASKS}]),
    "board/where": board(where=ASKS),
    "pin/where": {"kind": "pin", "name": "p", "object": "worker", "where": ASKS},
}  # fmt: skip


RATE: Body = {
    "kind": "object", "name": "rate", "dated": {"from": "starts", "until": "ends", "per": ["name"]},
    "fields": [{"name": "name", "kind": "text"}, {"name": "starts", "kind": "date"},
               {"name": "ends", "kind": "date"},
               {"name": "worker", "kind": "lookup", "to": "worker", "inverse": "rates"}],
}  # fmt: skip
PICK: Body = {
    "kind": "object", "name": "pick",
    "fields": [{"name": "worker", "kind": "lookup", "to": "worker", "inverse": "picks"},
               {"name": "rate", "kind": "lookup", "to": "rate", "inverse": "picks"},
               {"name": "deal", "kind": "lookup", "to": "deal", "inverse": "picks"},
               {"name": "done", "kind": "boolean"},
               {"name": "other", "kind": "lookup", "to": "rate", "inverse": "others"}],
}  # fmt: skip
CREWED = with_fields(DEPT, {"name": "crew", "kind": "lookup", "to": "team"})
OF_DEPT = {**process(), "name": "of_dept", "subject": "dept"}
PAPER = {**sheet(), "name": "paper"}


@pytest.fixture
def documents() -> list[Body]:
    return [CREWED, RATE, PICK, *WORKSHOP[1:], OF_DEPT, PAPER, {**ledger("worker"), "name": "fees"}]


def expressions(schema: Any, defs: Mapping[str, Any], path: str, above: tuple[str, ...] = ()) -> (
    Iterator[str]
):  # fmt: skip
    """The places of a schema that take expressions, `*` for items and free names."""
    if not isinstance(schema, Mapping):
        return
    named = str(schema.get("$ref", "")).rpartition("/")[2]
    if named in ("expression", "value"):
        yield path
    elif named and named not in above:
        yield from expressions(defs.get(named), defs, path, (*above, named))
    for name, inner in schema.get("properties", {}).items():
        yield from expressions(inner, defs, f"{path}/{name}", above)
    for inner in (schema.get("additionalProperties"), schema.get("items")):
        yield from expressions(inner, defs, f"{path}/*", above)
    for word in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(word, ()):
            yield from expressions(inner, defs, path, above)
            yield from expressions(inner.get("then"), defs, path, above)


def test_every_place_of_an_expression_is_tried(client: Client) -> None:
    found = set()
    for name, kind in client.app.engine.kinds.items():
        schema = kind.full_schema
        found |= set(expressions(schema, schema.get("$defs", {}), name))
    assert found - NO_RECORD - NO_OPTIONS == set(PLACES)


def test_no_report_measures_or_sends_what_its_author_may_not_read(client: Client) -> None:
    author = client.person("author@example.com", "writer")
    for change, place in (
        ({"measures": ["count()", "sum(salary)"]}, "/measures/1"),
        ({"group": ["salary > 100"]}, "/group/0"),
        ({"columns": ["name", "salary"]}, "/columns/1"),
    ):
        assert (f"report/s{place}", HIDDEN) in refused(sent(author, report(**change)))
    client.define(report(measures=["sum(salary)"]))
    mail = {"to": ["'x@example.org'"], "subject": "name", "attach": [{"report": "s"}]}
    attached = rule("r", {"notify": mail}, on=PRESSED)
    assert ("rule/r/do/0/notify/attach/0/report", HIDDEN) in refused(sent(author, attached))


@pytest.mark.parametrize("place", PLACES)
def test_no_expression_reads_a_hidden_field(client: Client, place: str) -> None:
    role = "granter" if place.startswith("role/") else "writer"
    author = client.person("author@example.com", role)
    assert client.post("/api/meta/changes?plan=true", {"documents": [PLACES[place]]}).status == 200
    found = refused(sent(author, PLACES[place]))
    steps = place.split("/")
    assert any(
        reach == HIDDEN
        and len(told := where.split("/")) == len(steps) + 1  # a document has a name besides
        and all(want in ("*", step) for want, step in zip(steps[1:], told[2:], strict=True))
        for where, reach in found
    ), found
