"""Small copies of images: who gets them, of which images, and what happens to the others."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

from PIL import Image

from fluvial.transfer.files import sweep
from tests.app import Client
from tests.forms.shapes import multipart

BOOK = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "cover", "kind": "file", "many": True},
        {"name": "deed", "kind": "file"},
    ],
}
COVERS = {"kind": "view", "name": "covers", "object": "book", "columns": ["name", "cover"]}
READER = {
    "kind": "role",
    "name": "reader",
    "grants": [{"object": "book", "can": ["read"], "fields": {"deed": "none"}}],
}


def image(form: str, size: tuple[int, int] = (800, 400), mode: str = "RGB") -> bytes:
    target = BytesIO()
    made = Image.new(mode, size, 120)
    exif = made.getexif()
    exif[0x0112] = 6  # the camera was held on its side
    made.save(target, form, **({"exif": exif} if form == "JPEG" else {}))
    return target.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 30,000 pixels wide and high."""

    def part(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(
            ">I", zlib.crc32(name + content)
        )  # fmt: skip

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    body = part(b"IHDR", head) + part(b"IDAT", zlib.compress(b"")) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def uploaded(client: Client, name: str, media_type: str, content: bytes) -> str:
    body, headers = multipart(("file", name, media_type, content))
    reply = client.call("POST", "/api/files", body=body, headers=headers)
    assert reply.status == 201, reply.text
    return str(reply.json()["id"])


def small(client: Client, file: str) -> Image.Image:
    reply = client.get(f"/api/files/{file}/thumbnail")
    assert (reply.status, reply.headers["content-type"]) == (200, "image/webp")
    assert "sandbox" in reply.headers["content-security-policy"]
    return Image.open(BytesIO(reply.body))


def test_images_have_small_copies_for_those_who_may_read_them(client: Client) -> None:
    client.define(BOOK, READER, COVERS)
    png = uploaded(client, "a.png", "image/png", image("PNG"))
    jpeg = uploaded(client, "b.jpg", "image/jpeg", image("JPEG"))
    gif = uploaded(client, "c.gif", "image/gif", image("GIF", mode="P"))
    clear = uploaded(client, "d.webp", "image/webp", image("WEBP", mode="RGBA"))
    deed = uploaded(client, "e.png", "image/png", image("PNG", (90, 90)))
    text = uploaded(client, "f.txt", "text/plain", b"<svg onload='alert(1)'>")
    huge = uploaded(client, "g.png", "image/png", bomb())
    cut = uploaded(client, "h.png", "image/png", image("PNG")[:200])
    book = client.made("book", name="Emma", cover=[png, jpeg, gif, clear, text, huge, cut],
                       deed=[deed])  # fmt: skip
    assert small(client, png).size == (320, 160)
    assert small(client, jpeg).size == (160, 320)
    assert (small(client, gif).mode, small(client, clear).mode) == ("RGB", "RGBA")
    for other in (text, huge, cut, cut):
        assert client.get(f"/api/files/{other}/thumbnail").status == 404
    etag = client.get(f"/api/files/{png}/thumbnail").headers["etag"]
    again = client.call("GET", f"/api/files/{png}/thumbnail", headers={"if-none-match": etag})
    assert again.status == 304

    ann = client.person("ann@example.org", "reader")
    assert small(ann, png).size == (320, 160)
    assert ann.get(f"/api/files/{deed}/thumbnail").status == 404
    assert Client(client.app).get(f"/api/files/{png}/thumbnail").status == 401

    page = ann.get(f"/o/book/{book['id']}").text
    assert f'src="/api/files/{jpeg}/thumbnail" alt="b.jpg"' in page
    assert f"/api/files/{text}/thumbnail" not in page and deed not in page
    assert f'src="/api/files/{png}/thumbnail"' in ann.get("/o/book", view="covers").text

    engine = client.app.engine
    folder: Path = engine.settings.data_dir / "files"
    kept = sorted(path.name for path in folder.rglob("*.thumb"))
    assert len(kept) == 6  # of the damaged one and the bomb that there is none
    sweep(engine)
    assert sorted(path.name for path in folder.rglob("*.thumb")) == kept
