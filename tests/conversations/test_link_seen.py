"""A record learns that a person reads the page of its link; what only opens it changes nothing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.app import Client, Documents
from tests.conversations.offers import OFFERS, link, offer, press, read

SEEN: list[dict[str, Any]] = deepcopy(list(OFFERS))
for one in SEEN:
    if one["name"] == "offer" and one["kind"] == "object":
        state, ways = one["fields"][-1], one["states"]["transitions"]
        state["options"].append({"name": "viewed"})
        ways.append({"name": "view", "from": ["sent"], "to": "viewed"})
        ways[0]["from"] = ["sent", "viewed"]
    if one["name"] == "accept_offer":
        ACCEPT = {**one, "seen": "view"}
SEEN = [ACCEPT if one["name"] == "accept_offer" else one for one in SEEN]


@pytest.fixture
def documents() -> Documents:
    return SEEN


def test_only_who_moves_on_the_page_has_seen_it(client: Client) -> None:
    anybody = Client(client.app)
    record = offer(client)
    path = link(client, record)
    for method in ("GET", "HEAD"):
        anybody.call(method, path)
    assert f'data-seen="{path}/seen"' in anybody.get(path).text
    assert anybody.call("GET", f"{path}/seen").status in (404, 405)
    assert read(client, record)["state"] == "sent"
    for _ in range(2):
        assert anybody.call("POST", f"{path}/seen").status == 204
        assert read(client, record)["state"] == "viewed"
    history = client.rows(f"/api/records/offer/{record}/history")
    (entry,) = [one for one in history if "viewed" in str(one)]
    assert "accept_offer" in str(entry) or "Link" in str(entry)

    said = {"delivery": "2031-05-06", "signer": "Ada"}
    assert press(anybody, path, None, **said).status == 200
    assert read(client, record)["state"] == "accepted"
    assert anybody.call("POST", f"{path}/seen").status == 204  # and nothing happens
    assert read(client, record)["state"] == "accepted"
    assert anybody.call("POST", "/l/forged/seen").status == 404


def test_what_is_taken_unasked_may_ask_for_nothing(client: Client) -> None:
    for name, words in (("nothing", "no transition `nothing`"), ("accept", "asks for nothing")):
        changed = {**ACCEPT, "seen": name}
        reply = client.post("/api/meta/changes", {"documents": [changed]})
        assert reply.status == 422 and words in reply.text, reply.text
