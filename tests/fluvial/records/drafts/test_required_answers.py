"""A yes/no that is required is answered by somebody: its own No does not count."""

import pytest

from tests.app import Client, Documents
from tests.fluvial.pages.posting import posted

VISIT = {
    "kind": "object",
    "name": "visit",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "agreed", "kind": "boolean", "required": True},
        {"name": "insured", "kind": "boolean", "three_state": True, "required": True},
        {"name": "local", "kind": "boolean", "required": True, "default": False},
        {"name": "signed", "kind": "boolean", "required": "name == 'strict'"},
    ],
}


@pytest.fixture
def documents() -> Documents:
    return [VISIT]


def refused(reply: object) -> list[str]:
    assert reply.status == 422, reply.text  # type: ignore[attr-defined]
    errors = reply.json()["errors"]  # type: ignore[attr-defined]
    assert {one["code"] for one in errors} == {"required"}
    return sorted(one["pointer"].rpartition("/")[2] for one in errors)


@pytest.mark.parametrize(
    ("body", "lacks"),
    [
        ({}, ["agreed", "insured"]),
        ({"agreed": None, "insured": None}, ["agreed", "insured"]),
        ({"agreed": "", "insured": True}, ["agreed"]),
        ({"agreed": False, "insured": True, "local": None}, ["local"]),
        ({"agreed": True, "insured": False, "name": "strict"}, ["signed"]),
    ],
)
def test_one_that_nobody_answered_is_missing(
    client: Client, body: dict[str, object], lacks: list[str]
) -> None:
    assert refused(client.post("/api/records/visit", body)) == lacks
    assert refused(client.post("/api/records/visit", [body])) == lacks


def test_no_is_an_answer(client: Client) -> None:
    made = client.made("visit", agreed=False, insured=False)
    assert (made["agreed"], made["insured"], made["local"]) == (False, False, False)
    address = f"/api/records/visit/{made['id']}"
    for name in ("agreed", "insured", "local"):
        assert refused(client.patch(address, {name: None})) == [name]
    assert client.patch(address, {"name": "x"}).status == 200
    assert client.patch(address, {"agreed": True}).json()["agreed"] is True
    strict = client.made("visit", agreed=True, insured=True, name="strict", signed=False)
    assert strict["signed"] is False


def test_a_form_answers_no_with_its_switch_off(client: Client) -> None:
    done = posted(client, "/o/visit/new", {"agreed": "false", "insured": "false", "local": "false",
                                           "signed": "false"})  # fmt: skip
    assert done.status == 303, done.text
    short = posted(client, "/o/visit/new", {"agreed": "false", "insured": ""})
    assert (short.status, "Insured is required." in short.text) == (422, True)
