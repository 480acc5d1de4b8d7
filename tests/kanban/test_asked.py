"""Indexes for what views, boards and pins ask: planned, made, seen and taken out with them."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.metadata_changes.drift import drift
from fluvial.metadata_changes.missing_indexes import add_standing_indexes
from fluvial.runtime.session import Session
from tests.app import Client, Documents
from tests.kanban.library import BRANCH, DESK, LOAN, SHELF


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN]


def indexes(answer: dict[str, Any]) -> dict[str, list[str]]:
    return {o["target"]: o["for"] for o in answer["operations"] if o["op"] == "add_index"}


def dropped(answer: dict[str, Any]) -> list[str]:
    return [o["target"] for o in answer["operations"] if o["op"] == "drop_index"]


def test_a_board_brings_the_index_that_it_walks_and_takes_it_along(client: Client) -> None:
    plan = client.put("/api/meta/board/shelf?plan=true", SHELF).json()
    assert indexes(plan) == {"loan.ax_loan__state": ["board/shelf"]}
    client.define(SHELF)
    assert drift(client.app.engine) == []
    made = client.define({**DESK, "name": "desk"})
    assert indexes(made) == {
        "loan.ax_loan__branch": ["board/desk"],
        "loan.ax_loan__state__due": ["board/desk"],
    }
    assert drift(client.app.engine) == []
    gone = client.delete("/api/meta/board/shelf").json()
    assert dropped(gone) == ["loan.ax_loan__state"]
    assert drift(client.app.engine) == []


def test_a_view_brings_the_fields_with_one_value_before_its_order(client: Client) -> None:
    where = "state == 'out' and fee > 3 and today() == due"
    view = {"kind": "view", "name": "theirs", "object": "loan", "columns": ["book"],
            "where": where, "sort": ["-book"]}  # fmt: skip
    made = client.define(view)
    assert indexes(made) == {"loan.ax_loan__state__due__book__fold__book": ["view/theirs"]}
    newest = {"kind": "view", "name": "newest", "object": "loan", "columns": ["book"]}
    assert indexes(client.define(newest)) == {}
    assert client.get("/o/loan", view="theirs").status == 200


def test_a_declared_key_answers_what_it_answers(client: Client) -> None:
    key = {"name": "by_state", "fields": ["state", "due"]}
    client.patch("/api/meta/object/loan", {"keys": [key]})
    made = client.define({**DESK, "swimlanes": {"by": "state"}})
    assert indexes(made) == {}


def test_an_object_that_wants_its_declared_keys_only_has_no_others(client: Client) -> None:
    client.define(SHELF)
    made = client.patch("/api/meta/object/loan", {"index_questions": False}).json()
    assert dropped(made) == ["loan.ax_loan__state"]
    assert drift(client.app.engine) == []
    assert client.get("/api/boards/shelf").status == 200


def test_a_field_that_is_retyped_takes_its_indexes_along(client: Client) -> None:
    pin = {"kind": "pin", "name": "north", "object": "loan", "where": "book == 'Emma'"}
    assert indexes(client.define(pin)) == {"loan.ax_loan__book": ["pin/north"]}
    client.made("loan", book="Emma")
    fields = [{"name": "book", "kind": "long_text"}]
    assert client.patch("/api/meta/object/loan", {"fields": fields}).status in (200, 422)
    assert drift(client.app.engine) == []
    assert client.get("/api/pins/north").json()["value"] == 1


def test_an_older_database_gets_them_when_it_starts(client: Client) -> None:
    client.define(SHELF)
    engine = client.app.engine
    engine.database.connection().script('DROP INDEX "ax_loan__state"')
    assert len(drift(engine)) == 1
    add_standing_indexes(Session.begin(engine))
    assert drift(engine) == []


def test_a_board_of_people_brings_an_index_of_all_that_they_may_be(client: Client) -> None:
    made = client.define({**SHELF, "name": "people", "columns": {"by": "clerk"}})
    assert indexes(made) == {"loan.ax_loan__clerk__clerk__team": ["board/people"]}
    assert drift(client.app.engine) == []
