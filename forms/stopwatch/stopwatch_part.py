"""The stopwatch of an object document: its schema, its faults, and what is compiled of it.

A running stopwatch is a record that has begun and not ended. Nothing else is kept, so that it runs
on when the browser is closed and everybody who reads the record sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metamodel.catalog import Field, Key, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions import types
from metamodel.expressions.types import Type
from metamodel.object_check import fill
from metamodel.object_parts import Body, ObjectPart

MOST_SUBJECTS = 10
MOST_ASKED = 8


def _named(title: str, about: str) -> Mapping[str, Any]:
    return {
        "title": title,
        "$ref": "#/$defs/name",
        "description": about,
        "x-editor": {"is": "field"},
    }


def _list(title: str, about: str, most: int) -> Mapping[str, Any]:
    return {
        "title": title,
        "x-upgrade": "merge_by_key",
        "type": "array",
        "items": {"$ref": "#/$defs/name", "x-editor": {"is": "field", "one": "a field"}},
        "uniqueItems": True,
        "maxItems": most,
        "description": about,
    }


SCHEMA: Mapping[str, Any] = {
    "title": "Stopwatch",
    "x-upgrade": "site_wins",
    "type": "object",
    "properties": {
        "starts": _named("Started", "A date with time: when somebody pressed Start."),
        "ends": _named("Ended", "A date with time; while it is empty, the stopwatch runs."),
        "person": {
            "title": "Whose",
            "$ref": "#/$defs/path",
            "description": "Whose stopwatch it is: a person, or that of a look-up such as "
            "member.user. One runs for each.",
            "x-editor": {"is": "path"},
        },
        "length": _named("Length", "A duration that is asked for at the end, and filled in."),
        "for": _list(
            "Started on",
            "Look-ups: the records that they may name offer Start on their pages.",
            MOST_SUBJECTS,
        ),
        "asks": _list("Asked at the end", "Fields that are asked for beside it.", MOST_ASKED),
    },
    "required": ["starts", "ends", "person"],
    "additionalProperties": False,
    "description": "Records of this object are time that a person takes with a stopwatch.",
    "x-editor": {"more": True},
}


@dataclass(frozen=True, eq=False)
class Stopwatch:
    """The stopwatch of an object type."""

    starts: str
    ends: str
    person: str  # a path
    length: str
    subjects: tuple[str, ...]
    asks: tuple[str, ...]

    @property
    def owner(self) -> str:
        """The field that says whose a record is, or by whom."""
        return self.person.partition(".")[0]

    @property
    def fields(self) -> Iterator[str]:
        """What somebody has to see to see it run."""
        yield from filter(None, (self.starts, self.ends, self.length, self.owner))

    @property
    def running(self) -> str:
        """The condition of the records that run now."""
        parts = [f"{self.ends} == null"]
        parts += [f"{self.length} == null"] if self.length else []
        return " and ".join((f"{self.starts} != null", *parts))

    def runs(self, values: Mapping[str, Any]) -> bool:
        """Whether a record with these values runs."""
        length = values.get(self.length) if self.length else None
        return values[self.starts] is not None and values[self.ends] is None and length is None


def _compile(body: Body, object: ObjectType, check: DocumentCheck) -> Stopwatch | None:
    spec = body["stopwatch"]
    of = _Compiling(object, check)
    found = [of.own(name, spec[name], types.DATETIME) for name in ("starts", "ends")]
    if "length" in spec:
        found.append(of.own("length", spec["length"], types.DURATION))
    if spec["starts"] == spec["ends"]:
        of.fault("ends", "twice", "It starts and ends by one field.", "Name two fields.")
    person = of.person(spec["person"])
    for at, name in enumerate(spec.get("for", ())):
        of.subject(f"for/{at}", name)
    taken = {spec["starts"], spec["ends"], spec.get("length")}
    for at, name in enumerate(spec.get("asks", ())):
        of.asked(f"asks/{at}", name, taken)
    if None in found or not person:
        return None
    # By which those that run are found, on the pages of whoever is signed in.
    fill(object, keys=(*object.keys, Key((spec["ends"], spec["starts"]), False)))
    return Stopwatch(
        spec["starts"],
        spec["ends"],
        spec["person"],
        spec.get("length", ""),
        tuple(spec.get("for", ())),
        tuple(spec.get("asks", ())),
    )


class _Compiling:
    """The fields of a stopwatch, looked up one by one."""

    def __init__(self, object: ObjectType, check: DocumentCheck) -> None:
        self.object = object
        self.check = check

    def fault(self, place: str, code: str, message: str, hint: str) -> None:
        self.check.fault(f"/stopwatch/{place}", code, message, hint)

    def own(self, place: str, name: str, wanted: Type) -> Field | None:
        field = self._field(place, name)
        if field is not None and field.type.name != wanted.name:
            said = "a date with time" if wanted is types.DATETIME else "a duration"
            self.fault(place, "wrong_kind", f"`{name}` is not {said}.", f"Name {said}.")
            return None
        return field

    def _field(self, place: str, name: str) -> Field | None:
        field = self.check.field(f"/stopwatch/{place}", self.object, name)
        if field is not None and (not field.writable or field.system):
            message = f"Nobody can write `{name}`, so the stopwatch cannot either."
            self.fault(place, "not_writable", message, "Name a field that people can fill in.")
            return None
        return field

    def person(self, path: str) -> bool:
        if path.count(".") > 1:
            message = f"`{path}` leads through more than one look-up."
            self.fault("person", "too_far", message, "Name a person, or that of one look-up.")
            return False
        field = self.check.path("/stopwatch/person", self.object, path)
        if field is None:
            return False
        if not field.type.people or field.many:
            message = f"`{path}` does not say who it is: it is not a field of one person."
            self.fault("person", "not_a_person", message, "Name a field of kind person.")
            return False
        return self._field("person", path.partition(".")[0]) is not None

    def subject(self, place: str, name: str) -> None:
        field = self._field(place, name)
        if field is not None and (not field.to or field.many or field.type.people):
            message = f"`{name}` is not a look-up of one object."
            self.fault(place, "not_a_lookup", message, "Name a field of kind lookup.")

    def asked(self, place: str, name: str, taken: set[Any]) -> None:
        if name in taken:
            message = f"`{name}` is filled in by the stopwatch itself."
            self.fault(place, "asked_anyway", message, "Remove it here.")
            return
        self._field(place, name)


STOPWATCH: ObjectPart[Stopwatch] = ObjectPart(
    "stopwatch",
    SCHEMA,
    _compile,
    removable={
        "/stopwatch/starts": "/stopwatch",
        "/stopwatch/ends": "/stopwatch",
        "/stopwatch/person": "/stopwatch",
        "/stopwatch/length": "/stopwatch/length",
        "/stopwatch/for/*": "/stopwatch/for/*",
        "/stopwatch/asks/*": "/stopwatch/asks/*",
    },
)
