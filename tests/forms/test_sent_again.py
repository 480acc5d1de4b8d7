"""Web forms that are sent again, otherwise, twice in one, or by another site's own form."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.app import Client, Documents, Reply
from tests.forms.shapes import ADDRESS, BRANCH, LOAN, PNG, WISH, multipart
from tests.forms.test_webforms import hidden, posted, token, wishes

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN, {**WISH, "spam": {"min_seconds": 0}}]


@pytest.fixture
def outside(client: Client) -> Client:
    return Client(client.app)


def sent(outside: Client, **values: str) -> Reply:
    return posted(outside, {"email": "jo@example.com", "book": "Emma", **values})


def books(client: Client) -> list[str]:
    return sorted(wish["book"] for wish in wishes(client))


def test_who_goes_back_and_answers_otherwise_sends_another_record(
    client: Client, outside: Client
) -> None:
    first = {**hidden(outside.get(ADDRESS)), "email": "jo@example.com", "press": "next"}
    page = hidden(posted(outside, first))
    for book in ("Emma", "Persuasion", "Emma"):
        done = posted(outside, {**page, "book": book})
        assert done.status == 200, done.text
    assert books(client) == ["Emma", "Persuasion"]
    posted(outside, {**page, "book": "Emma", "email": "other@example.com"})
    posted(outside, {**page, "book": "Emma", "wanted": "2026-03-01"})
    assert books(client) == ["Emma"] * 3 + ["Persuasion"]


def test_another_file_is_another_answer(client: Client, outside: Client) -> None:
    values = [("token", token(outside)), ("email", "jo@example.com"), ("book", "Emma")]
    for content in (PNG, PNG, PNG + b"\0"):
        body, headers = multipart(*values, ("scan", "a.png", "image/png", content))
        reply = outside.call("POST", ADDRESS, body=body, headers=headers)
        assert reply.status == 200, reply.text
    assert len(wishes(client)) == 2


def test_json_that_is_sent_otherwise_is_another_record(client: Client, outside: Client) -> None:
    once = {"token": token(outside), "email": "jo@example.com"}
    replies = [outside.post(ADDRESS, {**once, "book": book}) for book in ("Emma", "Emma", "Lady")]
    assert [reply.status for reply in replies] == [201] * 3
    assert len({reply.json()["submission"] for reply in replies}) == 2
    assert books(client) == ["Emma", "Lady"]


def test_a_plain_form_of_another_site_needs_no_token(client: Client, outside: Client) -> None:
    origin = {"origin": "https://www.example.com"}
    body = urlencode({"email": "jo@example.com", "book": "Emma", "homepage": ""}).encode()
    for _ in range(2):  # a double click
        done = outside.call("POST", ADDRESS, body=body, headers={**FORM, **origin})
        assert done.status == 200, done.text
    assert books(client) == ["Emma"]
    refused = outside.call(
        "POST", ADDRESS, body=body, headers={**FORM, "origin": "https://evil.example.org"}
    )
    assert refused.status == 403
    trapped = sent(outside, homepage="https://spam.example.org", book="Spam")
    assert trapped.status == 200
    assert books(client) == ["Emma"]


def test_a_plain_form_is_held_by_its_rate_and_its_content(client: Client, outside: Client) -> None:
    client.define({**WISH, "spam": {"min_seconds": 3, "rate": "2/hour"}})
    wrong = sent(outside, email="nobody", book="One")
    assert wrong.status == 422
    assert 'value="One"' in wrong.text
    assert hidden(wrong)["token"]
    statuses = [sent(outside, book=book).status for book in ("One", "Two", "Three")]
    assert statuses == [200, 200, 429]
    assert sent(outside, stranger="x").status == 422


def test_a_form_with_proof_of_work_still_needs_its_token(client: Client, outside: Client) -> None:
    client.define({**WISH, "spam": {"min_seconds": 0, "proof_of_work": True}})
    assert sent(outside).status == 422
    assert wishes(client) == []


def test_json_needs_a_token(client: Client, outside: Client) -> None:
    reply = outside.post(ADDRESS, {"email": "jo@example.com", "book": "Emma"})
    assert (reply.status, reply.json()["errors"][0]["pointer"]) == (422, "/token")


@pytest.mark.parametrize(
    "body",
    [
        "email=a@example.com&email=b@example.com&book=Emma",
        "email=a@example.com&book=Emma&book=Emma",
        "token=x&token=y&book=Emma&email=a@example.com",
        "email=a@example.com&book=Emma&stranger=1&stranger=2",
        "email=a@example.com&book=Emma&homepage=&homepage=",
    ],
)
def test_a_member_that_comes_twice_is_refused(client: Client, outside: Client, body: str) -> None:
    reply = outside.call("POST", ADDRESS, body=body.encode(), headers=FORM)
    assert reply.status == 400, reply.text
    twice = body.partition("&")[0].partition("=")[0]
    parts: list[tuple[Any, ...]] = [tuple(part.split("=")) for part in body.split("&")]
    many, headers = multipart(*parts)
    answered = outside.call(
        "POST", ADDRESS, body=many, headers={**headers, "accept": "application/json"}
    )
    assert answered.status == 400, twice
    assert "appears twice" in answered.json()["detail"]
    assert wishes(client) == []


def test_several_choices_of_one_question_are_no_member_twice(
    client: Client, outside: Client
) -> None:
    body = "email=a@example.com&book=Emma&genres=travel&genres=crime"
    reply = outside.call("POST", ADDRESS, body=body.encode(), headers=FORM)
    assert reply.status == 200, reply.text
    assert sorted(wishes(client)[0]["genres"]) == ["crime", "travel"]


BYTES = [b"\xff", b"M\xfcller", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"]


def test_a_switch_sends_its_no_before_its_yes(client: Client, outside: Client) -> None:
    for loud, at in (("loud=false&loud=true", "a"), ("loud=false", "b"), ("loud=true", "c")):
        body = f"email={at}@example.com&book=Emma&{loud}".encode()
        assert outside.call("POST", ADDRESS, body=body, headers=FORM).status == 200
    assert sorted(str(wish["loud"]) for wish in wishes(client)) == ["False", "True", "True"]


@pytest.mark.parametrize("odd", BYTES)
def test_bytes_that_are_not_utf_8_are_refused_everywhere(
    client: Client, outside: Client, odd: bytes
) -> None:
    escaped = "".join(f"%{byte:02X}" for byte in odd).encode()
    plain = [b"email=a@example.com&book=" + one for one in (odd, escaped)]
    plain += [b"email=a@example.com&book=Emma&" + one + b"=1" for one in (odd, escaped)]
    for body in plain:
        assert outside.call("POST", ADDRESS, body=body, headers=FORM).status == 400, body
        csrf = client.headers["x-csrf-token"].encode()
        page = client.call("POST", "/o/wish/new", body=body + b"&csrf=" + csrf, headers=FORM)
        assert page.status == 400, body
    for place in ("value", "name", "file"):
        body, headers = multipart(
            ("book", "ODD" if place == "value" else "Emma"),
            ("ODD" if place == "name" else "email", "a@example.com"),
            ("scan", "ODD.png" if place == "file" else "a.png", "image/png", PNG),
        )
        body = body.replace(b"ODD", odd)
        assert outside.call("POST", ADDRESS, body=body, headers=headers).status == 400, place
    json = {"content-type": "application/json"}
    for path in (ADDRESS, "/api/records/wish", "/api/login", "/api/meta/changes"):
        body = b'{"book": "' + odd + b'"}'
        assert client.call("POST", path, body=body, headers=json).status == 400, path
    path = f"/api/records/wish?where=book=='{escaped.decode()}'"
    assert client.call("GET", path).status == 400
    assert wishes(client) == []


def test_words_of_any_script_are_taken(client: Client, outside: Client) -> None:
    for number, book in enumerate(("Müller & Söhne", "東京 \U0001f600", "a=b&c;d+e %", "ÿ")):
        assert sent(outside, book=book, email=f"a{number}@example.com").status == 200
        body, headers = multipart(("email", f"b{number}@example.com"), ("book", book))
        assert outside.call("POST", ADDRESS, body=body, headers=headers).status == 200
    raw = "email=c@example.com&book=Größe".encode()
    assert outside.call("POST", ADDRESS, body=raw, headers=FORM).status == 200
    assert len(books(client)) == 9
    assert "Größe" in books(client)
