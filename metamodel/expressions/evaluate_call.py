"""evaluate(): the value of the expression that a field holds, for the record at hand."""

from __future__ import annotations

import ast

from metamodel.catalog import Field
from metamodel.expressions.fault_words import node_words
from metamodel.expressions.nodes import Evaluate, Literal, Node, Read, Root
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.types import HELD, Type
from metamodel.formats import EXPRESSION
from metamodel.kinds.held_results import HELD_TYPES


def evaluate(checker: PartChecker, node: ast.Call) -> Node:
    """The typed node of a call."""
    frame, syntax = checker.names.frame, checker.syntax
    if not checker.scope.change:
        message = "evaluate() works only in rules on created and changed records."
        hint = "Let such a rule store the value in a field, with `set`, and read that field here."
        syntax.fail(node, message, hint)
    if frame.depth or frame.object is None:
        message = "evaluate() is about the record at hand, not about those of a collection."
        hint = "Let a rule on those records store the value in a field of theirs."
        syntax.fail(node, message, hint)
    text = checker.check(node.args[0])
    field = _field(checker, text)
    if field is None:
        hint = "Name a field with `format: expression`."
        syntax.fail(node.args[0], f"{node_words(text)}, not an expression of a record.", hint)
    over = str(field.option("over"))
    if over != frame.object.name:
        message = f"`{field.name}` holds expressions over {over}, not over {frame.object.name}."
        syntax.fail(
            node.args[0], message, f"Write a rule on {over}, or change `over` of the field."
        )
    return Evaluate(text, over, type=_type(checker, node, field))


def _field(checker: PartChecker, text: Node) -> Field | None:
    if not isinstance(text, Read) or not text.path or text.root is Root.NAME:
        return None
    type_ = checker.scope.objects.get(text.object)
    field = None if type_ is None else type_.fields.get(text.path[-1])
    return field if field is not None and field.option("format") == EXPRESSION else None


def _type(checker: PartChecker, node: ast.Call, field: Field) -> Type:
    """Of the value: what the field says, or the call; else it is what the place asks for."""
    said = field.option("result")
    if len(node.args) == 2:
        named = checker.check(node.args[1])
        words = named.value if isinstance(named, Literal) else None
        if words not in HELD_TYPES:
            hint = f"Write one of {', '.join(repr(one) for one in HELD_TYPES)}."
            checker.syntax.fail(node.args[1], "This is not a type of value.", hint)
        if said is not None and said != words:
            hint = "Leave the type out here."
            message = f"The expressions in `{field.name}` give a {said}."
            checker.syntax.fail(node.args[1], message, hint)
        said = words
    return HELD if said is None else HELD_TYPES[said]
