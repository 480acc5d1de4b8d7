"""Words that are indexed are the words that a search finds."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fluvial.kernel.search_words import (
    MAX_WORDS,
    TELLING,
    _words,
    holds,
    indexed,
    plain,
    telling,
    wanted,
    words_of,
)
from metamodel.storage import POSTGRESQL, SQLITE

TEXTS = st.text(st.sampled_from("ab1é ßİ-_@.'\"*&|:\\%") | st.characters(codec="utf-8"))


@settings(deadline=None, max_examples=60)
@example("𝕬𝔟")
@given(TEXTS)
def test_texts_are_parted_alike_whatever_they_are_written_in(text: str) -> None:
    words = indexed(text).split(" ") if indexed(text) else []
    assert len(set(words)) == len(words)
    parted = list(dict.fromkeys(_words(plain(text))))
    assert words[: len(parted)] == parted
    assert {*indexed(" ".join(parted)).split()} <= {*words}


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_a_text_is_found_by_its_own_words_and_by_their_beginnings(text: str) -> None:
    words = words_of(text)
    assert len(words) <= MAX_WORDS
    if words:
        assert holds(text, " ".join(words))
        assert holds(text, " ".join(word[:1] for word in words))
        assert not holds(text, f"{words[0]}zzz9")


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_a_search_never_brings_marks_of_its_own(text: str) -> None:
    words = words_of(text)
    assert wanted(text, POSTGRESQL) == " & ".join(f"'{word}':*" for word in words)
    if words:
        assert wanted(text, SQLITE) == " ".join(f'"{word}"*' for word in telling(words))


def test_short_words_are_not_looked_for_beside_longer_ones() -> None:
    assert telling(["a", "bc", "def"]) == ["def"]
    assert telling(["a", "bc"]) == ["a", "bc"]
    assert telling(["x" * TELLING]) == ["x" * TELLING]
    assert telling([]) == []


@pytest.mark.parametrize("search", ["", " ", "--", "_", "*"])
def test_without_words_nothing_is_found(search: str) -> None:
    assert wanted(search, POSTGRESQL) == ""
    assert wanted(search, SQLITE) == '""'
    assert not holds("any text", wanted(search, SQLITE))


def test_every_word_has_to_be_there() -> None:
    assert holds("Émile Zola, 1840", "emil 18 zola")
    assert not holds("Émile Zola, 1840", "emil 19")
    assert not holds("", "a") and not holds(None, "a")
