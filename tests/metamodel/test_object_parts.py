"""Parts of the object document: their schema, their faults, and the fields that they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from metamodel.build import build_catalog
from metamodel.catalog import Catalog, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.document_reach import reach_of
from metamodel.documents import Document, with_kinds
from metamodel.errors import Fault, MetadataError
from metamodel.object_parts import MadeField, ObjectPart, still_made
from metamodel.object_types import items
from metamodel.reach import Reach
from metamodel.uses import part_of, uses_of
from tests.metamodel.catalogs import CORE_DOCUMENTS, documents


def _stamps(body: Mapping[str, Any]) -> Iterator[MadeField]:
    for at, one in items(body, "stamps"):
        made = {"name": f"{one['name']}_day", "kind": "date", "label": f"{one['name']} day"}
        yield MadeField(made, one["name"], f"/stamps/{at}/name")


def _compiled(body: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> dict[str, Any]:
    check.names("/stamps", (one and one["name"] for one in body["stamps"]), "stamp")
    return {
        one["name"]: check.condition(f"/stamps/{at}/when", one["when"], object.name)
        for at, one in items(body, "stamps")
    }


def _acts(document: Document, _: Catalog) -> Iterator[Reach]:
    yield Reach("/stamps", "set", document.name, "shelf")


STAMPS: ObjectPart[dict[str, Any]] = ObjectPart(
    "stamps",
    schema={
        "x-upgrade": "merge_by_key",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": {"$ref": "#/$defs/name"},
                "when": {"$ref": "#/$defs/expression"},
            },
            "required": ["name", "when"],
            "additionalProperties": False,
        },
    },
    compile=_compiled,
    fields=_stamps,
    removable={"/stamps/*/when": "/stamps/*"},
    acts=_acts,
)
KINDS = with_kinds([], [STAMPS])

BOOK = """
kind: object
name: book
fields:
  - {name: name, kind: text}
  - {name: shelf, kind: text}
stamps:
  - {name: lent, when: "shelf == null"}
---
{kind: view, name: days, object: book, columns: [name, lent_day]}
"""


def _catalog(text: str) -> Catalog:
    return build_catalog([*CORE_DOCUMENTS, *documents(text)], KINDS)


def _faults(text: str) -> list[Fault]:
    with pytest.raises(MetadataError) as caught:
        _catalog(text)
    return list(caught.value.faults)


def test_a_part_is_compiled_and_found_by_itself() -> None:
    catalog = _catalog(BOOK)
    compiled = STAMPS.of(catalog.objects["book"])
    assert compiled is not None and compiled["lent"].source == "shelf == null"
    assert STAMPS.of(catalog.objects["user"]) is None


def test_the_fields_of_a_part_stand_behind_the_others_and_nobody_writes_them() -> None:
    book = _catalog(BOOK).objects["book"]
    assert [one.name for one in book.own_fields] == ["name", "shelf", "lent_day"]
    made = book.fields["lent_day"]
    assert (made.label, made.made_by) == ("lent day", "stamps/lent")
    assert made.read_only and not made.writable and made.columns
    assert book.title == "{name}"


def test_views_may_show_what_a_part_makes_and_where_used_tells_them() -> None:
    catalog = _catalog(BOOK)
    assert uses_of(catalog, "book.lent_day") == ["view/days#/columns/1"]
    place = next(place for place in uses_of(catalog, "book.shelf") if "stamps" in place)
    assert part_of(place, KINDS["object"].removable) == "/stamps/0"


def test_what_a_part_does_by_itself_is_judged_by_its_authors_rights() -> None:
    catalog = _catalog(BOOK)
    reached = reach_of(catalog.of("object")["book"], catalog, KINDS["object"])
    assert Reach("/stamps", "set", "book", "shelf") in reached
    assert Reach("/stamps/0/when", "read", "book", "shelf") in reached


@pytest.mark.parametrize(
    ("was", "now", "pointer", "code"),
    [
        ("name: lent,", "name: Lent,", "/stamps/0/name", "wrong_form"),
        ("when:", "then:", "/stamps/0/then", "unknown_member"),
        ("shelf == null", "shelv == null", "/stamps/0/when", "expression"),
        ("name: shelf,", "name: lent_day,", "/stamps/0/name", "reserved_name"),
    ],
)
def test_its_faults_have_their_places(was: str, now: str, pointer: str, code: str) -> None:
    assert (pointer, code) in [(f.pointer, f.code) for f in _faults(BOOK.replace(was, now))]


def test_two_of_one_name_are_one_fault() -> None:
    twice = BOOK.replace("stamps:\n", 'stamps:\n  - {name: lent, when: "name == null"}\n')
    assert [(f.pointer, f.code) for f in _faults(twice)] == [("/stamps/1/name", "duplicate_name")]


def test_a_field_goes_with_what_made_it() -> None:
    book, without = documents(BOOK)[0], documents("{kind: object, name: book}")[0]
    assert still_made("stamps/lent", book) and still_made("stamps", book)
    assert not still_made("stamps/lost", book) and not still_made("stamps", without)


def test_a_member_that_is_there_already_is_refused() -> None:
    with pytest.raises(ValueError, match="already has a member 'fields'"):
        with_kinds([], [ObjectPart("fields", {}, compile=lambda *_: None)])
