"""The reference in docs/metadata.md says what the code does."""

from __future__ import annotations

from metamodel.reference import PAGE, SLOT, TABLES, filled


def test_the_tables_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page) == page, "Run: python -m metamodel.reference"


def test_every_table_is_on_the_page() -> None:
    assert set(SLOT.findall(PAGE.read_text(encoding="utf-8"))) == set(TABLES)
