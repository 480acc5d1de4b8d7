"""The clocks of a record: a bar for each timer with what is left, and why it shows that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from fluvial.pages.clock_words import LABELS, left_words, length, tone_of_clock
from fluvial.pages.happenings import Happening, Stretch
from fluvial.pages.reader_format import ReaderFormat, parse_moment
from fluvial.records.calculated import timer_plans
from fluvial.records.calculated.timer_reasons import shown_timers, told_timers
from fluvial.runtime.session import Session
from metamodel.timers.timer import DUE
from metamodel.timers.timer_arithmetic import MISSED, NONE

from .shown_record import Context, Shown
from .why_links import why_href

Told = Mapping[str, Any]

RELATIVE = ("Today", "Tomorrow", "Yesterday")


def clocks(page: Shown) -> list[Context]:
    """The contexts of `_clocks.html`: of the timers that run or have run, as of now."""
    timers = shown_timers(page.session, page.type)
    if not timers or page.session.as_of is not None:
        return []
    told = told_timers(page.session, page.type, page.id, timers)
    return [
        _clock(page, one, timer.field(DUE))
        for one, timer in zip(told, timers, strict=True)
        if one["state"] != NONE or one["fault"]
    ]


def _clock(page: Shown, told: Told, due: str) -> Context:
    target = told["target"]["value"] or 0
    used = told["used"] or 0
    percent = min(100, used * 100 // target) if target else 100
    return {
        "label": told["label"],
        "state": LABELS[told["state"]],
        "tone": tone_of_clock(told["state"], percent),
        "percent": percent,
        "text": told["fault"] or _text(told, page.fmt),
        "href": why_href(page.fmt, page.type.name, page.id, due),
    }


def _text(told: Told, fmt: ReaderFormat) -> str:
    """What is left, and until when."""
    due = f", due {_at(told['due'], fmt)}" if told["due"] else ""
    left = told["left"]
    if told["met"]:
        late = " late" if told["state"] == MISSED else ""
        return f"Done{late} {_at(told['met'], fmt)}{due}"
    if left is None:
        return due.removeprefix(", ").capitalize()
    return f"{left_words(told['state'], left)}{due}"


def _at(moment: str, fmt: ReaderFormat) -> str:
    """A moment inside a sentence."""
    said = fmt.moment(parse_moment(moment))
    return said[0].lower() + said[1:] if said.startswith(RELATIVE) else said


def why_words(found: Told, fmt: ReaderFormat, as_of: str) -> Context:
    """The context of `_reasons.html`: of a field that a timer makes."""
    told = found["timer"]
    people = [one["by"]["user"] for one in (*told["spans"], *told["plans"]) if one["by"]]
    fmt.names.want([("user", id) for id in people])
    fmt.names.load()
    state = LABELS[told["state"]]
    note = "It is being recalculated; this is the previous value." if found["recalculating"] else ""
    parts = [_spans(told, fmt)] if told["spans"] else []
    parts += [_plans(told, fmt)] if told["plans"] else []
    return {
        "title": f"{told['label']}: {state.lower()}",
        "label": told["label"],
        "value": _text(told, fmt) or state,
        "inputs": list(_inputs(told, fmt)),
        "collections": parts,
        "formula": told["target"]["formula"],
        "note": told["fault"] or note,
        "as_of": as_of,
    }


def _inputs(told: Told, fmt: ReaderFormat) -> Sequence[Context]:
    def row(label: str, one: Told, said: str) -> Context:
        said = "you may not see it" if one["withheld"] else said
        return {"label": label, "note": one["formula"], "value": said, "why": "", "href": ""}

    start, target, calendar = told["start"], told["target"], told["calendar"]
    rows = [
        row("Start", start, _at(start["value"], fmt) if start["value"] else "empty"),
        row("Target", target, "empty" if target["value"] is None else length(target["value"])),
    ]
    if calendar["formula"]:
        rows.append(row("Calendar", calendar, calendar["value"] or "none: day and night"))
    for one in told["thresholds"]:
        said = _at(one["at"], fmt) if one["at"] else "not reached"
        told_of = {"withheld": False, "formula": ""}
        rows.append(row(f"{one['percent']} % used", told_of, said))
    return rows


def _who(one: Told, fmt: ReaderFormat) -> str:
    if one["by"]:
        return str(fmt.names.title("user", one["by"]["user"]) or "a former user")
    return f"the rule {one['rule']}" if one["rule"] else "the system"


def _spans(told: Told, fmt: ReaderFormat) -> Context:
    rows = []
    for one in told["spans"]:
        until = f"to {_at(one['until'], fmt)}" if one["until"] else "until now"
        counted = length(one["seconds"]) if one["counts"] == "running" else one["counts"]
        label = f"{one['label']}, {_at(one['from'], fmt)} {until}, by {_who(one, fmt)}"
        rows.append({"label": label, "href": "", "value": counted, "why": ""})
    count = len(rows)
    return {
        "label": "Time in states",
        "condition": "",
        "count": f"{count:,} {'stay' if count == 1 else 'stays'}",
        "value": f"{length(told['used'] or 0)} used",
        "rows": rows,
        "rest": "",
    }


def _plans(told: Told, fmt: ReaderFormat) -> Context:
    rows = []
    for one in told["plans"]:
        cause = cause_words(one["cause"], fmt)
        label = f"{_at(one['at'], fmt)}, {_who(one, fmt)}{': ' if cause else ''}{cause}"
        after = one["after"]
        value = _at(after["due"], fmt) if after["due"] else LABELS[after["state"]].lower()
        rows.append({"label": label, "href": "", "value": value, "why": ""})
    return {
        "label": "Planned anew",
        "condition": "",
        "count": "once" if len(rows) == 1 else f"{len(rows):,} times",
        "value": "",
        "rows": rows,
        "rest": "",
    }


def cause_words(cause: Told, fmt: ReaderFormat) -> str:
    """What led to another plan."""
    said = []
    for name, words in (("target", "target"), ("calendar", "calendar"), ("start", "start")):
        if name in cause:
            before, after = (_value(name, one, fmt) for one in cause[name])
            said.append(f"{words} {before} → {after}")
    if "state" in cause:
        said.append(f"state {cause['state']}")
    if "fault" in cause:
        said.append(str(cause["fault"]))
    return ", ".join(said)


def _value(name: str, value: Any, fmt: ReaderFormat) -> str:
    if value in (None, ""):
        return "none"
    if name == "target":
        return length(value)
    return _at(value, fmt) if name == "start" else str(value)


def happenings(
    session: Session, fmt: ReaderFormat, object_name: str, record: str, stretch: Stretch
) -> list[Happening]:
    """Each time at which a timer was planned anew, on the timeline."""
    timers = {t.name: t for t in shown_timers(session, session.catalog.objects[object_name])}
    if not timers:
        return []
    plans = timer_plans.plans_of_record(
        session, record, stretch.since, stretch.until, stretch.limit
    )
    return [
        Happening(
            one.at,
            "clock",
            Markup("<b>{}</b> {}").format(timers[one.timer].label, _turned(one, fmt)),
            _lines(cause_words(_readable(session, object_name, one.cause), fmt)),
        )
        for one in plans
        if one.timer in timers
    ]


def _lines(said: str) -> list[Markup]:
    return [escape(said)] if said else []


def _readable(session: Session, object_name: str, cause: Told) -> Told:
    """The cause without what comes from fields that the reader may not see."""
    known = shown_timers(session, session.catalog.objects[object_name])
    hidden = {
        name
        for timer in known
        for name, one in (
            ("start", timer.starts), ("target", timer.target), ("calendar", timer.calendar),
        )
        if one is not None and any(session.access.hides(*use) for use in one.uses)
    }  # fmt: skip
    states = {timer.state_field for timer in known if timer.state_field}
    if any(session.access.hides(object_name, name) for name in states):
        hidden.add("state")
    return {name: value for name, value in cause.items() if name not in hidden}


def _turned(one: timer_plans.Planned, fmt: ReaderFormat) -> str:
    if one.due is not None and one.due != one.due_before:
        return f"is due {_at(one.due.isoformat(), fmt)}"
    return f"is {LABELS[one.state].lower()}"
