"""The language of people outside, who have chosen none here: the record says it.

A template or a link names it by an expression, such as `account.language`: a text or a choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.localedata import exists

from metamodel.catalog import Catalog, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions import types
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate
from metamodel.expressions.scope import scope_of

NAMING = (types.TEXT.name, types.CHOICE.name)


def check_language(source: str, check: DocumentCheck, type_: ObjectType) -> Expression | None:
    """What gives the language; a fault where it can give none."""
    compiled = check.compile("/language", source, type_.name)
    if compiled is not None and compiled.type.name not in NAMING:
        message = f"`{source}` does not give a language."
        check.fault("/language", "other_type", message, "Name a text or a choice, such as 'de'.")
        return None
    return compiled


def template_languages(catalog: Catalog) -> Mapping[str, Expression]:
    """What gives the language of people outside, of the templates that say it."""
    return {
        name: compile_expression(one.body["language"], scope_of(catalog, one.body["for"]))
        for name, one in catalog.of("template").items()
        if "language" in one.body
    }


def language_said(expression: Expression | None, environment: Any) -> str:
    """The language that a record says; empty where it says none that there is."""
    said = evaluate(expression, environment) if expression is not None else None
    name = str(said or "").replace("-", "_")
    return name if name and exists(name) else ""
