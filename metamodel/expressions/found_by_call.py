"""find_by(): the one record of an object type that has a value in a field."""

from __future__ import annotations

import ast

from metamodel.catalog import Field, ObjectType
from metamodel.expressions.fault_words import nearest, type_words
from metamodel.expressions.fitting import fit
from metamodel.expressions.nodes import FoundBy, Node
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.types import DATE, NUMBER, TEXT, record

_SOUGHT = (TEXT.name, NUMBER.name, DATE.name)


def found_by(checker: PartChecker, node: ast.Call) -> Node:
    """The typed node of a call."""
    syntax = checker.syntax
    if not checker.scope.change or checker.names.frame.depth:
        message = "find_by() works only in rules on created and changed records."
        hint = "Let such a rule store the record in a look-up, with `set`, and read that here."
        syntax.fail(node, message, hint)
    type_ = _object(checker, node.args[0])
    field = _field(checker, type_, node.args[1])
    checker.names.uses.add((type_.name, field.name))
    made = checker.check(node.args[2])
    value = checker.attempt(node.args[2], lambda: fit(made, field.type, checker.scope.zone))
    return FoundBy(type_.name, field.name, value, type=record(type_.name))


def _object(checker: PartChecker, node: ast.expr) -> ObjectType:
    objects = checker.scope.objects
    name = node.id if isinstance(node, ast.Name) else ""
    if name not in objects:
        hint = nearest(name, objects) or "Write find_by(member, email, address)."
        checker.syntax.fail(node, f"There is no object `{name}`.", hint)
    return objects[name]


def _field(checker: PartChecker, type_: ObjectType, node: ast.expr) -> Field:
    name = node.id if isinstance(node, ast.Name) else ""
    field = type_.fields.get(name) if checker.scope.shows(type_.name, name) else None
    if field is None or field.hidden:
        hint = nearest(name, [one for one in type_.fields if checker.scope.shows(type_.name, one)])
        checker.syntax.fail(node, f"`{name}` is not a field of {type_.name}.", hint)
    if field.type.name not in _SOUGHT or not field.stored or field.option("protected"):
        message = f"`{name}` is {type_words(field.type)}, by which no record is found."
        checker.syntax.fail(node, message, "Name a text, a number or a date that is stored.")
    return field
