"""What an expression reads: the ways by which a change reaches it."""

import pytest

from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.nodes import Root
from metamodel.expressions.reads import Reading, depends_on_actor, depends_on_time, reads
from tests.metamodel.expressions import library


def written(reading: Reading) -> str:
    """`book <loans: loan.book> loan.fee` as `<loan.book fee`, `author>name` as `author> name`."""
    steps = [f"<{s.object}.{s.field}" if s.backward else f"{s.field}>" for s in reading.steps]
    root = "" if reading.root is Root.ROW else f"{reading.root.value}:"
    return root + " ".join([*steps, reading.field])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("pages + 1", {"pages"}),
        ("author.patron.born", {"author", "author> patron", "author> patron> born"}),
        ("keeper.name == me.email", {"keeper", "keeper> name", "me:email"}),
        ("sum(loans, fee, member.limit > record.pages)",
         {"<loan.book book", "<loan.book deleted_at", "<loan.book fee", "<loan.book member",
          "<loan.book member> limit", "pages"}),
        ("count(author.books, exists(loans, due > record.acquired))",
         {"author", "author> <book.author author", "author> <book.author deleted_at",
          "author> <book.author <loan.book book", "author> <book.author <loan.book deleted_at",
          "author> <book.author <loan.book due", "acquired"}),
        ("list(subjects, name)", {"subjects", "subjects> deleted_at", "subjects> name"}),
        ("record in branch.books", {"branch"}),
        ("author.id == record.author", {"author"}),
        ("today() > acquired", {"acquired"}),
    ],
)  # fmt: skip
def test_reads(source: str, expected: set[str]) -> None:
    found = reads(compile_expression(source, library.scope("book")), library.OBJECTS)
    assert {written(one) for one in found} == expected
    assert all(one.root is not Root.ROW or one.object for one in found)


def test_reads_of_the_record_that_is_edited() -> None:
    scope = library.scope("book", record="loan")
    made = compile_expression("branch == record.member.branch", scope)
    found = {written(one) for one in reads(made, library.OBJECTS, "loan")}
    assert found == {"branch", "record:member", "record:member> branch"}


@pytest.mark.parametrize(
    ("source", "timed", "personal"),
    [
        ("pages > 1", False, False),
        ("author.book_count + loan_count", False, False),
        ("acquired < today()", True, False),
        ("exists(loans, due < today())", True, False),
        ("exists(memberships, in_force)", True, False),
        ("keeper == me", False, True),
        ("'clerk' in me.roles and now() > checked_at", True, True),
    ],
)
def test_what_a_value_depends_on(source: str, timed: bool, personal: bool) -> None:
    object = "member" if "memberships" in source else "book"
    made = compile_expression(source, library.scope(object))
    assert depends_on_time(made, library.OBJECTS) is timed
    assert depends_on_actor(made, library.OBJECTS) is personal
