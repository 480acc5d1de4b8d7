"""Before documents are deleted or rolled back, a page tells the plan; then it can be undone."""

from __future__ import annotations

import pytest

from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY
from tests.fluvial.pages.posting import posted

VIEW = {"kind": "view", "name": "long_ones", "label": "Long ones", "object": "book",
        "columns": ["name"]}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [*LIBRARY, VIEW]


def test_a_document_is_deleted_after_its_plan_was_read_and_comes_back(client: Client) -> None:
    asked = client.get("/studio/view/long_ones/delete")
    assert "Delete Long ones?" in asked.text and client.get("/studio/view/long_ones").status == 200
    assert client.get("/studio/view/nothing/delete").status == 404
    assert posted(client, "/studio/view/long_ones/delete", {}).status == 303
    assert client.get("/studio/view/long_ones").status == 404
    before = client.get("/api/meta/view/long_ones/history").json()["data"][1]["number"]
    asked = client.get("/studio/view/long_ones/rollback", to=str(before))
    assert "Roll Long ones back" in asked.text
    assert posted(client, "/studio/view/long_ones/rollback", {"to": str(before)}).status == 303
    assert client.get("/studio/view/long_ones").status == 200


def test_an_object_that_is_used_goes_only_with_its_uses_and_its_records_are_kept(
    client: Client,
) -> None:
    note = {"kind": "object", "name": "note", "label": "Note", "title": "{name}"}
    notes = {"kind": "view", "name": "notes", "object": "note", "columns": ["name"]}
    client.define({**note, "fields": [{"name": "name", "kind": "text"}]}, notes)
    client.made("note", name="Kept")
    asked = client.get("/studio/object/note/delete").text
    assert "View Notes, object" in asked and "Also remove what uses it" in asked
    assert posted(client, "/studio/object/note/delete", {}).status == 409
    posted(client, "/studio/view/notes/delete", {})
    assert "1 notes are kept" in client.get("/studio/object/note/delete").text
    client.define(notes)
    assert posted(client, "/studio/object/note/delete", {"force": "true"}).status == 303
    assert client.get("/studio/view/notes").status == 404
    assert client.get("/o/note").status == 404


def test_what_a_document_is_needed_by_is_named_as_people_name_it(client: Client) -> None:
    grants = [{"object": "book", "can": ["read"]}]
    clerk = {"kind": "role", "name": "clerk", "label": "Desk clerk", "grants": grants}
    chief = {"kind": "role", "name": "chief", "label": "Chief", "inherits": ["clerk"]}
    client.define(clerk, {**chief, "grants": grants})
    asked = client.get("/studio/role/clerk/delete")
    assert asked.status == 200 and "Role Chief, inherits" in asked.text
    assert "role/chief" not in asked.text
    number = client.get("/api/meta/revisions").json()["data"][0]["number"]
    shown = client.get(f"/studio/revisions/{number}").text
    assert "Role Desk clerk" in shown and "role/clerk" not in shown
    assert "History of Role Desk clerk" in client.get("/studio/role/clerk/history").text


def test_rolling_back_everything_names_the_documents_first(client: Client) -> None:
    number = client.get("/api/meta/revisions").json()["data"][0]["number"]
    client.define({**VIEW, "label": "Other"})
    asked = client.get(f"/studio/revisions/{number}/rollback").text
    assert "View Other" in asked and "Roll everything back" in asked
    assert "Other" in client.get("/studio/view/long_ones").text


def test_a_copy_has_a_name_of_its_own_and_is_saved_only_when_asked(client: Client) -> None:
    page = client.get("/studio/view/new", copy="long_ones").text
    assert "Long ones (copy)" in page and "long_ones_2" in page
    assert client.get("/studio/view/long_ones_2").status == 404
