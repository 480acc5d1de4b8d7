"""What became of the answers to web forms: seen by those who may, corrected, deleted, exported."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from fluvial.runtime.engine import Engine
from forms import held_answers
from tests.app import Client, Documents, Reply
from tests.forms.shapes import ADDRESS, BRANCH, LOAN, WISH

DESK = {
    "kind": "role",
    "name": "desk",
    "grants": [{"object": "wish", "can": ["read", "create"], "fields": {"email": "none"}}],
}
GUEST = {
    "kind": "role",
    "name": "guest",
    "grants": [{"object": "wish", "can": ["read"], "where": "created_by == me"}],
}
HERE = "/submissions/wish_for_a_book"


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN, WISH, DESK, GUEST]


@pytest.fixture
def outside(client: Client) -> Client:
    return Client(client.app)


def sent(client: Client, values: Any, **headers: str) -> Reply:
    headers = {"content-type": "application/x-www-form-urlencoded", **headers}
    return client.call("POST", ADDRESS, body=urlencode(values, True).encode(), headers=headers)


def of(client: Client, state: str) -> str:
    reply = client.get(HERE, state=state)
    assert reply.status == 200, reply.text
    return reply.text


def counts(client: Client) -> list[int]:
    return [int(n) for n in re.findall(r'<span class="count">(\d+)</span>', of(client, "kept"))]


def corrections(client: Client, state: str = "refused") -> list[str]:
    return re.findall(rf'href="({HERE}/[0-9a-f-]{{36}})"[^>]*>Correct', of(client, state))


def pressed(client: Client, path: str, **values: Any) -> Reply:
    body = urlencode({"csrf": client.headers["x-csrf-token"], **values}, True).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return client.call("POST", path, body=body, headers=headers)


def test_answers_are_kept_refused_or_quarantined_with_the_reason(
    client: Client, outside: Client
) -> None:
    assert sent(outside, {"email": "jo@example.com", "book": "Emma"}).status == 200
    assert sent(outside, {"email": "nobody", "book": "Persuasion"}).status == 422
    assert sent(outside, {"email": "bot@example.com", "book": "x", "homepage": "y"}).status == 200
    elsewhere = {"origin": "https://elsewhere.example"}
    assert sent(outside, {"email": "a@example.com", "book": "Z"}, **elsewhere).status == 403

    assert counts(client) == [1, 1, 2]
    assert "Emma" in of(client, "kept")
    refused = of(client, "refused")
    assert "Persuasion" in refused
    assert "Your e-mail: " in refused  # what is wrong with it
    quarantined = of(client, "quarantined")
    assert "The field that people do not see was filled in" in quarantined
    assert "https://elsewhere.example may not send this form" in quarantined
    front = client.get("/submissions").text
    assert "Wish for a book: Quarantined, 2" in front


def test_a_sender_who_corrects_the_same_page_leaves_no_refusal(
    client: Client, outside: Client
) -> None:
    token = outside.get(f"{ADDRESS}.json").json()["token"]
    for email in ("nobody", "still nobody"):
        assert outside.post(ADDRESS, {"token": token, "email": email, "book": "E"}).status == 422
    assert counts(client) == [0, 1, 0]
    assert "2 tries" in of(client, "refused")
    assert (
        outside.post(ADDRESS, {"token": token, "email": "a@b.example", "book": "E"}).status == 201
    )
    assert counts(client) == [1, 0, 0]


def test_corrected_answers_become_the_record_that_the_form_makes(
    client: Client, outside: Client
) -> None:
    answers = {"email": "nobody", "book": "Emma", "genres": ["crime", "travel"], "loud": "true"}
    assert sent(outside, answers).status == 422
    (place,) = corrections(client)
    page = client.get(place)
    assert 'value="nobody"' in page.text and 'value="Emma"' in page.text
    again = pressed(client, place, email="still nobody", book="Emma")
    assert again.status == 422
    assert 'value="still nobody"' in again.text
    fixed = {**answers, "email": "jo@example.com"}
    done = pressed(client, place, **fixed)
    assert done.status == 303, done.text
    (wish,) = client.rows("/api/records/wish")
    assert done.headers["location"].endswith(wish["id"])
    assert (wish["email"], wish["source"], wish["genres"]) == (
        "jo@example.com", "web", ["crime", "travel"],
    )  # fmt: skip
    (entry,) = client.rows(f"/api/records/wish/{wish['id']}/history")
    assert entry["rule"] == "webform:wish_for_a_book"
    assert counts(client) == [1, 0, 0]
    assert pressed(client, place, **fixed).status == 404


def test_json_answers_can_be_corrected_too(client: Client, outside: Client) -> None:
    token = outside.get(f"{ADDRESS}.json").json()["token"]
    body = {"token": token, "email": "nobody", "book": "Emma", "wanted": "2026-03-01"}
    assert outside.post(ADDRESS, body).status == 422
    (place,) = corrections(client)
    assert 'value="2026-03-01"' in client.get(place).text
    done = pressed(client, place, email="jo@example.com", book="Emma", wanted="2026-03-02")
    assert done.status == 303, done.text
    (wish,) = client.rows("/api/records/wish")
    assert wish["wanted"] == "2026-03-02"


def test_people_see_the_fields_that_they_may_read_and_change_those_alone(
    client: Client, outside: Client
) -> None:
    sent(outside, {"email": "jo@example.com", "book": "Emma"})
    sent(outside, {"email": "secret@example.com", "book": "x" * 41})
    desk = client.person("desk@example.org", "desk")
    for state in ("kept", "refused"):
        assert "example.com" not in of(desk, state)
    export = desk.get(f"{HERE}/export", state="refused")
    assert "example.com" not in export.text and "x" * 41 in export.text
    (place,) = corrections(desk)
    page = desk.get(place).text
    assert "example.com" not in page and 'name="email"' not in page
    assert pressed(desk, place, book="Short", email="other@example.com").status == 303
    emails = {wish["email"] for wish in client.rows("/api/records/wish")}
    assert emails == {"jo@example.com", "secret@example.com"}


def test_those_who_see_some_records_see_no_submissions(client: Client, outside: Client) -> None:
    sent(outside, {"email": "nobody", "book": "Emma"})
    (place,) = corrections(client)
    guest = client.person("guest@example.org", "guest")
    for path in (HERE, f"{HERE}/export", place):
        assert guest.get(path).status == 403
    assert "Wish for a book" not in guest.get("/submissions").text
    assert 'href="/submissions"' in client.get("/studio").text
    assert 'href="/submissions"' not in guest.get("/").text
    assert pressed(guest, place, email="a@b.example", book="x").status == 403
    assert outside.get(HERE).status in (303, 401)
    assert client.get("/submissions/nothing").status == 404
    assert client.get(HERE, state="lost").status == 400
    for before in (
        "x", "2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00", "2026-W01",
    ):  # fmt: skip
        for state in ("kept", "refused"):
            assert client.get(HERE, before=before, state=state).status == 400, before


def test_held_answers_are_deleted_by_people_and_after_some_weeks(
    client: Client, outside: Client, engine: Engine
) -> None:
    for book in ("a", "b"):
        sent(outside, {"email": "nobody", "book": book})
    first, _ = corrections(client)
    assert pressed(client, f"{first}/delete").status == 303
    assert counts(client) == [0, 1, 0]
    held_answers.forget(engine.database.connection(), engine.clock.now() + timedelta(days=31))
    assert counts(client) == [0, 0, 0]


def test_a_flood_fills_no_database_and_nothing_but_the_questions_is_kept(
    client: Client, outside: Client
) -> None:
    for at in range(25):
        sent(outside, {"email": "nobody", "book": f"book {at}", "card": "4111"})
    assert counts(client) == [0, 20, 0]
    for place in corrections(client)[:3]:
        assert "4111" not in client.get(place).told
