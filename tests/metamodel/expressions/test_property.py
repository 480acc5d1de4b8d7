"""Whatever is asked, both databases and the browser answer as Python does."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.python import evaluate
from tests.metamodel.expressions import library
from tests.metamodel.expressions.browser import Browser, named, question
from tests.metamodel.expressions.engines import Database, Record, opened
from tests.metamodel.expressions.test_corpus import written
from tests.servers import Databases

NUMBERS = st.sampled_from(
    ["pages", "weight", "rating", "loan_count", "author.book_count", "sum(loans, fee)", "0", "1.5",
     "price.amount", "474", "2.005", "null", "days(today() - acquired)", "length(name)"]
)  # fmt: skip
TEXTS = st.sampled_from(
    ["name", "subtitle", "code", "author.name", "status.label", "'Emma'", "'a'", "null",
     "text(acquired)", "list(loans, member.name)", "cost.currency", "text(price)"]
)  # fmt: skip
DATES = st.sampled_from(
    ["acquired", "author.born", "today()", "max(loans, due)", "'2024-02-29'", "date(checked_at)"]
)
PERIODS = st.sampled_from(["days(1)", "days(pages)", "months(1)", "months(-13)", "years(4)"])


def numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join).map("({})".format)
    rounded = st.tuples(inner, st.integers(0, 4)).map(lambda pair: f"round({pair[0]}, {pair[1]})")
    single = st.tuples(st.sampled_from(["floor", "ceil", "abs", "-"]), inner)
    called = single.map(lambda pair: f"{pair[0]}({pair[1]})")
    least = st.tuples(st.sampled_from(["min", "max", "coalesce"]), inner, inner)
    return pairs | rounded | called | least.map(lambda one: f"{one[0]}({one[1]}, {one[2]})")


def conditions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.tuples(inner, st.sampled_from(["and", "or", "==", "!="]), inner)
    pairs = joined.map(lambda one: f"({one[0]}) {one[1]} ({one[2]})")
    chosen = st.tuples(inner, inner, inner)
    return (
        pairs
        | inner.map("not ({})".format)
        | chosen.map(lambda one: f"({one[0]}) if ({one[1]}) else ({one[2]})")
    )


NUMERIC = st.recursive(NUMBERS, numbers, max_leaves=5)
DATED = st.tuples(DATES, st.sampled_from("+-"), PERIODS).map(" ".join) | DATES
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
LISTS = st.sampled_from(["in [474, 1.5, pages, weight]", "not in [474, 416]", "in [0.1, null]"])
OTHERS = st.sampled_from(
    [
        "lendable", "out", "status.closed", "status == 'lent'", "keeper == me", "cost == cost",
        "price > cost", "loans == null", "'crime' in genres", "contains(name, code)",
        "exists(loans, fee > record.weight)", "branch.group in me.groups", "me in readers",
    ]
)  # fmt: skip
COMPARED = (
    st.tuples(NUMERIC, SIGNS, NUMERIC).map(" ".join)
    | st.tuples(TEXTS, SIGNS, TEXTS).map(" ".join)
    | st.tuples(DATED, SIGNS, DATED).map(" ".join)
    | st.tuples(NUMERIC, LISTS).map(" ".join)
    | OTHERS
)
CONDITIONS = st.recursive(COMPARED, conditions, max_leaves=4)
BOOKS = [library.identity(name) for name in ("emma", "heights", "blank")]


@pytest.fixture(scope="module")
def both(databases: Databases) -> Iterator[list[Database]]:
    """SQLite and PostgreSQL, each asked once for all books."""
    address = databases.create()
    with opened("sqlite://") as one, opened(address) as other:
        yield [Database(one), Database(other)]
    databases.drop(address)


@pytest.fixture(scope="module")
def node() -> Iterator[Browser]:
    with Browser() as process:
        yield process


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(source=NUMERIC | DATED | TEXTS | CONDITIONS)
def test_all_answer_as_python_does(both: list[Database], node: Browser, source: str) -> None:
    try:
        expression = compile_expression(source, library.scope("book"))
    except ExpressionError:
        return
    condition = expression.type.name == "yes/no"
    told_by = [database.both(expression, "book", BOOKS) for database in both]
    for id in BOOKS:
        record = Record("book", id)
        there = evaluate(expression, record)
        for database, answers in zip(both, told_by, strict=True):
            found, forms = answers[id]
            if condition:
                assert forms == [there is True] * 6, (source, database.dialect, forms)
            else:
                assert written(found) == written(there), (source, database.dialect, found)
        told = node.answer(question(expression, record))
        if told != {"ask": True}:
            found = named(told.get("is"))
            assert "fault" not in told, (source, told)
            assert ((found is True) == (there is True)) if condition else found == written(there), (
                source
            )
