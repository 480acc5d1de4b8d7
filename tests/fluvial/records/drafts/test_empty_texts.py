"""Texts that nobody sees are empty, and spaces around a text are no part of it."""

import pytest

from metamodel.blanks import blank, trimmed
from tests.app import Client, Documents
from tests.fluvial.pages.posting import posted

THING = {
    "kind": "object",
    "name": "thing",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "unique": True},
        {"name": "note", "kind": "text"},
        {"name": "about", "kind": "long_text"},
        {"name": "story", "kind": "long_text", "required": "note == 'told'"},
        {"name": "mail", "kind": "text", "format": "email"},
        {"name": "plate", "kind": "text", "mask": "AA-00"},
        {"name": "friends", "kind": "multi_lookup", "to": "thing", "inverse": "friend_of",
         "link_fields": [{"name": "how", "kind": "text", "required": True}]},
        {"name": "peers", "kind": "multi_lookup", "to": "thing", "inverse": "peer_of"},
        {"name": "people", "kind": "person", "many": True},
    ],
}  # fmt: skip
ASK = {
    "kind": "webform", "name": "ask", "object": "thing", "slug": "ask",
    "steps": [{"name": "one", "fields": [{"field": "name"}, {"field": "about", "required": True}]}],
    "spam": {"honeypot": False, "min_seconds": 0, "rate": "100/hour", "api": True},
}  # fmt: skip
BLANKS = ("   ", "\u200b", "\u00a0\u2003", "\ufeff \u2060", "\u3164", "\u2800", "\u200d\u200e")
RULE = {
    "kind": "rule", "name": "from_note", "on": {"object": "thing", "event": ["created"]},
    "phase": "before_save", "when": "note == 'blank'",
    "do": [{"set": {"mail": "' '", "about": "' '", "name": "' ' & name & ' '"}}],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [THING, ASK, RULE]


def codes(reply: object) -> list[tuple[str, str]]:
    return [(e["pointer"], e["code"]) for e in reply.json()["errors"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", BLANKS)
def test_a_text_that_nobody_sees_is_empty(client: Client, text: str) -> None:
    assert blank(text)
    for reply in (
        client.post("/api/records/thing", {"name": text}),
        client.post("/api/records/thing", [{"name": text}]),
    ):
        assert reply.status == 422
        assert codes(reply)[0][1] == "required"
    made = client.made("thing", name="x", note=text, about=text, mail=text, plate=text)
    assert [made[name] for name in ("note", "about", "mail", "plate")] == [None] * 4
    address = f"/api/records/thing/{made['id']}"
    assert client.patch(address, {"name": text}).status == 422
    assert codes(client.patch(address, {"note": "told", "story": text})) == [("/story", "required")]
    link = {"id": made["id"], "how": text}
    assert codes(client.patch(address, {"friends": [link]})) == [("/friends", "required")]


@pytest.mark.parametrize("text", BLANKS)
def test_pages_imports_and_web_forms_say_so_too(client: Client, text: str) -> None:
    page = posted(client, "/o/thing/new", {"name": text})
    assert (page.status, "Name is required." in page.text) == (422, True)
    body = f"name,about\n{text},words\n".encode()
    options = b'{"map": {"name": "name", "about": "about"}}'
    parts = (
        b'--x\r\nContent-Disposition: form-data; name="options"\r\n\r\n' + options
        + b'\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        + body + b"\r\n--x--\r\n"
    )  # fmt: skip
    read = client.call(
        "POST", "/api/records/thing/import", body=parts,
        headers={"content-type": "multipart/form-data; boundary=x"},
    )  # fmt: skip
    assert "required" in read.text, read.text
    outside = Client(client.app)
    sent = outside.post("/forms/ask", {"name": text, "about": text})
    assert sent.status == 422, sent.text
    assert {code for _, code in codes(sent)} == {"required"}
    form = posted(outside, "/forms/ask", {"name": text, "about": text, "step": "0"})
    assert form.status in (400, 422)
    assert client.rows("/api/records/thing") == []


@pytest.mark.parametrize("text", ["1 ", " 1", "1\u200b", "\u00a01", "1\ufeff", "1\u2003"])
def test_spaces_around_a_text_make_no_other_one(client: Client, text: str) -> None:
    first = client.made("thing", name="1")
    refused = client.post("/api/records/thing", {"name": text})
    assert (refused.status, codes(refused)) == (422, [("/name", "not_unique")])
    assert client.rows("/api/records/thing", name="1")[0]["id"] == first["id"]
    assert client.patch(f"/api/records/thing/{first['id']}", {"name": text}).json()["name"] == "1"


def test_what_stands_within_a_text_stays(client: Client) -> None:
    for text in ("a  b", "نامه\u200cها", "👩\u200d🚀", "❤\ufe0f", "ه\u200d",
                 "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"):  # fmt: skip
        assert trimmed(text) == text
        assert client.made("thing", name=text)["name"] == text
    code = "  indented\n\n    code\n"
    assert client.made("thing", name="code", about=code)["about"] == code


def test_what_rules_set_is_tidied(client: Client) -> None:
    made = client.made("thing", name="ruled", note="blank")
    assert (made["name"], made["mail"], made["about"]) == ("ruled", None, None)


def test_fields_that_hold_many_take_a_list(client: Client) -> None:
    one = client.made("thing", name="one")["id"]
    me = client.rows("/api/records/user")[0]["id"]
    for values in ({"peers": one}, {"friends": {"id": one, "how": "x"}}, {"people": {"user": me}},
                   {"peers": {"id": one}}, {"peers": 5}):  # fmt: skip
        reply = client.post("/api/records/thing", {"name": "two", **values})
        assert (reply.status, codes(reply)[0][1]) == (422, "not_a_list"), values
    made = client.made("thing", name="two", peers=[one], people=[{"user": me}])
    assert made["peers"] == [one]
