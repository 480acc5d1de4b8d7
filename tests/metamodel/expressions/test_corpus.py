"""The corpus: every case gives the same on Python and on both databases."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from metamodel.errors import ExpressionError
from metamodel.expressions import types
from metamodel.expressions.expression import Expression, compile_expression
from metamodel.expressions.nodes import Gather
from metamodel.expressions.numbers import plain as plain_number
from metamodel.expressions.python import evaluate, truth
from metamodel.money import Money
from metamodel.storage import timestamp_wire
from tests.metamodel.expressions import library
from tests.metamodel.expressions.engines import Database, Record, opened
from tests.servers import Databases

CORPUS = Path(__file__).parent / "corpus"
CASES: list[tuple[str, dict[str, Any]]] = [
    (f"{file.stem}: {case['ask']}", case)
    for file in sorted(CORPUS.glob("*.yaml"))
    for case in yaml.safe_load(file.read_text())
]


def cases(wanted: Callable[[dict[str, Any]], bool], file: str = "") -> pytest.MarkDecorator:
    chosen = [(id, case) for id, case in CASES if id.startswith(file) and wanted(case)]
    return pytest.mark.parametrize(
        "case", [case for _, case in chosen], ids=[id for id, _ in chosen]
    )


def gives(case: dict[str, Any]) -> bool:
    return "is" in case


def stands_alone(case: dict[str, Any]) -> bool:
    return "is" in case and "change" not in case


EXPECT = {"boolean": types.BOOLEAN, "text": types.TEXT}


def compiled(case: dict[str, Any]) -> Expression:
    scope = library.scope(case.get("object", "book"), change="change" in case)
    expect = EXPECT.get(case.get("expect", ""))
    return compile_expression(case["ask"], scope, expect)


def written(value: Any) -> Any:
    """A value as the corpus writes it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Money):
        return f"{plain_number(value.amount)} {value.currency}"
    if isinstance(value, datetime):
        return timestamp_wire(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, float, Decimal)):
        return plain_number(Decimal(str(value)))
    return library.plain(value)


def record_of(case: dict[str, Any]) -> Record:
    object = case.get("object", "book")
    id = library.identity(case.get("of", "emma"))
    before = None
    if case.get("change"):
        fields = library.OBJECTS[object].fields
        before = {name: library.parsed(fields[name], raw) for name, raw in case["change"].items()}
    return Record(object, id, me=case.get("me", "ann"), before=before)


@cases(gives)
def test_python(case: dict[str, Any]) -> None:
    expression = compiled(case)
    found = evaluate(expression, record_of(case))
    if isinstance(case["is"], bool) and not case.get("exact"):
        assert truth(expression, record_of(case)) is case["is"]
    else:
        assert written(found) == written(case["is"])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest) -> Iterator[sa.Connection]:
    if request.param == "sqlite":
        with opened("sqlite://") as made:
            yield made
        return
    databases: Databases = request.getfixturevalue("databases")
    address = databases.create()
    with opened(address) as made:
        yield made
    databases.drop(address)


@cases(stands_alone)
def test_sql(connection: sa.Connection, case: dict[str, Any]) -> None:
    expression, record = compiled(case), record_of(case)
    database = Database(connection, record.user)
    if isinstance(case["is"], bool):
        answers = database.holds(expression, record.object, record.id)
        assert answers == [case["is"]] * len(answers)
    else:
        found = database.evaluate(expression, record.object, record.id)
        assert written(found) == written(case["is"])
    # The parameters of the text come first, in order, so that a plan can be used again.
    lifted = [literal.value for literal in expression.literals]
    assert database.constants[: len(lifted)] == lifted


@cases(stands_alone, "collections")
def test_sql_of_a_record_at_hand(connection: sa.Connection, case: dict[str, Any]) -> None:
    """What a record that is being saved asks of the database."""
    expression, record = compiled(case), record_of(case)
    database = Database(connection, record.user)

    def collect(node: Gather) -> Any:
        return database.collected(node, record.object, record.id)

    record.collect = collect  # type: ignore[assignment, method-assign]
    found = evaluate(expression, record)
    assert written(found) == written(case["is"])


@cases(lambda case: "fault" in case)
def test_fault(case: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError) as caught:
        compiled(case)
    fault = caught.value
    assert case["fault"] in fault.message
    assert case.get("hint", fault.hint) == fault.hint
    assert case.get("at", fault.at) == fault.at
    assert case.get("length", fault.length) == fault.length
    assert 0 <= fault.at <= len(case["ask"])


def test_corpus_is_large() -> None:
    assert len(CASES) >= 500
