"""What the kinds of action read their documents with: expressions, values and records to change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from metamodel.catalog import Field, ObjectType
from metamodel.checks import DocumentCheck, target_of
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Collection, Read, Root
from metamodel.expressions.types import Type

from .model import GatheredRows, Trigger

_TEXTS = re.compile(r"('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")", re.DOTALL)


@dataclass(frozen=True)
class ActionReader:
    """One place of a rule's actions: what the expressions there may name.

    Bare names are the fields of `object`, then `names`: what earlier actions made, by the name
    that they gave it. `record` is another object where the rule's record is not at hand.
    """

    check: DocumentCheck
    trigger: Trigger
    before: bool  # it runs before the save
    object: str | None = None
    record: str | None = None
    change: bool = False  # one can ask about the change
    names: Mapping[str, Type] = field(default_factory=dict)
    # Names with a dot, such as period.from, and the names that stand for them: of one length.
    dotted: Mapping[str, str] = field(default_factory=dict)
    # Names of what there are none, one or several of: an action that names one is done for each
    # of them. True where there may be more than one.
    several: Mapping[str, bool] = field(default_factory=dict)
    spread: set[str] = field(default_factory=set)  # those that the action at hand has named

    @property
    def type(self) -> ObjectType | None:
        """The object type of the rule's record."""
        return self.check.objects.get(self.trigger.object)

    def about(self, object: str) -> ActionReader:
        """Where bare names are those of other records, and `record` is that of the rule."""
        return replace(self, object=object, record=self.trigger.object or None, change=False)

    def naming(self, **names: Type) -> ActionReader:
        """With more names: what an action has made."""
        return replace(self, names={**self.names, **names})

    def spreading(self, name: str, many: bool) -> ActionReader:
        """Where there is nothing, one or, if `many`, several of what has the name."""
        return replace(self, several={**self.several, name: many})

    def fresh(self) -> ActionReader:
        """For another action: it has named nothing yet."""
        return replace(self, spread=set())

    def for_rows(self, rows: GatheredRows) -> ActionReader:
        """Where records are made of rows: of each, or of the groups that they make."""
        if rows.group is None:
            return self.about(rows.object)
        keys = {name: key.type for name, key in rows.group.items()}
        return self.naming(rows=types.records(rows.object)).naming_within("group", keys)

    def naming_within(self, of: str, names: Mapping[str, Type]) -> ActionReader:
        """With names that have a dot: `of` is the word before it."""
        made = {undotted(of, name): type for name, type in names.items()}
        dotted = {one: own for one, own in self.dotted.items() if not one.startswith(f"{of}.")}
        dotted |= {f"{of}.{name}": undotted(of, name) for name in names}
        return replace(self, names={**self.names, **made}, dotted=dotted)

    def compile(self, pointer: str, source: Any, expect: Type | None = None) -> Expression | None:
        """The expression of a value; a fault, and nothing, where it is not valid."""
        text, faults = text_of(source), self.check.draft.faults
        known = len(faults)
        compiled = self.check.compile(
            pointer,
            self._undotted(text),
            self.object,
            names=self.names,
            change=self.change,
            record=self.record,
            expect=expect,
        )
        faults[known:] = [
            replace(one, message=self._as_written(one.message), hint=self._as_written(one.hint))
            for one in faults[known:]
        ]
        if compiled is None:
            return None
        named = self._named(pointer, compiled)
        if named is None:
            return None
        self.spread.update(named & self.several.keys())
        return replace(compiled, source=text)

    def _named(self, pointer: str, compiled: Expression) -> set[str] | None:
        """The names that it uses; a fault where one of them is a field of the records, too."""
        found = set[str]()
        for node in compiled.tree.walk():
            if not isinstance(node, (Read, Collection)):
                continue
            first = node.path[0] if node.path else getattr(node, "name", "")
            if node.root is Root.ROW and first in self.names:
                self.check.fault(
                    pointer,
                    "name_taken",
                    f"`{first}` is a field here, and the name of what is made.",
                    "Give what is made another name, with `as`.",
                )
                return None
            if node.root is Root.NAME:
                found.add(first)
        return found

    def condition(self, pointer: str, source: str) -> Expression | None:
        return self.compile(pointer, source, types.BOOLEAN)

    def written(self, name: str) -> str:
        """A name as documents write it."""
        return next((dotted for dotted, short in self.dotted.items() if short == name), name)

    def path(self, text: str) -> tuple[str, ...]:
        """The names of a path that may begin with what was asked for."""
        for dotted, short in self.dotted.items():
            if text == dotted or text.startswith(f"{dotted}."):
                text = f"{short}{text.removeprefix(dotted)}"
        return tuple(text.split("."))

    def _as_written(self, words: str) -> str:
        for name, short in self.dotted.items():
            words = words.replace(short, name)
        return words

    def _undotted(self, source: str) -> str:
        """The text with names that have no dot, each part in its place."""
        if not self.dotted:
            return source
        found = "|".join(re.escape(one) for one in sorted(self.dotted, key=len, reverse=True))
        pattern = re.compile(rf"(?<![\w.])({found})(?!\w)")
        parts = _TEXTS.split(source)
        parts[::2] = [pattern.sub(lambda one: self.dotted[one[0]], part) for part in parts[::2]]
        return "".join(parts)

    def values(
        self, pointer: str, type_: ObjectType, values: Mapping[str, Any]
    ) -> dict[str, Expression]:
        """Values for fields of an object type; faults for fields that nobody sets."""
        found: dict[str, Expression] = {}
        for name, source in values.items():
            place = f"{pointer}/{name}"
            known = self.check.field(place, type_, name)
            if known is None or not self.writable(place, known):
                continue
            compiled = self.compile(place, source, known.type)
            if compiled is not None:
                found[name] = compiled
        return found

    def writable(self, pointer: str, field: Field) -> bool:
        if field.writable:
            return True
        self.check.fault(
            pointer,
            "read_only",
            f"{field.label} is set by the system.",
            f"Remove `{field.name}`.",
        )
        return False

    def body(self, pointer: str, value: Any) -> Any:
        """Expressions in objects and lists, in their places."""
        if isinstance(value, Mapping):
            return {name: self.body(f"{pointer}/{name}", one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.body(f"{pointer}/{at}", one) for at, one in enumerate(value)]
        return self.compile(pointer, value)

    def target(self, pointer: str, each: tuple[str, ...]) -> ObjectType | None:
        """The object type at the end of a path of look-ups and collections.

        The path begins at the rule's record, or at what an earlier action has made.
        """
        type_, path = self.type, each
        named = self.names.get(each[0]) if each else None
        if named is not None and named.objects:
            type_, path = self.check.objects.get(named.objects[0]), each[1:]
        if type_ is None:
            self.check.fault(
                pointer.removesuffix("/each"),
                "no_record",
                "This rule does not handle a record, so there is nothing to change.",
                "Name an `object` in `on`.",
            )
            return None
        for at, name in enumerate(path):
            last = at == len(path) - 1
            inverse = type_.inverses.get(name)
            if inverse is not None:
                self.check.uses(pointer, f"{inverse.source}.{inverse.field}")
                type_ = self.check.objects[inverse.source]
                continue
            found = self.check.field(pointer, type_, name)
            if found is None:
                return None
            many = found.type.name == types.RECORDS.name
            target = found.targets[0] if many and last else target_of(found)
            if target not in self.check.objects:
                self.check.fault(
                    pointer,
                    "not_a_lookup",
                    f"`{name}` does not lead to records of one object.",
                    "Write look-ups and collections: member.loans.",
                )
                return None
            type_ = self.check.objects[target]
        return type_


def undotted(of: str, name: str) -> str:
    """What `of.name` is called where names have no dot: as long as it is."""
    return f"{of}.{name}".replace(".", "_")


def text_of(value: Any) -> str:
    """The expression of a plain value: numbers, true and false need no quotes in YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
