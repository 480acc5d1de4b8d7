"""A catalog that takes over what has not changed equals one that is built from nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import processes
from fluvial.kernel.features import load_features
from fluvial.packages import folder_of
from metamodel.build import build_catalog
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import CatalogDraft, DocumentCheck
from metamodel.document_files import document_of, parse_documents, read_package
from metamodel.documents import Document, with_kinds
from metamodel.errors import MetadataError
from metamodel.expressions.expression import Expression
from tests.metamodel.catalogs import CORE, CORE_DOCUMENTS, documents
from tests.metamodel.test_build import EXAMPLES, LIBRARY

KINDS = with_kinds([])

SHELVES = """
kind: object
name: shelf
plural: Shelves
fields:
  - {name: name, kind: text}
  - {name: branch, kind: lookup, to: branch, inverse: shelves}
---
kind: object
name: branch
fields:
  - {name: name, kind: text}
  - {name: width, kind: number}
  - {name: widths, kind: calculated, result: number, formula: "width + 1"}
---
kind: object
name: visit
fields:
  - {name: name, kind: text}
  - {name: shelf, kind: lookup, to: shelf}
  - {name: wide, kind: calculated, result: number, formula: "shelf.branch.widths * 2"}
checks: [{name: wide_enough, expect: "shelf.branch.name != 'x'", message: Take another.}]
"""

# An edit sets one member of an object, or one option of one of its fields; None takes it out.
EDITS: list[tuple[str, str, dict[str, Any] | Any]] = [
    ("branch", "fields", {"name": "width", "kind": "number", "scale": 4}),
    ("branch", "fields", {"name": "height", "kind": "number"}),
    ("branch", "fields", {"name": "widths", "formula": "width + 2"}),
    ("branch", "fields", {"name": "widths", "scale": 5}),
    ("branch", "label", "House"),
    ("branch", "fields", {"name": "width", "kind": "text"}),  # a fault: the formula adds to it
    ("branch", "fields", {"name": "width", "$delete": True}),  # a fault for the same reason
    ("shelf", "plural", "Racks"),
    ("shelf", "fields", {"name": "branch", "inverse": "racks"}),
    ("shelf", "fields", {"name": "branch", "inverse": "name"}),  # a fault: taken
    ("shelf", "fields", {"name": "branch", "to": "author"}),  # a fault: no width there
    ("author", "fields", {"name": "shelves", "kind": "text"}),
    ("book", "fields", {"name": "price", "currency": "USD"}),
    ("membership", "dated", {"from": "starts", "until": "ends", "per": ["id"]}),
    ("visit", "title", "{name} {shelf}"),
]


def whole(catalog: Catalog) -> dict[str, Any]:
    """All that a catalog says, to compare."""
    return {
        "hash": catalog.hash,
        "objects": {name: described(type_) for name, type_ in catalog.objects.items()},
        "uses": dict(catalog.uses),
        "documents": {kind: list(named) for kind, named in catalog.documents.items()},
    }


def described(type_: ObjectType) -> dict[str, Any]:
    parts = {name: value for name, value in vars(type_).items() if name in type_.__annotations__}
    fields = {
        field.name: {"type": str(field.type)}
        | {name: said(getattr(field, name)) for name in Field.__annotations__}
        for field in type_.fields.values()
    }
    return {**{name: str(value) for name, value in parts.items()}, "fields": fields}


def said(value: Any) -> str:
    return f"{value.source} {value.type}" if isinstance(value, Expression) else str(value)


def edited(document: Document, member: str, value: Any) -> Document:
    change = [value] if member == "fields" else value
    site = Document("object", document.name, {member: change}, "site")
    return Document(document.kind, document.name, site.body, "site")


def base() -> list[Document]:
    return [*CORE_DOCUMENTS, *documents(LIBRARY), *documents(SHELVES)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(EDITS), max_size=5))
def test_taking_over_gives_the_same(edits: list[tuple[str, str, Any]]) -> None:
    layers = base()
    last = build_catalog(layers, KINDS)
    for name, member, value in edits:
        document = next(one for one in layers if (one.kind, one.name) == ("object", name))
        layers = [*(one for one in layers if (one.layer, one.name) != ("site", name))]
        layers.append(edited(document, member, value))
        try:
            fresh = build_catalog(layers, KINDS)
        except MetadataError as refused:
            with pytest.raises(MetadataError) as again:
                build_catalog(layers, KINDS, previous=last)
            assert again.value.faults == refused.faults
            continue
        last = build_catalog(layers, KINDS, previous=last)
        assert whole(last) == whole(fresh)


def test_one_changed_field_rebuilds_only_what_uses_it() -> None:
    first = build_catalog(base(), KINDS)
    change = Document("object", "branch", {"fields": [{"name": "width", "scale": 4}]}, "site")
    second = build_catalog([*base(), change], KINDS, previous=first)
    kept = {name for name, type_ in second.objects.items() if type_ is first.objects[name]}
    assert second.objects.keys() - kept == {"branch", "visit"}  # visit, by way of `widths`


EVERY_KIND = load_features().kinds
# Each names others, or is named by some: one of the kind says something else, or goes.
OTHER_KINDS = ("rule", "role", "process", "calendar")


@pytest.fixture(scope="module")
def shipped() -> list[Document]:
    """The services app, with what comes with kinds of document."""
    brought = sorted(Path(processes.__file__).parents[1].glob("*/brought"))
    return [
        document
        for folder in (CORE, *brought, folder_of("psa"))
        for document in read_package(folder, EVERY_KIND)
    ]


def outcome(layers: list[Document], last: Catalog) -> Any:
    """What a change of documents comes to: the catalog, or all faults."""
    try:
        return whole(build_catalog(layers, EVERY_KIND, previous=last))
    except MetadataError as refused:
        return [(fault.document, fault.pointer, fault.message) for fault in refused.faults]


def test_checks_that_are_not_made_again_would_say_the_same(shipped: list[Document]) -> None:
    first = build_catalog(shipped, EVERY_KIND)
    unasked = replace(first, asked={})  # so that all checks are made again
    for at, kind in enumerate(OTHER_KINDS):
        document = next(one for one in shipped if one.kind == kind)
        layers = [one for one in shipped if one is not document]
        if at % 2 == 0:
            body = {**document.body, "label": "Another" if at else 7}  # which is a fault
            layers.append(Document(kind, document.name, body, document.layer))
        assert outcome(layers, first) == outcome(layers, unasked), document.place


def test_a_change_of_one_rule_checks_what_asks_for_rules_only(
    shipped: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build_catalog(shipped, EVERY_KIND)
    rule = next(one for one in shipped if one.kind == "rule")
    changed = Document("rule", rule.name, {**rule.body, "label": "Another"}, rule.layer)
    checked: list[str] = []
    made = DocumentCheck.__init__

    def noted(self: DocumentCheck, draft: CatalogDraft, document: Document) -> None:
        checked.append(document.kind)
        made(self, draft, document)

    monkeypatch.setattr(DocumentCheck, "__init__", noted)
    build_catalog(
        [*(one for one in shipped if one is not rule), changed], EVERY_KIND, previous=first
    )
    assert checked.count("rule") < 20 and "view" not in checked, sorted(checked)


def test_true_is_not_taken_for_one() -> None:
    width = {"name": "width", "min": 1}
    first = build_catalog(
        [*base(), Document("object", "branch", {"fields": [width]}, "site")], KINDS
    )
    wrong = Document("object", "branch", {"fields": [width | {"min": True}]}, "site")
    with pytest.raises(MetadataError, match="min"):
        build_catalog([*base(), wrong], KINDS, previous=first)


def test_a_role_that_goes_is_missed_where_it_is_named() -> None:
    clerk = document_of({"kind": "role", "name": "clerk", "label": "Clerk"}, layer="site")
    allow = {
        "states": {"field": "condition", "transitions": [{"name": "wear", "allow": ["clerk"]}]}
    }
    named = Document("object", "book", allow, "site")
    first = build_catalog([*base(), clerk, named], KINDS)
    with pytest.raises(MetadataError, match="clerk"):
        build_catalog([*base(), named], KINDS, previous=first)


def test_options_that_are_documents_follow_them() -> None:
    clerk = document_of({"kind": "role", "name": "clerk", "label": "Clerk"}, layer="site")
    first = build_catalog(base(), KINDS)
    second = build_catalog([*base(), clerk], KINDS, previous=first)
    assert "clerk" in [
        option.name for option in second.objects["user"].fields["roles"].type.options
    ]
    assert whole(second) == whole(build_catalog([*base(), clerk], KINDS))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_both_validators_refuse_the_same(path: Path) -> None:
    """A quick validator says whether, a slower one says what: they have to agree."""
    checked = 0
    for example in parse_documents(path.read_text(encoding="utf-8")):
        for body in example.get("documents", ()):
            kind = KINDS.get(str(body.get("kind"))) if isinstance(body, dict) else None
            if kind is not None:
                checked += 1
                assert bool(kind.errors(body)) == any(kind.validator.iter_errors(body))
    assert checked
