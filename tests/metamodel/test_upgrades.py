"""Upgrades in three ways, attribute by attribute, and what differs between two bodies."""

from __future__ import annotations

from typing import Any

import pytest

from metamodel.build import build_catalog
from metamodel.differences import differences
from metamodel.documents import CORE_KINDS, OBJECT, ROLE, VIEW, Document, DocumentKind
from metamodel.errors import MetadataError
from metamodel.layers import merged
from metamodel.policies import labels
from metamodel.upgrades import Comparison, merge_lists

Body = dict[str, Any]


def field(name: str, **more: Any) -> Body:
    return {"name": name, "kind": "text", **more}


def decided(
    kind: DocumentKind, old: Body | None, new: Body | None, site: Body, *take: str
) -> tuple[dict[str, str], Body | None]:
    """What is decided, by pointer, and what the site's layer says afterwards."""
    comparison = Comparison(take)
    after = comparison.document(kind.shape, old, new, site)
    return {d.pointer: d.outcome for d in comparison.decisions}, after


PRICE = {"name": "price", "kind": "number", "label": "Price", "min": 0}
OLD = {"fields": [PRICE, field("note")]}


@pytest.mark.parametrize(
    ("new", "site", "outcomes"),
    [
        # Only the package changes: it takes effect, told at its place.
        ({"fields": [{**PRICE, "min": 1}, field("note")]}, {}, {"/fields/price/min": "changes"}),
        # Words are the site's once it has said something.
        (
            {"fields": [{**PRICE, "label": "Cost"}, field("note")]},
            {"fields": [{"name": "price", "label": "Fee"}]},
            {"/fields/price/label": "kept"},
        ),
        # Both change what a package decides: a conflict, and the site keeps its own.
        (
            {"fields": [{**PRICE, "min": 1}, field("note")]},
            {"fields": [{"name": "price", "min": 5}]},
            {"/fields/price/min": "conflict"},
        ),
        # Both say the same: nothing to tell.
        (
            {"fields": [{**PRICE, "min": 5}, field("note")]},
            {"fields": [{"name": "price", "min": 5}]},
            {},
        ),
        # What the site only repeats follows the package.
        (
            {"fields": [{**PRICE, "min": 1}, field("note")]},
            {"fields": [PRICE]},
            {"/fields/price/min": "changes"},
        ),
        # The package drops what the site customises: that waits.
        ({"fields": [PRICE]}, {"fields": [{"name": "note", "label": "Memo"}]},
         {"/fields/note": "parked"}),
        # A field of the site's own stays, and so does one that it took out.
        (
            {"fields": [{**PRICE, "min": 1}, field("note")]},
            {"fields": [field("shelf"), {"name": "price", "$delete": True}]},
            {"/fields/price": "kept", "/fields/shelf": "kept"},
        ),
    ],
)  # fmt: skip
def test_each_attribute_has_its_winner(new: Body, site: Body, outcomes: dict[str, str]) -> None:
    assert decided(OBJECT, OLD, new, site)[0] == outcomes


def test_a_conflict_is_given_up_where_asked() -> None:
    new = {"fields": [{**PRICE, "min": 1}, field("note")]}
    site = {
        "kind": "object",
        "name": "book",
        "fields": [{"name": "price", "min": 5, "label": "Fee"}],
    }
    outcomes, after = decided(OBJECT, OLD, new, site, "/fields/price/min")
    assert outcomes["/fields/price/min"] == "taken"
    assert after is not None and after["fields"] == [{"name": "price", "label": "Fee"}]


def test_what_waits_says_nothing_and_comes_back() -> None:
    """The package drops a field, and brings it back in a later version."""
    site = {"kind": "object", "name": "book", "fields": [{"name": "note", "label": "Memo"}]}
    without = {"fields": [PRICE]}
    _, waiting = decided(OBJECT, OLD, without, site)
    assert waiting is not None
    in_force = merged([_document(without, "library"), _document(waiting, "site")])
    assert in_force is not None and [f["name"] for f in in_force.body["fields"]] == ["price"]
    _, back = decided(OBJECT, without, OLD, waiting)
    assert back == site


def _document(body: Body, layer: str) -> Document:
    return Document("object", "book", {"kind": "object", "name": "book", **body}, layer)


def test_lists_keep_what_both_sides_add() -> None:
    assert merge_lists(["a", "b"], ["a", "b", "d"], ["b", "c"]) == ["b", "c", "d"]
    assert merge_lists(["a", "b"], ["b"], ["a", "b", "c"]) == ["b", "c"]
    grants = [{"object": "book", "can": ["read"]}]
    wider = [{"object": "book", "can": ["read", "update"]}]
    assert merge_lists(grants, grants, wider) == wider
    assert merge_lists(grants, [{"object": "book", "can": ["*"]}], wider) is None
    columns = {"object": "book", "columns": ["name", "price"]}
    outcomes, after = decided(
        VIEW, columns, {**columns, "columns": ["name", "price", "due"]}, {"columns": ["name"]}
    )
    assert outcomes == {"/columns": "merged"} and after == {"columns": ["name", "due"]}


def test_every_kind_says_who_decides() -> None:
    shape = OBJECT.shape
    price = shape.member("fields").item({"kind": "lookup"})
    assert shape.member("fields").policy == "merge_by_key"
    assert price.member("kind").policy == price.member("to").policy == "locked"
    assert (
        price.member("label").policy == "site_wins" and price.member("required").policy == "package"
    )
    assert ROLE.shape.member("grants").policy == "merge_by_key"
    body = {
        "label": "Book",
        "fields": [{"kind": "choice", "name": "a", "options": [{"label": "B"}]}],
    }
    assert [path for path, _ in labels(shape, body)] == [
        ("label",), ("fields", 0, "options", 0, "label"),
    ]  # fmt: skip


def test_differences_lead_through_lists_by_name() -> None:
    after = {"label": "Book", "fields": [field("note"), {**PRICE, "min": 1}, field("shelf")]}
    found = {d.pointer: (d.old, d.new) for d in differences(OLD, after)}
    assert found["/label"] == (None, "Book") and found["/fields/price/min"] == (0, 1)
    assert found["/fields/shelf"] == (None, field("shelf"))
    assert found["/fields/$order"][0] == ["price", "note"]


def test_what_is_locked_belongs_to_its_package() -> None:
    def refused(site: Body) -> list[str]:
        with pytest.raises(MetadataError) as refusal:
            build_catalog([_document(OLD, "library"), _document(site, "site")], CORE_KINDS)
        return [fault.pointer for fault in refusal.value.faults if fault.code == "locked"]

    assert refused({"fields": [field("shelf"), {"name": "price", "kind": "text"}]}) == [
        "/fields/1/kind"
    ]
    same = {"fields": [{"name": "price", "kind": "number", "label": "Fee"}]}
    built = build_catalog([_document(OLD, "library"), _document(same, "site")], CORE_KINDS)
    assert built.objects["book"].fields["price"].label == "Fee"


def test_a_lock_is_the_packages_but_its_open_fields_are_of_both_and_its_words_the_sites() -> None:
    old: Body = {"locked": {"when": "paid", "except": ["paid"], "message": "Paid."}}
    new: Body = {"locked": {"when": "paid or sent", "except": ["paid", "sent"], "message": "No."}}
    site: Body = {"locked": {"except": ["paid", "note"], "message": "Ask Ann."}}
    outcomes, after = decided(OBJECT, old, new, site)
    assert outcomes == {
        "/locked/when": "changes", "/locked/except": "merged", "/locked/message": "kept",
    }  # fmt: skip
    assert after is not None
    assert sorted(after["locked"]["except"]) == ["note", "paid", "sent"]
    assert after["locked"]["message"] == "Ask Ann."
    outcomes, after = decided(OBJECT, old, new, {"locked": {"when": "paid and late"}})
    assert outcomes["/locked/when"] == "conflict"
    assert after == {"locked": {"when": "paid and late"}}
    words = labels(OBJECT.shape, old)
    assert ("locked", "message") in [path for path, _ in words]
