"""Cells of a table become values; records that they name are found together."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fluvial.records.writing.writer import create
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from fluvial.transfer.imports.cells import Cells, Parsed
from fluvial.transfer.imports.options import Options, read_options
from fluvial.transfer.imports.table_files import Row
from fluvial.transfer.imports.targets import Resolver
from tests.app import Documents
from tests.fluvial.tables import AUTHOR, BOOK


@pytest.fixture
def documents() -> Documents:
    return [AUTHOR, BOOK]


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session.begin(engine)


def cells(session: Session, object_name: str, header: list[str], options: Options) -> Cells:
    type_ = session.catalog.objects[object_name]
    targets = Resolver(session.catalog, session.access, type_).targets(header, options)
    return Cells(session, object_name, targets, options)


def parsed(
    session: Session, object_name: str, header: str, *rows: str, **options: Any
) -> list[Parsed]:
    made = cells(session, object_name, header.split(","), read_options(options))
    return made.parse(Row(at, row.split(",")) for at, row in enumerate(rows, start=2))


def told(rows: list[Parsed]) -> list[tuple[int, str, str]]:
    return [(f.row, f.column, f.code) for row in rows for f in row.faults]


def test_texts_are_read_as_their_fields_read_them(session: Session) -> None:
    (row,) = parsed(
        session, "book", "title_text,price,on_shelf", " Emma , 12;50 ,yes", values={
            "price": {"12;50": "12.50"},
        },
    )  # fmt: skip
    assert (row.row, told([row])) == (2, [])
    assert (row.values["title_text"], row.values["on_shelf"]) == ("Emma", True)
    assert row.values["price"].amount == Decimal("12.50")


def test_short_rows_and_what_counts_as_empty(session: Session) -> None:
    rows = parsed(session, "author", "name,code,born", "Ann,n/a,-", "Bob", empty=["n/a", "-"])
    assert [row.values for row in rows] == [
        {"name": "Ann", "code": None, "born": None}, {"name": "Bob", "code": None, "born": None},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [("'=1+1", "=1+1"), ("''-x", "'-x"), ("'quoted'", "'quoted'"), ("'", "'"), ("'@a", "@a")],
)
def test_quotes_that_our_own_tables_put_before_a_formula(
    session: Session, text: str, value: str
) -> None:
    (row,) = parsed(session, "author", "name", text)
    assert row.values["name"] == value


def test_faults_name_row_column_and_cell(session: Session) -> None:
    rows = parsed(session, "author", "Name,born", "Ann,2026-02-30", "Bob,2026-02-01", "C,x")
    assert [(row, column) for row, column, _ in told(rows)] == [(2, "born"), (4, "born")]
    assert rows[0].faults[0].message.endswith("(The cell contains 2026-02-30.)")
    assert rows[1].values["born"] == date(2026, 2, 1)


def test_dates_are_moved_together(session: Session) -> None:
    made = cells(session, "author", ["name", "born"], Options(shift=timedelta(days=30)))
    (row,) = made.parse([Row(2, ["Ann", "2026-02-01"])])
    assert row.values["born"] == date(2026, 3, 3)


def test_records_are_found_by_their_keys_at_once(session: Session) -> None:
    ids = {n: create(session, "author", {"name": n, "code": n[0]})["id"] for n in ("Ann", "Bob")}
    create(session, "author", {"name": "Bob", "code": "B2"})
    header = ["title_text", "author.code", "helpers.name"]
    made = cells(session, "book", header, Options())
    rows = [Row(at, ["x", "A", "Ann"]) for at in range(2, 40)]
    before = session.connection.statements
    found = made.parse(rows)
    assert session.connection.statements - before == 2  # one for each column
    assert {row.values["author"] for row in found} == {ids["Ann"]}
    assert found[0].values["helpers"] == [ids["Ann"]]
    assert found[0].vouched == {("author", ids["Ann"])}
    made.parse(rows)
    assert session.connection.statements - before == 2  # what is known is not asked again
    many, missing = made.parse([Row(50, ["x", "A", "Ann; Bob"]), Row(51, ["x", "Z", ""])])
    assert set(many.several) == {"helpers"} and len(many.several["helpers"][1]) == 2
    assert told([missing]) == [(51, "author.code", "unknown_record")]
    assert "There is no author with the code Z." in missing.faults[0].message


def test_a_record_that_may_stand_further_down_waits(session: Session) -> None:
    made = cells(session, "author", ["name", "teacher.name"], Options())
    (row,) = made.parse([Row(2, ["Ann", "Bob"])])
    (waits,) = row.deferred
    assert (waits.text, row.values["teacher"], row.faults) == ("Bob", None, [])
    assert made.found(waits.target, "Bob") is None
    bob = create(session, "author", {"name": "Bob"})["id"]
    made.forget_missing()
    made.find(waits.target, ["Bob"])
    assert made.found(waits.target, "Bob") == [bob]
