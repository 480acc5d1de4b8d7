"""The reference in docs/metadata.md and docs/kinds.md says what the code does."""

from __future__ import annotations

from pathlib import Path

from metamodel.document_reference import DOCS, PAGES, SLOT, TABLES, filled

KINDS = Path(__file__).parents[1] / "kinds"


def test_the_tables_are_those_of_the_code() -> None:
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        assert filled(page) == page, "Run: python -m metamodel.reference"


def test_every_table_is_on_a_page() -> None:
    found = [name for path in PAGES for name in SLOT.findall(path.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(TABLES)


def test_the_kind_that_the_docs_add_is_the_one_that_the_tests_add() -> None:
    page = (DOCS / "kinds.md").read_text(encoding="utf-8")
    for name in ("rating.py", "rating_face.py"):
        assert (KINDS / name).read_text(encoding="utf-8").strip() in page
