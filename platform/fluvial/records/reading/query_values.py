"""The condition that a request asks for: what its plan depends on, and the values it brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.auth.access import Access
from metamodel.catalog import ObjectType
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.lifting import Cut, LiftedValues, Template, cut
from metamodel.expressions.scope import scope_of
from metamodel.expressions.sql_value import storage_of
from metamodel.expressions.types import BOOLEAN
from metamodel.storage import Storage

from .caller_paths import condition
from .plan_cache import plans_of
from .query import Query
from .sql_context import stored


@dataclass(frozen=True)
class QueryValues:
    """A condition. Plans of one key are the same but for its values, the binds `w0`, `w1`, ..."""

    key: Any
    expression: Expression | None = None
    values: Sequence[Any] = ()
    storages: Sequence[Storage] = ()

    @property
    def names(self) -> list[str]:
        return [f"w{at}" for at in range(len(self.values))]

    def binds(self, dialect: str) -> dict[str, Any]:
        pairs = zip(self.values, self.storages, strict=True)
        return {f"w{at}": stored(dialect, *pair) for at, pair in enumerate(pairs)}


NOTHING = QueryValues("")


def query_values_of(access: Access, query: Query) -> QueryValues:
    """The condition of a query; a field that the caller may not read is unknown in it."""
    if not query.where:
        return NOTHING
    type_, source = access.catalog.objects[query.object], query.where
    pieces = cut(source)
    if pieces is None:
        return _whole(source, condition(access, type_, source))
    key = (access.roles, access.unrestricted, "template", type_.name, pieces.template)
    template: Template = plans_of(access.catalog).get(key, Template)
    reading = template.find(pieces.tokens)
    if reading is None:
        expression = condition(access, type_, source)
        reading = _learned(access, type_, source, expression, template, pieces)
    values = None if reading is None else reading.values(pieces.tokens)
    if reading is None or values is None:  # it is another one than it seems, or has a fault
        return _whole(source, condition(access, type_, source))
    return QueryValues(reading, reading.expression, values, reading.storages)


def _learned(
    access: Access,
    type_: ObjectType,
    source: str,
    expression: Expression,
    template: Template,
    pieces: Cut,
) -> LiftedValues | None:
    filled = pieces.source
    if filled != source:
        try:
            scope = scope_of(access.catalog, type_.name, hidden=access.hides)
            expression = compile_expression(filled, scope, BOOLEAN)
        except ExpressionError:  # with its lists filled up it is too long
            return None
    return template.learn(expression, pieces)


def _whole(source: str, expression: Expression) -> QueryValues:
    literals = expression.literals
    values = [literal.value for literal in literals]
    return QueryValues(
        source, expression, values, [storage_of(literal.type) for literal in literals]
    )
