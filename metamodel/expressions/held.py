"""Expressions that records hold: what may be written into a field, and what it gives."""

from __future__ import annotations

from collections.abc import Callable

from metamodel.catalog import Catalog
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.fault_words import type_words
from metamodel.expressions.scope import scope_of
from metamodel.expressions.types import Type
from metamodel.kinds.held_results import HELD_TYPES

_GIVEN = frozenset(type.name for type in HELD_TYPES.values())

Hides = Callable[[str, str], bool]


def held_expression(
    catalog: Catalog, over: str, text: str, type: Type | None, hides: Hides | None = None
) -> Expression:
    """The expression that a field holds about records of `over`; raises ExpressionError.

    Fields that `hides` names do not exist for who writes it. `type` is None where it may give
    anything that expressions in records give.
    """
    made = compile_expression(text, scope_of(catalog, over, hidden=hides), type)
    if type is None and made.type.name not in _GIVEN:
        raise ExpressionError(
            f"This gives {type_words(made.type)}, which no expression in a record may give.",
            source=text,
            hint="Write a text, a number, an amount, a yes/no, a date or a duration.",
        )
    return made


def fault_text(error: ExpressionError) -> str:
    """What is wrong, where, and what to do about it."""
    at = error.source[error.at : error.at + error.length]
    where = f" (at `{at}`, column {error.at + 1})" if at and at != error.source else ""
    return f"{error.message.removesuffix('.')}{where}. {error.hint}".strip()
