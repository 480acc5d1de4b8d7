"""A text that is read by its template is the same tree as if it were checked in full."""

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.lifting import _LITERAL, Template, cut
from metamodel.expressions.nodes import Node
from metamodel.expressions.sql import Source, predicate
from metamodel.expressions.types import BOOLEAN
from tests.metamodel.expressions import library
from tests.metamodel.expressions.engines import Database
from tests.metamodel.expressions.test_corpus import CASES, stands_alone

NUMBERS = [
    "0", "1", "2", "5", "5.0", "5.5", "5.50", "0.05", "2.005", "474", "1000", "007", "00", "1.10",
    "123456789", "1234567890123", "0.1234567891", "99999999.999", "1.5.2", "10000000000000000000",
]  # fmt: skip
USER, TEAM = library.identity("ann"), library.identity("desk")
TEXTS = [
    "a", "Emma", "available", "out", "lent", "novel", "crime", "no option", "", " ", "Änne",
    "A\u0308",
    "2020-01-31", "2026-02-30", "2020-01-31T08:00:00Z", "2020-01-31 08:00", "month", "day", "EUR",
    "%", "[a-z]+", "(", "\\n", "it's", 'say "x"', USER, USER.upper(), f"user:{USER}",
    f"team:{TEAM}", f"book:{USER}", "role:clerk", "team:clerk", "5", "true", "null", "\x01",
    "\ue000",
]  # fmt: skip
SOURCES = [case["ask"] for _, case in CASES if stands_alone(case) and cut(case["ask"])] + [
    "name in ['a', 'b', 'c'] and pages in [1, 2.5, 3]",
    "status in ['lent', 'out'] or name == 'x' & 'y'",
    "coalesce(name, 'x') == 'y' and year('2020-01-31') == 2020",
    "coalesce(status, 'x', 'y') == 'available'",
    "keeper == 'team:x' or keeper in ['a', 'b']",
    "pages > -5 and weight < 1.5 and price > 100 / 3",
    "acquired < today() - days(7) and acquired > date('2020-01-31') + months(1)",
    "start_of(acquired, 'month') == start_of('2020-05-05', 'month')",
    "round(weight, 2) > 1.25 and matches(name, 'E.*') and contains('Emma', 'mm')",
    "'2020-01-01' < acquired and '2020-02-01' in [acquired, name]",
]


def written(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    return f'"{text}"'


LITERALS = st.sampled_from(NUMBERS) | st.sampled_from(TEXTS).map(written)


def checked(source: str) -> Expression | None:
    try:
        return compile_expression(source, library.scope("book"))
    except ExpressionError:
        return None


def with_values(expression: Expression, values: list[Any]) -> Node:
    """The tree of an expression with other values in its literals."""
    pairs = zip(expression.literals, values, strict=True)
    made = {id(literal): replace(literal, value=value) for literal, value in pairs}

    def rebuilt(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(rebuilt(item) for item in part)
        if not isinstance(part, Node):
            return part
        if id(part) in made:
            return made[id(part)]
        inner = {one.name: rebuilt(getattr(part, one.name)) for one in fields(part)}
        return replace(part, **inner)

    tree: Node = rebuilt(expression.tree)
    return tree


def other_literals(source: str, data: st.DataObject) -> str:
    """The text with some of its literals replaced by others, of the same or of another kind."""
    made, at = "", 0
    for match in _LITERAL.finditer(source):
        same = st.sampled_from(NUMBERS) if match.lastgroup == "number" else LITERALS
        chosen = data.draw(st.just(match.group()) | same | LITERALS)
        made += source[at : match.start()] + chosen
        at = match.end()
    return made + source[at:]


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(source=st.sampled_from(SOURCES), data=st.data())
def test_what_is_read_is_what_would_be_checked(source: str, data: st.DataObject) -> None:
    first, template = cut(source), Template()
    expression = None if first is None else checked(first.source)
    if first is None or expression is None:
        return
    template.learn(expression, first)
    asked = other_literals(source, data)
    pieces = cut(asked)
    if pieces is None or pieces.template != first.template:
        return
    reading = template.find(pieces.tokens)
    values = None if reading is None else reading.values(pieces.tokens)
    if reading is None or values is None:
        return
    found = checked(pieces.source)
    assert checked(asked) is not None and found is not None, asked
    assert with_values(reading.expression, values) == found.tree, asked
    if found.type == BOOLEAN:
        for dialect in ("sqlite", "postgresql"):
            assert sql_of(reading.expression, dialect) == sql_of(found, dialect), asked


def sql_of(expression: Expression, dialect: str) -> str:
    connection: Any = SimpleNamespace(dialect=SimpleNamespace(name=dialect))
    return str(predicate(expression, Source(Database(connection), "book")))


def test_lists_of_many_lengths_have_few_templates() -> None:
    lists = [", ".join(f"'{n}'" for n in range(length)) for length in range(1, 40)]
    templates = {cut(f"name in [{items}]").template for items in lists}  # type: ignore[union-attr]
    assert len(templates) == 7
    pieces = cut("name in ['a','b', 'c'] and f(1, 2, 3) and pages in [1, 2, 3.5]")
    assert pieces is not None
    assert pieces.source == "name in ['a', 'b', 'c', 'c'] and f(1, 2, 3) and pages in [1, 2, 3.5]"


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("status == 'lent'", "status == 'available'"),
        ("acquired > '2020-01-31' and pages < 5", "acquired > '2024-02-29' and pages < 474"),
        ("name in ['a', 'b', 'c']", "name in ['d', 'e', 'f', 'g']"),
        ("acquired < today() - days(7)", "acquired < today() - days(30)"),
        ("pages > -5 and price > 1.55", "pages > -7 and price > 2.05"),
        (f"keeper == 'team:{TEAM}'", f"keeper == 'team:{USER}'"),
        ("checked_at >= '2026-06-15'", "checked_at >= '2026-06-15T08:00:00Z'"),
    ],
)
def test_these_are_read_without_being_checked(known: str, asked: str) -> None:
    template, first, pieces = Template(), cut(known), cut(asked)
    assert first is not None and pieces is not None and first.template == pieces.template
    expression = checked(first.source)
    assert expression is not None
    reading = template.learn(expression, first)
    assert reading.pinned == () and template.find(pieces.tokens) is reading
    assert reading.values(pieces.tokens) is not None


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("status == 'lent'", "status == 'no option'"),
        ("acquired > '2020-01-31'", "acquired > '2026-02-30'"),
        ("matches(name, 'a+')", "matches(name, '(')"),
        ("coalesce(status, 'x') == 'y'", "coalesce(status, 'available') == 'y'"),
        ("round(weight, 1) == 1.5", "round(weight, 2) == 1.5"),
        ("date('2020-01-31') == acquired", "date('2020-31-01') == acquired"),
    ],
)
def test_these_are_checked_in_full(known: str, asked: str) -> None:
    template, first, pieces = Template(), cut(known), cut(asked)
    assert first is not None and pieces is not None and first.template == pieces.template
    expression = checked(first.source)
    assert expression is not None
    template.learn(expression, first)
    reading = template.find(pieces.tokens)
    assert reading is None or reading.values(pieces.tokens) is None
