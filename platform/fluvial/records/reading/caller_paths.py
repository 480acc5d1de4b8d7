"""Paths and conditions that callers write, as far as their rights let them name fields."""

from __future__ import annotations

from fluvial.auth.access import Access
from fluvial.kernel.problems import Problem, fault
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.scope import Scope, scope_of
from metamodel.expressions.types import BOOLEAN, Type

from .plan_cache import plans_of
from .query import Path


def resolve(access: Access, type_: ObjectType, path: Path, parameter: str) -> Field:
    """The field at the end of a dotted path through look-ups, as the caller may read it."""
    current = type_
    for i, name in enumerate(path):
        field = current.fields.get(name)
        if field is None or field.hidden or access.hides(current.name, name):
            known = access.object(current.name).can("read")
            message = f"{current.label} has no field `{name}`."
            if not known:  # nor is anybody told what records are called that they may not read
                message = f"{type_.label} has no field `{'.'.join(path[: i + 1])}`."
            raise Problem(message, errors=[fault(parameter, "unknown_field", message)])
        if i == len(path) - 1:
            return field
        if field.many or not field.targets:
            message = f"`{'.'.join(path[: i + 1])}` is not a look-up that a path can walk through."
            raise Problem(message, errors=[fault(parameter, "not_a_look_up", message)])
        current = access.catalog.objects[field.targets[0]]
    raise AssertionError("a path has at least one step")


def condition(
    access: Access, type_: ObjectType, source: str, *, visible_only: bool = True
) -> Expression:
    """A condition of a caller, compiled; a field that they may not read is unknown in it."""
    key = (access.roles, access.unrestricted, "where", type_.name, source, visible_only)
    scope = scope_of(access.catalog, type_.name, hidden=access.hides if visible_only else None)
    made: Expression = plans_of(access.catalog).get(
        key, lambda: compiled(source, scope, "where", BOOLEAN)
    )
    return made


def may_ask(access: Access, type_: ObjectType, source: str) -> bool:
    """Whether the caller may read all fields that a condition asks of."""
    if not source:
        return True
    try:
        condition(access, type_, source)
    except Problem:
        return False
    return True


def compiled(source: str, scope: Scope, parameter: str, expect: Type | None = None) -> Expression:
    """An expression of a parameter, compiled; a problem says what is wrong with it."""
    try:
        return compile_expression(source, scope, expect)
    except ExpressionError as error:
        message = f"{error.message} {error.hint}".strip()
        raise Problem(str(error), errors=[fault(parameter, "expression", message)]) from error
