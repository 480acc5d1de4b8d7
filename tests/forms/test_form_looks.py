"""Web forms have a look that one can read, a code for cameras, and a preview before they exist."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from fluvial.pages.page_looks import DARK, LIGHT, PageLook, contrast
from metamodel.documents import DocumentKind
from tests.app import Client, Documents, Reply
from tests.forms.shapes import ADDRESS, BRANCH, LOAN, PNG, WISH

LOGO = "data:image/png;base64," + base64.b64encode(PNG).decode()
LOOK = {"logo": LOGO, "name": "Hill Library", "note": "Open until 8", "colour": "#ffcc00"}


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN, {**WISH, "look": LOOK}]


def previewed(client: Client, document: Any, step: str = "0") -> Reply:
    text = document if isinstance(document, str) else orjson.dumps(document).decode()
    values = {"csrf": client.headers["x-csrf-token"], "document": text, "step": step}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return client.call("POST", "/preview/webform", body=urlencode(values).encode(), headers=headers)


def rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


@pytest.mark.parametrize(
    "colour", ["#ffcc00", "#000000", "#ffffff", "#0a6885", "#ff0000", "#777777", "#10ff10"]
)
def test_every_colour_can_be_read_on_light_and_dark_pages(colour: str) -> None:
    sheet = PageLook(colour=colour).stylesheet
    found = dict(re.findall(r"(--[\w-]+):light-dark\((#\w{6},#\w{6})\)", sheet))
    for at, ground in enumerate((LIGHT, DARK)):
        accent, ink = (rgb(found[n].split(",")[at]) for n in ("--accent", "--on-accent"))
        tint = rgb(found["--tint"].split(",")[at])
        assert contrast(accent, ground) >= 4.5
        assert contrast(accent, tint) >= 4.5
        assert contrast(accent, ink) >= 4.5


def test_the_look_is_on_the_page_and_its_colour_in_a_stylesheet(client: Client) -> None:
    outside = Client(client.app)
    page = outside.get(ADDRESS).text
    assert "Hill Library" in page and "Open until 8" in page and LOGO in page
    (href,) = re.findall(r'href="(/forms/look/[^"]+)"', page)
    sheet = outside.get(href.partition("?")[0])
    assert sheet.headers["content-type"].startswith("text/css")
    assert "--accent:" in sheet.text
    assert outside.get("/forms/look/red.css").status == 404
    embedded = outside.get(ADDRESS, embed="1").text
    assert "Hill Library" not in embedded and "/forms/look/" in embedded


def test_a_logo_is_a_small_picture_and_nothing_else(client: Client) -> None:
    for logo in ("https://example.com/logo.png", "data:text/html;base64,PGI+", "javascript:1"):
        reply = client.put("/api/meta/webform/wish_for_a_book", {**WISH, "look": {"logo": logo}})
        assert reply.status == 422, logo
    assert client.put(
        "/api/meta/webform/wish_for_a_book", {**WISH, "look": {"colour": "red"}}
    ).status == 422  # fmt: skip


def test_the_address_is_a_code_that_cameras_read(client: Client) -> None:
    reply = Client(client.app).get(f"{ADDRESS}.svg")
    assert reply.headers["content-type"] == "image/svg+xml"
    assert reply.text.startswith("<svg xmlns=") and "Wish for a book" in reply.text
    assert "#ffffff" in reply.text or "#fff" in reply.text  # also on dark pages
    assert Client(client.app).get("/forms/nothing.svg").status == 404


def test_a_form_is_seen_before_it_is_saved(client: Client) -> None:
    written = {
        **WISH,
        "name": "",
        "label": "Another",
        "slug": "other",
        "look": {"colour": "#aa0000"},
    }
    page = previewed(client, written)
    assert page.status == 200 and "Another" in page.text and "/forms/look/aa0000.css" in page.text
    assert "form-action 'none'" in page.headers["content-security-policy"]
    assert "Which book" in previewed(client, written, "1").text
    assert "Which book" in previewed(client, written, "7").text
    assert "Your number is" in previewed(client, written, "done").text
    for wrong in ("{", "3", {}, {"object": "wish"}, {**WISH, "object": "nothing"},
                  {**WISH, "steps": [{"name": "a", "fields": [{"field": "nothing"}]}]},
                  {**WISH, "steps": [{"name": "a", "fields": [{"field": "book", "visible": "("}]}]},
                  {**WISH, "fixed": {"source": "nowhere"}}, {**WISH, "fixed": {"nothing": 1}},
                  {**WISH, "prefill": ["nothing"]}):  # fmt: skip
        reply = previewed(client, wrong)
        assert reply.status == 422, (wrong, reply.status)
        assert "No preview yet" in reply.text
    assert Client(client.app).get("/forms/other").status == 404


def test_a_first_form_asks_what_a_record_needs_and_can_be_saved(client: Client) -> None:
    kind: DocumentKind = client.app.engine.kinds["webform"]
    with_catalog = client.get("/api/meta/webform/wish_for_a_book").json()
    assert with_catalog
    type_ = client.app.engine.catalogs.build(client.app.engine.database.connection()).objects[
        "wish"
    ]
    assert kind.start is not None
    start = {"kind": "webform", "name": "first", "object": "wish", **kind.start(type_)}
    names = [one["field"] for one in start["steps"][0]["fields"]]
    assert names == ["book", "email", "wanted", "loud", "genres", "note", "scan", "source"]
    assert client.put("/api/meta/webform/first", start).status in (200, 201)
    assert Client(client.app).get(f"/forms/{start['slug']}").status == 200
