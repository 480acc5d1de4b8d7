"""The studio where a change goes beyond its author's rights: asking, deciding, seeing it later."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.app import Client, Reply
from tests.fluvial.metadata_changes.workshop import WORKSHOP, Body

LEAK = """kind: rule
name: leak
on: {object: worker, event: updated}
do:
  - {create: notice, set: {name: "'' & salary"}}
"""


@pytest.fixture
def documents() -> list[Body]:
    return WORKSHOP


@pytest.fixture
def author(client: Client) -> Client:
    return client.person("author@example.com", "writer")


def posted(person: Client, path: str, accept: str = "text/html", **form: str) -> Reply:
    form |= {"csrf": person.headers["x-csrf-token"]}
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": accept}
    return person.call("POST", path, body=urlencode(form).encode(), headers=headers)


def test_the_studio_offers_to_ask_and_administrators_decide(client: Client, author: Client) -> None:
    planned = posted(author, "/studio/rule/new", yaml=LEAK, press="plan").text
    assert "worker.salary" in planned and "beyond your own rights" in planned

    kept = posted(author, "/studio/rule/new", yaml=LEAK, press="save")
    assert kept.status == 303, kept.text
    address = kept.headers["location"]
    shown = author.get(address).text
    assert "Ask an administrator" in shown and "worker.salary" in shown
    assert client.get(address).status == 404  # a draft is its author's alone
    assert "Nothing waits" in author.get("/studio/approvals").text

    assert posted(author, f"{address}/ask").status == 303
    assert "Ask an administrator" not in author.get(address).text
    assert address in client.get("/studio/approvals").text
    assert "Approve and apply" in client.get(address).text
    assert posted(author, f"{address}/approve").status == 403
    assert posted(client, f"{address}/approve", reason="Agreed at the board.").status == 303
    after = author.get(address).text
    assert "Approved" in after and "Agreed at the board." in after and "revision" in after
    assert client.get("/api/meta/rule/leak").status == 200
    assert posted(client, f"{address}/refuse").status == 409


def told(person: Client) -> list[tuple[str, str]]:
    found = person.get("/api/notifications").json()["data"]
    return [(one["title"], one["href"]) for one in found]


@pytest.mark.parametrize(("answer", "word"), [("approve", "approved"), ("refuse", "refused")])
def test_administrators_hear_of_a_question_and_its_author_of_the_answer(
    client: Client, author: Client, answer: str, word: str
) -> None:
    client.define({"kind": "role", "name": "owner", "admin": True})
    client.define({"kind": "role", "name": "deputy", "inherits": ["owner"]})
    deputy = client.person("deputy@example.com", "deputy")
    other = client.person("other@example.com", "writer")
    address = posted(author, "/studio/rule/new", yaml=LEAK, press="save").headers["location"]
    assert not told(client)  # nobody has asked yet
    posted(author, f"{address}/ask")
    asked = [("Author asks for approval: rule/leak", address)]
    assert told(client) == told(deputy) == asked
    posted(client, f"{address}/{answer}", reason="So be it.")
    assert told(author) == [(f"Administrator {word} your change: rule/leak", address)]
    assert author.get("/api/notifications").json()["data"][0]["body"] == "So be it."
    assert not told(other) and told(deputy) == asked


def test_scripts_of_pages_are_told_where_to_ask(author: Client) -> None:
    for _ in range(2):  # the second replaces the first: one draft each
        reply = posted(
            author, "/studio/rule/new", accept="application/json", yaml=LEAK, press="save"
        )
        assert reply.status == 403 and reply.json()["href"].startswith("/studio/approvals/")
    address = reply.json()["href"]
    assert posted(author, f"{address}/withdraw").status == 303
    assert "Discard" not in author.get(address).text


def test_every_page_that_changes_metadata_leads_to_asking(client: Client, author: Client) -> None:
    there = client.rows("/api/meta/revisions")[0]["number"]
    client.define({"kind": "rule", "name": "late", "on": {"object": "worker", "event": "updated"},
                   "do": [{"create": "notice", "set": {"name": "'' & salary"}}]})  # fmt: skip
    now = client.rows("/api/meta/revisions")[0]["number"]
    client.post(f"/api/meta/revisions/{there}/rollback")
    back = posted(author, f"/studio/revisions/{now}/rollback")
    kind = posted(author, "/studio/objects/worker/fields/salary/kind", kind="text", apply="true")
    user = posted(author, "/studio/objects/user", label="Nick", kind="text")
    for reply in (back, kind, user):
        assert reply.status == 303, reply.text
        assert reply.headers["location"].startswith("/studio/approvals/")
    assert author.get("/api/meta/rule/late").status == 404
