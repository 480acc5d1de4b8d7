"""What lists sort by."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tests.metamodel.catalogs import field


def sql(spec: dict[str, object]) -> list[str]:
    made = field(spec)
    columns: dict[str, sa.ColumnElement[Any]] = {
        column.suffix: sa.column(f"sample{column.suffix}") for column in made.columns
    }
    keys = made.kind.order(made, columns)
    return [str(key.compile(compile_kwargs={"literal_binds": True})) for key in keys]


def test_text_sorts_by_its_folded_form_then_exactly() -> None:
    assert sql({"kind": "text"}) == ["sample__fold", "sample"]


def test_a_choice_sorts_by_the_order_of_its_options() -> None:
    (key,) = sql({"kind": "choice", "options": [{"name": "low"}, {"name": "high"}]})
    assert "WHEN 'low' THEN 0 WHEN 'high' THEN 1" in key


def test_other_kinds_sort_by_their_first_column() -> None:
    assert sql({"kind": "money"}) == ["sample"]


def test_what_has_no_order_says_so() -> None:
    assert not field({"kind": "file"}).kind.sorts(field({"kind": "file"}))
    people = field({"kind": "person", "many": True})
    assert not people.kind.sorts(people)
    assert field({"kind": "person"}).kind.sorts(field({"kind": "person"}))
