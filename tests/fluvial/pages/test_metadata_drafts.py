"""A draft of metadata: tried by its author alone, with the records as they are, then published."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.pages.posting import posted

Json = dict[str, Any]

LOAN: Json = {
    "kind": "object", "name": "loan", "label": "Loan", "plural": "Loans", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "days", "kind": "text"},
    ],
}  # fmt: skip
FORM: Json = {
    "kind": "form", "name": "loan_main", "object": "loan",
    "sections": [{"name": "main", "label": "Main", "fields": ["name", "days"]}],
}  # fmt: skip
WRITER: Json = {
    "kind": "role", "name": "writer", "label": "Writer", "meta": ["read", "write"],
    "grants": [{"object": "loan", "can": ["read", "create", "update"]}],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [LOAN, FORM, WRITER]


class Drafting:
    """A client whose calls are made in a draft."""

    def __init__(self, client: Client, name: str = "Leaner") -> None:
        self.client = client
        reply = client.post("/api/meta/drafts", {"name": name})
        assert reply.status == 201, reply.text
        self.id = reply.json()["id"]
        self.path = f"/api/meta/drafts/{self.id}"
        self.headers = {"fluvial-draft": self.id}

    def get(self, path: str) -> Any:
        return self.client.call("GET", path, headers=self.headers)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        return self.client.call(method, path, json=body, headers=self.headers)

    def put(self, body: Json) -> Any:
        reply = self.send("PUT", f"/api/meta/{body['kind']}/{body['name']}", body)
        assert reply.status == 200, reply.text
        return reply.json()


def changed(**fields: Json) -> Json:
    return {**LOAN, "fields": [*LOAN["fields"], *({"name": n, **f} for n, f in fields.items())]}


def test_a_draft_is_in_force_for_its_author_alone(client: Client) -> None:
    record = client.made("loan", name="Atlas", days="12")["id"]
    draft = Drafting(client)
    draft.put({"kind": "object", "name": "shelf", "label": "Shelf", "title": "{name}",
               "fields": [{"name": "name", "kind": "text"}]})  # fmt: skip
    told = draft.put(changed(
        colour={"kind": "text", "default": "red"}, shelf={"kind": "lookup", "to": "shelf"},
        tags={"kind": "multi_lookup", "to": "shelf"},
        price={"kind": "money", "currency": "EUR"},
    ))  # fmt: skip
    assert {"loan.colour", "shelf"} <= {one["target"] for one in told["operations"]}
    draft.put({**FORM, "sections": [
        {"name": "main", "label": "Drafted", "fields": ["name", "colour", "shelf", "tags", "price"]}
    ]})  # fmt: skip
    one = draft.get(f"/api/records/loan/{record}").json()
    assert (one["name"], one["colour"], one["shelf"], one["tags"]) == ("Atlas", None, None, [])
    where = "/api/records/loan?where=colour%20%3D%3D%20null%20and%20shelf.name%20%3D%3D%20null"
    assert [row["id"] for row in draft.get(f"{where}&total=exact").json()["data"]] == [record]
    assert draft.get("/api/records/shelf").json()["data"] == []
    for path in (f"/o/loan/{record}", "/o/loan", "/o/loan/new", f"/o/loan/{record}/edit",
                 "/o/shelf", "/", "/studio", "/search?q=atlas"):  # fmt: skip
        shown = draft.get(path)
        assert shown.status == 200, (path, shown.text)
        assert "You are trying the draft <b>Leaner</b>" in shown.text
    assert "Drafted" in draft.get(f"/o/loan/{record}/edit").text
    # For everybody else, and for its author elsewhere, nothing has changed.
    assert "colour" not in client.get(f"/api/records/loan/{record}").json()
    assert client.get("/api/records/shelf").status == 404
    assert client.get("/api/meta/revisions").json()["data"][0]["note"] != "Leaner"
    stranger = client.person("clerk@example.org", "writer")
    assert stranger.get(draft.path).status == 404
    reply = stranger.call("GET", "/api/records/loan", headers=draft.headers)
    assert (reply.status, reply.json()["detail"]) == (404, "You have no such draft.")


def test_records_are_only_read_while_a_draft_is_tried(client: Client) -> None:
    record = client.made("loan", name="Atlas")["id"]
    draft = Drafting(client)
    for method, path, body in (
        ("POST", "/api/records/loan", {"name": "New"}),
        ("PATCH", f"/api/records/loan/{record}", {"name": "Changed"}),
        ("DELETE", f"/api/records/loan/{record}", None),
        ("POST", "/api/meta/revisions/1/rollback", None),
    ):
        reply = draft.send(method, path, body)
        assert reply.status in (403, 409), (path, reply.text)
    words = draft.send("POST", "/api/records/loan", {"name": "New"}).json()["detail"]
    assert words.startswith("You are trying the draft Leaner: records stay as they are.")
    assert [row["name"] for row in client.rows("/api/records/loan")] == ["Atlas"]


def test_publishing_is_one_change_and_refuses_what_others_changed(client: Client) -> None:
    record = client.made("loan", name="Atlas", days="12")["id"]
    draft, other = Drafting(client), Drafting(client, "Other")
    number = {"name": "days", "kind": "number", "scale": 0}
    retyped = {**LOAN, "fields": [LOAN["fields"][0], number]}
    draft.put(retyped)
    other.put(changed(colour={"kind": "text"}))
    assert draft.get(f"/api/records/loan/{record}").json()["days"] is None  # not yet converted
    reply = client.call("POST", f"{draft.path}/publish")
    assert reply.status == 200, reply.text
    assert client.get(f"/api/records/loan/{record}").json()["days"] == "12"
    assert client.get("/api/meta/revisions").json()["data"][0]["note"] == "Leaner"
    assert [one["name"] for one in client.rows("/api/meta/drafts")] == ["Other"]
    assert client.get(other.path).json()["changed"] == ["object/loan"]
    refused = client.call("POST", f"{other.path}/publish")
    assert refused.status == 409 and refused.json()["changed"] == ["object/loan"]
    assert client.call("POST", f"{other.path}/publish?over=true").status == 200
    assert client.get(f"/api/records/loan/{record}").json()["days"] == "12"
    assert "colour" in client.get(f"/api/records/loan/{record}").json()


def test_what_does_not_fit_is_said_and_nothing_is_lost(client: Client) -> None:
    draft = Drafting(client)
    reply = draft.send("PUT", "/api/meta/form/loan_main", {**FORM, "object": "lost"})
    assert reply.status == 422 and client.get(draft.path).json()["documents"] == []
    draft.put({**FORM, "label": "Mine", "sections": [
        {"name": "main", "label": "Main", "fields": ["name", "days"]}]})  # fmt: skip
    without = {**LOAN, "fields": LOAN["fields"][:1]}
    client.define(without, {**FORM, "sections": [
        {"name": "main", "label": "Main", "fields": ["name"]}]})  # fmt: skip
    reply = draft.get("/api/records/loan")
    assert reply.status == 422 and "days" in reply.text
    cookie = {**client.headers, "cookie": f"{client.headers['cookie']}; fluvial_draft={draft.id}"}
    page = client.call("GET", "/o/loan", headers=cookie)
    assert page.status == 200 and "Your draft cannot be tried" in page.text
    shown = client.get(f"/studio/drafts/{draft.id}").text
    assert "It cannot be combined with what is in force now" in shown
    assert client.call("DELETE", draft.path).status == 204


def test_nobody_reads_by_a_draft_what_they_may_not_read(client: Client) -> None:
    client.define({"kind": "object", "name": "secret", "label": "Secret", "title": "{name}",
                   "fields": [{"name": "name", "kind": "text"}]})  # fmt: skip
    client.made("secret", name="zqhidden")
    writer = client.person("writer@example.org", "writer")
    draft = Drafting(writer)
    grants = [*WRITER["grants"], {"object": "secret", "can": ["read"]}]
    reply = draft.send("PUT", "/api/meta/role/writer", {**WRITER, "grants": grants})
    assert reply.status == 403 and reply.json()["beyond"], reply.text
    assert draft.get("/api/records/secret").status == 404
    assert writer.get(draft.path).json()["documents"] == []


def test_the_studio_saves_into_the_draft_that_is_tried(client: Client) -> None:
    begun = posted(client, "/studio/drafts", {"name": ""})
    assert begun.status == 422 and "Give the draft a name" in begun.text
    begun = posted(client, "/studio/drafts", {"name": "Leaner"})
    assert begun.status == 303, begun.text
    cookie = begun.headers["set-cookie"].partition(";")[0]
    (draft,) = client.rows("/api/meta/drafts")
    headers = {**client.headers, "cookie": f"{client.headers['cookie']}; {cookie}"}
    text = "kind: view\nname: short\nlabel: Short\nobject: loan\ncolumns: [name]\n"
    author = Client(client.app, headers)
    saved = posted(author, "/studio/view/new", {"yaml": text, "press": "save"})
    assert saved.status == 303 and saved.headers["location"] == "/studio/view/short", saved.text
    assert client.call("GET", "/studio/view/short", headers=headers).status == 200
    assert "Short" in client.call("GET", "/o/loan", headers=headers).text
    assert client.get("/studio/view/short").status == 404
    page = client.get(f"/studio/drafts/{draft['id']}").text
    assert "Nothing is in this draft yet" not in page and "Publish" in page
    published = posted(client, f"/studio/drafts/{draft['id']}/publish", {})
    assert published.status == 303 and "Max-Age=0" in published.headers["set-cookie"]
    assert client.get("/studio/view/short").status == 200


def test_a_draft_is_read_in_the_words_of_its_reader(client: Client) -> None:
    client.made("loan", name="Atlas")
    me = client.get("/api/me").json()["id"]
    draft = Drafting(client)
    colour = {"kind": "text", "label": {"en": "Colour", "de": "Farbe"}}
    draft.put({**changed(colour=colour), "plural": {"en": "Loans", "de": "Ausleihen"}})
    assert client.patch(f"/api/records/user/{me}", {"language": "de"}).status == 200
    shown = draft.get("/o/loan").text
    assert "Farbe" in shown and "Ausleihen" in shown and "Colour" not in shown
    assert draft.get("/o/loan").text.count("Farbe") == shown.count("Farbe")
    assert "Ausleihen" not in client.get("/o/loan").text
    assert client.patch(f"/api/records/user/{me}", {"language": "en"}).status == 200
    assert "Colour" in draft.get("/o/loan").text
