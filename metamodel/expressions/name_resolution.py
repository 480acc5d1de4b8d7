"""What a name means: fields, inverses, look-ups, `me` and `record`."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import NoReturn

from metamodel.catalog import ObjectType
from metamodel.expressions.fault_words import nearest, path_words, type_words
from metamodel.expressions.functions import FUNCTIONS, PARTS
from metamodel.expressions.nodes import (
    And,
    Collection,
    Compare,
    Decide,
    Empty,
    Gather,
    Literal,
    Moment,
    Node,
    Or,
    Part,
    Read,
    Recast,
    Root,
)
from metamodel.expressions.scope import USER, Scope
from metamodel.expressions.syntax import CONSTANTS, MAX_HOPS, Syntax
from metamodel.expressions.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    NULL,
    PERSON,
    RECORD,
    RECORDS,
    TEXT,
    Type,
    number,
    record,
)

IN_FORCE = "in_force"
# What everybody knows of themselves, whether or not they may read people.
OWN = ("name", "email", "roles", "groups", "teams")

_PARTS: dict[str, dict[str, Type]] = {}
for _part in PARTS:
    _PARTS.setdefault(_part.of.name, {})[_part.name] = _part.gives


@dataclass(frozen=True)
class Frame:
    """One level of names: the outermost, or that of a collection."""

    object: ObjectType | None
    depth: int = 0


class NameResolver:
    """Resolves names against a scope and notes which fields are used."""

    def __init__(self, syntax: Syntax, scope: Scope) -> None:
        self.syntax = syntax
        self.scope = scope
        self.uses: set[tuple[str, str]] = set()
        self.decisions: set[str] = set()
        self.frame = Frame(scope.objects[scope.object] if scope.object else None)

    def name(self, node: ast.Name) -> Node:
        place = self.syntax.place(node)
        if node.id in CONSTANTS:
            value = CONSTANTS[node.id]
            return Literal(value, False, type=NULL if value is None else BOOLEAN, place=place)
        if node.id == "me":
            if USER not in self.scope.objects:
                self.syntax.fail(node, "`me` is not available here.")
            return Read(Root.ME, USER, (), type=record(USER), place=place)
        if node.id == "record":
            return self._record(node)
        found = None
        if self.frame.object is not None:
            found = self._field(Root.ROW, self.frame.object, (), node.id)
        if found is None and node.id in self.scope.names:
            found = _named(node.id, self.scope.names[node.id])
        if found is None:
            self._unknown(node)
        return replace(found, place=place)

    def _record(self, node: ast.Name) -> Node:
        object = self.scope.record or self.scope.object
        if object is None:
            self.syntax.fail(node, "`record` is not available here.")
        root = Root.RECORD if self.scope.record or self.frame.depth else Root.ROW
        return Read(root, object, (), type=record(object), place=self.syntax.place(node))

    def _unknown(self, node: ast.Name) -> NoReturn:
        known = [*self.scope.names, "me", "record"]
        where = ""
        if self.frame.object is not None:
            known += self._members(self.frame.object)
            where = f" of {self.frame.object.name}"
        if node.id in FUNCTIONS:
            hint = f"Call it: {FUNCTIONS[node.id].usage}."
        else:
            hint = nearest(node.id, known)
        self.syntax.fail(node, f"`{node.id}` is not a field{where}.", hint)

    def _members(self, object: ObjectType) -> list[str]:
        shown = [name for name in object.fields if self.scope.shows(object.name, name)]
        return shown + [
            name for name, one in object.inverses.items() if self.scope.shows(one.source, one.field)
        ]

    def dotted(self, node: ast.Attribute) -> Node | None:
        """A name of the scope that has a dot itself, such as asked.note."""
        name = f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else ""
        if name not in self.scope.names:
            return None
        type, place = self.scope.names[name], self.syntax.place(node)
        return Read(Root.NAME, _object_of(type), (name,), type=type, place=place)

    def member(self, operand: Node, node: ast.Attribute) -> Node:
        """A part of a value, or a field of the record that a look-up points to."""
        place = self.syntax.place(node)
        if operand.type.open and isinstance(operand, Read):
            if len(operand.path) > MAX_HOPS:
                self.syntax.fail(node, f"A path can follow at most {MAX_HOPS} names.")
            given = replace(TEXT, open=True)
            return Read(operand.root, "", (*operand.path, node.attr), type=given, place=place)
        parts = _PARTS.get(operand.type.name, {})
        if node.attr in parts:
            type = parts[node.attr]
            if node.attr == "name":
                return Recast(operand, type=TEXT, place=place)
            if node.attr == "amount":
                type = number(operand.type.scale)
            return Part(operand, node.attr, type=type, place=place)
        if parts:
            self.syntax.fail(
                node,
                f"`{node.attr}` is not a part of {type_words(operand.type)}.",
                nearest(node.attr, parts),
            )
        leaf = _leaf(operand)
        object = self._target(leaf, node)
        assert isinstance(leaf, Read)
        found = self._behind(leaf, object, node)
        if leaf is not operand:
            found = self._deepened(operand, found, node)
        return replace(found, place=place)

    def _behind(self, operand: Read, object: ObjectType, node: ast.Attribute) -> Node:
        """A field of the record that a path leads to."""
        if len(operand.path) > MAX_HOPS:
            self.syntax.fail(node, f"A path can follow at most {MAX_HOPS} look-ups.")
        if node.attr == "id" and operand.type.name == RECORD.name:
            return operand
        found = self._field(operand.root, object, operand.path, node.attr)
        if found is None:
            self.syntax.fail(
                node,
                f"`{node.attr}` is not a field of {object.name}.",
                nearest(node.attr, self._members(object)),
            )
        return found

    def _deepened(self, operand: Node, found: Node, node: ast.Attribute) -> Node:
        """A field of the one record that a function has picked."""
        if found.type.name == RECORDS.name:
            self.syntax.fail(
                node,
                f"`{node.attr}` is a collection of a record that is picked here.",
                "Give the record a calculated field of its own, and ask that for its collection.",
            )
        if isinstance(operand, Decide):
            return replace(operand, rows=replace(operand.rows, item=found), type=found.type)
        assert isinstance(operand, Gather)
        return replace(operand, item=found, type=found.type)

    def _target(self, operand: Node, node: ast.Attribute) -> ObjectType:
        """The object type whose fields the operand has."""
        words = type_words(operand.type)
        if operand.type.name == RECORDS.name:
            words = f"`{path_words(operand)}`" if isinstance(operand, Collection) else words
            self.syntax.fail(
                node,
                f"{words} is a collection, so it has no `{node.attr}`.",
                "Use a function such as exists(...), count(...) or sum(...).",
            )
        objects = operand.type.objects
        if operand.type.name == PERSON.name:
            objects = (USER,) if USER in objects else objects
        elif operand.type.name != RECORD.name:
            self.syntax.fail(node, f"This is {words} and has no `{node.attr}`.")
        if (
            not isinstance(operand, Read)
            or len(objects) != 1
            or objects[0] not in self.scope.objects
        ):
            self.syntax.fail(
                node,
                f"The fields of {words} cannot be read here.",
                "Follow a look-up to one object.",
            )
        return self.scope.objects[objects[0]]

    def _field(
        self, root: Root, object: ObjectType, path: tuple[str, ...], name: str
    ) -> Node | None:
        if name == "id":
            return Read(root, object.name, path, type=record(object.name))
        field = object.fields.get(name)
        if field is None:
            return self._inverse(root, object, path, name)
        own = root is Root.ME and not path and name in OWN
        if not own and not self.scope.shows(object.name, name):
            return None
        self.uses.add((object.name, name))
        if name == IN_FORCE and object.dated is not None:
            return self._in_force(root, object, path)
        if field.type.name == RECORDS.name:
            (source,) = field.type.objects
            return Collection(root, object.name, path, name, source, None, type=field.type)
        return Read(root, object.name, (*path, name), type=field.type)

    def _inverse(
        self, root: Root, object: ObjectType, path: tuple[str, ...], name: str
    ) -> Node | None:
        inverse = object.inverses.get(name)
        if inverse is None or not self.scope.shows(inverse.source, inverse.field):
            return None
        self.uses.add((inverse.source, inverse.field))
        type = Type(RECORDS.name, (inverse.source,))
        return Collection(root, object.name, path, name, inverse.source, inverse.field, type=type)

    def _in_force(self, root: Root, object: ObjectType, path: tuple[str, ...]) -> Node:
        """From its first day on, until the day on which it ends."""
        assert object.dated is not None
        ends = []
        for name in (object.dated.from_, object.dated.until):
            self.uses.add((object.name, name))
            ends.append(Read(root, object.name, (*path, name), type=object.fields[name].type))
        start, until = ends
        present = Moment(type=DATE if start.type.name == DATE.name else DATETIME)
        return And(
            (
                Compare("<=", start, present),
                Or((Empty(until), Compare(">", until, present))),
            )
        )


def _leaf(node: Node) -> Node:
    """What a path goes on from: of a record that a function has picked, its own path."""
    if isinstance(node, Decide):
        return node.rows.item
    picked = isinstance(node, Gather) and node.function in ("find", "first", "last")
    if picked and isinstance(node, Gather) and isinstance(node.item, Read):
        return node.item
    return node


def _named(name: str, type: Type) -> Node:
    if type.name == RECORDS.name:
        return Collection(Root.NAME, "", (), name, _object_of(type), None, type=type)
    return Read(Root.NAME, _object_of(type), (name,), type=type)


def _object_of(type: Type) -> str:
    return type.objects[0] if len(type.objects) == 1 else ""
