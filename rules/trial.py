"""Trying a rule: what it would do to a record, and what it would have done in past days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import HISTORY, OUTBOX
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import NotFound, Problem, Unprocessable
from fluvial.records.drafts.draft import Draft, wire_value
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.rows import load_row
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from fluvial.services.templates import TemplateFault
from metamodel.storage import timestamp_wire

from . import before_save, period_moments
from .action_kinds import ACTIONS
from .deliveries import deliveries_of
from .effects import POSTED
from .event_periods import wire_of
from .execution import condition_holds, prepared
from .index import SOURCES
from .model import Rule
from .rule_tables import EFFECT
from .running import run_rule
from .runs import NOT_MET, Run

MAX_DAYS = 366
MAX_CHANGES = 20_000
MAX_SHOWN = 100

_o = OUTBOX.c
_LATEST = Statement(
    sa.select(_o.id, _o.at, _o.object, _o.record, _o.rev, _o.event, _o.actor, _o.cause, _o.changes)
    .where(_o.record == param("the_record", _o.record))
    .order_by(_o.rev.desc(), _o.id.desc())
    .limit(1)
)
_EFFECTS = Statement(
    sa.select(EFFECT.c.id, EFFECT.c.kind, EFFECT.c.target, EFFECT.c.payload).where(
        EFFECT.c.event == param("the_event", EFFECT.c.event)
    )
)
_h = HISTORY.c
_CHANGES = Statement(
    sa.select(_h.record, _h.rev, _h.event, _h.at, _h.by, _h.changes)
    .where(_h.object == param("the_object", _h.object), _h.at >= param("the_at", _h.at))
    .order_by(_h.at, _h.record, _h.rev)
    .limit(MAX_CHANGES + 1)
)


class _Over(Exception):
    """Ends the transaction of a trial, so that nothing of it is kept."""


def dry_run(
    session: Session, rule: Rule, record: str, change: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What the rule would do with a record as it is, or as it would be after a change."""
    if not is_id(record):
        raise NotFound(f"There is no record with the id `{record}`.")
    if rule.before_save:
        return _try_before_save(session, rule, record, change or {})
    answer: dict[str, Any] = {}
    try:
        with session.connection.transaction():
            answer = _try(session, rule, record, change)
            raise _Over
    except _Over:
        pass
    _write_out(session, answer)
    return answer


def _try(
    session: Session, rule: Rule, record: str, change: Mapping[str, Any] | None
) -> dict[str, Any]:
    object_name = rule.trigger.object
    if change:
        session.all_heard = True  # a rule that is not active yet, too
        writer.update(session, object_name, record, change)
        row = _LATEST.row(session.connection, the_record=record)
        event = Event(*row) if row else None
    else:
        event = _made_up(session, rule, record)
    if event is None or not _sets_off(rule, event):
        line = "This change does not trigger it: none of the fields it watches has changed."
        return {"outcome": "not_set_off", "lines": [line], "effects": []}
    run = run_rule(session, rule, event, kept=False)
    if run.outcome == "waiting":
        run.say(_later(rule, run))
    found = {row[0]: row[1:] for row in _EFFECTS.rows(session.connection, the_event=event.id)}
    made = [found[one["id"]] for one in run.effects]
    return {
        "outcome": run.outcome,
        "lines": run.lines,
        "effects": [
            {"kind": kind, "target": target, "payload": payload} for kind, target, payload in made
        ],
    }


def _later(rule: Rule, run: Run) -> str:
    """What it would go on with: the rest depends on what is answered, or is so by then."""
    words = [ACTIONS[action.verb].label for _, action in rule.steps[run.step :]]
    if not words:
        return "Nothing follows behind that."
    listed = "; ".join(word[:1].lower() + word[1:] for word in words)
    return f"It would go on later: {listed}."


def _sets_off(rule: Rule, event: Event) -> bool:
    trigger = rule.trigger
    if trigger.kind not in ("event", *SOURCES) or ":" in event.event:
        return True
    if event.event == "updated" and "updated" not in trigger.events and event.changes:
        return False
    watched = trigger.fields
    return event.event != "updated" or not watched or bool(watched & event.changes.keys())


def _made_up(session: Session, rule: Rule, record: str) -> Event:
    """The event that the rule waits for, as if it happened now."""
    row = load_row(session, rule.trigger.object, record, "read")
    if row is None:
        raise NotFound(f"There is no record with the id `{record}`.")
    trigger = rule.trigger
    if trigger.events:
        order = ("created", "updated", "deleted", "restored")
        name: str = next(event for event in order if event in trigger.events)
        type_ = session.catalog.objects[trigger.object]
        watched = trigger.fields if name == "updated" else ()
        values = {f: wire_value(type_.fields[f], row.get(f)) for f in watched}
        changes = {f: [value, value] for f, value in values.items()}
    else:
        name, changes = f"{trigger.kind}:{rule.name}", {}
    if trigger.every is not None:
        period = period_moments.present(session, rule, row)
        changes = wire_of(period) if period is not None else {}
    return Event(
        new_id(), session.now, trigger.object, record, row["rev"], name, session.actor.id, None,
        changes,
    )  # fmt: skip


def _write_out(session: Session, answer: dict[str, Any]) -> None:
    """The words of messages, as they would arrive."""
    deliveries = deliveries_of(session.engine)
    for effect in answer["effects"]:
        payload = effect.pop("payload")
        if effect["kind"] in ("email", "in_app"):
            try:
                effect["subject"], effect["html"] = deliveries.words(payload)
            except TemplateFault as fault:
                effect["fault"] = str(fault)
        elif effect["kind"] in POSTED:
            effect["body"] = payload["message"]
        else:
            effect |= payload


def _try_before_save(
    session: Session, rule: Rule, record: str, change: Mapping[str, Any]
) -> dict[str, Any]:
    type_ = session.object(rule.trigger.object)
    row = load_row(session, type_.name, record, "read")
    if row is None:
        raise NotFound(f"There is no record with the id `{record}`.")
    draft = Draft(session, type_, record, row, dict(row))
    draft.take(change)
    draft.refuse_faults()
    watched = rule.trigger.fields
    if watched and not watched & draft.changed:
        line = "This change does not trigger it: none of the fields it watches has changed."
        return {"outcome": "not_set_off", "lines": [line], "effects": []}
    made = before_save.apply(rule, draft)
    if made is None:
        assert rule.when is not None
        line = f"The condition is not met: {rule.when.source}"
        return {"outcome": NOT_MET, "lines": [line], "effects": []}
    return {"outcome": "done", "lines": ["The condition is met."], "effects": made}


def replay(session: Session, rule: Rule, days: int) -> dict[str, Any]:
    """Which past changes would have set the rule off and met its condition.

    The records' own values are those of that moment; look-ups are read as they are now.
    """
    if not rule.trigger.events:
        raise Unprocessable("Only rules on events can be replayed; try a dry run.")
    since = session.now - timedelta(days=days)
    rows = _CHANGES.rows(session.connection, the_object=rule.trigger.object, the_at=since)
    if len(rows) > MAX_CHANGES:
        raise Problem(f"These days have more than {MAX_CHANGES:,} changes. Ask for fewer days.")
    met: list[dict[str, Any]] = []
    seen = 0
    for record, rev, name, at, by, changes in rows:
        event = Event(new_id(), at, rule.trigger.object, record, rev, name, by, None, changes)
        if name not in rule.trigger.events or not _sets_off(rule, event):
            continue
        seen += 1
        run = Run(rule.name, event.object, record)
        if _would(session, rule, event, run):
            entry = {"record": record, "rev": rev, "at": timestamp_wire(at), "event": name}
            met.append(entry | {"lines": run.lines})
    return {
        "days": days,
        "changes": len(rows),
        "considered": seen,
        "would_run": len(met),
        "actions": len(met) * len(rule.actions),
        "runs": met[-MAX_SHOWN:],
    }


def _would(session: Session, rule: Rule, event: Event, run: Run) -> bool:
    execution = prepared(session, rule, event, run)
    return execution is not None and condition_holds(execution)
