"""What is compressed, for whom, and that compressed pages tell nothing by their length."""

from __future__ import annotations

import gzip
import re

import pytest

from fluvial.auth.csrf_tokens import is_same, masked
from fluvial.http.compression import packed, takes_gzip
from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("*", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("gzip ; q=0.000, br", False),
        ("identity", False),
        ("x-gzipped", False),
        ("", False),
    ],
)
def test_a_client_says_whether_it_takes_gzip(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


def test_what_is_packed_is_the_same_unpacked_and_not_always_as_long() -> None:
    body = b"Every reader his book. " * 500
    made = {packed(body) for _ in range(40)}
    assert {gzip.decompress(one) for one in made} == {body}
    assert len({len(one) for one in made}) > 5


@pytest.mark.parametrize("path", ["/o/book", "/api/openapi.json", "/nowhere/at/all"])
def test_pages_and_json_are_compressed_for_those_who_take_it(client: Client, path: str) -> None:
    plain = client.get(path)
    assert "content-encoding" not in plain.headers
    reply = client.call("GET", path, headers={"accept-encoding": "gzip, br"})
    assert reply.status == plain.status
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert int(reply.headers["content-length"]) == len(reply.body) < len(plain.body) / 2
    known = len(gzip.decompress(reply.body)) / len(plain.body)
    assert 0.9 < known < 1.1  # but for the token of the page


def test_short_answers_and_those_with_a_secret_stay_as_they_are(client: Client) -> None:
    sent = {"accept-encoding": "gzip"}
    assert "content-encoding" not in client.call("GET", "/health/live", headers=sent).headers
    form = {"content-type": "application/x-www-form-urlencoded"}
    made = client.call("POST", "/profile/tokens", body=b"name=robot", headers=sent | form)
    assert made.status == 200 and b"Copy the token now" in made.body
    assert "content-encoding" not in made.headers


def test_a_head_tells_the_length_of_no_other_answer(client: Client) -> None:
    reply = client.call("HEAD", "/o/book", headers={"accept-encoding": "gzip"})
    assert reply.status == 200 and reply.body == b""


def test_static_files_are_compressed_and_checked_by_their_content(client: Client) -> None:
    page = client.get("/o/book").text
    (sheet,) = re.findall(r'href="(/static/fluvial.css\?v=[0-9a-f]+)"', page)
    plain = client.get(sheet)
    reply = client.call("GET", sheet, headers={"accept-encoding": "gzip"})
    assert gzip.decompress(reply.body) == plain.body
    assert "immutable" in reply.headers["cache-control"]
    assert reply.headers["vary"] == "accept-encoding"
    links = re.findall(r'url\("([^"]+)"\)', plain.text)
    assert links and all("?v=" in link or link.startswith("data:") for link in links)


@pytest.mark.parametrize("query", ["", "?v=0123456789", "?v=", "?w=1"])
def test_only_the_address_of_this_content_is_kept_for_ever(client: Client, query: str) -> None:
    """The page of another release may ask here for what it knows, and would keep it."""
    for path in ("/static/favicon.svg", "/static/fluvial.css"):
        assert client.get(path + query).headers["cache-control"] == "no-cache"
    assert client.get(f"/static/none.css{query}").status == 404


def test_the_token_of_a_page_is_never_said_twice_in_the_same_way(client: Client) -> None:
    found = [re.findall(r'name="csrf" content="([^"]*)"', client.get("/").text) for _ in range(2)]
    (first,), (second,) = found
    token = client.headers["x-csrf-token"]
    assert first != second and token not in first
    for given in (first, second, token):
        made = client.call("POST", "/api/records/book", {"name": "Emma"},
                           headers={"x-csrf-token": given})  # fmt: skip
        assert made.status == 201, made.text


@pytest.mark.parametrize("given", ["", "a", "=", "ä", "A" * 116, "A" * 43, "\ud800"])
def test_no_other_token_is_taken(given: str) -> None:
    token = "abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE"
    assert not is_same(given, token)
    assert is_same(masked(token), token) and not is_same(masked(token)[:-4], token)
    assert not is_same(masked(token[:-1] + "F"), token)
