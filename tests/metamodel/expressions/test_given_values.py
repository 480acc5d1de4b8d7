"""What another system said: text in an expression; alone, the value as it came."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fluvial.http.bodies import read_json
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.given_values import GivenBody, GivenText
from metamodel.expressions.plain import PlainEnvironment
from metamodel.expressions.python import evaluate, truth
from metamodel.expressions.scope import Scope
from metamodel.expressions.types import BOOLEAN, GIVEN, NUMBER, Type

BODY = GivenBody(
    read_json(
        b'{"id": "A-7", "ok": true, "no": false, "said": "true", "total": 12.50, "count": 3,'
        b' "big": 12345678901234567.89, "tags": ["a", 1.10], "fee": {"amount": "9.00"},'
        b' "nothing": null, "blank": ""}'
    )
)
SCOPE = Scope({}, names={"answer": GIVEN})


class Said(PlainEnvironment):
    def read(self, path: tuple[str, ...]) -> Any:
        return BODY.at(path[1:])


def value(source: str, expect: Type | None = None) -> Any:
    made = compile_expression(source, SCOPE, expect)
    return evaluate(made, Said({}, datetime(2026, 6, 10, tzinfo=UTC), date(2026, 6, 10)))


def holds(source: str) -> bool:
    made = compile_expression(source, SCOPE, BOOLEAN)
    return truth(made, Said({}, datetime(2026, 6, 10, tzinfo=UTC), date(2026, 6, 10)))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("answer.id & '!'", "A-7!"),
        ("number(answer.total) * 2", Decimal("25.00")),
        ("number(answer.count) + 1", Decimal(4)),
        ("number(answer.big)", Decimal("12345678901234567.89")),
        ("number(answer.id)", None),
        ("answer.fee.amount & ''", "9.00"),
        ("answer.tags & ''", '["a","1.10"]'),
        ("answer.missing.deeper", None),
        ("answer.id.deeper", None),
        ("answer.blank", None),
        ("coalesce(answer.nothing, 'none')", "none"),
    ],
)
def test_inside_an_expression_it_is_text(source: str, expected: object) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("path", "wire"),
    [("total", "12.50"), ("count", 3), ("ok", True), ("tags", ["a", "1.10"]), ("id", "A-7")],
)
def test_alone_it_is_the_value_as_it_came(path: str, wire: object) -> None:
    found = value(f"answer.{path}", NUMBER)
    assert isinstance(found, GivenText)
    assert found.wire == wire


def test_a_condition_is_met_by_what_is_true_and_nothing_else() -> None:
    assert holds("answer.ok") and holds("answer.ok == 'true'") and holds("answer.said == 'true'")
    assert not holds("answer.said") and not holds("answer.no") and not holds("answer.missing")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("answer.total > 5", "number(...)"),
        ("answer", "answer"),
        ("upper(answer)", "answer"),
        (f"answer.{'.'.join('a' * 12)} & ''", "at most"),
    ],
)
def test_what_cannot_be_is_said_when_it_is_written(source: str, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, SCOPE, NUMBER)
    assert says in f"{caught.value.message} {caught.value.hint}"
