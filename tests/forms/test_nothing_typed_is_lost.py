"""A refusal brings the form back as it was sent: every kind of control, and chosen files."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.app import Client, Documents, Reply
from tests.forms.shapes import BRANCH

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
THING = {
    "kind": "object", "name": "thing", "label": "Thing", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "note", "kind": "long_text"},
        {"name": "pages", "kind": "number", "scale": 0, "max": 10},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "cost", "kind": "money"},
        {"name": "loud", "kind": "boolean"},
        {"name": "day", "kind": "date"},
        {"name": "at", "kind": "datetime"},
        {"name": "takes", "kind": "duration"},
        {"name": "size", "kind": "choice", "options": [{"name": "small"}, {"name": "large"}]},
        {"name": "tags", "kind": "multi_choice", "options": [{"name": "red"}, {"name": "blue"}]},
        {"name": "branch", "kind": "lookup", "to": "branch"},
        {"name": "branches", "kind": "multi_lookup", "to": "branch"},
        {"name": "about", "kind": "any_lookup", "to": ["branch", "thing"]},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"]},
        {"name": "scans", "kind": "file", "many": True},
    ],
}  # fmt: skip
BOUNDARY = "----nothing-is-lost"


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, THING]


def _sent(client: Client, path: str, values: list[tuple[str, str]], *scans: str) -> Reply:
    parts = [
        f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in values
    ]
    parts += [
        f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="scans"; filename="{name}"\r\n'
        "content-type: image/png\r\n\r\n".encode()
        + PNG
        + b"\r\n"
        for name in scans
    ]
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return client.call("POST", path, body=body, headers={"content-type": kind})


def _selected(page: str) -> list[str]:
    return re.findall(r'<option value="([^"]+)" selected>', page)


def test_a_refused_form_comes_back_as_it_was_sent(client: Client) -> None:
    north, south = (client.made("branch", name=name)["id"] for name in ("North", "South"))
    team = client.made("team", name="Binders")["id"]
    typed = [
        ("name", ""), ("note", "Two\nlines"), ("pages", "eleven"), ("price", "12,50,1"),
        ("cost", "7"), ("cost.currency", "JPY"), ("loud", "true"), ("day", "2031-02-03"),
        ("at", "2031-02-03T04:05"), ("takes", "1:30"), ("size", "large"), ("tags", "red"),
        ("tags", "blue"), ("branch", north), ("branches", north), ("branches", south),
        ("about.object", "branch"), ("about", south), ("keeper", f"team:{team}"),
    ]  # fmt: skip
    page = _sent(client, "/o/thing/new", typed, "one.png", "two.png")
    assert page.status == 422
    said = unescape(page.text)
    for text in ("Two\nlines", "eleven", "12,50,1", "2031-02-03", "2031-02-03T04:05", "1:30"):
        assert text in said, text
    chosen = _selected(page.text)
    assert "<option selected>JPY</option>" in page.text
    for value in (north, south, f"team:{team}"):
        assert value in chosen, value
    assert re.search(r'value="large"[^>]*(checked|selected)', page.text)
    assert len(re.findall(r'name="tags"[^>]*checked', page.text)) == 2
    assert "one.png" in said and "two.png" in said  # they need not be chosen again
    kept = re.findall(r'name="scans.keep" value="([^"]+)"', page.text)

    good = [pair for pair in typed if pair[0] not in ("name", "pages", "price")]
    good += [("name", "Atlas"), ("pages", "9"), ("price", "12.50")]
    good += [("scans.keep", id) for id in kept]
    made = _sent(client, "/o/thing/new", good, "three.png")
    assert made.status == 303, made.text
    (thing,) = client.rows("/api/records/thing", fields="name,scans,cost,branches")
    assert sorted(f["name"] for f in thing["scans"]) == ["one.png", "three.png", "two.png"]
    assert thing["cost"] == {"amount": "7", "currency": "JPY"}

    # And of a record that is there: what stayed, what came, and what is to go.
    path = made.headers["location"] + "/edit"
    first = thing["scans"][0]["id"]
    again = [("rev", "1"), ("name", ""), ("scans.keep", first), ("scans.keep", kept[1])]
    page = _sent(client, path, [*again, ("scans.remove", kept[1])], "four.png")
    assert page.status == 422 and "four.png" in page.text
    assert len(re.findall(r'name="scans.keep"', page.text)) in (2, 3)


def test_somebody_elses_file_does_not_come_back(client: Client) -> None:
    other = client.post("/api/records/user", {"email": "o@example.com", "name": "O"}).json()["id"]
    page = _sent(client, "/o/thing/new", [("name", ""), ("scans.keep", other)])
    assert page.status == 422 and "scans.keep" not in page.text


def test_a_new_record_from_a_look_up_asks_for_what_it_needs(client: Client) -> None:
    form = client.get("/o/thing/new").text
    assert 'data-quick="/o/branch/quick"' in form and "New branch" in form
    asked = client.get("/o/branch/quick", words="Harbour & sons")
    assert asked.status == 200 and "<html" not in asked.text
    assert 'value="Harbour &amp; sons"' in asked.text and "/api/records/branch" in asked.text
    grants = [{"object": "branch", "can": ["read"]}, {"object": "thing", "can": ["read", "create"]}]
    reads = {"kind": "role", "name": "reads", "grants": grants}
    client.define(reads)
    reader = client.person("reader@example.com", "reads")
    assert "data-quick" not in reader.get("/o/thing/new").text.split("f-branches")[0]
    assert reader.get("/o/branch/quick", words="x").status == 403
