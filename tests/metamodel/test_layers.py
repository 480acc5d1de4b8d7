"""Merging of layers, and where a place of the merge was written."""

from __future__ import annotations

from typing import Any

import pytest

from metamodel.build import build_catalog
from metamodel.documents import SITE, Document, with_kinds
from metamodel.errors import MetadataError
from metamodel.layers import locate, merge, merge_documents
from tests.metamodel.catalogs import CORE_DOCUMENTS, documents

MERGES: list[tuple[Any, Any, Any]] = [
    ({"a": 1, "b": 2}, {"a": 3}, {"a": 3, "b": 2}),
    ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
    ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
    ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    (
        {"a": [{"name": "x", "v": 1}, {"name": "y"}]},
        {"a": [{"name": "y", "v": 2}, {"name": "z"}, {"name": "x", "v": None}]},
        {"a": [{"name": "x"}, {"name": "y", "v": 2}, {"name": "z"}]},
    ),
    ({"a": [{"name": "x"}, {"name": "y"}]}, {"a": [{"name": "x", "$delete": True}]},
     {"a": [{"name": "y"}]}),
    ({}, {"a": [{"name": "x", "$delete": True}]}, {"a": []}),
    ({"a": [{"name": "x"}]}, {"a": []}, {"a": [{"name": "x"}]}),
    ({"a": [{"field": "x"}]}, {"a": [{"field": "y"}]}, {"a": [{"field": "y"}]}),
    ({"a": "text"}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
]  # fmt: skip

SHIPPED = """
kind: object
name: book
label: Book
fields:
  - {name: isbn, kind: text}
  - {name: pages, kind: number}
"""
EXTENSION = """
kind: object
name: book
extends: library
fields:
  - {name: weight, kind: number}
  - {name: pages, scale: 0}
"""


@pytest.mark.parametrize(("base", "change", "merged"), MERGES)
def test_merge(base: Any, change: Any, merged: Any) -> None:
    assert merge(base, change) == merged


def test_layers_are_left_as_they_are() -> None:
    base = {"a": [{"name": "x", "b": {"c": 1}}]}
    merge(base, {"a": [{"name": "x", "b": {"c": 2}}]})
    assert base == {"a": [{"name": "x", "b": {"c": 1}}]}


def layered(*layers: tuple[str, str]) -> list[Document]:
    return [one for layer, text in layers for one in documents(text, layer, f"{layer}.yaml")]


def test_an_extension_and_the_site_add_to_what_is_shipped() -> None:
    site = "{kind: object, name: book, label: Volume, fields: [{name: isbn, required: true}]}"
    found = layered(("library", SHIPPED), ("archive", EXTENSION), (SITE, site))
    book = build_catalog([*CORE_DOCUMENTS, *found], with_kinds([])).objects["book"]
    assert [f.name for f in book.own_fields] == ["isbn", "pages", "weight"]
    assert book.label == "Volume"
    assert book.fields["isbn"].required
    assert [f.layer for f in book.own_fields] == ["library", "library", "archive"]


def test_the_site_may_take_a_document_out() -> None:
    merged, faults = merge_documents(
        layered(("library", SHIPPED), (SITE, "{kind: object, name: book, $delete: true}"))
    )
    assert (merged, faults) == ([], [])


def test_two_packages_cannot_ship_one_document() -> None:
    _, faults = merge_documents(layered(("library", SHIPPED), ("archive", SHIPPED)))
    assert [(f.code, f.file) for f in faults] == [("duplicate", "archive.yaml")]
    assert "extends: library" in faults[0].hint


def test_a_fault_names_the_layer_that_wrote_it() -> None:
    extension = EXTENSION.replace("scale: 0", "scale: 12")
    found = layered(("library", SHIPPED), ("archive", extension))
    with pytest.raises(MetadataError) as caught:
        build_catalog([*CORE_DOCUMENTS, *found], with_kinds([]))
    (fault,) = caught.value.faults
    assert (fault.file, fault.pointer) == ("archive.yaml", "/fields/1/scale")


def test_a_place_of_one_layer_is_its_own() -> None:
    (document,) = documents(SHIPPED, "library", "book.yaml")
    assert locate(document, "/fields/1/kind") == ("book.yaml", "/fields/1/kind")
