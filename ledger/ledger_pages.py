"""The pages of a ledger: its runs, one run with its faults, and what numbers are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from fluvial.auth.access import Access
from fluvial.http.call import Answer, Call
from fluvial.http.long_answers import job_answer
from fluvial.http.parameters import day, refuse
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.pages.frame import Context, page
from fluvial.pages.navigation import NavigationItem
from fluvial.pages.reader_format import ReaderFormat, format_of, money
from fluvial.runtime.long_jobs import FAILED, LongJob
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog

from .explaining import explain
from .ledger_model import Ledger
from .ledger_reader import ledgers_of
from .ledger_run_rows import RunRow, found_run, newest_runs
from .ledger_runs import RunWish, begin_run, begin_void, ledger_named, with_runs
from .ledgers_api import told_run

TEMPLATES = Path(__file__).parent / "templates"
HERE = "/ledgers"
PATIENCE = 2.0
SHOWN = 50
STATES = {
    "running": ("Running", "warn"),
    "done": ("Done", "good"),
    "failed": ("Failed", "bad"),
    "cancelled": ("Cancelled", ""),
}
Json = dict[str, Any]


def navigation(catalog: Catalog, access: Access) -> Sequence[NavigationItem]:
    """The ledgers all of whose entries one may read, in the groups of what they are for."""
    found = catalog.derive(ledgers_of).values()
    return [
        NavigationItem(
            catalog.objects[one.object].group, one.label, "calculator", f"{HERE}/{one.name}",
            object=one.object,
        )
        for one in found
        if access.object(one.object).can("read")
        and all(access.object(name).where.get("read", ()) is None for name in one.objects)
    ]  # fmt: skip


def show(call: Call) -> Answer:
    """The runs of a ledger, and the form that starts one."""
    call.only()
    session, fmt = call.session, format_of(call.session)
    ledger = with_runs(session, call.params["name"])
    rows = newest_runs(session.connection, ledger.name, SHOWN)
    fmt.names.want(("user", row.by) for row in rows if row.by)
    fmt.names.load()
    return page(
        call,
        "ledger_runs.html",
        ledger.label,
        here=f"{HERE}/{ledger.name}",
        ledger={
            "label": ledger.label,
            "action": f"{HERE}/{ledger.name}/run",
            "may_run": _may_run(session, ledger),
            "until": session.today.isoformat(),
            "items": [run_item(row, ledger, fmt) for row in rows],
        },
    )


def _may_run(session: Session, ledger: Ledger) -> bool:
    return all(session.access.object(name).can("create") for name in ledger.objects)


def run_item(row: RunRow, ledger: Ledger, fmt: ReaderFormat) -> Context:
    told = row.wire()
    state, tone = STATES.get(row.state, (row.state, ""))
    what = "Trial" if row.dry_run else "Taken back" if row.voids else "Run"
    return {
        "href": f"{HERE}/{ledger.name}/runs/{row.id}",
        "name": f"{what} until {fmt.plain_day(row.until)}",
        "person": (fmt.names.title("user", row.by) if row.by else None) or "",
        "when": fmt.ago(row.at),
        "state": "Taken back" if row.voided_by else state,
        "tone": "warn" if row.voided_by else tone,
        "entries": f"{told['entries']:,}",
        "faults": f"{told['faults']:,}" if told["faults"] else "",
        "amounts": [_amount(one, fmt) for one in told["amounts"]],
    }


def _amount(told: Any, fmt: ReaderFormat) -> str:
    if isinstance(told, dict):
        return money(told["amount"], told["currency"], fmt.locale)
    return str(told)


def start(call: Call) -> Answer:
    """Start a run, and show it once it is over or on its way."""
    ledger = ledger_named(call.session, call.params["name"])
    assert call.form is not None
    until = day(call, str(call.form.get("until", "")), "until")
    wish = RunWish(until, "", call.form.get("dry_run") == "yes")
    begin = partial(begin_run, call.session, ledger, wish)
    return job_answer(call, begin, partial(_ended, ledger.name), PATIENCE, _going(ledger.name))


def void(call: Call) -> Answer:
    ledger = ledger_named(call.session, call.params["name"])
    begin = partial(begin_void, call.session, ledger, call.params["id"])
    return job_answer(call, begin, partial(_ended, ledger.name), PATIENCE, _going(ledger.name))


def _ended(name: str, _: Call, job: LongJob) -> Answer:
    if job.state == FAILED:
        raise Problem(job.error or "The run could not go on. Start it again.")
    return Answer.redirect(f"{HERE}/{name}/runs/{job.id}")


def _going(name: str) -> Any:
    return lambda _, id: Answer.redirect(f"{HERE}/{name}/runs/{id}")


def show_run(call: Call) -> Answer:
    """One run: what it counted, and the faults of keys."""
    call.only()
    session, fmt = call.session, format_of(call.session)
    ledger = with_runs(session, call.params["name"])
    run = found_run(session.connection, ledger.name, call.params["id"])
    told = told_run(session, ledger, run)
    fmt.names.want([("user", run.by)] if run.by else [])
    fmt.names.load()
    head = f"{HERE}/{ledger.name}"
    shown = run_item(run, ledger, fmt)
    counted = ("records", "keys", "entries", "parts", "faults")
    return page(
        call,
        "ledger_run.html",
        shown["name"],
        crumbs=[(ledger.label, head)],
        here=head,
        run={
            **shown,
            "figures": [(name.capitalize(), f"{told[name]:,}") for name in counted],
            "running": run.state == "running",
            "where": run.where,
            "dry_run": run.dry_run,
            "void_href": f"{head}/runs/{run.id}/void" if _voidable(run) else "",
            "other": _other(run, head),
            "faults_listed": [_fault(one, head, fmt) for one in told["fault_list"]],
        },
    )


def _fault(told: Json, head: str, fmt: ReaderFormat) -> Context:
    return {
        "title": told["record"]["title"],
        "href": f"{head}/explain?record={told['record']['id']}",
        "period": _named(told["period"], fmt),
        "message": told["message"],
    }


def _voidable(run: RunRow) -> bool:
    ended = run.state != "running" and not run.dry_run
    return ended and not run.voids and not run.voided_by and bool(run.counts.get("entries"))


def _other(run: RunRow, head: str) -> Context | None:
    if run.voids:
        return {"label": "It takes back another run", "href": f"{head}/runs/{run.voids}"}
    if run.voided_by:
        return {"label": "It was taken back", "href": f"{head}/runs/{run.voided_by}"}
    return None


def show_explained(call: Call) -> Answer:
    """What the numbers of a record are made of: each opens its cells, days and records."""
    given = call.only("record", "period", "until")
    session, fmt = call.session, format_of(call.session)
    ledger = ledger_named(session, call.params["name"])
    if not given.get("record"):
        raise refuse("record", "required", "`record` is the id of a record that is charged.")
    until = day(call, given["until"], "until") if given.get("until") else session.today
    told = explain(session, ledger, given["record"], given.get("period"), until)
    head = f"{HERE}/{ledger.name}"
    return page(
        call,
        "ledger_explained.html",
        told["record"]["title"],
        crumbs=[(ledger.label, head)],
        here=head,
        explained={
            "label": ledger.label,
            "title": told["record"]["title"],
            "href": fmt.href(ledger.object, told["record"]["id"]),
            "left_out": told["left_out"],
            "fault": told["fault"] or "",
            "keys": [_key(one, fmt) for one in reversed(told["keys"])],
            "sources": [_left(one, fmt) for one in told.get("sources", ())],
        },
    )


def _key(told: Json, fmt: ReaderFormat) -> Context:
    return {
        "name": _called(told, fmt),
        "fault": told["fault"] or "",
        "target": [_amount(one, fmt) for one in told["target"]],
        "posted": [_amount(one, fmt) for one in told["posted"]],
        "delta": [_amount(one, fmt) for one in told["delta"]],
        "cells": [_cell(one, fmt) for one in told["cells"]],
        "sources": [_source(one, fmt) for one in told.get("sources", ())],
        "difference": [_cell(one, fmt) for one in told["difference"]],
        "postings": [_posting(one, fmt) for one in told["postings"]],
    }


def _called(told: Json, fmt: ReaderFormat) -> str:
    demand, period = told.get("demand"), told["period"]
    if demand is not None:
        return f"{demand['title'] or 'Demand'}{', the rest' if told['rest'] else ''}"
    return _days(period, fmt) if period else "Once"


def _source(told: Json, fmt: ReaderFormat) -> Context:
    """What a demand took from a source, or why nothing."""
    link = told["source"]
    return {
        "title": link["title"] or "–",
        "href": fmt.href(link["object"], link["id"]) if link["title"] else "",
        "drawn": "" if told["why"] else _amount(told["drawn"], fmt),
        "why": told["why"] or "",
    }


def _left(told: Json, fmt: ReaderFormat) -> Context:
    """What a source has, until its last day."""
    link, after = told["source"], told["until"]
    last = date.fromisoformat(after) - timedelta(days=1) if after else None
    since = fmt.plain_day(date.fromisoformat(told["from"])) if told["from"] else ""
    until = fmt.plain_day(last) if last else ""
    return {
        "title": link["title"] or "–",
        "href": fmt.href(link["object"], link["id"]) if link["title"] else "",
        "days": f"{since} – {until}" if since or until else "",
        **{name: _amount(told[name], fmt) for name in ("quantity", "drawn", "left")},
    }


def _days(span: Json, fmt: ReaderFormat) -> str:
    first = date.fromisoformat(span["from"])
    last = date.fromisoformat(span["until"]) - timedelta(days=1)
    return f"{fmt.plain_day(first)} – {fmt.plain_day(last)}"


def _named(name: str | None, fmt: ReaderFormat) -> str:
    """The period of a key, by its days."""
    first, _, until = (name or "").partition("/")
    return _days({"from": first, "until": until}, fmt) if until else ""


def _cell(told: Json, fmt: ReaderFormat) -> Context:
    item = told["item"]
    share = f"{told['days']} of {told['period_days']} days" if told["days"] is not None else ""
    return {
        "title": (item["title"] if item else "") or (told["note"] or "").capitalize() or "–",
        "href": fmt.href(item["object"], item["id"]) if item and item["title"] else "",
        "note": (told["note"] or "") if item else "",
        "days": _days(told, fmt) if told["from"] else "",
        "share": share,
        "convention": (told["convention"] or "").replace("_", " "),
        "quantity": told["quantity"],
        "price": "–" if told["price"] is None else _amount(told["price"], fmt),
        "amount": _amount(told["amount"], fmt),
        "moved": _moved(told.get("moved_by"), fmt),
    }


def _moved(told: Json | None, fmt: ReaderFormat) -> Context | None:
    """The record whose change has moved a part."""
    if not told or not told["title"]:
        return None
    return {"title": told["title"], "href": fmt.href(told["object"], told["id"])}


def _posting(told: Json, fmt: ReaderFormat) -> Context:
    cause = told["cause"]
    return {
        "amounts": [_amount(one, fmt) for one in told["amounts"]],
        "when": fmt.plain_day(date.fromisoformat(told["at"][:10])),
        "entries": [
            {"title": one["title"] or "Entry", "href": fmt.href(one["object"], one["id"])}
            for one in told["entries"]
        ],
        "cause": None
        if not cause
        else {
            "title": cause["title"] or "a record",
            "href": fmt.href(cause["object"], cause["id"]),
            "what": cause["event"].partition(":")[0],
        },
        "parts": [_cell(one, fmt) for one in told["parts"]],
    }


_ONE = f"{HERE}/{{name}}"
ENDPOINTS = (
    Endpoint("GET", _ONE, show, Policy.SIGNED_IN, "The runs of a ledger.", page=True),
    Endpoint("POST", f"{_ONE}/run", start, Policy.SIGNED_IN, "Run it.", page=True, form=True),
    Endpoint("GET", f"{_ONE}/runs/{{id}}", show_run, Policy.SIGNED_IN, "A run.", page=True),
    Endpoint(
        "POST", f"{_ONE}/runs/{{id}}/void", void, Policy.SIGNED_IN, "Take a run back.",
        page=True, form=True,
    ),
    Endpoint(
        "GET", f"{_ONE}/explain", show_explained, Policy.SIGNED_IN, "What a record is charged.",
        page=True,
    ),
)  # fmt: skip
