"""Pages in the language of a person: labels, dates and forms; what is kept stays the site's."""

from __future__ import annotations

from tests.app import Client
from tests.fluvial.pages.posting import posted

BOOK = {
    "kind": "object",
    "name": "book",
    "label": {"en": "Book", "de": "Buch"},
    "plural": {"en": "Books", "de": "Bücher"},
    "title": "{name} {state}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "label": {"en": "Name", "de": "Titel"}},
        {
            "name": "state", "kind": "choice", "label": {"en": "State", "de": "Zustand"},
            "default": "here",
            "options": [
                {"name": "here", "label": {"en": "On the shelf", "de": "Im Regal"}},
                {"name": "lent", "label": {"en": "Lent", "de": "Verliehen"}},
            ],
        },
        {"name": "due", "kind": "date"},
        {"name": "said", "kind": "calculated", "result": "text", "formula": "state.label"},
    ],
}  # fmt: skip
CLERK = {
    "kind": "role",
    "name": "clerk",
    "label": {"en": "Clerk", "de": "Angestellte"},
    "grants": [{"object": "book", "can": ["read", "create", "update"]}],
}


def test_each_person_has_the_words_of_their_language(client: Client) -> None:
    client.define(BOOK, CLERK)
    ann, bob = client.person("ann@example.org", "clerk"), client.person("bob@example.org", "clerk")
    assert 'value="de"' in ann.get("/profile").text
    assert posted(ann, "/profile/language", {"language": "xx"}).status == 422
    assert posted(ann, "/profile/language", {"language": "de"}).status == 303
    assert (ann.get("/api/me").json()["locale"], bob.get("/api/me").json()["locale"]) == (
        "de", "en",
    )  # fmt: skip
    assert "Angestellte" in ann.get("/profile").text

    refused = posted(ann, "/o/book/new", {"name": "", "state": "lent"})
    assert refused.status == 422 and "Zustand" in refused.text and "Verliehen" in refused.text
    values = {"name": "Emma", "state": "lent", "due": "2026-10-05"}
    assert posted(ann, "/o/book/new", values).status == 303
    (book,) = client.rows("/api/records/book")
    assert (book["title"], book["said"]) == ("Emma Lent", "Lent")
    path = f"/o/book/{book['id']}"
    for one, label, option, month, lang in (
        (ann, "Zustand", "Verliehen", "5 Okt", "de"), (bob, "State", "Lent", "5 Oct", "en"),
    ):  # fmt: skip
        page = one.get(path).text
        assert label in page and option in page and month in page
        assert f'<html lang="{lang}"' in page
        assert label in one.get("/o/book").text and label in one.get(f"{path}/edit").text
    assert "Bücher" in ann.get("/").text and "Books" in bob.get("/").text

    # A change of metadata reaches both, and what is written stays in the site's words.
    client.define({**BOOK, "label": {"en": "Volume", "de": "Band"}})
    assert "New volume" in bob.get("/o/book/new").text
    assert "New band" in ann.get("/o/book/new").text
    assert posted(ann, f"{path}/edit", {"state": "here", "rev": str(book["rev"])}).status == 303
    assert client.rows("/api/records/book")[0]["title"] == "Emma On the shelf"
    assert posted(ann, "/profile/language", {"language": "en"}).status == 303
    assert "State" in ann.get(path).text
