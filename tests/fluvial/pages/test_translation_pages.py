"""Words in other languages: read, missing, edited in place, and as a table for a translator."""

from __future__ import annotations

import re
from html import unescape

import pytest

from fluvial.packages import folder_of, install
from fluvial.runtime.session import Session
from tests.app import ONE_DATABASE, Client, Documents, Reply
from tests.fluvial.pages.posting import posted
from tests.forms.shapes import multipart

pytestmark = ONE_DATABASE

PATH = "/studio/translations"
SHELF: Documents = [
    {
        "kind": "object", "name": "shelf", "label": "Shelf",
        "plural": {"en": "Shelves", "de": "Regale"}, "title": "{name}",
        "fields": [
            {"name": "name", "kind": "text", "help": "Where it stands"},
            {"name": "state", "label": "State", "kind": "choice",
             "options": [{"name": "full", "label": "Full"}, {"name": "free"}]},
        ],
    },
    {"kind": "view", "name": "full_shelves", "label": "Full shelves", "object": "shelf"},
]  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return SHELF


def rows(reply: Reply) -> dict[str, str]:
    """The words of the page by their keys."""
    assert reply.status in (200, 422), reply.text
    found = re.findall(r'name="w\.([^"]+)"\s+(?:value="([^"]*)"|rows[^>]*>([^<]*))', reply.text)
    return {unescape(key): unescape(text or long) for key, text, long in found}


def said(reply: Reply) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", reply.text)).split())


def page(client: Client, **query: str) -> Reply:
    return client.get(PATH, language="de", q="shel", **query)


def test_all_words_stand_with_their_place(client: Client) -> None:
    found = rows(page(client))
    assert found["object/shelf#/label"] == "" and found["object/shelf#/plural"] == "Regale"
    assert "object/shelf#/fields/state/options/free/label" in found  # implied by its name
    assert found["view/full_shelves#/label"] == ""
    assert "Shelf › State › Free" in said(page(client))
    assert "object/shelf#/plural" not in rows(page(client, missing="true"))


def test_what_is_written_shows_on_pages_at_once(client: Client) -> None:
    words = {
        "w.object/shelf#/label": "Regal",
        "w.object/shelf#/plural": "Gestelle",
        "w.object/shelf#/fields/state/options/full/label": "Voll",
        "w.object/shelf#/fields/state/options/free/label": "Frei",
        "w.object/shelf#/fields/name/help": "Wo es steht",
        "w.object/shelf#/fields/state/label": "",
    }
    assert "5 texts saved." in said(posted(client, f"{PATH}?language=de", words))
    client.patch(f"/api/records/user/{client.get('/api/me').json()['id']}", {"language": "de"})
    text = client.get("/o/shelf/new").text
    assert "regal" in text.lower() and "Frei" in text and "Wo es steht" in text
    assert "Gestelle" in client.get("/o/shelf").text
    body = client.get("/api/meta/object/shelf").json()
    assert body["label"] == {"en": "Shelf", "de": "Regal"}
    assert body["fields"][1]["options"][1]["label"] == {"en": "Free", "de": "Frei"}
    assert "label" not in body["fields"][1] or body["fields"][1]["label"] == "State"


def test_a_translation_is_taken_back(client: Client) -> None:
    assert "1 text saved." in said(
        posted(client, f"{PATH}?language=de", {"w.object/shelf#/plural": ""})
    )
    assert client.get("/api/meta/object/shelf").json()["plural"] == {"en": "Shelves"}
    again = posted(client, f"{PATH}?language=de", {"w.object/shelf#/plural": ""})
    assert "Nothing has changed." in said(again)


def test_words_of_a_package_are_translated_in_the_sites_layer(client: Client) -> None:
    install(Session.begin(client.app.engine), folder_of("psa"))
    key = "object/ticket#/fields/priority/label"
    posted(client, f"{PATH}?language=fr", {f"w.{key}": "Priorité"})
    layers = client.get("/api/meta/object/ticket", layers="true").json()["layers"]
    (field,) = layers["site"]["fields"]
    assert field == {"name": "priority", "label": field["label"]}
    assert field["label"]["fr"] == "Priorité"
    assert rows(client.get(PATH, language="fr", q="Priorité"))[key] == "Priorité"


def test_a_table_goes_to_a_translator_and_comes_back(client: Client) -> None:
    table = client.get(f"{PATH}/export", language="de")
    assert table.headers["content-type"].startswith("text/csv")
    lines = table.body.decode("utf-8-sig").splitlines()
    assert lines[0] == "key,place,en,de"
    assert "object/shelf#/label,Object: Shelf,Shelf," in lines
    filled = [line + "Regal" if line.startswith("object/shelf#/label,") else line for line in lines]
    filled += ["object/none#/label,x,x,y"]
    back = sent(client, "\n".join(filled))
    assert "1 text saved. Not known here: object/none#/label." in said(back)
    assert rows(page(client))["object/shelf#/label"] == "Regal"
    assert "Nothing has changed." in said(sent(client, "\n".join(filled[:-1])))


def sent(client: Client, text: str) -> Reply:
    body, headers = multipart(("file", "de.csv", "text/csv", text.encode()))
    return client.call("POST", f"{PATH}/import?language=de", body=body, headers=headers)


def test_a_table_without_keys_is_refused(client: Client) -> None:
    refused = sent(client, "word,de\nShelf,Regal\n")
    assert refused.status == 422 and "needs a column `key`" in said(refused)


def test_who_may_not_write_only_reads(client: Client) -> None:
    client.define({"kind": "role", "name": "reader", "meta": ["read"]})
    reader = client.person("reader@example.com", "reader")
    assert "readonly" in page(reader).text
    assert posted(reader, PATH, {"w.object/shelf#/label": "x"}).status == 403
