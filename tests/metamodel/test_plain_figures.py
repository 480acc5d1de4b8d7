"""Texts from outside that look like numbers, and are none, are told as every other fault."""

from __future__ import annotations

import pytest

from metamodel.plain_figures import whole_of
from tests.app import Client

NONE = ("", " ", "x", "²", "٣", "-1", "+1", "1_0", "1.0", "9" * 10, "9" * 5000)


def test_only_plain_figures_are_a_number() -> None:
    assert [whole_of(text) for text in ("0", "007", "9" * 9)] == [0, 7, 999_999_999]
    assert [whole_of(text) for text in NONE] == [None] * len(NONE)


@pytest.mark.parametrize("member", ["²", "٣", "9" * 5000])
def test_a_member_that_is_called_as_figures_is_a_fault_of_its_document(
    client: Client, member: str
) -> None:
    """Its name is a step of the pointer of the fault."""
    fields = [{"name": "name", "kind": "text", member: 1}]
    reply = client.post(
        "/api/meta/changes",
        {"documents": [
            {"kind": "object", "name": "book", "label": "Book", "fields": fields, member: {}},
            {"kind": "role", "name": "r", "grants": [{member: {member: []}}]},
        ]},
    )  # fmt: skip
    assert reply.status == 422, reply.text
    assert any(member in one["pointer"] for one in reply.json()["errors"])
