"""Words in several languages: read from files, checked, and shown in the site's language."""

from __future__ import annotations

from pathlib import Path

import pytest

from metamodel.build import build_catalog
from metamodel.document_files import read_package
from metamodel.documents import CORE_KINDS
from metamodel.errors import MetadataError
from metamodel.translations import languages, missing

BOOK = """
kind: object
name: book
label: Book
help: What is lent
fields:
  - {name: name, kind: text}
  - {name: state, kind: choice, label: State, options: [{name: lent}, {name: here, label: In}]}
"""
GERMAN = """
object/book:
  label: Buch
  plural: Bücher
  fields:
    name: {label: Titel}
    state: {options: {lent: {label: verliehen}}}
"""


def package(folder: Path, german: str, name: str = "de.yaml") -> Path:
    for path, text in {
        "app.yaml": "app: lending\nversion: 1.0.0\nlabel: Lending\n",
        "objects/book.yaml": BOOK,
        f"translations/{name}": german,
    }.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def test_words_are_those_of_the_sites_language(tmp_path: Path) -> None:
    documents = read_package(package(tmp_path, GERMAN), CORE_KINDS)
    german = build_catalog(documents, CORE_KINDS, locale="de_AT")
    english = build_catalog(documents, CORE_KINDS)
    book = german.objects["book"]
    assert (book.label, book.plural, book.fields["name"].label) == ("Buch", "Bücher", "Titel")
    state = book.fields["state"]
    assert [o.label for o in state.type.options] == ["verliehen", "In"] and state.label == "State"
    assert english.objects["book"].plural == "Books"
    assert english.objects["book"].fields["name"].label == "Name"
    assert german.hash == english.hash
    assert german.of("object")["book"].source["label"] == {"en": "Book", "de": "Buch"}
    again = build_catalog(documents, CORE_KINDS, locale="de_AT", previous=german)
    assert again.objects["book"] is book


def test_what_is_missing_is_told_by_its_place(tmp_path: Path) -> None:
    documents = read_package(package(tmp_path, GERMAN), CORE_KINDS)
    assert languages(documents, CORE_KINDS) == {"de"}
    assert list(missing(documents, CORE_KINDS, "de")) == [
        "app/lending#/label",
        "object/book#/help",
        "object/book#/fields/state/label",
        "object/book#/fields/state/options/here/label",
    ]


@pytest.mark.parametrize(
    ("german", "words"),
    [
        ("object/bok: {label: Buch}", "Did you mean `object/book`"),
        ("object/book: {fields: {nam: {label: Titel}}}", "Did you mean `name`"),
        ("object/book: {title: Buch}", "not a translatable text"),
        ("object/book: {fields: {name: {help: Wie es heißt}}}", "no `help` to translate"),
        ("object/book: {label: 7}", "is a text"),
    ],
)
def test_translations_of_nothing_are_faults(tmp_path: Path, german: str, words: str) -> None:
    with pytest.raises(MetadataError, match=words):
        read_package(package(tmp_path, german), CORE_KINDS)


def test_a_file_is_named_after_its_language(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match="not a language"):
        read_package(package(tmp_path, GERMAN, "german.yaml"), CORE_KINDS)
