"""The pages of one record: shown, made, edited, moved on, and two people who write at once."""

import re
from html import unescape
from typing import Any

import pytest

from tests.app import Client, Documents, Reply
from tests.fluvial.library import LIBRARY
from tests.fluvial.pages.posting import posted
from tests.forms.shapes import PNG, multipart

BUTTON = '<button class="btn slim" type="submit">{}</button>'


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.fixture
def library(client: Client) -> Client:
    return client


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def rev_of(page: Reply) -> str:
    (rev,) = re.findall(r'name="rev" value="(\d+)"', page.text)
    return str(rev)


def test_a_record_tells_what_it_is_without_a_layout(library: Client) -> None:
    north = library.made("branch", name="North")["id"]
    book = library.made("book", name="Emma", branch=north, price="12.50", pages="474")
    page = library.get(f"/o/book/{book['id']}")
    said = text_of(page.text)
    assert re.search(r"<h1>Emma</h1>", page.text)  # the number stands below it
    assert "B-0001" in said and "In the house" in said
    assert f'href="/o/branch/{north}">North</a>' in page.text
    assert "€12.50" in said and "474" in said
    assert "Administrator created this book" in said


def test_transitions_are_buttons_and_closed_ones_say_why(library: Client) -> None:
    book = library.made("book", name="Emma")
    page = library.get(f"/o/book/{book['id']}")
    assert BUTTON.format("Lend") in page.text
    lent = posted(library, f"/o/book/{book['id']}/actions/lend", {"rev": rev_first(page)})
    assert lent.status == 303
    assert "Lent" in text_of(library.get(f"/o/book/{book['id']}").text)
    fixed = library.made("book", name="Atlas", lendable=False)
    page = library.get(f"/o/book/{fixed['id']}")
    assert 'aria-disabled="true"' in page.text and "It stays here." in page.text
    refused = posted(library, f"/o/book/{fixed['id']}/actions/lend", {})
    assert refused.status == 422
    assert "It stays here." in text_of(refused.text)


def rev_first(page: Reply) -> str:
    return str(re.findall(r'name="rev" value="(\d+)"', page.text)[0])


def test_related_records_are_tabs_with_counts(library: Client) -> None:
    north = library.made("branch", name="North")["id"]
    member = library.made("member", name="Jo", branch=north)["id"]
    book = library.made("book", name="Emma", branch=north)["id"]
    for note in ("First", "Second"):
        library.made("loan", book=book, member=member, note=note)
    page = library.get(f"/o/member/{member}")
    assert re.search(r'aria-current="page"[^>]*>\s*Loans <span class="count">2</span>', page.text)
    assert "Second" in page.text
    new = unescape(re.findall(r'href="(/o/loan/new\?[^"]+)"', page.text)[0])
    form = library.call("GET", new)
    assert f'<option value="{member}" selected>Jo</option>' in form.text
    listed = unescape(re.findall(r'href="(/o/loan\?[^"]+)">Open as a list', page.text)[0])
    assert "member is Jo" in text_of(library.call("GET", listed).text).replace("Loans where ", "")


def test_a_strip_shows_what_holds_today(library: Client) -> None:
    book = library.made("book", name="Emma")["id"]
    library.made("shelf_place", book=book, shelf="A 1", starts="2020-01-01")
    page = library.get(f"/o/book/{book}")
    assert "Shelf place in effect today" in text_of(page.text)
    assert "s-now" in page.text
    earlier = library.get(f"/o/book/{book}", as_of="2019-06-01")
    assert "No shelf place in effect on 1 Jun 2019" in text_of(earlier.text)
    assert "As of 1 Jun 2019" in text_of(earlier.text)


def test_the_timeline_speaks_in_labels_and_titles(library: Client) -> None:
    north = library.made("branch", name="North")["id"]
    book = library.made("book", name="Emma")["id"]
    library.patch(f"/api/records/book/{book}", {"branch": north, "lendable": False, "pages": "9"})
    said = text_of(library.get(f"/o/book/{book}").text)
    assert "changed 3 fields" in said
    assert "Branch empty → North" in said
    assert north not in said


def test_a_new_record_from_its_form(library: Client) -> None:
    form = library.get("/o/book/new")
    assert 'name="status"' in form.text and "(required)" in form.text
    faulty = posted(library, "/o/book/new", {"name": "", "pages": "many", "price": "12,999.999"})
    assert faulty.status == 422
    assert "errors" in text_of(faulty.text)
    assert 'value="many"' in faulty.text and 'href="#f-pages"' in faulty.text
    values: dict[str, Any] = {
        "name": "Emma", "pages": "474", "price": "12.50", "lendable": ["false", "true"],
        "bought_at": "2026-06-09T10:30", "reading_time": "1:30", "genres": ["novel", "crime"],
        "cost": "3.20", "cost.currency": "GBP", "printed": "1815-12-23", "status": "in",
    }  # fmt: skip
    made = posted(library, "/o/book/new", values)
    assert made.status == 303, text_of(made.text)
    (book,) = library.rows("/api/records/book")
    assert made.headers["location"] == f"/o/book/{book['id']}"
    assert (book["pages"], book["price"]) == ("474", {"amount": "12.50", "currency": "EUR"})
    assert book["cost"] == {"amount": "3.20", "currency": "GBP"}
    assert (book["lendable"], book["reading_time"], book["genres"]) == (
        True,
        5400,
        ["novel", "crime"],
    )
    assert book["bought_at"] == "2026-06-09T10:30:00Z"
    another = posted(library, "/o/book/new", {**values, "another": "true"})
    assert another.headers["location"] == "/o/book/new"


def test_an_edit_keeps_what_was_not_on_the_form(library: Client) -> None:
    book = library.made("book", name="Emma", pages="474")["id"]
    form = library.get(f"/o/book/{book}/edit")
    assert 'value="474"' in form.text
    saved = posted(library, f"/o/book/{book}/edit", {"rev": rev_of(form), "name": "Emma, again"})
    assert saved.status == 303, text_of(saved.text)
    now = library.get(f"/api/records/book/{book}").json()
    assert (now["name"], now["pages"]) == ("Emma, again", "474")


def test_a_moment_that_is_left_alone_keeps_its_seconds(library: Client) -> None:
    moment = "2026-06-09T10:30:17Z"
    book = library.made("book", name="Emma", bought_at=moment)["id"]
    for name, other in (("Emma, again", moment), ("Emma, anew", "2026-06-10T08:00:09Z")):
        form = library.get(f"/o/book/{book}/edit")
        (shown,) = re.findall(r'name="bought_at"[^>]* value="([^"]+)"', form.text)
        library.patch(f"/api/records/book/{book}", {"bought_at": other})  # by somebody else
        values = {"rev": rev_of(form), "name": name, "bought_at": shown}
        saved = posted(library, f"/o/book/{book}/edit", values)
        assert saved.status == 303, text_of(saved.text)
        now = library.get(f"/api/records/book/{book}").json()
        assert (now["name"], now["bought_at"]) == (name, other)


def test_two_people_who_edit_different_fields_both_win(library: Client) -> None:
    book = library.made("book", name="Emma", pages="474")["id"]
    form = library.get(f"/o/book/{book}/edit")
    library.patch(f"/api/records/book/{book}", {"pages": "480"})
    mine = {"rev": rev_of(form), "name": "Emma, again", "pages": "474"}  # pages as I saw them
    saved = posted(library, f"/o/book/{book}/edit", mine)
    assert saved.status == 303, text_of(saved.text)
    now = library.get(f"/api/records/book/{book}").json()
    assert (now["name"], now["pages"]) == ("Emma, again", "480")


def test_two_people_who_edit_one_field_get_a_choice(library: Client) -> None:
    book = library.made("book", name="Emma", pages="474")["id"]
    form = library.get(f"/o/book/{book}/edit")
    library.patch(f"/api/records/book/{book}", {"name": "Emma, theirs"})
    mine = {"rev": rev_of(form), "name": "Emma, mine", "pages": "500"}
    choice = posted(library, f"/o/book/{book}/edit", mine)
    assert choice.status == 409
    said = text_of(choice.text)
    assert "Emma, theirs" in said and "Emma, mine" in said
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', choice.text))
    assert hidden["pages"] == "500" and hidden["name"] == "Emma, mine"
    kept = posted(library, f"/o/book/{book}/edit", {**hidden, "keep.name": "theirs"})
    assert kept.status == 303
    now = library.get(f"/api/records/book/{book}").json()
    assert (now["name"], now["pages"]) == ("Emma, theirs", "500")


def test_one_field_is_edited_in_place(library: Client) -> None:
    north = library.made("branch", name="North")["id"]
    book = library.made("book", name="Emma", branch=north)["id"]
    page = library.get(f"/o/book/{book}")
    assert f'data-edit="/o/book/{book}/edit/branch"' in page.text
    part = library.call("GET", f"/o/book/{book}/edit/branch", headers={"hx-request": "true"})
    assert "<html" not in part.text and "North" in part.text
    assert f"/lookup/book/branch?record={book}" in unescape(part.text)
    assert f'data-edit="/o/book/{book}/edit/status"' not in page.text  # it has its buttons
    assert library.get(f"/o/book/{book}/edit/branch").status == 303


def test_files_come_with_the_form(library: Client) -> None:
    scan = {"kind": "object", "name": "letter", "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "scan", "kind": "file", "many": True},
    ]}  # fmt: skip
    library.define(scan)
    body, headers = multipart(("name", "A"), ("scan", "a.png", "image/png", PNG))
    made = library.call("POST", "/o/letter/new", body=body, headers=headers)
    assert made.status == 303, text_of(made.text)
    (letter,) = library.rows("/api/records/letter")
    assert letter["scan"][0]["name"] == "a.png"
    form = library.get(f"/o/letter/{letter['id']}/edit")
    assert f'name="scan.keep" value="{letter["scan"][0]["id"]}"' in form.text
    gone = {"rev": rev_of(form), "name": "A", "scan.keep": letter["scan"][0]["id"],
            "scan.remove": letter["scan"][0]["id"]}  # fmt: skip
    assert posted(library, f"/o/letter/{letter['id']}/edit", gone).status == 303
    assert library.get(f"/api/records/letter/{letter['id']}").json()["scan"] == []


def test_a_person_sees_and_changes_what_their_roles_allow(library: Client) -> None:
    library.define(
        {"kind": "role", "name": "reader", "grants": [{"object": "book", "can": ["read"]}]}
    )
    book = library.made("book", name="Emma")["id"]
    reader = library.person("rita@example.com", "reader")
    page = reader.get(f"/o/book/{book}")
    assert page.status == 200
    assert "data-edit=" not in page.text and BUTTON.format("Lend") not in page.text
    assert reader.get(f"/o/book/{book}/edit").status == 403
    assert posted(reader, f"/o/book/{book}/edit", {"name": "X"}).status == 403


def test_a_page_offers_no_change_of_a_record_that_the_rights_leave_out(library: Client) -> None:
    library.define({"kind": "role", "name": "clerk", "grants": [
        {"object": "book", "can": ["read"]},
        {"object": "book", "can": ["update", "delete"], "where": "pages > 100"},
    ]})  # fmt: skip
    clerk = library.person("carl@example.com", "clerk")
    for pages, may in (("50", False), ("500", True)):
        path = f"/o/book/{library.made('book', name='Emma', pages=pages)['id']}"
        page = clerk.get(path)
        assert page.status == 200
        offered = (f'href="{path}/edit"', "data-edit=", "Move to the bin", BUTTON.format("Lend"))
        assert [part in page.text for part in offered] == [may] * 4
        refused = 200 if may else 403
        assert clerk.get(f"{path}/edit").status == refused
        assert clerk.get(f"{path}/edit/name", **{}).status in ((303,) if may else (403,))
        assert posted(clerk, f"{path}/edit", {"name": "X"}).status == (303 if may else 403)


def test_markup_in_values_is_shown_as_text(library: Client) -> None:
    name = '"><script>alert(1)</script>'
    book = library.made("book", name=name, blurb=name)["id"]
    for path in (f"/o/book/{book}", f"/o/book/{book}/edit", "/o/book", "/search?q=script"):
        assert "<script>alert" not in library.call("GET", path).text, path
