"""mine(person): whether it is the one who asks, or what they are part of."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from metamodel.expressions.fault_words import node_words
from metamodel.expressions.nodes import Node, Or
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.types import PERSON, PERSONS, ROLE
from metamodel.syntax_trees import expression_tree

# What makes a person mine, by what the person is.
ASKED: Mapping[str, str] = {
    "user": "x == me", "team": "x in me.teams", "group": "x in me.groups", ROLE: "x in me.roles",
}  # fmt: skip


def mine(checker: PartChecker, node: ast.Call) -> Node:
    """As the questions that the field may be asked, of which one has to be met."""
    made = checker.check(node.args[0])
    if made.type.name != PERSON.name:
        hint = "Write `me in x`." if made.type.name == PERSONS.name else "Name a person field."
        checker.syntax.fail(node.args[0], f"{node_words(made)}, not a person.", hint)
    asked = (text for kind, text in ASKED.items() if kind in made.type.objects)
    return Or(tuple(checker.check(_of(node, text)) for text in asked))


def _of(node: ast.Call, text: str) -> ast.expr:
    """A question about the argument of a call, at the call's place."""
    asked = expression_tree(text).body
    assert isinstance(asked, ast.Compare)
    asked.left = node.args[0]
    for part in (asked, *ast.walk(asked.comparators[0])):
        ast.copy_location(part, node)
    return asked
