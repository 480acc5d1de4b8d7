"""Comments on records: who reads and writes them, who is told, and the page that mixes them in."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.app import Client
from tests.fluvial.library import LIBRARY

DESK = {
    "kind": "role",
    "name": "desk",
    "grants": [
        {"object": "book", "can": ["read", "update"], "where": "lendable"},
        {"object": "user", "can": ["read"]},
    ],
}
READER = {"kind": "role", "name": "reader", "grants": [{"object": "book", "can": ["read"]}]}


def test_comments_follow_the_record_and_tell_whom_they_name(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.define(*LIBRARY, DESK, READER)
    book = client.made("book", name="Emma")
    kept = client.made("book", name="Persuasion", lendable=False)
    desk = client.person("rita@example.com", "desk")
    reader = client.person("tom@example.com", "reader")
    rita, tom = desk.get("/api/me").json()["id"], reader.get("/api/me").json()["id"]
    path = f"/api/records/book/{book['id']}/comments"

    said = client.post(path, {"text": "  @Rita <b>torn</b> page  ", "mentions": [rita, rita]})
    assert said.status == 201, said.text
    first = said.json()
    assert first["text"] == "@Rita <b>torn</b> page"
    assert first["mentions"] == [{"user": rita, "name": "Rita"}]
    told = desk.get("/api/notifications").json()
    assert told["unread"] == 1 and "Emma" in told["data"][0]["title"]
    assert told["data"][0]["href"] == f"/o/book/{book['id']}#timeline"

    second = desk.post(path, {"text": "Mended"}).json()
    assert [c["id"] for c in desk.rows(path)] == [second["id"], first["id"]]
    page = desk.get(path, limit="1").json()
    assert [c["id"] for c in desk.rows(path, cursor=page["next"])] == [first["id"]]

    for asked, status in (
        (client.post(path, {"text": " "}), 422),
        (client.post(path, {"text": 5}), 422),
        (client.post(path, {"text": "x" * 10_001}), 422),
        (client.post(path, {"text": "@Tom", "mentions": [tom]}), 422),
        (client.post(path, {"text": "@Nobody", "mentions": ["nobody"]}), 422),
        (client.post(path, {"text": "x", "mentions": "all"}), 422),
        (client.post(path, {"text": "x", "mentions": [{}]}), 422),
        (client.post(path, {"text": "x", "mentions": [[]]}), 422),
        (client.post(path, {"words": "x"}), 400),
        (reader.get(path), 403),
        (reader.post(path, {"text": "Me too"}), 403),
        (desk.post(f"/api/records/book/{kept['id']}/comments", {"text": "Mine?"}), 404),
        (desk.get(f"/api/records/book/{kept['id']}/comments"), 404),
        (desk.get("/api/records/nothing/x/comments"), 404),
        (desk.patch(f"{path}/{first['id']}", {"text": "Not mine"}), 403),
        (desk.delete(f"{path}/{first['id']}"), 403),
        (desk.get(path, cursor="x"), 400),
    ):
        assert asked.status == status, asked.text

    changed = client.patch(f"{path}/{first['id']}", {"text": "@Rita torn", "mentions": [rita]})
    assert changed.json()["edited_at"] and changed.json()["text"] == "@Rita torn"
    assert desk.get("/api/notifications").json()["unread"] == 1
    assert desk.delete(f"{path}/{second['id']}").status == 204
    assert [c["id"] for c in client.rows(path)] == [first["id"]]

    client.patch(f"/api/records/book/{book['id']}", {"name": "Emma, again"})
    shown = desk.get(f"/o/book/{book['id']}").text
    named = shown.index('<span class="at">@Rita</span> torn')
    assert shown.index("changed name") < named < shown.index("created this book")
    assert "data-comment=" in shown
    outside = reader.get(f"/o/book/{book['id']}").text
    assert "torn" not in outside and "data-comment=" not in outside

    paths = desk.get("/api/openapi.json").json()["paths"]
    told = paths["/api/records/book/{id}/comments"]
    assert sorted(told) == ["get", "post"] and told["post"]["requestBody"]
    assert sorted(paths["/api/records/book/{id}/comments/{comment}"]) == ["delete", "patch"]
    assert not any("comment" in one for one in reader.get("/api/openapi.json").json()["paths"]
                   if "/book/" in one)  # fmt: skip

    monkeypatch.setattr("forms.timeline.SAID", 2)
    for at in range(5):
        client.post(path, {"text": f"Line {at}"})
    seen: list[str] = []
    address = f"/o/book/{book['id']}"
    while address:
        text = client.get(address).text
        seen += dict.fromkeys(re.findall(r"Line \d|created this book", text))
        more = re.search(r'href="(/o/book/[^"]+until=[^"#]+)', text)
        address = unescape(more[1]) if more else ""
    assert seen == [*(f"Line {at}" for at in (4, 3, 2, 1, 0)), "created this book"]
