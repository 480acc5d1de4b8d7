"""Reading when a rule runs, from the `on` of its document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions import types
from metamodel.folding import label_text, listed, nearest
from metamodel.timers.timer import DUE
from metamodel.timers.timer_part import TIMERS

from .model import Trigger
from .offsets import Offset, read_time
from .rule_periods import Every
from .schedules import NoSchedule, Schedule

EVENTS = ("created", "updated", "deleted", "restored")
KINDS = ("event", "date", "timer", "every", "schedule", "button", "webform", "hook")
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "event": ("object", "event", "fields"),
    "date": ("object", "date", "offset", "at"),
    "timer": ("object", "timer", "at"),
    "every": ("object", "every", "from", "until", "at", "lead", "align", "due", "since"),
    "schedule": ("schedule", "object", "where"),
    "button": ("object", "button", "allow", "when", "message", "ask"),
    "webform": ("webform",),
    "hook": ("hook",),
}
Read = Callable[[Mapping[str, Any], DocumentCheck], Trigger | None]

NEEDED: Mapping[str, tuple[str, ...]] = {
    "event": ("object",), "date": ("object",), "button": ("object",), "timer": ("object", "at"),
}  # fmt: skip


def read_trigger(on: Mapping[str, Any], check: DocumentCheck) -> Trigger | None:
    kinds = [kind for kind in KINDS if kind in on]
    if len(kinds) != 1:
        check.fault(
            "/on",
            "trigger",
            f"A rule must have exactly one of {listed(KINDS, len(KINDS))}.".replace("`", ""),
            "Keep only one of them, such as `event: created`.",
        )
        return None
    kind = kinds[0]
    strangers = [name for name in on if name not in ALLOWED[kind]]
    for name in strangers:
        check.fault(
            f"/on/{name}", "trigger", f"`{name}` cannot be used with `{kind}`.", f"Remove `{name}`."
        )
    missing = [name for name in NEEDED.get(kind, ()) if name not in on]
    for name in missing:
        check.fault("/on", "missing", f"`{name}` is missing.", f"Add `{name}`.")
    if strangers or missing:
        return None
    return _READERS[kind](on, check)


def _event(on: Mapping[str, Any], check: DocumentCheck) -> Trigger | None:
    type_ = check.object("/on/object", on["object"])
    if type_ is None:
        return None
    events = [on["event"]] if isinstance(on["event"], str) else on["event"]
    for event in events:
        if event not in EVENTS:
            hint = nearest(event, EVENTS) or f"Write one of {listed(EVENTS)}."
            check.fault("/on/event", "not_an_option", f"There is no event `{event}`.", hint)
            return None
    fields = [
        name
        for at, name in enumerate(on.get("fields", ()))
        if check.field(f"/on/fields/{at}", type_, name) is not None
    ]
    return Trigger("event", type_.name, frozenset(events), frozenset(fields))


def _date(on: Mapping[str, Any], check: DocumentCheck) -> Trigger | None:
    type_ = check.object("/on/object", on["object"])
    field = check.field("/on/date", type_, on["date"]) if type_ is not None else None
    if type_ is None or field is None:
        return None
    if field.made_by:
        check.fault(
            "/on/date",
            "made_field",
            f"{field.label} is made by a timer, which moves it.",
            "Write `timer: NAME` and `at: 100`, a percentage of its target.",
        )
        return None
    if not isinstance(on.get("at", ""), str):
        check.fault("/on/at", "not_a_time", "This is not a time of day.", "Write '08:00'.")
        return None
    if field.type.name not in (types.DATE.name, types.DATETIME.name) or not field.stored:
        check.fault(
            "/on/date",
            "not_a_date",
            f"{field.label} is not a date.",
            "Name a date or datetime field.",
        )
        return None
    return Trigger(
        "date",
        type_.name,
        date=field.name,
        offset=Offset.read(on.get("offset", "0d")),
        at=read_time(on["at"]) if "at" in on else None,
    )


def _timer(on: Mapping[str, Any], check: DocumentCheck) -> Trigger | None:
    type_ = check.object("/on/object", on["object"])
    if type_ is None:
        return None
    timers = {timer.name: timer for timer in TIMERS.of(type_) or ()}
    timer = timers.get(on["timer"])
    if timer is None:
        hint = nearest(on["timer"], timers) or f"Define it in the object {type_.name}."
        message = f"{type_.label} has no timer `{on['timer']}`."
        check.fault("/on/timer", "unknown_timer", message, hint)
        return None
    check.uses("/on/timer", f"{type_.name}.{timer.field(DUE)}")
    if on["at"] not in timer.thresholds:
        known = listed(str(one) for one in timer.thresholds)
        hint = f"Use one of {known}." if timer.thresholds else "Add `thresholds` to the timer."
        message = f"`{on['at']}` is not a threshold of the timer `{timer.name}`."
        check.fault("/on/at", "unknown_threshold", message, hint)
        return None
    return Trigger("timer", type_.name, timer=timer.name, percent=on["at"])


def _every(on: Mapping[str, Any], check: DocumentCheck) -> Trigger | None:
    type_ = check.object("/on/object", on["object"]) if "object" in on else None
    if "object" in on and type_ is None:
        return None
    for name in ("from", "until"):
        if name in on and type_ is None:
            message = f"`{name}` is a field of records, and this rule handles none."
            check.fault(f"/on/{name}", "no_record", message, "Name an `object`, or remove it.")
            return None
        if name in on and type_ is not None and not _day(f"/on/{name}", type_, on[name], check):
            return None
    if on.get("align") == "from" and "from" not in on:
        message = "Periods can only begin with the first day where there is one."
        check.fault("/on/align", "missing", message, "Add `from`, or remove `align`.")
        return None
    number, unit = Every.read(on["every"])
    at = on.get("at")
    if not isinstance(at, str | None):
        check.fault("/on/at", "not_a_time", "`at` must be a time of day.", 'Write "06:00".')
        return None
    every = Every(
        number,
        unit,
        on.get("from", ""),
        on.get("until", ""),
        calendar=on.get("align", "from" if "from" in on else "calendar") == "calendar",
        lead=_days(on.get("lead", "0d")),
        at_end=on.get("due", "start") == "end",
        since=_since(on, check),
    )
    timed = read_time(at) if at is not None else None
    return Trigger("every", type_.name if type_ is not None else "", at=timed, every=every)


def _day(pointer: str, type_: ObjectType, name: str, check: DocumentCheck) -> bool:
    field = check.field(pointer, type_, name)
    if field is None:
        return False
    if field.type.name in (types.DATE.name, types.DATETIME.name) and field.stored:
        return True
    message = f"{field.label} is not a date."
    check.fault(pointer, "not_a_date", message, "Name a date or datetime field.")
    return False


def _days(lead: str) -> int:
    days = Offset.read(lead)
    return days.number * (7 if days.unit == "w" else 1)


def _since(on: Mapping[str, Any], check: DocumentCheck) -> date | None:
    if "since" not in on:
        return None
    try:
        return date.fromisoformat(on["since"])
    except ValueError:
        message = f"There is no day {on['since']}."
        check.fault("/on/since", "not_a_day", message, "Write it as 2026-07-01.")
        return None


def _schedule(on: Mapping[str, Any], check: DocumentCheck) -> Trigger | None:
    try:
        schedule = Schedule.read(on["schedule"])
    except NoSchedule as error:
        check.fault(
            "/on/schedule", "schedule", str(error), "Write `0 7 * * 1-5` for workdays at 7."
        )
        return None
    if "object" not in on:
        return Trigger("schedule", schedule=schedule)
    type_ = check.object("/on/object", on["object"])
    if type_ is None:
        return None
    if "where" in on:
        check.condition("/on/where", on["where"], type_.name)
    return Trigger("schedule", type_.name, schedule=schedule, where=on.get("where", ""))


def _button(on: Mapping[str, Any], check: DocumentCheck) -> Trigger | None:
    type_ = check.object("/on/object", on["object"])
    if type_ is None:
        return None
    allow = tuple(on.get("allow", ()))
    for at, role in enumerate(allow):
        check.reference(f"/on/allow/{at}", "role", role)
    possible = check.condition("/on/when", on["when"], type_.name) if "when" in on else None
    return Trigger(
        "button",
        type_.name,
        name=label_text(on["button"]),
        allow=allow,
        possible=possible,
        message=label_text(on.get("message", "")),
    )


def _source(kind: str) -> Read:
    """Web forms and hooks are documents of other folders; here only their object counts."""

    def read(on: Mapping[str, Any], check: DocumentCheck) -> Trigger | None:
        document = check.reference(f"/on/{kind}", kind, on[kind])
        if document is None or document.body.get("object") not in check.objects:
            return None
        events = frozenset(("created", "updated") if kind == "hook" else ("created",))
        return Trigger(kind, document.body["object"], events, name=on[kind])

    return read


_READERS: Mapping[str, Read] = {
    "event": _event,
    "date": _date,
    "timer": _timer,
    "every": _every,
    "schedule": _schedule,
    "button": _button,
    "webform": _source("webform"),
    "hook": _source("hook"),
}
