"""The API of rules: their runs, trials, deliveries, and events that were given up."""

from __future__ import annotations

from typing import Any

from fluvial.events import outbox
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Forbidden, NotFound, Problem, Unprocessable, fault
from fluvial.metadata_changes.told_reach import reads_beyond
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.storage import timestamp_wire

from . import effects, runs, trial, waiting_lists
from .compilation import compiled
from .model import Rule
from .run_effects import settle, tell_effects
from .seen_rules import unseen

MAX_PAGE = 200
LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"
OUTCOMES = (
    "done", "done_before", "not_met", "skipped", "limited", "failed", "waiting", "stopped",
    "cancelled",
)  # fmt: skip


def _rule(call: Call) -> Rule:
    """The rule of the address, also where it is switched off."""
    found = _rules(call.session.catalog, call.params["name"])
    if found is None:
        raise NotFound(f"There is no rule `{call.params['name']}`.")
    return found


def _rules(catalog: Catalog, name: str) -> Rule | None:
    document = catalog.of("rule").get(name)
    return compiled(document, catalog) if document is not None else None


def _refuse_beyond(call: Call) -> None:
    """A trial shows what the rule reads, which may be more than its reader may."""
    why = reads_beyond(call.session, call.session.catalog.of("rule")[call.params["name"]])
    if why:
        raise Forbidden(f"You may not see what this rule does. {why}")


def _among(call: Call, name: str, known: tuple[str, ...]) -> str:
    text = call.query.get(name, "")
    if text and text not in known:
        message = f"`{name}` must be one of {', '.join(known)}."
        raise Problem(message, errors=[fault(name, "unknown_value", message)])
    return text


def rule_runs(call: Call) -> Answer:
    query = call.only("limit", "cursor", "outcome")
    before = query.get("cursor", LAST)
    if not is_id(before):
        message = "This cursor does not belong to a page of runs."
        raise Problem(message, errors=[fault("cursor", "unknown_cursor", message)])
    found = runs.page(
        call.session.connection,
        _rule(call).name,
        outcome=_among(call, "outcome", OUTCOMES),
        limit=call.whole("limit", 50, 1, MAX_PAGE),
        before=before,
    )
    tell_effects(call.session.connection, found["data"])
    waiting = waiting_lists.among(call.session.connection, (run["id"] for run in found["data"]))
    for run in found["data"]:
        run["waiting"] = waiting.get(run["id"])
        _hide(call.session, run)
    return Answer.json(found)


def run_wire(session: Session, run: dict[str, Any]) -> dict[str, Any]:
    """One run, as far as its reader may know."""
    settle(session, [run])
    run["at"] = timestamp_wire(run["at"])
    run["waiting"] = waiting_lists.among(session.connection, [run["id"]]).get(run["id"])
    _hide(session, run)
    return run


def _hide(session: Session, run: dict[str, Any]) -> None:
    """That it ran is no secret, but why, to whom it wrote, and what it waits for."""
    why = unseen(session, run["rule"])
    if not why:
        return
    run["trace"] = {"lines": [f"You may not see what this rule does. {why}"], "effects": []}
    waiting_lists.hide(run)


def rule_dry_run(call: Call) -> Answer:
    call.only()
    rule = _rule(call)
    _refuse_beyond(call)
    body = call.json_object("object", "id", "change")
    if rule.trigger.object == "":
        raise Unprocessable("This rule does not handle a record, so it cannot be tried out.")
    if body.get("object", rule.trigger.object) != rule.trigger.object:
        message = f"This rule handles records of {rule.trigger.object}."
        raise Unprocessable(message, errors=[fault("/object", "other_object", message)])
    if not is_id(body.get("id")):
        message = "`id` must be the id of the record to try the rule on."
        raise Unprocessable(message, errors=[fault("/id", "required", message)])
    change = body.get("change")
    if change is not None and not isinstance(change, dict):
        message = "`change` must be an object of fields and values."
        raise Unprocessable(message, errors=[fault("/change", "not_an_object", message)])
    return Answer.json(trial.dry_run(call.session, rule, body["id"], change))


def rule_replay(call: Call) -> Answer:
    call.only()
    rule = _rule(call)
    _refuse_beyond(call)
    days = call.json_object("days").get("days")
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= trial.MAX_DAYS:
        message = f"`days` must be a whole number from 1 to {trial.MAX_DAYS}."
        raise Unprocessable(message, errors=[fault("/days", "out_of_range", message)])
    return Answer.json(trial.replay(call.session, rule, days))


def list_deliveries(call: Call) -> Answer:
    query = call.only("state", "kind", "rule", "target", "record", "limit", "cursor")
    filters = {
        "state": _among(call, "state", effects.STATES),
        "kind": query.get("kind", ""),
        "rule": query.get("rule", ""),
        "target": query.get("target", ""),
        "record": query.get("record", ""),
    }
    if filters["record"] and not is_id(filters["record"]):
        message = "`record` must be the id of a record."
        raise Problem(message, errors=[fault("record", "not_an_id", message)])
    call.whole("cursor", 0, 0, 10_000_000)
    found = effects.page(
        call.session.connection,
        filters,
        limit=call.whole("limit", 50, 1, MAX_PAGE),
        before=query.get("cursor", ""),
    )
    return Answer.json(found)


def _delivery(call: Call) -> dict[str, Any]:
    effect = call.params["id"]
    found = effects.one(call.session.connection, effect) if is_id(effect) else None
    if found is None:
        raise NotFound(f"There is no delivery with the id `{effect}`.")
    return found


def read_delivery(call: Call) -> Answer:
    call.only()
    return Answer.json(_delivery(call))


def redeliver(call: Call) -> Answer:
    """Once more, with the same id and the same bytes."""
    call.only()
    found = _delivery(call)
    session = call.session
    if found["kind"] not in effects.SENT:
        raise Unprocessable("Only mails, notifications and webhooks can be sent again.")
    with session.connection.transaction():
        effects.again(session.connection, found["id"])
        if found["kind"] in effects.POSTED:
            effects.switch_on(session.connection, found["target"])
        session.engine.woken(session.connection, effects.WORK)
    return Answer.json(effects.one(session.connection, found["id"]), 202)


def quarantined_events(call: Call) -> Answer:
    call.only()
    rows = outbox.quarantined(call.session.connection)
    return Answer.json({"data": [row | {"at": timestamp_wire(row["at"])} for row in rows]})


def retry_event(call: Call) -> Answer:
    call.only()
    event = call.params["id"]
    if not is_id(event) or not outbox.again(call.session, event):
        raise NotFound("No event with this id was given up.")
    return Answer.empty(202)


_RULE = "/api/rules/{name}"

ENDPOINTS = (
    Endpoint("GET", f"{_RULE}/runs", rule_runs, Policy.META_READ, "The runs of a rule."),
    Endpoint(
        "POST", f"{_RULE}/dry-run", rule_dry_run, Policy.META_WRITE, "What a rule would do now."
    ),
    Endpoint(
        "POST",
        f"{_RULE}/replay",
        rule_replay,
        Policy.META_WRITE,
        "What a rule would have done in the past.",
    ),
    Endpoint("GET", "/api/deliveries", list_deliveries, Policy.ADMIN, "The deliveries of rules."),
    Endpoint("GET", "/api/deliveries/{id}", read_delivery, Policy.ADMIN, "One delivery."),
    Endpoint("POST", "/api/deliveries/{id}/redeliver", redeliver, Policy.ADMIN, "Send it again."),
    Endpoint(
        "GET", "/api/events/quarantined", quarantined_events, Policy.ADMIN, "Events given up."
    ),
    Endpoint("POST", "/api/events/{id}/retry", retry_event, Policy.ADMIN, "Try an event again."),
)
