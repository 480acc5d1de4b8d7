"""From the text of an expression to its typed tree."""

from __future__ import annotations

from metamodel.expressions.check import checked
from metamodel.expressions.expression import Expression, expression_of
from metamodel.expressions.scope import Scope
from metamodel.expressions.syntax import parse
from metamodel.expressions.types import Type


def compile_expression(source: str, scope: Scope, expect: Type | None = None) -> Expression:
    """Parse and type-check; raises ExpressionError, which names the place and the remedy."""
    tree, names = checked(parse(source), scope, expect)
    return expression_of(source, tree, scope.object, names.uses, given=scope.record is not None)
