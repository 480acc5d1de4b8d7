"""The story of a sample: steps of the past by the real code, each once, and nothing is sent."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fluvial.apptests import story
from fluvial.apptests.stage import StoppedClock
from fluvial.kernel.problems import Problem
from fluvial.packages import sample
from fluvial.runtime.engine import Engine
from tests.app import Client, Documents

LOAN: dict[str, Any] = {
    "kind": "object",
    "name": "loan",
    "title": "{book}",
    "fields": [
        {"name": "book", "kind": "text", "required": True},
        {"name": "lent_on", "kind": "date", "default": "today()"},
        {"name": "reminders", "kind": "number", "scale": 0, "default": 0},
        {"name": "state", "kind": "choice", "default": "lent",
         "options": [{"name": "lent"}, {"name": "late"}, {"name": "back", "closed": True}]},
    ],
    "states": {"field": "state", "transitions": [
        {"name": "remind", "from": ["lent"], "to": "late", "allow": ["librarian"]},
        {"name": "bring_back", "from": ["lent", "late"], "to": "back"}]},
}  # fmt: skip
RULE = {
    "kind": "rule",
    "name": "late",
    "on": {"object": "loan", "event": ["updated"], "fields": ["state"]},
    "when": "state == 'late'",
    "do": [
        {"notify": {"to": ["created_by"], "by": ["email", "in_app"], "subject": "book"}},
        {"update": {"set": {"reminders": "reminders + 1"}}},
    ],
}
LIBRARIAN = {"kind": "role", "name": "librarian", "grants": [
    {"object": "loan", "can": ["read", "create", "update"]}]}  # fmt: skip
PLAN = """
anchor: 2026-11-21
order:
  - {file: user.csv, object: user, key: [email]}
  - {file: loan.csv, object: loan, past: past}
"""
LOANS = "book,past\nEmma,2026-08-03T09:00Z kim@example.com lent\nDune,2026-08-04T09:00Z lent\n"
STORY = """
known: {emma: {object: loan, where: "book == 'Emma'"}}
steps:
  - months: [-1, -1]
    steps: [{at: "15 10:00", as: kim@example.com, act: emma, action: remind}]
  - {as: kim@example.com, create: loan, ref: third, fields: {book: Ulysses, lent_on: "-30d"}}
  - {at: "-20d 10:00"}
  - {as: kim@example.com, act: {object: loan, where: "state == 'lent'"}, action: remind}
  - weekdays: [mon, tue, sun]
    steps: [{at: "08:30", as: kim@example.com, create: loan, fields: {book: Persuasion}}]
  - {at: "-3d 09:12", as: PERSON, act: third, action: bring_back}
  - {at: "0d 23:59", as: kim@example.com, act: emma, action: bring_back}
"""
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def documents() -> Documents:
    return [LOAN, RULE, LIBRARIAN]


@pytest.fixture
def shelf(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    client.app.engine.clock = StoppedClock("UTC", NOW)
    folder = tmp_path / "lending" / "sample"
    folder.mkdir(parents=True)
    (folder / "sample.yaml").write_text(PLAN)
    (folder / "user.csv").write_text("email,name,roles\nkim@example.com,Kim,librarian\n")
    (folder / "loan.csv").write_text(LOANS)
    monkeypatch.setattr(sample, "folder_of", lambda _: folder.parent)
    return folder


def loaded(engine: Engine) -> bool:
    return engine.database.call(lambda: sample.load_once(engine, "lending"))


def told(engine: Engine) -> int:
    return engine.database.call(lambda: story.tell(engine, "lending"))


def states(client: Client, book: str) -> list[tuple[str, str]]:
    (loan,) = client.rows("/api/records/loan", book=book)
    spans = client.rows(f"/api/records/loan/{loan['id']}/states")
    return [(span["state"], span["from"]) for span in spans]


def test_steps_are_done_at_their_moments_once_and_send_nothing(client: Client, shelf: Path) -> None:
    engine = client.app.engine
    (shelf / story.FILE).write_text(STORY.replace("PERSON", "pat@example.com"))
    assert loaded(engine)
    with pytest.raises(Problem, match=r"step 4: Nobody here has the e-mail address pat@"):
        told(engine)
    assert engine.clock.now() == NOW
    (shelf / story.FILE).write_text(STORY.replace("PERSON", "kim@example.com"))
    assert told(engine) == 3  # it goes on; Sunday and tonight have not come yet
    assert told(engine) == 0 and not loaded(engine)

    begun, reminded = ("lent", "2026-08-03T09:00:00Z"), ("late", "2026-10-15T10:00:00Z")
    assert states(client, "Emma") == [begun, reminded]
    assert states(client, "Dune")[1] == ("late", "2026-11-04T10:00:00Z")
    late, back = ("late", "2026-11-04T10:00:00Z"), ("back", "2026-11-21T09:12:00Z")
    assert states(client, "Ulysses") == [("lent", "2026-10-15T10:00:00Z"), late, back]
    week = client.rows("/api/records/loan", book="Persuasion", sort="lent_on")
    assert [loan["lent_on"] for loan in week] == ["2026-11-23", "2026-11-24"]
    loans = client.rows("/api/records/loan", sort="book", where="book != 'Persuasion'")
    assert [loan["reminders"] for loan in loans] == ["1", "1", "1"]  # rules ran after each save
    assert [loan["lent_on"] for loan in loans] == ["2026-08-04", "2026-08-03", "2026-10-25"]
    entries = client.rows(f"/api/records/loan/{loans[2]['id']}/history")
    (kim,) = client.rows("/api/records/user", email="kim@example.com")
    assert {entry["by"]["user"] for entry in entries if entry["by"]} == {kim["id"]}
    assert client.rows("/api/deliveries") == []
    assert client.rows("/api/notifications") == []


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_a_sample_that_was_cut_off_goes_on_with_the_next_file(client: Client, shelf: Path) -> None:
    engine = client.app.engine
    (shelf / "loan.csv").write_text("nothing\nknown")
    with pytest.raises(Problem):
        loaded(engine)
    assert len(client.rows("/api/records/user", email="kim@example.com")) == 1
    (shelf / "loan.csv").write_text(LOANS)
    engine.clock = StoppedClock("UTC", NOW + timedelta(weeks=2))
    assert loaded(engine) and not loaded(engine)
    # Its dates are moved as those of the first file were.
    assert states(client, "Emma") == [("lent", "2026-08-03T09:00:00Z")]


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_a_story_that_cannot_be_names_its_place(client: Client, shelf: Path) -> None:
    engine = client.app.engine
    (shelf / story.FILE).write_text("steps: []")
    assert loaded(engine)
    wrong = {
        '{at: "40 days ago", act: x}': "`40 days ago` is not a moment. Write -40d 09:12",
        '{at: "0w 09:00", act: x}': "`0w 09:00` is not a moment",
        '{at: "-3d mon 09:00", act: x}': "`-3d mon 09:00` is not a moment",
        '{at: "-3d 09:00", act: x, action: remind}': "step 1: There is no record `x`",
        '{at: "-3d 09:00", ledger: x}': "step 1: There is no ledger `x`",
        '{at: "-3d 09:00", say: x}': "step 1: Name the step",
        '{at: "-3d 09:00", create: x}': "step 1: There is no object `x`",
    }
    for step, said in wrong.items():
        (shelf / story.FILE).write_text(f"steps: [{step}]")
        with pytest.raises(Problem) as refused:
            told(engine)
        assert said in str(refused.value)
