"""The plan of a change counts the change sets that it leaves with what can no longer be applied."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.records.change_sets.covers import AMENDMENT, DOCUMENTS, Amendment


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


def planned(client: Client, change_set: dict[str, Any] | None) -> list[tuple[str, str, int]]:
    body = {name: value for name, value in AMENDMENT.items() if name != "change_set"}
    body |= {"change_set": change_set} if change_set else {}
    reply = client.post("/api/meta/changes?plan=true", {"documents": [body]})
    assert reply.status == 200, reply.text
    return [(one["op"], one["target"], one["rows"]) for one in reply.json()["operations"]]


def test_open_sets_that_lose_an_object_are_counted_and_refused(client: Client) -> None:
    first, second, done = (Amendment(client, f"A-{at}") for at in range(3))
    first.keep(0, until="2031-01-01")
    reply = client.patch(f"{second.contract_path}{second.query}", {"note": "x"})
    assert reply.status == 202, reply.text
    done.keep(0, until="2031-01-01")
    done.applied()
    fewer = {**AMENDMENT["change_set"], "of": ["contract"]}
    assert planned(client, AMENDMENT["change_set"]) == []
    assert planned(client, fewer) == [("strand_edits", "amendment", 1)]
    assert planned(client, None) == [("strand_edits", "amendment", 2)]
    client.define({**AMENDMENT, "change_set": fewer})
    reply = first.act("schedule")
    assert (reply.status, "can no longer be changed in this amendment" in reply.text) == (409, True)
    (edit,) = reply.json()["edits"]
    assert client.delete(f"{first.path}/edits/{edit}").status == 204
    first.applied()
    second.applied()
    assert client.get(second.contract_path).json()["note"] == "x"


def test_what_is_kept_of_a_field_or_an_object_that_is_gone_is_told(client: Client) -> None:
    amendment = Amendment(client)
    amendment.keep(0, secret="x")
    cover = client.get("/api/meta/object/cover").json()
    fields = [one for one in cover["fields"] if one["name"] != "secret"]
    client.define({**cover, "fields": fields})
    for reply in (amendment.act("schedule"), client.get(f"{amendment.path}/preview")):
        assert (reply.status, "no field `secret`" in reply.text) == (422, True), reply.text
        assert reply.json()["edits"] == [amendment.told()["edits"][0]["id"]]
    # What names it goes with it: a part of `of`.
    fewer = {**AMENDMENT["change_set"], "preview": [{"field": "contract.monthly"}]}
    client.define({**AMENDMENT, "change_set": fewer})
    for path in ("view/all_covers", "object/cover"):
        reply = client.delete(f"/api/meta/{path}?force=true")
        assert reply.status == 200, reply.text
    left = client.get("/api/meta/object/amendment").json()["change_set"]
    assert left["of"] == ["contract"]
    assert client.get(amendment.path).json()["unseen"] == 1
    for reply in (amendment.act("schedule"), client.get(f"{amendment.path}/preview")):
        assert reply.status in (404, 409), reply.text
    reply = client.patch(f"{amendment.contract_path}{amendment.query}", {"note": "x"})
    assert reply.status == 202, reply.text
