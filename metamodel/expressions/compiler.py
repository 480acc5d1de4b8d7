"""From the text of an expression to its typed tree."""

from __future__ import annotations

from metamodel.errors import ExpressionError
from metamodel.expressions.check import checked
from metamodel.expressions.expansion import MOST_PARTS, Expansion
from metamodel.expressions.expression import Expression, expression_of
from metamodel.expressions.scope import Scope
from metamodel.expressions.syntax import parse
from metamodel.expressions.types import Type

TOO_LARGE = f"With the formulas that it reads, this has more than {MOST_PARTS:,} parts."
LESS = "Read fewer calculated fields, and each of them once."


def compile_expression(source: str, scope: Scope, expect: Type | None = None) -> Expression:
    """Parse and type-check; raises ExpressionError, which names the place and the remedy."""
    tree, names = checked(parse(source), scope, expect)
    given = scope.record is not None
    made = expression_of(
        source, tree, scope.object, names.uses, given=given, decisions=names.decisions
    )
    if Expansion(scope.objects).of(made).parts > MOST_PARTS:
        raise ExpressionError(TOO_LARGE, source=source, hint=LESS)
    return made
