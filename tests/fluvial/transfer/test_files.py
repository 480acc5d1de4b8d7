"""Files over HTTP: upload, attach, read and let go."""

from datetime import timedelta
from typing import Any

import pytest

from fluvial.kernel.media_types import agrees, sniff
from fluvial.runtime.engine import Engine
from fluvial.transfer import files
from tests.app import Client, Documents, Reply
from tests.forms.shapes import PNG, multipart

BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "cover", "kind": "file", "accept": ["image/*"], "max_size": "1KB"},
        {"name": "scans", "kind": "file", "many": True},
    ],
}


@pytest.fixture
def documents() -> Documents:
    return [BOOK]


@pytest.fixture
def library(client: Client) -> Client:
    return client


def sent(client: Client, name: str, body: bytes, type_: str = "") -> Reply:
    raw, headers = multipart(("file", name, type_ or "application/octet-stream", body))
    return client.call("POST", "/api/files", body=raw, headers=headers)


def uploaded(client: Client, name: str = "cover.png", body: bytes = PNG) -> str:
    reply = sent(client, name, body)
    assert reply.status == 201, reply.text
    return str(reply.json()["id"])


def test_an_upload_is_described_and_served_to_its_uploader(library: Client) -> None:
    reply = sent(library, "../../etc/Cover ß.png", PNG, "image/png")
    assert reply.status == 201
    file = reply.json()
    assert file == {
        "id": file["id"],
        "name": "Cover ß.png",
        "size": len(PNG),
        "media_type": "image/png",
        "url": f"/api/files/{file['id']}",
    }
    shown = library.get(file["url"])
    assert (shown.status, shown.body) == (200, PNG)
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]
    assert shown.headers["content-disposition"].startswith("inline; ")
    assert "Cover%20%C3%9F.png" in shown.headers["content-disposition"]
    again = library.call("GET", file["url"], headers={"if-none-match": shown.headers["etag"]})
    assert again.status == 304


def test_pages_from_others_are_never_served_as_pages(library: Client) -> None:
    file = sent(library, "page.html", b"<script>alert(1)</script>", "text/html").json()
    shown = library.get(file["url"])
    assert shown.headers["content-type"] == "text/plain; charset=utf-8"
    assert shown.headers["content-disposition"].startswith("attachment; ")


def test_what_lies_about_itself_is_refused(library: Client) -> None:
    reply = sent(library, "cover.png", b"MZ not a picture", "image/png")
    assert reply.status == 422
    assert reply.json()["errors"][0]["pointer"] == "/file"


def test_bodies_that_are_no_upload(library: Client) -> None:
    assert library.post("/api/files", {"file": "/etc/passwd"}).status == 400
    body, headers = multipart(("file", "text"))
    assert library.call("POST", "/api/files", body=body, headers=headers).status == 400
    body, headers = multipart(("file", "a.txt", "text/plain", b"text"))
    assert library.call("POST", "/api/files", body=body[:-12], headers=headers).status == 400


def test_a_record_shows_what_is_attached(library: Client) -> None:
    file = uploaded(library)
    book = library.made("book", name="Emma", cover=file)
    assert book["cover"] == [
        {
            "id": file,
            "name": "cover.png",
            "size": len(PNG),
            "media_type": "image/png",
            "url": f"/api/files/{file}",
        }
    ]
    path = f"/api/records/book/{book['id']}"
    assert library.get(path).json()["cover"] == book["cover"]
    kept = library.patch(path, {"cover": book["cover"], "name": "Emma, again"})
    assert kept.json()["cover"] == book["cover"]
    assert library.patch(path, {"cover": []}).json()["cover"] == []
    assert library.patch(path, {"cover": file}).json()["cover"] == book["cover"]


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("notes.txt", b"text", "wrong_type"),
        ("big.png", PNG + b"\0" * 2000, "too_large"),
    ],
)
def test_limits_of_a_field(library: Client, name: str, body: bytes, code: str) -> None:
    file = uploaded(library, name, body)
    reply = library.post("/api/records/book", {"name": "Emma", "cover": file})
    assert reply.status == 422
    assert [e["code"] for e in reply.json()["errors"]] == [code]
    # What was refused is free for another try.
    assert library.made("book", name="Dune", scans=[file])["scans"][0]["id"] == file


def test_files_of_others_are_not_attached(library: Client) -> None:
    library.define({"kind": "role", "name": "clerk", "grants": [{"object": "*", "can": ["*"]}]})
    clerk = library.person("clerk@example.com", "clerk")
    mine, theirs = uploaded(library), uploaded(clerk)
    first = library.made("book", name="Emma", cover=mine)
    for file in (theirs, mine, "018f0000-0000-7000-8000-000000000000"):
        reply = library.post("/api/records/book", {"name": "Dune", "cover": file})
        assert reply.status == 422, reply.text
        assert reply.json()["errors"][0]["code"] == "unknown_file"
    assert clerk.get(first["cover"][0]["url"]).status == 200


def test_a_file_is_read_by_those_who_may_read_its_field(library: Client) -> None:
    grants = [{"object": "book", "can": ["read"], "where": "name == 'Emma'",
               "fields": {"cover": "none"}}]  # fmt: skip
    library.define({"kind": "role", "name": "guest", "grants": grants})
    guest = library.person("guest@example.com", "guest")
    cover, scan, other, loose = (uploaded(library) for _ in range(4))
    library.made("book", name="Emma", cover=cover, scans=[scan])
    book = library.made("book", name="Dune", scans=[other])
    read = {f: guest.get(f"/api/files/{f}").status for f in (cover, scan, other, loose)}
    assert read == {cover: 404, scan: 200, other: 404, loose: 404}
    assert Client(library.app).get(f"/api/files/{scan}").status == 401
    library.delete(f"/api/records/book/{book['id']}")
    assert library.get(f"/api/files/{other}").status == 404


def test_what_nothing_is_attached_to_is_swept_after_a_day(
    library: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose = uploaded(library, "loose.png", PNG + b"1")
    kept, gone = uploaded(library, "kept.png", PNG + b"2"), uploaded(library, body=PNG + b"3")
    book = library.made("book", name="Emma", scans=[kept, gone])
    library.patch(f"/api/records/book/{book['id']}", {"scans": [kept]})
    assert engine.database.call(lambda: files.sweep(engine)) == 0

    later = engine.clock.now() + timedelta(hours=25)
    monkeypatch.setattr(engine.clock, "now", lambda: later)
    assert engine.database.call(lambda: files.sweep(engine)) == 2
    assert library.get(f"/api/files/{loose}").status == 404
    assert library.get(f"/api/files/{kept}").status == 200
    stored = [p for p in (engine.settings.data_dir / "files").rglob("*") if p.is_file()]
    assert len(stored) == 1


@pytest.mark.parametrize(
    ("head", "name", "type_"),
    [
        (b"%PDF-1.7", "a.bin", "application/pdf"),
        (b"\xff\xd8\xff\xe0", "a.png", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a", "image/webp"),
        (b"PK\x03\x04", "a.xlsx",
         "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (b"PK\x03\x04", "a.png", "application/zip"),
        ("für".encode(), "a.csv", "text/csv"),
        ("für".encode("cp1252"), "a", "text/plain"),
        ("ü".encode()[:1], "a", "text/plain"),
        (b"\0\1\2", "a.txt", "application/octet-stream"),
        (b"<svg onload=alert(1)>", "a.svg", "text/plain"),
        (b"", "a", "text/plain"),
    ],
)  # fmt: skip
def test_the_type_comes_from_the_content(head: bytes, name: str, type_: str) -> None:
    assert sniff(head, name) == type_


def test_names_and_claims_agree_with_the_content() -> None:
    assert agrees("image/jpg", "a.jpeg", "image/jpeg")
    assert agrees("application/octet-stream", "a", "text/plain")
    assert not agrees("image/png", "a", "text/plain")
    assert not agrees("", "a.PDF", "text/plain")
