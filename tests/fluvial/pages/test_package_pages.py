"""Packages in the studio: seen before they are installed, upgraded with choices, taken out."""

from __future__ import annotations

import re
from typing import Any

from fluvial.kernel.features import load_features
from fluvial.packages import archive, exporting
from metamodel.document_files import document_of
from tests.app import Client, Reply
from tests.fluvial.packages.test_installing import (
    FIRST,
    LIST,
    PHONE,
    SECOND,
    SHELF,
    app,
    book,
    put,
)
from tests.fluvial.pages.posting import posted
from tests.fluvial.pages.test_pages import text_of


def zipped(documents: list[dict[str, Any]]) -> bytes:
    kinds = load_features().kinds
    return archive.packed(exporting.texts_of([document_of(d) for d in documents], kinds))


def uploaded(client: Client, body: bytes) -> Reply:
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    sent = start + body + b"\r\n--x--\r\n"
    return client.call("POST", "/studio/packages/preview", body=sent, headers=headers)


def hidden(reply: Reply, name: str) -> str:
    match = re.search(rf'name="{name}" value="([^"]+)"', reply.text)
    assert match is not None, text_of(reply.text)
    return match[1]


def test_a_package_is_seen_before_it_is_installed_and_before_it_goes(client: Client) -> None:
    seen = uploaded(client, zipped(FIRST))
    assert seen.status == 200 and "view/all_books" in seen.text
    assert client.rows("/api/packages") == []
    done = posted(client, "/studio/packages/install", {"upload": hidden(seen, "upload")})
    assert (done.status, done.headers["location"]) == (303, "/studio/packages/lending")
    client.patch("/api/meta/object/book", {"fields": [{"name": "fee", "min": 2}]})

    one = client.get("/studio/packages/lending")
    assert "Fields › Fee › Min" in one.text and "needs fluvial" in one.text
    upgrade = uploaded(client, zipped(SECOND))
    assert "Conflicts" in upgrade.text and "Upgrade lending" in upgrade.text
    form = {"upload": hidden(upgrade, "upload"), "take": hidden(upgrade, "take")}
    assert posted(client, "/studio/packages/install", form).status == 303
    assert client.get("/api/meta/object/book").json()["fields"][1]["min"] == 1
    bad = uploaded(client, b"no zip file")
    assert bad.status == 422 and "not a valid zip file" in bad.text

    put(client, [{"kind": "app", "name": "shelves", "version": "1.0.0",
                  "needs": {"lending": ">=1"}}])  # fmt: skip
    assert "Uninstall them first" in client.get("/studio/packages/lending/uninstall").text
    assert posted(client, "/studio/packages/shelves/uninstall", {}).status == 303
    removal = client.get("/studio/packages/lending/uninstall")
    assert "Book: no records" in removal.text
    assert posted(client, "/studio/packages/lending/uninstall", {}).status == 303
    assert client.rows("/api/packages") == []


def test_an_upgrade_takes_along_what_uses_what_goes_only_if_one_says_so(client: Client) -> None:
    put(client, FIRST)
    client.define({"kind": "view", "name": "dear", "object": "book", "columns": ["name", "fee"]})
    upgrade = [app("2.0.0"), book(SHELF), PHONE, {**LIST, "columns": ["name"]}]
    seen = uploaded(client, zipped(upgrade))
    assert seen.status == 200 and "view/dear#/columns/1" in text_of(seen.text), seen.text
    form = {"upload": hidden(seen, "upload")}
    refused = posted(client, "/studio/packages/install", form)
    assert refused.status == 422 and "Used in view/dear#/columns/1" in text_of(refused.text)
    done = posted(client, "/studio/packages/install", {**form, "force": hidden(seen, "force")})
    assert done.status == 303
    assert client.get("/api/meta/view/dear").json()["columns"] == ["name"]


def test_history_shows_what_differs_and_leads_back(client: Client) -> None:
    put(client, FIRST)
    client.patch("/api/meta/object/book", {"fields": [{"name": "fee", "label": "Price"}]})
    number = client.rows("/api/meta/revisions")[0]["number"]
    client.patch("/api/meta/object/book", {"fields": [{"name": "fee", "label": "Charge"}]})
    shown = client.get(f"/studio/revisions/{number + 1}")
    assert "Object Book" in shown.text and "Fields › Charge › Label" in shown.text
    assert "Price" in client.get("/studio/object/book/history").text
    back = posted(client, "/studio/object/book/rollback", {"to": str(number)})
    assert back.status == 303
    assert client.get("/api/meta/object/book").json()["fields"][1]["label"] == "Price"
