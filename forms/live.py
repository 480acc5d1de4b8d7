"""Form logic for the browser: conditions that follow what is typed, as front/logic.js reads them.

What the form does not ask for is settled here, so that a page names no other field and no other
value. The server stays the judge of what is posted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from fluvial.pages.presenters import face_of
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.browser import ASK, Json, calendars_of, condition_of_form, value_of_form
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Moment, Node, Read, Root
from metamodel.expressions.python import run
from metamodel.expressions.reads import Reading, reads_of
from metamodel.expressions.types import BOOLEAN
from metamodel.storage import timestamp_wire

MOST_OF_CALENDARS = 40_000  # characters on a page

Readable = Callable[[Reading], bool]


@dataclass(eq=False)
class Live:
    """The conditions of one form, for one record."""

    session: Session
    type: ObjectType
    environment: RecordEnvironment
    asked: Collection[str]  # the fields whose inputs are on the page
    readable: Readable
    fields: dict[str, dict[str, Json]] = field(default_factory=dict)
    sections: dict[str, dict[str, Json]] = field(default_factory=dict)
    defaults: dict[str, Json] = field(default_factory=dict)

    def every(self, conditions: Iterable[Expression | None]) -> Json:
        """All of them: true, false, or what the browser is to evaluate."""
        made = [self._json(one) for one in conditions if one is not None]
        if False in made:
            return False
        left = [one for one in made if one is not True]
        return left[0] if len(left) == 1 else ["and", *left] if left else True

    def some(self, conditions: Iterable[Expression | None]) -> Json:
        made = [self._json(one) for one in conditions if one is not None]
        if True in made:
            return True
        left = [one for one in made if one is not False]
        return left[0] if len(left) == 1 else ["or", *left] if left else False

    def add_field(self, name: str, shown: Mapping[str, bool], **conditions: Json) -> None:
        """Note those conditions of a field that follow what is typed; `shown` is how it begins."""
        self._add(self.fields, name, shown, conditions)

    def add_section(self, name: str, shown: Mapping[str, bool], **conditions: Json) -> None:
        self._add(self.sections, name, shown, conditions)

    def add_default(self, field_: Field) -> None:
        """Note a default that follows what is typed, until somebody touches its field."""
        default = field_.default
        if default is None or field_.option("protected") or field_.name not in self.asked:
            return
        if not any(name in self.asked for name in _own(self._readings(default.tree))):
            return
        tree = ASK
        if face_of(field_).fills:
            objects = self.session.catalog.objects
            tree = value_of_form(
                default.tree, self.type.name, objects, self.asked, lambda node: self._fold(node)
            )
        self.defaults[field_.name] = tree

    def _add(
        self,
        to: dict[str, dict[str, Json]],
        name: str,
        shown: Mapping[str, bool],
        conditions: Mapping[str, Json],
    ) -> None:
        live = {word: tree for word, tree in conditions.items() if not isinstance(tree, bool)}
        if live:
            to[name] = {"if": live, "is": dict(shown)}

    def comes(self, name: str) -> bool:
        """Whether a field may come and go."""
        return "visible" in self.fields.get(name, {}).get("if", {})

    def section_comes(self, name: str) -> bool:
        return "visible" in self.sections.get(name, {}).get("if", {})

    def json(self, ask: str = "", record: str = "", *, optional: bool = False) -> Json | None:
        """What the page carries; nothing where nothing follows."""
        if not (self.fields or self.sections or self.defaults):
            return None
        return {
            "fields": self.fields,
            "sections": self.sections,
            "defaults": self.defaults,
            "calendars": self._calendars(),
            "ask": ask,  # where the server says what the browser cannot
            "record": record,
            "note": "optional" if optional else "needed",
            "now": timestamp_wire(self.session.now),
            "zone": str(self.session.engine.clock.zone),
        }

    def _calendars(self) -> dict[str, Json]:
        """The calendars that the browser needs; what a page has no room for the server is asked."""
        trees = [tree for rule in (*self.fields.values(), *self.sections.values())
                 for tree in rule["if"].values()]  # fmt: skip
        named = self.session.catalog.calendars.named
        found: dict[str, Json] = {}
        room = MOST_OF_CALENDARS
        asked = (name for tree in (*trees, *self.defaults.values()) for name in calendars_of(tree))
        for name in dict.fromkeys(asked):
            room -= len(named[name].text)
            if room >= 0:
                found[name] = orjson.loads(named[name].text)
        return found

    def _json(self, condition: Expression) -> Json:
        objects = self.session.catalog.objects
        return condition_of_form(
            condition.tree, self.type.name, objects, self.asked, lambda node: self._fold(node)
        )

    def _fold(self, node: Node) -> tuple[bool, Any]:
        """The value of a part that nothing on the form can change, if it may be told."""
        if isinstance(node, Read) and node.root is Root.ME and not node.path:
            return True, self.session.actor.id
        if node.type.name != BOOLEAN.name and any(isinstance(n, Moment) for n in node.walk()):
            return False, None
        readings = self._readings(node)
        if any(one in self.asked for one in _own(readings)):
            return False, None
        if not readings or not all(map(self.readable, readings)):
            return False, None
        return True, run(node, self.environment)

    def _readings(self, node: Node) -> set[Reading]:
        """What it reads, also by formulas of the record itself."""
        objects = self.session.catalog.objects
        found: set[Reading] = set()
        waiting = [node]
        seen: set[str] = set()
        while waiting:
            for one in reads_of(waiting.pop(), self.type.name, objects):
                found.add(one)
                formula = None
                if one.root is Root.ROW and not one.steps and one.field not in seen:
                    seen.add(one.field)
                    formula = self.type.fields[one.field].formula
                if formula is not None:
                    waiting.append(formula.tree)
        return found


def _own(readings: Iterable[Reading]) -> set[str]:
    """The fields of the record itself with which the readings begin."""
    own = set()
    for one in readings:
        first = one.steps[0] if one.steps else None
        if one.root is Root.ROW and (first is None or not (first.backward or first.target)):
            own.add(one.field if first is None else first.field)
    return own
