"""Words for people and keys for sorting."""

from __future__ import annotations

import pytest

from metamodel.folding import fold, humanise, label_text, listed, nearest, plural


@pytest.mark.parametrize(
    ("one", "many"),
    [("Book", "Books"), ("Category", "Categories"), ("Day", "Days"), ("Branch", "Branches")],
)
def test_plural(one: str, many: str) -> None:
    assert plural(one) == many


def test_labels() -> None:
    assert humanise("due_back") == "Due back"
    assert label_text({"de": "Buch", "en": "Book"}) == "Book"
    assert label_text({"de": "Buch"}, "de_AT") == "Buch"
    assert label_text({"fr": "Livre"}, "de") == "Livre"
    assert label_text("Book", "de") == "Book"


def test_hints() -> None:
    assert nearest("titel", ["title", "author"]) == "Did you mean `title`?"
    assert nearest("zzz", ["title"]) == ""
    assert listed(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert listed(["a"]) == "`a`"


def test_folding() -> None:
    assert fold("\u00c5ngstr\u00f6m STRASSE") == fold("angstrom stra\u00dfe")
