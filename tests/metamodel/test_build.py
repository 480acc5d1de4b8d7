"""Examples of faulty documents with the faults that they get, and catalogs of sound ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from metamodel.build import build_catalog
from metamodel.document_files import document_of, parse_documents
from metamodel.documents import with_kinds
from metamodel.errors import Fault, MetadataError
from tests.metamodel.catalogs import CORE_DOCUMENTS, catalog, documents

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.yaml"))

LIBRARY = """
kind: object
name: author
fields:
  - {name: name, kind: text, required: true, searchable: true}
  - {name: books_out, kind: calculated, result: number, scale: 0, formula: "count(books, on_loan)"}
---
kind: object
name: book
label: {en: Book, de: Buch}
title: "{number} {name}"
fields:
  - {name: number, kind: sequence, pattern: "B-{0000}"}
  - {name: name, kind: text, required: true}
  - {name: author, kind: lookup, to: author, required: true, inverse: books}
  - {name: on_loan, kind: boolean}
  - {name: bought, kind: date, default: "today()"}
  - {name: price, kind: money, currency: EUR, default: 12.5}
  - {name: condition, kind: choice, default: good, options: [{name: good}, {name: worn}]}
  - {name: librarian, kind: person, default: me}
keys: [{fields: [author, name], unique: true}]
checks: [{name: paid, expect: "price >= 0", message: Give a price of 0 or more., field: price}]
logic: [{field: price, required: "on_loan"}]
states:
  field: condition
  transitions: [{name: wear, from: [good], to: worn, allow: [administrator], when: on_loan}]
---
kind: object
name: membership
fields:
  - {name: starts, kind: date, required: true}
  - {name: ends, kind: date}
  - {name: holder, kind: person}
dated: {from: starts, until: ends, per: [holder]}
---
{kind: view, name: mine, object: book, where: "librarian == me", columns: [name, author.name]}
"""


def faults_of(bodies: list[dict[str, Any]]) -> tuple[Fault, ...]:
    found = [document_of(body, layer="library", file="example.yaml") for body in bodies]
    with pytest.raises(MetadataError) as caught:
        build_catalog([*CORE_DOCUMENTS, *found], with_kinds([]))
    return caught.value.faults


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_fault_is_told_at_once_with_place_and_remedy(path: Path) -> None:
    (example,) = parse_documents(path.read_text())
    found = faults_of(example["documents"])
    wanted = example["faults"]
    places = [(one.get("document", "object/book"), one["pointer"], one["code"]) for one in wanted]
    assert sorted((f.document, f.pointer, f.code) for f in found) == sorted(places)
    for one in wanted:
        said = [
            f"{f.message} {f.hint}"
            for f in found
            if (f.document, f.pointer, f.code)
            == (one.get("document", "object/book"), one["pointer"], one["code"])
        ]
        assert any(one.get("says", "") in text for text in said), said
    assert {f.file for f in found} == {"example.yaml"}


def test_an_object_type_has_its_fields_and_the_system_fields_last() -> None:
    book = catalog(LIBRARY).objects["book"]
    assert [f.name for f in book.own_fields][:3] == ["number", "name", "author"]
    assert list(book.fields)[-9:] == [
        "id", "rev", "title", "created_at", "created_by", "updated_at", "updated_by", "owner",
        "deleted_at",
    ]  # fmt: skip
    assert book.fields["deleted_at"].hidden
    assert book.fields["owner"].writable
    assert not book.fields["created_by"].writable
    assert (book.label, book.plural, book.layer) == ("Book", "Books", "library")


def test_inverses_are_collections_of_the_other_side() -> None:
    author = catalog(LIBRARY).objects["author"]
    books = author.inverses["books"]
    assert (books.source, books.field, books.label) == ("book", "author", "Books")


def test_defaults_are_values_or_expressions() -> None:
    book = catalog(LIBRARY).objects["book"]
    assert book.fields["condition"].initial == "good"
    assert str(book.fields["price"].initial.amount) == "12.50"
    assert book.fields["on_loan"].initial is False
    assert book.fields["bought"].default is not None
    assert book.fields["librarian"].default is not None


def test_parts_are_compiled() -> None:
    objects = catalog(LIBRARY).objects
    book = objects["book"]
    assert objects["author"].fields["books_out"].formula is not None
    assert not objects["author"].fields["books_out"].stored
    assert book.checks[0].field == "price"
    assert book.logic[0].required is not None
    assert book.states is not None and book.states.transitions[0].when is not None
    assert book.keys[0].unique
    assert objects["membership"].fields["in_force"].formula is not None
    assert book.fields["number"].unique and book.fields["number"].read_only


def test_user_roles_are_the_roles_that_there_are() -> None:
    built = catalog("{kind: role, name: reader, label: Reader of books}")
    options = built.objects["user"].fields["roles"].type.options
    assert [option.name for option in options] == ["administrator", "reader"]
    assert options[1].label == "Reader of books"


def test_the_hash_is_of_what_the_documents_say() -> None:
    one, two = catalog(LIBRARY), catalog(LIBRARY)
    assert one.hash == two.hash
    assert one.hash != catalog(LIBRARY.replace("12.5", "13.5")).hash


def test_an_unchanged_set_takes_over_the_object_types() -> None:
    kinds = with_kinds([])
    found = [*CORE_DOCUMENTS, *documents(LIBRARY)]
    one = build_catalog(found, kinds, version=1)
    two = build_catalog(found, kinds, version=2, previous=one)
    assert two.version == 2
    assert two.objects is one.objects


def test_a_changed_set_is_built_anew() -> None:
    kinds = with_kinds([])
    one = build_catalog([*CORE_DOCUMENTS, *documents(LIBRARY)], kinds)
    changed = documents(LIBRARY.replace("name: bought", "name: acquired"))
    two = build_catalog([*CORE_DOCUMENTS, *changed], kinds, previous=one)
    assert "acquired" in two.objects["book"].fields


def test_a_retired_field_is_out_of_use() -> None:
    built = catalog(LIBRARY.replace("name: on_loan, kind: boolean", "name: on_loan, kind: boolean"))
    assert "on_loan" in built.objects["book"].fields
    text = "{kind: object, name: shelf, fields: [{name: room, kind: text, retired: true}]}"
    assert "room" not in catalog(text).objects["shelf"].fields


def test_an_object_of_the_core_is_sound_alone() -> None:
    assert set(catalog().objects) == {"user", "team", "group"}
