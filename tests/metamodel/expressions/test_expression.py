"""What is known of a compiled expression, and what a scope allows."""

import time
from bisect import bisect_left
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from metamodel.errors import ExpressionError
from metamodel.expressions import types
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.functions import FUNCTIONS, Function
from metamodel.expressions.nodes import Literal
from metamodel.expressions.python import evaluate
from metamodel.expressions.sql import Source, predicate, value
from metamodel.expressions.syntax import MAX_DEPTH, MAX_LENGTH, MAX_NODES
from tests.metamodel.expressions import library
from tests.metamodel.expressions.engines import Database, Record, opened


def book(source: str, expect: types.Type | None = None) -> Expression:
    return compile_expression(source, library.scope("book"), expect)


def test_uses_and_paths() -> None:
    made = book("author.patron.name == name and count(loans, member.name == record.code) > 1")
    assert made.uses == {
        ("book", "author"), ("author", "patron"), ("author", "name"), ("book", "name"),
        ("loan", "book"), ("loan", "member"), ("member", "name"), ("book", "code"),
    }  # fmt: skip
    assert made.paths == {("author", "patron", "name"), ("name",), ("code",)}
    assert made.collects and not made.timed and not made.personal


def test_timed_and_personal() -> None:
    assert book("acquired < today()").timed
    assert book("keeper == me").personal
    inner = compile_expression("exists(memberships, in_force)", library.scope("member"))
    assert inner.timed
    assert ("membership", "in_force") in inner.uses


def test_paths_of_collections() -> None:
    assert book("count(subjects)").paths == {("subjects",)}
    assert book("count(author.books)").paths == {("author",)}
    assert book("count(me.groups)").paths == frozenset()


def test_shape_is_the_same_for_other_values() -> None:
    assert book("pages > 5 and name == 'a'").shape == book("pages>7  and (name=='b')").shape
    assert book("acquired < today() - days(7)").shape == book("acquired < today() - days(30)").shape
    assert book("pages > 5").shape != book("pages > 5.5").shape
    assert book("pages > 5").shape != book("pages >= 5").shape
    assert book("pages in [1, 2]").shape != book("pages in [1, 2, 3]").shape
    assert book("matches(code, 'a')").shape != book("matches(code, 'b')").shape


def test_hidden_fields_are_unknown() -> None:
    def hidden(object: str, field: str) -> bool:
        return (object, field) in {("book", "price"), ("author", "born"), ("loan", "book")}

    scope = library.scope("book", hidden=hidden)
    for source in ("price > 1", "author.born == null", "count(loans) > 1"):
        with pytest.raises(ExpressionError) as caught:
            compile_expression(source, scope)
        assert "is not a field of" in caught.value.message
        assert "price" not in caught.value.hint
        with pytest.raises(ExpressionError) as unknown:
            compile_expression(source.replace("price", "prjce"), scope)
        assert "price" not in unknown.value.hint


def test_names_of_the_scope() -> None:
    scope = library.scope(None, names={"limit": "number", "on": "date"})
    made = compile_expression("limit * 2 if on < today() else 0", scope)
    record = Record("book", library.identity("emma"), values={"limit": 3, "on": date.min})
    assert evaluate(made, record) == 6
    with pytest.raises(ExpressionError, match="Did you mean `limit`"):
        compile_expression("limt > 1", scope)


def test_the_record_that_is_edited() -> None:
    """The filter of a look-up: bare names are what may be picked."""
    scope = library.scope("book", record="loan")
    made = compile_expression("branch == record.member.branch and pages > record.fee", scope)
    assert made.paths == {("branch",), ("pages",)}
    assert made.outer == {("member", "branch"), ("fee",)}
    edited = Record("loan", library.identity("first"))
    with opened("sqlite://") as connection:
        database = Database(connection)
        database.given = edited
        for name, answer in (("emma", True), ("heights", False), ("blank", False)):
            id = library.identity(name)
            assert evaluate(made, Record("book", id, given=edited)) is answer
            assert set(database.holds(made, "book", id)) == {answer}


def test_expected_types() -> None:
    assert book("pages / 7", types.number(2)).type == types.number(2)
    assert book("'lent'", library.OBJECTS["book"].fields["status"].type).type.name == "choice"
    assert book("'2026-06-15'", types.DATE).type == types.DATE
    assert book("12.505", types.money("EUR", 2)).type.name == "money"
    assert book("me", types.person("user", "team")).type.name == "person"
    assert book("['crime']", library.OBJECTS["book"].fields["genres"].type).type.name == "choices"
    assert book("null", types.DATE).type == types.DATE
    with pytest.raises(ExpressionError, match="is not an option"):
        book("'lnt'", library.OBJECTS["book"].fields["status"].type)
    with pytest.raises(ExpressionError, match="a member is expected"):
        book("author", types.record("member"))


def test_results_have_the_scale_of_their_field() -> None:
    record = Record("book", library.identity("emma"))
    assert str(evaluate(book("pages / 7", types.number(2)), record)) == "67.71"
    assert str(evaluate(book("price * 1.005", types.money("EUR", 2)), record).amount) == "12.56"
    assert str(evaluate(book("2.345", types.number(2)), record)) in ("2.345", "2.35")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("'" + "a" * MAX_LENGTH + "'", "characters, more than"),
        ("+".join("1" * 150), "nested more than"),
        (" or ".join(["out==id"] * 80), "parts"),
        ("-" * (MAX_DEPTH + 1) + "1", "nested more than"),
        ("(" * 400 + "1" + ")" * 400, "is not valid from"),
        ("max(" * 40 + "1" + ")" * 40, "nested more than"),
        ("true==(" * 14 + "true" + ")==true" * 14, "cannot be chained"),
        ("[" * 90 + "1" + "]" * 90, "nested more than"),
    ],
)
def test_limits(source: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        book(source)


@pytest.mark.parametrize(
    ("before", "inner", "after"),
    [
        ("max(", "1", ")"),
        ("text(contains(name,", "'a'", ")) & 'x'"),
        ("text(", "lendable", ") != 'a'"),
        ("(status if (", "status", ").closed else status)"),
        ("(1 if (", "pages", "/3) in [1, 2, 3] else 2)"),
        ("('a' if (", "name", ") != 'b' else 'c')"),
        ("(cost if text(", "cost", ") == 'a' else cost)"),
        ("coalesce(", "name", ", code)"),
    ],
)
def test_nesting_grows_gently(before: str, inner: str, after: str) -> None:
    """Nothing is repeated so often that the database must read a book."""

    def nested(depth: int) -> str:
        return before * depth + inner + after * depth

    def refused(depth: int) -> bool:
        try:
            book(nested(depth))
        except ExpressionError:
            return True
        return False

    depths = range(1, MAX_LENGTH // len(before + after) + 2)
    made = book(nested(bisect_left(depths, True, key=refused)))  # the deepest that is taken
    assert sum(1 for _ in made.tree.walk()) < 20_000
    with opened("sqlite://") as connection:
        began = time.process_time()
        query = sa.select(value(made, Source(Database(connection), "book")).element)
        assert time.process_time() - began < 1  # a doubling per level takes many seconds
        assert len(str(query.compile(connection))) < 200_000


def test_limits_leave_room() -> None:
    assert len(list(book(" or ".join(["pages == 1"] * 40)).tree.walk())) < MAX_NODES
    assert book("-" * (MAX_DEPTH - 1) + "1").type.name == "number"


def sql_of(source: str, **options: bool) -> str:
    with opened("sqlite://") as connection:
        database = Database(connection)
        made = compile_expression(source, library.scope("book"))
        row = Source(database, "book", database.table("book").alias("b"), joins=True)
        condition = predicate(made, row, exact=options.get("exact", False))
        query: sa.Select[Any] = (
            sa.select(sa.literal_column("1")).select_from(row.joined()).where(condition)
        )
        return str(query.compile(connection)).split("WHERE", 1)[1].strip()


def test_plain_comparisons_stay_plain() -> None:
    """Nothing stands around a column that an index could serve."""
    assert sql_of("pages > 5 and status == 'lent'") == "b.pages > ? AND b.status = ?"
    assert sql_of("acquired < today()") == "b.acquired < ?"
    assert sql_of("keeper == me") == "b.keeper = ?"
    assert sql_of("status in ['lent', 'lost']") == "b.status IN (?, ?)"
    assert sql_of("price >= 10") == "b.price >= ?"
    assert sql_of("lendable == true") == "b.lendable = 1"
    assert sql_of("acquired == null") == "b.acquired IS NULL"
    assert sql_of("status != 'lent'") == "b.status != ? OR b.status IS NULL"
    assert sql_of("pages > 5", exact=True) == "b.pages > ? AND b.pages IS NOT NULL"


def test_a_permission_is_a_correlated_exists() -> None:
    with opened("sqlite://") as connection:
        database = Database(connection)
        source = "branch.group in me.groups or keeper == me"
        made = compile_expression(source, library.scope("book"))
        row = Source(database, "book", database.table("book").alias("b"), joins=False)
        condition = predicate(made, row, exact=False)
        assert row.joined() is row.alias
        query: sa.Select[Any] = (
            sa.select(sa.literal_column("1")).select_from(row.joined()).where(condition)
        )
        text = " ".join(str(query.compile(connection)).split())
        assert "EXISTS (SELECT 1 FROM r_branch AS r_branch_1 WHERE r_branch_1.id = b.branch" in text
        assert "json_each(?)" in text


def test_look_ups_are_joined_once() -> None:
    with opened("sqlite://") as connection:
        database = Database(connection)
        row = Source(database, "book")
        for source in ("author.name == 'a'", "author.born < today()", "author.patron.name == 'b'"):
            predicate(compile_expression(source, library.scope("book")), row)
        assert len(row.added) == 2


def test_literals_are_in_order() -> None:
    made = book("pages > 5 and name in ['a', 'b'] and acquired > '2026-01-01'")
    assert [one.value for one in made.literals] == [5, "a", "b", date(2026, 1, 1)]
    assert all(isinstance(one, Literal) for one in made.literals)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda one: one.name)
def test_every_function_has_words(function: Function) -> None:
    assert function.usage.startswith(function.name + "(")
    assert function.about.endswith(".")
    assert function.example
