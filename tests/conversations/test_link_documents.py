"""Documents of links: what cannot work is refused where it is written."""

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.conversations.offers import ACCEPTING, OFFER, OFFERS

PIN = {"name": "pin", "kind": "text", "protected": True}
HAND_OVER = {"name": "hand_over", "from": ["sent"], "to": "declined", "ask": ["buyer"]}


@pytest.fixture
def documents() -> Documents:
    states = {**OFFER["states"], "transitions": [*OFFER["states"]["transitions"], HAND_OVER]}
    changed = {**OFFER, "fields": [*OFFER["fields"], PIN], "states": states}
    return [changed if one is OFFER else one for one in OFFERS]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"action": "nothing"}, "/action"),
        ({"action": "send_it"}, "/action"),
        ({"object": "nothing"}, "/object"),
        ({"shows": ["nothing"]}, "/shows/0"),
        ({"shows": ["number.more"]}, "/shows/0"),
        ({"shows": ["pin"]}, "/shows/0"),
        ({"allow": ["nobody"]}, "/allow/0"),
        ({"ask": [{"name": "who", "kind": "lookup", "to": "buyer"}]}, "/ask/0/kind"),
        ({"ask": [{"name": "a", "kind": "text"}, {"name": "a", "kind": "text"}]}, "/ask/1/name"),
        ({"ask": [{"name": "a", "kind": "text", "default": "= margin"}]}, "/ask/0/default"),
        ({"ask": [{"name": "signer", "kind": "date"}]}, "/ask/0/name"),
        ({"expires": "soon"}, "/expires"),
        ({"expires": "0d"}, "/expires"),
        ({"action": "hand_over"}, "/action"),
        ({"more": True}, "/more"),
    ],
)
def test_a_link_that_cannot_work_is_refused_with_its_place(
    client: Client, change: dict[str, Any], pointer: str
) -> None:
    reply = client.put("/api/meta/link/accept_offer", {**ACCEPTING, **change})
    assert reply.status == 422, reply.text
    pointer = f"/link/accept_offer{pointer}"
    assert pointer in [fault["pointer"] for fault in reply.json()["errors"]], reply.text
