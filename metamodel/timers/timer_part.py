"""Timers of an object document: their schema, their faults, and what is compiled of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from metamodel.catalog import Key, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Choose, Coalesce, Literal, Node
from metamodel.expressions.python import Environment, evaluate
from metamodel.folding import humanise, label_text, listed, nearest
from metamodel.object_check import fill
from metamodel.object_parts import Body, MadeField, ObjectPart
from metamodel.object_types import items

from .timer import DUE, LEFT, MET_AT, RUN, STATE, Timer, specs_of

MOST_TIMERS = 12
MOST_LETTERS = 30  # of a name, so that the fields it makes have names as well

_STATES: Mapping[str, Any] = {
    "title": "In the states",
    "type": "array",
    "items": {
        "$ref": "#/$defs/name",
        "x-editor": {"is": "option", "field": "/states/field", "one": "a state"},
    },
    "minItems": 1,
    "uniqueItems": True,
    "x-upgrade": "merge_by_key",
}

SCHEMA: Mapping[str, Any] = {
    "x-upgrade": "merge_by_key",
    "type": "array",
    "maxItems": MOST_TIMERS,
    "items": {
        "type": "object",
        "properties": {
            "name": {"$ref": "#/$defs/name", "maxLength": MOST_LETTERS},
            "label": {"$ref": "#/$defs/label"},
            "starts": {
                "title": "Starts at",
                "$ref": "#/$defs/expression",
                "description": "A date and time; while it is empty, the timer does not run.",
                "x-editor": {"expects": "datetime"},
            },
            "target": {
                "title": "Target",
                "$ref": "#/$defs/expression",
                "description": "How long it may take: a duration; while it is empty, the timer "
                "does not run.",
                "x-editor": {"expects": "duration"},
            },
            "calendar": {
                "title": "Calendar",
                "$ref": "#/$defs/expression",
                "description": "The name of the calendar by whose hours it counts; while it is "
                "empty, it runs day and night.",
                "x-editor": {"expects": "text"},
            },
            "stops": {
                "title": "Stopped",
                "type": "object",
                "properties": {
                    "states": _STATES,
                    "when": {
                        "title": "When this is true",
                        "$ref": "#/$defs/expression",
                        "x-editor": {"expects": "boolean"},
                    },
                },
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "description": "What ends it: states of the record, or a condition.",
            },
            "pauses": {
                "title": "Paused",
                "type": "object",
                "properties": {"states": _STATES},
                "required": ["states"],
                "additionalProperties": False,
                "description": "The states in which it stands still.",
                "x-editor": {"more": True},
            },
            "thresholds": {
                "title": "Thresholds in percent",
                "type": "array",
                "items": {"type": "integer", "minimum": 1, "maximum": 1000},
                "uniqueItems": True,
                "maxItems": 10,
                "description": "Percentages of the target at which rules may run.",
                "x-editor": {"more": True},
            },
        },
        "required": ["name", "starts", "stops", "target"],
        "additionalProperties": False,
        "x-editor": {"one": "a timer"},
    },
    "description": "Clocks of a record that pause and warn. Each makes the fields `NAME_due`, "
    "`NAME_state` and `NAME_met`.",
    "x-editor": {"more": True},
}


def _label(spec: Mapping[str, Any]) -> str:
    return label_text(spec.get("label", humanise(spec["name"])))


def _fields(body: Body) -> Iterator[MadeField]:
    for at, spec in items(body, "timers"):
        for of, made in specs_of(spec["name"], _label(spec)).items():
            hidden = of in (LEFT, RUN)
            yield MadeField(made, spec["name"], f"/timers/{at}/name", hidden=hidden)


def _compile(body: Body, object: ObjectType, check: DocumentCheck) -> tuple[Timer, ...]:
    check.names("/timers", (one and one["name"] for one in body["timers"]), "timer")
    found: dict[str, Timer] = {}
    for at, spec in items(body, "timers"):
        timer = _Compiling(f"/timers/{at}", spec, object, check).timer()
        if timer is not None:
            found.setdefault(timer.name, timer)
    # By which workers find those whose moment has come, and lists what is due next.
    keys = (Key((timer.field(STATE), timer.field(DUE)), False) for timer in found.values())
    fill(object, keys=(*object.keys, *keys))
    return tuple(found.values())


class _Compiling:
    """One timer of a document on its way into the catalog."""

    def __init__(
        self, pointer: str, spec: Mapping[str, Any], object: ObjectType, check: DocumentCheck
    ) -> None:
        self.pointer = pointer
        self.spec = spec
        self.object = object
        self.check = check

    def timer(self) -> Timer | None:
        spec, stops = self.spec, self.spec["stops"]
        starts = self._expression("starts", types.DATETIME)
        target = self._target()
        calendar = self._calendar() if "calendar" in spec else None
        stopping = self._states("stops/states", stops.get("states", ()))
        pausing = self._states("pauses/states", spec.get("pauses", {}).get("states", ()))
        when = self._expression("stops/when", types.BOOLEAN) if "when" in stops else None
        logged = self.object.states.field if self.object.states is not None else ""
        state = self._state_field(logged) if stopping or pausing else None
        both = sorted(stopping & pausing)
        if both:
            message = f"`{both[0]}` cannot both stop and pause a timer."
            self._fault("pauses/states", "overlap", message, "Remove it from one of the two.")
        if starts is None or target is None or ("when" in stops and when is None):
            return None
        timer = Timer(
            name=spec["name"],
            label=_label(spec),
            starts=starts,
            target=target,
            calendar=calendar,
            state_field=logged if state is not None else "",
            stops=stopping,
            stops_when=when,
            pauses=pausing,
            thresholds=tuple(sorted(spec.get("thresholds", ()))),
        )
        self._fill(timer, [one for one in (starts, target, calendar, when, state) if one])
        return timer

    def _fill(self, timer: Timer, worked: list[Expression]) -> None:
        """Tell the fields that it makes what they are worked out from."""
        due = timer.field(DUE)
        made = {}
        for of in (DUE, STATE, MET_AT, LEFT, RUN):
            known = self.object.fields.get(timer.field(of))
            if known is None or known.made_by != f"timers/{timer.name}":
                return  # its name is taken, which is a fault of its own
            made[of] = known
            fill(known, **({"worked": tuple(worked)} if of == DUE else {"along": due}))
        fill(timer, made=made)

    def _fault(self, option: str, code: str, message: str, hint: str) -> None:
        self.check.fault(f"{self.pointer}/{option}", code, message, hint)

    def _expression(
        self, option: str, expect: types.Type | None = None, source: str = ""
    ) -> Expression | None:
        found: Any = self.spec
        for step in option.split("/"):
            found = found[step]
        compiled = self.check.compile(
            f"{self.pointer}/{option}", source or found, self.object.name, expect=expect
        )
        if compiled is None:
            return None
        if compiled.timed or compiled.personal:
            depends = "the present time" if compiled.timed else "who is signed in"
            message = f"A timer cannot depend on {depends}: {compiled.source}"
            self._fault(option, "not_lasting", message, "Name values of records instead.")
            return None
        return compiled

    def _state_field(self, logged: str) -> Expression | None:
        return self.check.compile(f"{self.pointer}/stops", logged, self.object.name)

    def _states(self, option: str, names: list[str]) -> frozenset[str]:
        if not names:
            return frozenset()
        states = self.object.states
        if states is None:
            message = f"{self.object.label} has no states."
            hint = "Add `states` to the object, or write `stops: {when: ...}`."
            self._fault(option, "no_states", message, hint)
            return frozenset()
        known = [option.name for option in self.object.fields[states.field].type.options]
        for at, name in enumerate(names):
            if name not in known:
                hint = nearest(name, known) or f"Use one of {listed(known)}."
                message = f"`{name}` is not a state of {self.object.label}."
                self._fault(f"{option}/{at}", "not_an_option", message, hint)
        return frozenset(names) & frozenset(known)

    def _target(self) -> Expression | None:
        compiled = self._expression("target")
        if compiled is None:
            return None
        if compiled.type.name not in (types.DURATION.name, types.DAYS.name):
            message = f"The target is not a duration: {compiled.source}"
            hint = "Write hours(4), days(2) or a field of kind duration."
            self._fault("target", "not_a_duration", message, hint)
            return None
        if not compiled.uses and not compiled.collects:
            fixed = evaluate(compiled, cast(Environment, None))
            if fixed is None or fixed < 0:
                said = "empty" if fixed is None else "negative"
                message = f"The target is {said}: {compiled.source}"
                self._fault("target", "not_a_target", message, "Write a duration such as hours(4).")
                return None
        return compiled

    def _calendar(self) -> Expression | None:
        compiled = self._expression("calendar")
        if compiled is None:
            return None
        if compiled.type.name not in (types.TEXT.name, types.CHOICE.name):
            message = f"This does not give the name of a calendar: {compiled.source}"
            hint = "Write its name in quotes, or a field that holds the name."
            self._fault("calendar", "not_a_calendar", message, hint)
            return None
        named = [*_written(compiled.tree)]
        named += [option.name for option in compiled.type.options if not option.retired]
        known = self.check.draft.calendars.named
        for name in dict.fromkeys(named):
            if name in known:
                self.check.uses(f"{self.pointer}/calendar", f"calendar/{name}")
                continue
            hint = nearest(name, known) or "Define it in calendars/."
            self._fault("calendar", "unknown_calendar", f"There is no calendar `{name}`.", hint)
        return compiled


def _written(node: Node) -> Iterator[str]:
    """The texts that an expression may give as they stand in it."""
    if isinstance(node, Literal) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, Choose):
        yield from _written(node.then)
        yield from _written(node.otherwise)
    elif isinstance(node, Coalesce):
        for item in node.items:
            yield from _written(item)


TIMERS: ObjectPart[tuple[Timer, ...]] = ObjectPart(
    "timers",
    schema=SCHEMA,
    compile=_compile,
    fields=_fields,
    removable={"/timers/*": "/timers/*"},
)
