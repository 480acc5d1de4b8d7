"""Web forms over HTTP: pages without scripts, JSON from other sites, what keeps machines out."""

import hashlib
import itertools
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from fluvial.runtime.engine import Engine
from tests.app import Client, Documents, Reply
from tests.forms.shapes import ADDRESS, BRANCH, LOAN, PNG, WISH, multipart

ORIGIN = {"origin": "https://www.example.com"}


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN, WISH]


@pytest.fixture
def library(client: Client) -> Client:
    return client


@pytest.fixture
def outside(library: Client) -> Client:
    """A client of somebody who is not signed in."""
    return Client(library.app)


def spam(client: Client, **settings: Any) -> None:
    client.define({**WISH, "spam": {"min_seconds": 0, **settings}})


def token(client: Client) -> str:
    return str(client.get(f"{ADDRESS}.json").json()["token"])


def answered(client: Client, **values: Any) -> Reply:
    body = {"token": token(client), "email": "jo@example.com", "book": "Emma", **values}
    return client.post(ADDRESS, {k: v for k, v in body.items() if v is not None})


def hidden(page: Reply) -> dict[str, str]:
    """The hidden inputs of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found}


def posted(client: Client, values: dict[str, str], *, path: str = ADDRESS) -> Reply:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return client.call("POST", path, body=urlencode(values).encode(), headers=headers)


def wishes(client: Client) -> list[dict[str, Any]]:
    return client.rows("/api/records/wish")


def test_a_json_post_creates_one_record_and_tells_nothing_of_it(
    library: Client, outside: Client
) -> None:
    fields = outside.get(f"{ADDRESS}.json").json()
    assert [f["field"] for f in fields["steps"][0]["fields"]] == ["email"]
    assert fields["steps"][0]["fields"][0]["label"] == "Your e-mail"

    reply = answered(outside, wanted="2026-03-01", genres=["travel"], loud=True, utm_source="mail")
    assert reply.status == 201, reply.text
    assert list(reply.json()) == ["submission"]
    (wish,) = wishes(library)
    assert wish["id"] != reply.json()["submission"]
    shown = library.get(f"/o/wish/{wish['id']}").text
    assert "<b>Web form Wish for a book</b> created this" in shown
    assert (wish["book"], wish["wanted"], wish["loud"]) == ("Emma", "2026-03-01", True)
    assert (wish["source"], wish["created_by"]) == ("web", None)
    (entry,) = library.rows(f"/api/records/wish/{wish['id']}/history")
    assert entry["rule"] == "webform:wish_for_a_book"


def test_every_fault_is_named(library: Client, outside: Client) -> None:
    reply = answered(outside, email="nobody", book=None, secret="x", wanted="tomorrow")
    assert reply.status == 422
    assert reply.json()["errors"][0]["pointer"] == "/secret"
    reply = answered(outside, email="nobody", book=None, wanted="tomorrow", note=3)
    found = {(e["pointer"], e["code"]) for e in reply.json()["errors"]}
    assert found == {
        ("/email", "not_email"), ("/book", "required"),
        ("/wanted", "not_a_date"), ("/note", "not_text"),
    }  # fmt: skip
    assert answered(outside, source="desk").status == 422
    assert wishes(library) == []


def test_a_page_leads_from_step_to_step_without_a_script(library: Client, outside: Client) -> None:
    page = outside.get(ADDRESS)
    assert page.status == 200
    assert "Step 1 of 2" in page.text
    assert (
        "frame-ancestors 'self' https://www.example.com" in page.headers["content-security-policy"]
    )
    refused = posted(outside, {**hidden(page), "email": "", "press": "next"})
    assert refused.status == 422
    assert "Your e-mail is required." in refused.text

    second = posted(outside, {**hidden(page), "email": "jo@example.com", "press": "next"})
    assert second.status == 200
    assert "Step 2 of 2" in second.text
    carried = hidden(second)
    assert carried["email"] == "jo@example.com"
    back = posted(outside, {**carried, "book": "Emma", "press": "back"})
    assert 'value="jo@example.com"' in back.text
    assert hidden(back)["book"] == "Emma"

    bad = posted(outside, {**carried, "book": "Emma", "wanted": "32", "press": "next"})
    assert bad.status == 422
    assert 'value="Emma"' in bad.text
    done = posted(outside, {**hidden(bad), "book": "Emma & Co", "loud": "true", "wanted": ""})
    assert done.status == 200, done.text
    assert "Your number is W-001." in done.text
    again = posted(outside, {**hidden(bad), "book": "Emma & Co", "loud": "true"})
    assert "Your number is W-001." in again.text
    (wish,) = wishes(library)
    assert (wish["book"], wish["email"], wish["loud"]) == ("Emma & Co", "jo@example.com", True)


def test_files_of_a_form(library: Client, outside: Client) -> None:
    values = {"token": token(outside), "email": "jo@example.com", "book": "Emma"}
    body, headers = multipart(*values.items(), ("scan", "a.txt", "text/plain", b"text"))
    refused = outside.call(
        "POST", ADDRESS, body=body, headers={**headers, "accept": "application/json"}
    )
    assert refused.status == 422
    assert refused.json()["errors"][0]["pointer"] == "/scan"
    body, headers = multipart(*values.items(), ("scan", "a.png", "image/png", PNG))
    done = outside.call(
        "POST", ADDRESS, body=body, headers={**headers, "accept": "application/json"}
    )
    assert done.status == 201, done.text
    (wish,) = wishes(library)
    file = wish["scan"][0]
    assert (file["name"], library.get(file["url"]).body) == ("a.png", PNG)
    assert outside.get(file["url"]).status == 401


def test_files_are_carried_along_by_later_steps(library: Client, outside: Client) -> None:
    steps = [{"name": "scan", "fields": [{"field": "scan"}]}, *WISH["steps"][:1],
             {"name": "book", "fields": [{"field": "book"}]}]  # fmt: skip
    library.define({**WISH, "steps": steps})
    first = hidden(outside.get(ADDRESS))
    body, headers = multipart(*first.items(), ("scan", "a.png", "image/png", PNG))
    second = outside.call("POST", ADDRESS, body=body, headers=headers)
    assert second.status == 200, second.text
    carried = hidden(second)
    assert "scan.keep" in carried
    forged = {**carried, "scan.keep": carried["scan.keep"][:-2] + "xx"}
    for values, kept in ((forged, 0), (carried, 1)):
        fresh = {**values, "token": values["token"]}
        third = hidden(posted(outside, {**fresh, "email": "jo@example.com"}))
        assert ("scan.keep" in third) == bool(kept)
    done = posted(outside, {**third, "book": "Emma"})
    assert done.status == 200, done.text
    assert [len(w["scan"]) for w in wishes(library)] == [1]


def test_a_token_makes_one_record(library: Client, outside: Client) -> None:
    one = token(outside)
    replies = [answered(outside, token=one) for _ in range(3)]
    assert [r.status for r in replies] == [201, 201, 201]
    assert len({r.json()["submission"] for r in replies}) == 1
    assert len(wishes(library)) == 1


def test_tokens_that_do_not_hold(
    library: Client, outside: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = token(outside)
    library.define({**WISH, "name": "other", "slug": "other"})
    foreign = outside.get("/forms/other.json").json()["token"]
    for wrong in (None, "x", "a.b.c", old[:-2] + "AA", foreign):
        reply = answered(outside, token=wrong)
        assert reply.status == 422, reply.text
        assert reply.json()["errors"][0]["pointer"] == "/token"
    later = engine.clock.now() + timedelta(hours=25)
    monkeypatch.setattr(engine.clock, "now", lambda: later)
    assert answered(outside, token=old).json()["errors"][0]["code"] == "token_expired"
    page = posted(outside, {"token": old, "email": "jo@example.com", "book": "Emma"})
    assert page.status == 422
    assert hidden(page)["token"] != old
    assert posted(outside, {**hidden(page), "book": "Emma"}).status == 200


def test_an_api_form_needs_no_token(library: Client, outside: Client) -> None:
    spam(library, api=True)
    assert answered(outside, token=None).status == 201


def test_the_honeypot_answers_alike_and_stores_nothing(library: Client, outside: Client) -> None:
    assert 'name="homepage"' in outside.get(ADDRESS).text
    reply = answered(outside, homepage="http://spam.example")
    assert reply.status == 201
    assert list(reply.json()) == ["submission"]
    assert wishes(library) == []


def test_whoever_is_too_quick_is_asked_again(
    library: Client, outside: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    spam(library, min_seconds=3)
    one = token(outside)
    reply = answered(outside, token=one)
    assert (reply.status, reply.json()["errors"][0]["code"]) == (422, "too_fast")
    later = engine.clock.now() + timedelta(seconds=4)
    monkeypatch.setattr(engine.clock, "now", lambda: later)
    assert answered(outside, token=one).status == 201


def test_an_address_sends_so_many_an_hour(library: Client, outside: Client) -> None:
    spam(library, rate="2/hour")
    assert [answered(outside).status for _ in range(3)] == [201, 201, 429]
    refused = answered(outside, note="another")
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert len(wishes(library)) == 2


def test_proof_of_work(
    library: Client, outside: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    spam(library, proof_of_work=True)
    fields = outside.get(f"{ADDRESS}.json").json()
    work = fields["proof_of_work"]

    def zeros(proof: int) -> bool:
        digest = hashlib.sha256(f"{work['challenge']}:{proof}".encode()).digest()
        return int.from_bytes(digest, "big") >> (256 - int(work["bits"])) == 0

    assert answered(outside, token=fields["token"]).json()["errors"][0]["pointer"] == "/proof"
    assert answered(outside, token=fields["token"], proof="0").status == 422
    proof = next(filter(zeros, itertools.count()))
    assert answered(outside, token=fields["token"], proof=str(proof)).status == 201

    page = hidden(posted(outside, {**hidden(outside.get(ADDRESS)), "email": "jo@example.com"}))
    assert posted(outside, {**page, "book": "Emma"}).status == 422
    later = engine.clock.now() + timedelta(seconds=20)
    monkeypatch.setattr(engine.clock, "now", lambda: later)
    assert posted(outside, {**page, "book": "Emma"}).status == 200


def test_other_sites_post_as_far_as_they_are_listed(library: Client, outside: Client) -> None:
    asked = outside.call("OPTIONS", ADDRESS, headers=ORIGIN)
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (204, ORIGIN["origin"])
    body = {"token": token(outside), "email": "jo@example.com", "book": "Emma"}
    done = outside.post(ADDRESS, body, **ORIGIN)
    assert (done.status, done.headers["access-control-allow-origin"]) == (201, ORIGIN["origin"])
    refused = outside.post(ADDRESS, {"token": token(outside)}, **ORIGIN)
    assert refused.headers["access-control-allow-origin"] == ORIGIN["origin"]

    for origin in ("https://evil.example", "https://www.example.com.evil.example", "null"):
        assert outside.call("OPTIONS", ADDRESS, headers={"origin": origin}).status == 403
        assert outside.post(ADDRESS, body, origin=origin).status == 403
    library.define({**WISH, "origins": ["*"]})
    done = outside.call("OPTIONS", ADDRESS, headers={"origin": "null"})
    assert done.headers["access-control-allow-origin"] == "*"


def test_the_embed_script_and_page(outside: Client, library: Client) -> None:
    script = outside.get(f"{ADDRESS}.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert f'"{ADDRESS}?embed=1"' in script.text
    page = outside.get(ADDRESS, embed="1")
    assert f'action="{ADDRESS}?embed=1"' in page.text


def test_signed_links_fill_in_what_posters_may_not_choose(library: Client, outside: Client) -> None:
    branch = library.made("branch", name="North")["id"]
    slug = WISH["slug"]
    made = library.post(f"/api/forms/{slug}/links", {"values": {"branch": branch}})
    assert made.status == 201, made.text
    (link,) = parse_qs(urlsplit(made.json()["url"]).query)["prefill"]
    first = hidden(outside.get(ADDRESS, prefill=link))
    assert first["prefill"] == link
    second = hidden(posted(outside, {**first, "email": "jo@example.com"}))
    assert posted(outside, {**second, "book": "Emma"}).status == 200
    assert [w["branch"] for w in wishes(library)] == [branch]

    assert answered(outside, branch=branch).json()["errors"][0]["code"] == "unknown_field"
    assert answered(outside, prefill=link[:-2] + "AA").json()["errors"][0]["code"] == "unknown_link"
    for values in ({"branch": "x"}, {"book": "Emma"}, {}, {"branch": slug}):
        reply = library.post(f"/api/forms/{slug}/links", {"values": values})
        assert reply.status == 422, reply.text
    assert outside.post(f"/api/forms/{slug}/links", {"values": {"branch": branch}}).status == 401
    body = {"values": {"branch": branch}, "expires": "2020-01-01T00:00:00Z"}
    old = library.post(f"/api/forms/{slug}/links", body).json()["prefill"]
    assert answered(outside, prefill=old).json()["errors"][0]["code"] == "link_expired"


def test_a_redirect_after_sending(library: Client, outside: Client) -> None:
    library.define({**WISH, "done": {"redirect": "https://www.example.com/thanks"}})
    page = outside.get(ADDRESS)
    assert "form-action 'self' https://www.example.com;" in page.headers["content-security-policy"]
    second = hidden(posted(outside, {**hidden(page), "email": "jo@example.com"}))
    done = posted(outside, {**second, "book": "Emma"})
    assert (done.status, done.headers["location"]) == (303, "https://www.example.com/thanks")


def test_bodies_that_do_not_read(library: Client, outside: Client) -> None:
    body, headers = multipart(("email", "jo@example.com"))
    assert outside.call("POST", ADDRESS, body=body[:-10], headers=headers).status == 400
    many = {f"f{at}": "x" for at in range(1001)}
    assert posted(outside, many).status in (400, 413)
    assert outside.post(ADDRESS, ["list"]).status == 400
    assert outside.get("/forms/nothing").status == 404
    library.define({**WISH, "active": False})
    assert outside.get(ADDRESS).status == 404


def test_markup_in_answers_is_shown_as_text(library: Client, outside: Client) -> None:
    page = hidden(outside.get(ADDRESS))
    refused = posted(outside, {**page, "email": '"><script>alert(1)</script>'})
    assert refused.status == 422
    assert "<script>alert" not in refused.text


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"object": "wishes"}, "/object"),
        ({"steps": [{"name": "a", "fields": [{"field": "bok"}, {"field": "book"}]}]},
         "/steps/0/fields/0/field"),
        ({"steps": [{"name": "a", "fields": [{"field": "branch"}, {"field": "book"}]}]},
         "/steps/0/fields/0/field"),
        ({"steps": [{"name": "a", "fields": [{"field": "number"}, {"field": "book"}]}]},
         "/steps/0/fields/0/field"),
        ({"steps": [{"name": "a", "fields": [{"field": "email"}]}]}, "/steps"),
        ({"fixed": {"source": "letter"}}, "/fixed/source"),
        ({"prefill": ["branches"]}, "/prefill/0"),
        ({"done": {"message": "{nothing}"}}, "/done/message"),
        ({"slug": "A form"}, "/slug"),
        ({"origins": ["www.example.com"]}, "/origins/0"),
        ({"spam": {"rate": "often"}}, "/spam/rate"),
    ],
)  # fmt: skip
def test_faults_of_web_forms_name_their_place(
    library: Client, change: dict[str, Any], place: str
) -> None:
    reply = library.put("/api/meta/webform/wish_for_a_book", {**WISH, **change})
    assert reply.status == 422, reply.text
    pointers = [e["pointer"] for e in reply.json()["errors"]]
    assert pointers == [f"/webform/wish_for_a_book{place}"]


def test_an_address_belongs_to_one_form(library: Client) -> None:
    reply = library.put("/api/meta/webform/zz_second", {**WISH, "name": "zz_second"})
    assert reply.json()["errors"][0]["code"] == "slug_taken"
