"""The page of what rules did: all runs with filters, and one run step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fluvial.auth.access import Access
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound, Problem, fault
from fluvial.pages.frame import Context, action, page, with_query
from fluvial.pages.navigation import BUILD, NavigationItem
from fluvial.pages.reader_format import ReaderFormat, format_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.folding import humanise

from . import delivery_lists, effect_words, effects, run_lists, waiting_changes, waiting_words
from .made_words import lines_told
from .rule_tables import NOBODY
from .run_effects import settle
from .seen_rules import rule_label, unseen

HERE = "/studio/runs"
TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 50
OUTCOMES = {
    "done": ("Done", "good"),
    "failed": ("Failed", "bad"),
    "skipped": ("Skipped", "warn"),
    "limited": ("Over its limit", "warn"),
    "not_met": ("Condition not met", ""),
    "done_before": ("Done before", ""),
    "waiting": ("Waiting", "warn"),
    "stopped": ("Stopped", ""),
    "cancelled": ("Cancelled", ""),
}
_FILTERS = ("rule", "outcome", "record")


def among(call: Call, name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    """A filter of the address, which is one of some words or absent."""
    text = call.query.get(name, "")
    if text and text not in known:
        message = f"`{name}` must be one of {', '.join(known)}."
        raise Problem(message, errors=[fault(name, "unknown_value", message)])
    return text


def id_of(call: Call, name: str) -> str:
    text = call.query.get(name, "")
    if text and not is_id(text):
        message = f"`{name}` must be an id, as in the links of these pages."
        raise Problem(message, errors=[fault(name, "not_an_id", message)])
    return text


def capped(count: int, limit: int) -> str:
    return f"{limit:,}+" if count > limit else f"{count:,}"


def tabs(call: Call, here: str) -> list[Context]:
    """Runs, what they sent, and what was given up, each with what needs somebody."""
    failed = delivery_lists.counts(call.session.connection)
    given_up = delivery_lists.given_up(call.session.connection)
    troubles = capped(failed["failed"] + failed["dead"], delivery_lists.COUNTED)
    entries = (
        ("Runs", HERE, ""),
        ("Deliveries", delivery_lists.HERE, f"{troubles} failed" if troubles != "0" else ""),
        ("Given up", f"{HERE}/given-up", str(given_up) if given_up else ""),
    )
    return [
        {"label": label, "href": href, "count": count, "current": href == here}
        for label, href, count in entries
    ]


def rule_options(session: Session, chosen: str) -> list[Context]:
    names = {*session.catalog.of("rule"), *([chosen] if chosen else [])}
    found = sorted((rule_label(session.catalog, name), name) for name in names)
    return [{"value": name, "label": label, "chosen": name == chosen} for label, name in found]


def rule_href(session: Session, name: str) -> str:
    return f"/studio/rule/{name}" if name in session.catalog.of("rule") else ""


def entry(catalog: Catalog, access: Access) -> list[NavigationItem]:
    """The way in, for those who read metadata."""
    shown = "read" in access.meta
    return [NavigationItem(BUILD, "Rule runs", "bolt", HERE, position=4)] if shown else []


def options(words: Mapping[str, tuple[str, str]], chosen: str) -> list[Context]:
    return [
        {"value": name, "label": label, "chosen": name == chosen}
        for name, (label, _) in words.items()
    ]


def show(call: Call) -> Answer:
    call.only(*_FILTERS, "cursor")
    session, fmt = call.session, format_of(call.session)
    filters = {
        "rule": call.query.get("rule", ""),
        "outcome": among(call, "outcome", OUTCOMES),
        "record": id_of(call, "record"),
    }
    before = id_of(call, "cursor") or run_lists.LAST
    found, following = run_lists.page(session.connection, filters, limit=SHOWN, before=before)
    settle(session, found)
    _want(fmt, found)
    fmt.names.load()
    count = run_lists.count(session.connection, filters)
    listed = {
        "tabs": tabs(call, HERE),
        "action": HERE,
        "rules": rule_options(session, filters["rule"]),
        "outcomes": options(OUTCOMES, filters["outcome"]),
        "record": _of_record(fmt, found, filters["record"]),
        "clear_href": HERE if any(filters.values()) else "",
        "count": capped(count, run_lists.COUNTED),
        "items": [_item(session, fmt, run) for run in found],
        "more_href": with_query(HERE, **filters, cursor=following) if following else "",
    }
    return page(
        call, "rule_runs.html", "What rules did", crumbs=[("Studio", "/studio")],
        here=HERE, runs=listed,
    )  # fmt: skip


def _want(fmt: ReaderFormat, runs: Sequence[Mapping[str, Any]]) -> None:
    fmt.names.want((run["object"], run["record"]) for run in runs if run["record"] != NOBODY)


def _outcome(run: Mapping[str, Any]) -> tuple[str, str]:
    return OUTCOMES.get(run["outcome"], (humanise(run["outcome"]), ""))


def _of_record(fmt: ReaderFormat, runs: Sequence[Mapping[str, Any]], record: str) -> Context | None:
    if not record:
        return None
    title = fmt.names.title(runs[0]["object"], record) if runs else None
    return {"id": record, "label": title or "one record"}


def about(fmt: ReaderFormat, object_name: str, record: str) -> Context:
    """What something was about, as far as its reader may know."""
    type_ = fmt.catalog.objects.get(object_name)
    label = type_.label if type_ else humanise(object_name) if object_name else ""
    title = None if record == NOBODY else fmt.names.title(object_name, record)
    href = fmt.href(object_name, record) if title is not None else ""
    return {"object": label, "title": title if title else "", "href": href}


def _item(session: Session, fmt: ReaderFormat, run: Mapping[str, Any]) -> Context:
    outcome, tone = _outcome(run)
    lines = run["trace"]["lines"]
    hidden = unseen(session, run["rule"])
    said = lines[1:] if run["outcome"] == "done" and len(lines) > 1 else lines[-1:]
    return {
        "href": f"{HERE}/{run['id']}",
        "rule": rule_label(session.catalog, run["rule"]),
        "about": about(fmt, run["object"], run["record"]),
        "outcome": outcome,
        "tone": tone,
        "text": "" if hidden else " ".join(said),
        "when": fmt.ago(run["at"]),
        "at": run["at"].isoformat(),
    }


def show_one(call: Call) -> Answer:
    """One run: the condition, each thing that it did, and what became of it."""
    call.only()
    session, fmt = call.session, format_of(call.session)
    run = run_lists.one(session.connection, call.params["id"]) if is_id(call.params["id"]) else None
    if run is None:
        raise NotFound("There is no such run. Runs are kept for 90 days.")
    made = effect_words.effects_among(
        session.connection, (one["id"] for one in run["trace"]["effects"])
    )
    settle(session, [run])
    _want(fmt, [run])
    effect_words.want(fmt, made.values())
    fmt.names.load()
    hidden = unseen(session, run["rule"])
    outcome, tone = _outcome(run)
    label = rule_label(session.catalog, run["rule"])
    shown = {
        "rule": label,
        "rule_href": rule_href(session, run["rule"]),
        "others_href": with_query(HERE, rule=run["rule"]),
        "about": about(fmt, run["object"], run["record"]),
        "outcome": outcome,
        "tone": tone,
        "when": fmt.full(run["at"]),
        "hidden": f"You may not see what this rule does. {hidden}" if hidden else "",
        "lines": [] if hidden else run["trace"]["lines"],
        "effects": [] if hidden else [_effect(call, fmt, one) for one in made.values()],
        "waiting": waiting_words.shown(call, fmt, run, hidden=bool(hidden)),
    }  # fmt: skip
    crumbs = [("Studio", "/studio"), ("What rules did", HERE)]
    return page(
        call, "rule_run.html", label, crumbs=crumbs, here=HERE, run=shown,
    )  # fmt: skip


def _effect(call: Call, fmt: ReaderFormat, effect: Mapping[str, Any]) -> Context:
    one = dict(effect)
    state, tone = effect_words.state_of(one)
    sent = one["kind"] in effects.SENT
    return {
        "icon": effect_words.icon_of(one["kind"]),
        "text": effect_words.told(fmt, one),
        "lines": lines_told(fmt, call.session.access, one["payload"]),
        "state": state,
        "tone": tone,
        "error": one["error"] or "",
        "href": f"{delivery_lists.HERE}/{one['id']}" if sent else "",
        "again": action("Send again", f"{delivery_lists.HERE}/{one['id']}/again", post=True)
        if sent and one["state"] != "pending" and call.session.access.admin
        else None,
    }


def cancel_it(call: Call) -> Answer:
    waiting_changes.cancel(call.session, _waiting(call))
    return Answer.redirect(f"{HERE}/{call.params['id']}")


def retry_it(call: Call) -> Answer:
    waiting_changes.retry(call.session, _waiting(call))
    return Answer.redirect(f"{HERE}/{call.params['id']}")


def _waiting(call: Call) -> str:
    id = call.params["id"]
    if not is_id(id) or run_lists.one(call.session.connection, id) is None:
        raise NotFound("There is no such run. Runs are kept for 90 days.")
    return id


def _post(verb: str, handler: Callable[[Call], Answer], about: str) -> Endpoint:
    path = f"{HERE}/{{id}}/{verb}"
    return Endpoint("POST", path, handler, Policy.ADMIN, about, page=True, form=True)


ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.META_READ, "What rules did.", page=True),
    Endpoint("GET", f"{HERE}/{{id}}", show_one, Policy.META_READ, "One run of a rule.", page=True),
    _post("cancel", cancel_it, "End a run that waits."),
    _post("retry", retry_it, "Let a run go on."),
)
