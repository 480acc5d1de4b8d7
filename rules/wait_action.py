"""The actions `wait` and `stop`: a run rests, goes on as things are then, or ends there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from metamodel.calendars.calendar import Calendar
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate, truth

from .action_kinds import ActionKind
from .action_reader import ActionReader
from .execution import Execution, seen
from .halts import STOPPED, Halt, Rest
from .model import Action
from .offsets import Offset, moment_of, read_time
from .waiting_runs import SLEEPING

LONGEST = timedelta(days=366)
LENGTH = r"[0-9]{1,4}(min|h|d|w|mo|y)"
# How soon a condition is asked again where no change of the record says so: a tenth of the time
# that it has waited, within these.
SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=1)
UNTIL = (types.BOOLEAN.name, types.DATE.name, types.DATETIME.name)
LENGTHS = (types.DURATION.name, types.DAYS.name)


@dataclass(frozen=True)
class Wait(Action):
    length: Offset | Expression | None  # for so long
    calendar: Calendar | None  # whose working time counts
    until: Expression | None  # a moment, a day or a condition
    at: time | None
    most: Offset | None


@dataclass(frozen=True)
class Stop(Action):
    when: Expression
    message: str


WAIT_SCHEMA: Mapping[str, Any] = {
    "title": "Wait",
    "type": "object",
    "properties": {
        "for": {
            "title": "So long",
            "type": "string",
            "minLength": 1,
            "maxLength": 1000,
            "description": "Such as 2h or 3d (min, h, d, w, mo, y), or an expression: hours(2).",
        },
        "calendar": {
            "title": "Working time of",
            "$ref": "#/$defs/name",
            "description": "Only working time of this calendar counts.",
            "x-editor": {"is": "document", "kind": "calendar"},
        },
        "until": {
            "title": "Until",
            "$ref": "#/$defs/expression",
            "description": "A date, a moment, or a condition that must be true.",
            "x-editor": {"names": ["answer"]},
        },
        "at": {
            "title": "Time of day",
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
            "description": "The time of day in the business time zone, such as 08:00.",
        },
        "at_most": {
            "title": "At most",
            "type": "string",
            "pattern": f"^{LENGTH}$",
            "description": "It goes on after this time in any case, such as 7d.",
        },
    },
    "minProperties": 1,
    "additionalProperties": False,
    "x-editor": {
        "alternatives": {
            "title": "Wait",
            "options": [
                {"title": "For a time", "members": ["for", "calendar", "at"], "by": ["for"]},
                {"title": "Until", "members": ["until", "at", "at_most"], "by": ["until"]},
            ],
        }
    },
}

STOP_SCHEMA: Mapping[str, Any] = {
    "title": "Stop",
    "type": "object",
    "properties": {
        "when": {
            "title": "Only if",
            "$ref": "#/$defs/expression",
            "description": "The run ends here if this is true, as things are then.",
            "x-editor": {"expects": "boolean", "change": True, "names": ["answer"]},
        },
        "message": {
            "title": "Said in the run",
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "Why it ends here.",
        },
    },
    "required": ["when"],
    "additionalProperties": False,
}


def _read_wait(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec, place = action["wait"], f"{pointer}/wait"
    if ("for" in spec) == ("until" in spec):
        _fault(reader, place, "A wait must have either `for` or `until`.", "Keep one of the two.")
        return None
    strangers = {"calendar"} if "until" in spec else {"at_most"}
    for name in sorted(strangers & spec.keys()):
        other = "for" if name == "calendar" else "until"
        hint = f"Remove `{name}`."
        _fault(reader, f"{place}/{name}", f"`{name}` is only possible with `{other}`.", hint)
        return None
    at = read_time(spec["at"]) if "at" in spec else None
    most = Offset.read(spec["at_most"]) if "at_most" in spec else None
    if "until" in spec:
        until = _until(reader, f"{place}/until", spec["until"], at)
        return None if until is None else Wait("wait", None, None, until, at, most)
    length = _length(reader, f"{place}/for", spec["for"])
    calendar = _calendar(reader, f"{place}/calendar", spec, length, at)
    return None if length is None else Wait("wait", length, calendar, None, at, most)


def _fault(reader: ActionReader, pointer: str, message: str, hint: str) -> None:
    reader.check.fault(pointer, "wait", message, hint)


def _length(reader: ActionReader, pointer: str, source: Any) -> Offset | Expression | None:
    try:
        offset = Offset.read(str(source).strip())
    except ValueError:
        compiled = reader.compile(pointer, source)
        if compiled is None or compiled.type.name in LENGTHS:
            return compiled
        hint = "Write 2h or 3d, hours(2), or a field that holds a duration."
        _fault(reader, pointer, f"`{source}` is not a length of time.", hint)
        return None
    if str(source).strip()[:1] in "+-" or offset.number == 0:
        _fault(reader, pointer, "A wait goes forward.", "Write a number above 0, such as 3d.")
        return None
    return offset


def _calendar(
    reader: ActionReader,
    pointer: str,
    spec: Mapping[str, Any],
    length: Offset | Expression | None,
    at: time | None,
) -> Calendar | None:
    if "calendar" not in spec:
        return None
    reader.check.reference(pointer, "calendar", spec["calendar"])
    dated = isinstance(length, Offset) and not length.by_clock
    if at is not None or dated or (isinstance(length, Expression) and _is_days(length)):
        hint = "Write hours or minutes, such as 8h, or remove `calendar`."
        _fault(reader, pointer, "Working time is counted in hours and minutes.", hint)
    return reader.check.draft.calendars.named.get(spec["calendar"])


def _is_days(length: Expression) -> bool:
    return length.type.name == types.DAYS.name


def _until(reader: ActionReader, pointer: str, source: Any, at: time | None) -> Expression | None:
    compiled = reader.compile(pointer, source)
    if compiled is None:
        return None
    if compiled.type.name not in UNTIL:
        hint = "Write a date field, a moment such as now() + hours(2), or a condition."
        _fault(reader, pointer, f"`{source}` is neither a date nor a condition.", hint)
        return None
    if at is not None and compiled.type.name == types.BOOLEAN.name:
        _fault(reader, pointer, "A condition has no time of day.", "Remove `at`.")
        return None
    return compiled


def _read_stop(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec = action["stop"]
    when = reader.condition(f"{pointer}/stop/when", spec["when"])
    return None if when is None else Stop("stop", when, spec.get("message", ""))


def resting(execution: Execution, wait: Wait, since: datetime) -> Rest:
    """How a wait that began then stands now."""
    if wait.until is None:
        due = _end_of(execution, wait, since)
        if due is None:
            return Rest(None, "The end of the wait lies outside of the calendar.")
        return Rest(due) if due > execution.acting.now else Rest(None, ended=due)
    return _condition(execution, wait, since)


def _end_of(execution: Execution, wait: Wait, since: datetime) -> datetime | None:
    zone = execution.acting.engine.clock.zone
    length = wait.length
    if isinstance(length, Offset):
        if wait.calendar is None:
            return moment_of(since, length, wait.at, zone)
        seconds = length.number * (3600 if length.unit == "h" else 60)
        return wait.calendar.add(since, seconds)
    assert length is not None
    value = evaluate(length, execution.environment)
    seconds = max(int(value or 0), 0)
    if wait.calendar is not None:
        return wait.calendar.add(since, seconds)
    if _is_days(length):
        return moment_of(since, Offset(seconds // 86400, "d"), wait.at, zone)
    try:
        return moment_of(since + timedelta(seconds=seconds), Offset(), wait.at, zone)
    except OverflowError:
        return None


def _condition(execution: Execution, wait: Wait, since: datetime) -> Rest:
    assert wait.until is not None
    now, zone = execution.acting.now, execution.acting.engine.clock.zone
    latest = since + LONGEST
    if wait.most is not None:
        latest = min(moment_of(since, wait.most, None, zone) or latest, latest)
    due = None
    if wait.until.type.name == types.BOOLEAN.name:
        if truth(wait.until, execution.environment):
            return Rest(None)
    else:
        value: date | datetime | None = evaluate(wait.until, execution.environment)
        due = None if value is None else moment_of(value, Offset(), wait.at, zone)
        if due is not None and due <= now:
            return Rest(None)
    if latest <= now:
        if wait.most is not None:
            return Rest(None)
        return Rest(None, f"It has waited for a year, which is the limit: {wait.until.source}")
    again = now + min(max((now - since) / 10, SOONEST), LATEST)
    return Rest(min(one for one in (due, latest, again) if one is not None))


def _wait(execution: Execution, at: int, action: Wait) -> None:
    rest = resting(execution, action, execution.moment)
    if rest.over and not rest.reason:
        execution.run.say("There was nothing to wait for any longer.")
        execution.moment = rest.ended or execution.moment
        return
    if rest.over:
        execution.run.say(rest.reason)
        execution.halt = Halt(STOPPED)
        return
    execution.run.say(_said(action))
    execution.halt = Halt(SLEEPING, due=rest.due)


def _said(action: Wait) -> str:
    if action.until is not None:
        return f"It waits until {action.until.source}."
    length = action.length
    words = length.source if isinstance(length, Expression) else length_words(length)
    return f"It waits for {words}{' of working time' if action.calendar else ''}."


_UNITS = {
    "min": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year",
}  # fmt: skip


def length_words(length: Offset | None) -> str:
    if length is None:
        return ""
    return f"{length.number} {_UNITS[length.unit]}{'' if length.number == 1 else 's'}"


def _stop(execution: Execution, at: int, action: Stop) -> None:
    if not truth(action.when, execution.environment):
        execution.run.say(f"It goes on: not {action.when.source}{seen(execution, action.when)}")
        return
    reason = action.message or action.when.source
    execution.run.say(f"It stops here: {reason}{seen(execution, action.when)}")
    execution.halt = Halt(STOPPED)


WAIT = ActionKind(
    "wait",
    "Wait",
    WAIT_SCHEMA,
    _read_wait,
    _wait,
    says="wait[ {for}][ until {until}]",
    halts=True,
    icon="clock",
)

STOP = ActionKind(
    "stop",
    "Stop if something is so",
    STOP_SCHEMA,
    _read_stop,
    _stop,
    says="stop if {when}",
    halts=True,
    icon="x",
)
