"""Records of a collection that a link lets somebody tick before its action."""

from __future__ import annotations

import re
from typing import Any

import pytest

from metamodel.document_files import parse_documents
from tests.app import Client, Documents
from tests.conversations.offers import press
from tests.house.test_tree import ROOT

Json = dict[str, Any]
PAGE = (ROOT / "docs" / "links.md").read_text()
EXAMPLES: list[Json] = [
    document
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    for document in parse_documents(block)
]
TICKS = next(one for one in EXAMPLES if one["name"] == "choose_extras")


@pytest.fixture
def documents() -> Documents:
    return tuple(EXAMPLES)


def test_what_is_ticked_is_written_with_the_action_and_nothing_else(
    client: Client, anybody: Client
) -> None:
    price = {"amount": "100.00", "currency": "EUR"}
    quote = client.made("quote", work="Roof", price=price)["id"]
    other = client.made("quote", work="Wall", price=price)["id"]
    extras = {
        what: client.made("quote_extra", what=what, quote=of, taken=taken, offered=offered)["id"]
        for what, of, taken, offered in (
            ("Gutter", quote, False, True), ("Paint", quote, True, True),
            ("Secret", quote, False, False), ("Window", other, False, True),
        )
    }  # fmt: skip
    client.patch(f"/api/records/quote_extra/{extras['Gutter']}", {"price": price})
    assert client.post(f"/api/records/quote/{quote}/actions/send", {}).status == 200
    reply = client.post(f"/api/records/quote/{quote}/links", {"link": "choose_extras"})
    path = re.sub(r"^https?://[^/]+", "", reply.json()["href"])
    page = anybody.get(path).text
    assert "Would you like these as well?" in page and "Gutter" in page and "100.00" in page
    assert "Secret" not in page and "Window" not in page
    boxes = re.findall(r'<input type="checkbox" name="tick-([^"]+)" value="1"( checked)?>', page)
    assert dict(boxes) == {extras["Gutter"]: "", extras["Paint"]: " checked"}

    def taken() -> dict[str, bool]:
        return {one["what"]: one["taken"] for one in client.rows("/api/records/quote_extra")}

    before = taken()
    assert not before["Gutter"] and anybody.get(path).status == 200 and taken() == before
    names = {f"tick-{id}": "1" for what, id in extras.items() if what != "Paint"}
    done = press(anybody, path, None, **names)
    assert done.status == 200, done.text
    after = taken()
    assert after["Gutter"] and not after["Paint"] and not after["Secret"] and not after["Window"]
    assert client.get(f"/api/records/quote/{quote}").json()["state"] == "accepted"
    assert press(anybody, path, None, **{f"tick-{extras['Paint']}": "1"}).status == 200
    assert taken() == after  # it is done already
    history = client.rows(f"/api/records/quote_extra/{extras['Gutter']}/history")
    assert history[0]["rule"] == "link:choose_extras"


def test_ticks_that_lead_nowhere_are_refused_with_their_place(client: Client) -> None:
    faults = {
        "of": ("wrong", "no collection `wrong`"),
        "field": ("what", "not a yes/no field that can be written"),
        "where": ("offered == 1", "do not match"),
        "shows": (["nothing"], "no field `nothing`"),
        "sort": ("nothing", "no field `nothing`"),
    }
    for member, (value, said) in faults.items():
        body = {**TICKS, "ticks": {**TICKS["ticks"], member: value}}
        reply = client.post("/api/meta/changes", {"documents": [body]})
        assert reply.status == 422 and said in reply.text, (member, reply.text)
        assert f"/ticks/{member}" in reply.json()["errors"][0]["pointer"]
