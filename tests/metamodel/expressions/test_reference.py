"""The documentation says what the code does."""

from pathlib import Path

import pytest

from metamodel.expressions import syntax
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.function_reference import with_functions
from metamodel.expressions.functions import FUNCTIONS, Function
from metamodel.expressions.scope import Scope
from metamodel.expressions.types import DATE, DATETIME, NUMBER, TEXT, Type, person
from tests.metamodel.calendars.samples import CALENDARS
from tests.metamodel.expressions import library

STATES = "Time in states"
OF_RECORDS = (
    "Collections", "Decisions", "Changes", "Timers", "Expressions in records", STATES,
    "Records by a value",
)  # fmt: skip
PAGE = Path(__file__).parents[3] / "docs" / "expressions.md"
NAMES = {
    "title": TEXT, "code": TEXT, "email": TEXT, "short_title": TEXT, "balance": NUMBER,
    "pages": NUMBER, "price": NUMBER, "due": DATE, "joined": DATE, "created_at": DATETIME,
    "keeper": person("user", "team"),
}  # fmt: skip


def test_functions_are_those_of_the_table() -> None:
    page = PAGE.read_text()
    assert with_functions(page) == page


def test_limits_are_those_of_the_code() -> None:
    page = PAGE.read_text()
    for limit in (
        f"{syntax.MAX_LENGTH:,} characters",
        f"{syntax.MAX_NODES} parts",
        f"{syntax.MAX_DEPTH} levels",
        f"{syntax.MAX_HOPS} look-ups",
        f"{syntax.MAX_NESTING} collection functions",
        f"{syntax.MAX_DIGITS} digits",
    ):
        assert limit in page


@pytest.mark.parametrize(
    "function",
    [one for one in FUNCTIONS.values() if one.group not in OF_RECORDS],
    ids=lambda one: one.name,
)
def test_examples_compile(function: Function) -> None:
    names: dict[str, Type] = {**NAMES, "returned": DATE}
    compile_expression(function.example, Scope(library.OBJECTS, None, names, calendars=CALENDARS))


@pytest.mark.parametrize(
    "function",
    [one for one in FUNCTIONS.values() if one.group in ("Collections", "Decisions", STATES)],
    ids=lambda one: one.name,
)
def test_examples_of_collections_compile(function: Function) -> None:
    object = "member" if "memberships" in function.example else "book"
    compile_expression(function.example, library.scope(object))
