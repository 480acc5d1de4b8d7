"""The corpus: every case gives the same on Python and on both databases."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from metamodel.currencies import Amount
from metamodel.errors import ExpressionError
from metamodel.expressions import types
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.decimals import plain as plain_number
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate, truth
from metamodel.storage import timestamp_wire
from tests.metamodel.calendars.samples import CALENDARS
from tests.metamodel.expressions import library
from tests.metamodel.expressions.browser import Browser, may_ask, named, question
from tests.metamodel.expressions.engines import Database, Record, opened
from tests.servers import Databases

CASES = library.CASES


FILES = sorted({id.partition(":")[0] for id, _ in CASES})


def cases(file: str, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Those of a file: so many are cheap together and dear one by one."""
    return [case for id, case in CASES if id.startswith(f"{file}:") and wanted(case)]


def told(case: dict[str, Any], *found: Any) -> str:
    about = {name: case[name] for name in ("zone", "with", "of", "object", "me") if name in case}
    return f"{case['ask']} of {about} is {case['is']!r}, not {found}"


each_file = pytest.mark.parametrize("file", FILES)


def gives(case: dict[str, Any]) -> bool:
    return "is" in case


def stands_alone(case: dict[str, Any]) -> bool:
    return "is" in case and "change" not in case


EXPECT = {"boolean": types.BOOLEAN, "text": types.TEXT, "money": types.MONEY}


def compiled(case: dict[str, Any]) -> Expression:
    zone = case.get("zone", library.ZONE)
    scope = library.scope(case.get("object", "book"), change="change" in case, zone=zone)
    expect = EXPECT.get(case.get("expect", ""))
    return compile_expression(case["ask"], scope, expect)


def written(value: Any) -> Any:
    """A value as the corpus writes it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Amount):
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
    id = library.identity(library.subject(case))
    before = None
    if case.get("change"):
        fields = library.OBJECTS[object].fields
        before = {name: library.parsed(fields[name], raw) for name, raw in case["change"].items()}
    return Record(object, id, me=case.get("me", "ann"), before=before)


@each_file
def test_python(file: str) -> None:
    wrong = []
    for case in cases(file, gives):
        expression = compiled(case)
        found = evaluate(expression, record_of(case))
        if isinstance(case["is"], bool) and not case.get("exact"):
            if truth(expression, record_of(case)) is not case["is"]:
                wrong.append(told(case, found))
        elif written(found) != written(case["is"]):
            wrong.append(told(case, found))
    assert not wrong, "\n".join(wrong)


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


@each_file
def test_sql(connection: sa.Connection, file: str) -> None:
    wrong = []
    for case in cases(file, stands_alone):
        expression, record = compiled(case), record_of(case)
        database = Database(connection, record.user)
        if isinstance(case["is"], bool):
            answers = database.holds(expression, record.object, record.id)
            right = answers == [case["is"]] * len(answers)
        else:
            answers = [database.evaluate(expression, record.object, record.id)]
            right = written(answers[0]) == written(case["is"])
        # The parameters of the text come first, in order, so that a plan can be used again.
        lifted = [literal.value for literal in expression.literals]
        if not right or database.constants[: len(lifted)] != lifted:
            wrong.append(told(case, answers))
    assert not wrong, "\n".join(wrong)


def test_sql_of_a_record_at_hand(connection: sa.Connection) -> None:
    """What a record that is being saved asks of the database."""
    wrong = []
    for case in cases("collections", stands_alone):
        expression, record = compiled(case), record_of(case)
        record.collect = _collector(Database(connection, record.user), record)  # type: ignore[assignment, method-assign]
        found = evaluate(expression, record)
        if written(found) != written(case["is"]):
            wrong.append(told(case, found))
    assert not wrong, "\n".join(wrong)


def _collector(database: Database, record: Record) -> Callable[[Any], Any]:
    return lambda node: database.collected(node, record.object, record.id)


def test_browser() -> None:
    """The browser's own evaluator gives the same, or asks the server."""
    wrong, asked = [], 0
    with Browser() as node:
        for _, case in CASES:
            if not gives(case):
                continue
            expression = compiled(case)
            answer = node.answer(question(expression, record_of(case)))
            found = named(answer.get("is"))
            if isinstance(case["is"], bool) and not case.get("exact"):
                found = found is True
            if answer.get("ask"):
                asked += 1
                right = may_ask(expression)
            else:
                right = "fault" not in answer and found == written(case["is"])
            if not right:
                wrong.append(told(case, answer))
    assert not wrong, "\n".join(wrong)
    # What knows the past of a record, or other records, is with the server alone.
    assert asked < len(CASES) / 6


def test_working_time_of_the_browser() -> None:
    """Moments of many years, also around changes of the clocks, by every calendar."""
    chance = random.Random(7)
    days = (0, 365, 700_000, 719_162, 738_900, 739_674, 739_890, 740_200, 760_000, 3_652_058)
    with Browser() as node:
        for name, calendar in CALENDARS.named.items():
            for _ in range(60):
                first, second = (
                    datetime.fromordinal(chance.choice(days) + 1).replace(tzinfo=UTC)
                    + timedelta(seconds=chance.randrange(86_400))
                    for _ in "ab"
                )
                seconds = chance.choice((1, 900, 3600, 30_600, 86_400, 5_000_000, 10**9))
                seconds *= chance.choice((1, -1))
                texts = [timestamp_wire(one) for one in (first, second)]
                told = {"calendars": {name: json.loads(calendar.text)}, "values": {}, "letter": "i",
                        "today": "2026-06-15", "now": texts[0]}  # fmt: skip
                moment, other, by = ["i", texts[0]], ["i", texts[1]], ["cal", name]
                for tree, wanted in (
                    (["working_time", moment, other, by], calendar.between(first, second)),
                    (["add_working_time", moment, ["s", str(seconds)], by],
                     calendar.add(first, seconds)),
                    (["is_open", moment, by], calendar.is_open(first)),
                ):  # fmt: skip
                    letter = "s" if tree[0] == "working_time" else "i"
                    answer = node.answer({**told, "tree": tree, "letter": letter})
                    right = timestamp_wire(wanted) if isinstance(wanted, datetime) else wanted
                    right = str(right) if tree[0] == "working_time" else right
                    assert answer.get("is") == right, (name, tree, answer)


@pytest.mark.parametrize("case", [case for _, case in CASES if "fault" in case])
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
    assert len(CASES) >= 1000
