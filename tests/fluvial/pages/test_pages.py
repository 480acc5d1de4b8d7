"""The engine's pages over HTTP: signing in, lists, look-ups, the studio, and problems as pages."""

import re
from html import unescape

import pytest

from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, Documents
from tests.fluvial.library import BOOK, BRANCH, LIBRARY, MEMBER
from tests.fluvial.pages.posting import posted

READER = {
    "kind": "role",
    "name": "reader",
    "grants": [
        {"object": "branch", "can": ["read"]},
        {"object": "book", "can": ["read"]},
        {"object": "member", "can": ["read"], "fields": {"secret": "none"}},
    ],
}


@pytest.fixture
def documents() -> Documents:
    return [*LIBRARY, READER]


@pytest.fixture
def library(client: Client) -> Client:
    return client


def text_of(html: str) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_whoever_is_not_signed_in_is_led_to_the_form_and_back(client: Client) -> None:
    nobody = Client(client.app)
    asked = nobody.get("/o/user", sort="name")
    assert (asked.status, asked.headers["location"]) == (
        303,
        "/signin?next=%2Fo%2Fuser%3Fsort%3Dname",
    )
    form = nobody.get("/signin", next="/o/user")
    assert 'name="next" value="/o/user"' in form.text
    wrong = posted(nobody, "/signin", {"email": EMAIL, "password": "x", "next": "/o/user"})
    assert wrong.status == 401
    assert "password is wrong" in wrong.text
    done = posted(nobody, "/signin", {"email": EMAIL, "password": PASSWORD, "next": "/o/user"})
    assert (done.status, done.headers["location"]) == (303, "/o/user")
    assert "HttpOnly" in done.headers["set-cookie"]


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_to_no_other_site(client: Client, address: str) -> None:
    nobody = Client(client.app)
    done = posted(nobody, "/signin", {"email": EMAIL, "password": PASSWORD, "next": address})
    assert done.headers["location"] == "/"


def test_another_site_cannot_sign_somebody_in(client: Client) -> None:
    values = {"email": EMAIL, "password": PASSWORD}
    for header in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert posted(Client(client.app), "/signin", values, **header).status == 403


def test_pages_have_a_title_one_heading_and_the_rail(library: Client) -> None:
    member = library.made("member", name="Jo Marsh")
    for path in ("/", "/o/member", "/o/book", "/notifications", "/profile", "/studio",
                 "/studio/objects/book", "/studio/revisions", "/studio/packages",
                 "/studio/object/book/history", "/studio/revisions/2", "/api/docs", "/search?q=jo",
                 "/o/member/bin", "/import/member", f"/o/member/{member['id']}"):  # fmt: skip
        page = library.call("GET", path)
        assert page.status == 200, f"{path}: {text_of(page.text)[:400]}"
        assert page.text.count("<h1") == 1, path
        assert re.search(r"<title>[^<]+ · Fluvial</title>", page.text), path
        assert 'aria-label="Main"' in page.text, path
        assert "content-security-policy" in page.headers


def test_a_list_shows_titles_labels_and_names(library: Client) -> None:
    north = library.made("branch", name="North")["id"]
    book = library.made("book", name="Emma <1815>", branch=north, price="12.50")
    page = library.get("/o/book")
    assert f'<a href="/o/book/{book["id"]}"><span class="lead-no">B-0001</span>' in page.text
    assert "Emma &lt;1815&gt;" in page.text
    assert f'<a class="link" href="/o/branch/{north}">North</a>' in page.text
    assert "In the house" in page.text
    shown = library.get("/o/book", columns="name,price,branch.name", view="all")
    assert shown.headers["location"] == "/o/book?view=all"
    assert "€12.50" in library.get("/o/book", view="all").text  # the choice is kept


def test_a_filter_reads_as_a_sentence(library: Client) -> None:
    library.made("book", name="Emma")
    library.made("book", name="Persuasion", status="out")
    page = library.get("/o/book", where="status == 'out' and name != null")
    said = text_of(page.text)
    assert "Books where status is Lent and name is not empty" in said
    assert "Persuasion" in said and "Emma" not in said
    for where, words in (
        ("status.closed == false", "status is not closed"),
        ("printed < today()", "printed is before today"),
        ("printed >= '2020-01-01'", "printed is on or after 1 Jan 2020"),
        ("keeper == me", "keeper is me"),
        ("pages > 100 or weight < 2", "pages is above 100 or weight is below 2"),
        ("status in ['in', 'out']", "status is one of In the house or Lent"),
        ("lower('em') in lower(name)", "name contains em"),
        ("not (lower('em') in lower(name))", "name does not contain em"),
        ("branch.name == 'North'", "branch is North"),
        ("'novel' in genres", "genres has Novel"),
        ("lendable == false", "lendable is no"),
    ):
        assert words in text_of(library.get("/o/book", where=where).text), where
    hard = library.get("/o/book", where="(pages > 3 or weight < 2) and lendable")
    assert "(pages &gt; 3 or weight &lt; 2) and lendable" in hard.text


def test_a_filter_with_a_fault_says_it_and_shows_the_list(library: Client) -> None:
    library.made("book", name="Emma")
    page = library.get("/o/book", where="nmae == 'x'")
    assert page.status == 200
    assert "Did you mean" in text_of(page.text) and "Emma" in page.text


def test_rows_come_in_pages(library: Client) -> None:
    for at in range(53):
        library.made("member", name=f"Member {at:02}")
    page = library.get("/o/member", sort="name")
    more = unescape(re.findall(r'hx-get="([^"]+)"', page.text)[-1])
    rest = library.call("GET", more, headers={"hx-request": "true"})
    assert "<html" not in rest.text
    assert [f"Member {at}" in rest.text for at in (49, 50, 52)] == [False, True, True]


def test_views_of_ones_own_and_for_everybody(library: Client) -> None:
    library.made("book", name="Emma", status="out")
    mine = library.post(
        "/o/book/views", {"label": "Lent ones", "query": {"where": "status == 'out'"}}
    )
    assert mine.status == 201, mine.text
    assert "Lent ones" in library.get("/o/book").text
    body = {"label": "Lent", "shared": True, "query": {"where": "status == 'out'"}}
    assert library.post("/o/book/views", body).status == 201
    other = library.person("rita@example.com", "reader")
    seen = other.get("/o/book").text
    assert ">Lent<" in seen and "Lent ones" not in seen
    assert other.post("/o/book/views", body).status == 403


def test_the_studio_counts_one_record_as_one(library: Client) -> None:
    library.made("member", name="Jo", secret="eats soup")
    for path in ("/studio", "/studio/objects/member"):
        seen = library.get(path).text
        assert "1 record ·" in seen and "1 records" not in seen


def test_pages_hide_what_roles_hide(library: Client) -> None:
    member = library.made("member", name="Jo", secret="eats soup")
    reader = library.person("rita@example.com", "reader")
    for path in ("/o/member?columns=", "/o/member", f"/o/member/{member['id']}"):
        assert "eats soup" not in reader.call("GET", path).text
    assert "Secret" not in reader.get(f"/o/member/{member['id']}").text
    assert reader.get("/studio").status == 403
    assert "/studio" not in reader.get("/").text
    assert reader.get("/o/member/new").status == 403
    assert reader.get("/o/user").status == 404


def test_a_look_up_offers_what_may_be_picked(library: Client) -> None:
    north = library.made("branch", name="North")["id"]
    library.made("branch", name="South")
    found = library.get("/lookup/book/branch", q="nor").json()["results"]
    assert [(r["value"], r["label"]) for r in found] == [(north, "North")]
    people = library.get("/lookup/book/keeper", q="admin").json()["results"]
    assert people[0]["value"].startswith("user:") and people[0]["hint"] == EMAIL
    plain = library.get("/lookup/book/keeper", q="admin", plain="true").json()["results"]
    assert plain[0]["value"] == people[0]["value"].partition(":")[2]


def test_a_pick_follows_the_record_that_is_edited(library: Client) -> None:
    loan = {"kind": "object", "name": "visit", "title": "{note}", "fields": [
        {"name": "note", "kind": "text"},
        {"name": "branch", "kind": "lookup", "to": "branch"},
        {"name": "member", "kind": "lookup", "to": "member", "where": "branch == record.branch"},
    ]}  # fmt: skip
    library.define(loan)
    north, south = (library.made("branch", name=n)["id"] for n in ("North", "South"))
    library.made("member", name="Jo", branch=north)
    library.made("member", name="Kim", branch=south)
    offered = library.get("/lookup/visit/member", **{"record.branch": north}).json()["results"]
    assert [r["label"] for r in offered] == ["Jo"]
    visit = library.made("visit", branch=south)["id"]
    offered = library.get("/lookup/visit/member", record=visit).json()["results"]
    assert [r["label"] for r in offered] == ["Kim"]
    assert 'data-depends="branch"' in library.get("/o/visit/new").text


def test_search_over_everything(library: Client) -> None:
    member = library.made("member", name="Jo Marsh")
    found = library.call("GET", "/search?q=mars", headers={"accept": "application/json"}).json()
    assert [(r["title"], r["href"]) for r in found["results"]] == [
        ("Jo Marsh", f"/o/member/{member['id']}")
    ]
    assert "Nothing found" in library.get("/search", q="zzz").text


def test_the_bin_and_the_way_back(library: Client) -> None:
    member = library.made("member", name="Jo Marsh")["id"]
    gone = posted(library, f"/o/member/{member}/delete", {})
    assert gone.headers["location"] == "/o/member"
    assert "Jo Marsh" in library.get("/o/member/bin").text
    back = posted(library, f"/o/member/{member}/restore", {})
    assert back.headers["location"] == f"/o/member/{member}"


def test_problems_are_pages_for_people_and_json_for_scripts(library: Client) -> None:
    missing = library.get("/o/nothing")
    assert missing.status == 404
    assert "There is no object" in missing.text and "<h1" in missing.text
    asked = library.call("GET", "/o/nothing", headers={"accept": "application/json"})
    assert asked.json()["status"] == 404
    unknown = library.get("/no/such/page")
    assert unknown.status == 404 and 'id="rail"' in unknown.text
    member = library.get("/o/member/01a2013b-6f89-7b5f-94c4-6152463ec21c").text
    assert "/o/member?view=all" in member and "/o/member/bin" in member
    assert library.get("/o/member/counts").json()["counts"] == {"all": "0"}
    kept = posted(library, "/o/member/columns?view=all", {"columns": "email"})
    assert kept.headers["location"] == "/o/member?view=all"
    assert 'value="email" checked' in library.get("/o/member").text


def test_a_form_without_its_token_is_refused(library: Client) -> None:
    member = library.made("member", name="Jo")["id"]
    person = library.person("rita@example.com", "administrator")
    stranger = Client(library.app, {"cookie": person.headers["cookie"]})
    assert posted(stranger, f"/o/member/{member}/delete", {}).status == 403
    token = {"csrf": person.headers["x-csrf-token"]}
    assert posted(stranger, f"/o/member/{member}/delete", token).status == 303


def test_tokens_and_the_password_of_ones_profile(client: Client) -> None:
    person = client.person("rita@example.com")
    made = posted(
        person, "/profile/tokens", {"name": "Script", "days": "30", "scopes": ["records:read"]}
    )
    (token,) = re.findall(r'readonly value="([^"]+)"', made.text)
    program = Client(client.app, {"authorization": f"Bearer {token}"})
    assert program.get("/api/me").status == 200
    (row,) = person.get("/api/tokens").json()["data"]
    posted(person, f"/profile/tokens/{row['id']}/end", {})
    assert program.get("/api/me").status == 401
    wrong = posted(person, "/profile/password", {"old": "x", "new": "another horse staple"})
    assert wrong.status == 422
    done = posted(person, "/profile/password", {"old": PASSWORD, "new": "another horse staple"})
    assert done.status == 303
    assert person.get("/profile").status == 303  # the old session ended
    assert (
        client.signed_in("rita@example.com", "another horse staple").get("/profile").status == 200
    )


def test_an_object_and_a_field_from_one_line_each(client: Client) -> None:
    made = posted(client, "/studio/objects", {"label": "Reading room", "group": "Collection"})
    assert made.headers["location"] == "/studio/objects/reading_room"
    assert "Reading rooms" in client.get("/o/reading_room").text
    added = posted(client, "/studio/objects/reading_room", {"label": "Seats", "kind": "number"})
    assert added.status == 303
    client.made("reading_room", name="Blue room", seats="12")
    assert "12" in text_of(client.get("/o/reading_room").text)
    again = posted(client, "/studio/objects", {"label": "Reading room"})
    assert again.status == 422 and "already" in again.text
    bad = posted(client, "/studio/objects/reading_room", {"label": "", "kind": "number"})
    assert bad.status == 422


def test_a_document_as_yaml(library: Client) -> None:
    text = "kind: view\nname: lent\nobject: book\nwhere: status == 'out'\ncolumns: [name]\n"
    plan = posted(library, "/studio/view/new", {"yaml": text, "press": "plan"})
    assert plan.status == 200
    assert library.get("/api/meta/view/lent").status == 404
    saved = posted(library, "/studio/view/new", {"yaml": text, "press": "save"})
    assert saved.headers["location"] == "/studio/view/lent"
    shown = library.get("/studio/view/lent").text
    assert "status == &#39;out&#39;" in shown or "status == 'out'" in unescape(shown)
    wrong = posted(
        library, "/studio/view/lent", {"yaml": text.replace("status", "state"), "press": "save"}
    )
    assert wrong.status == 422
    assert "state" in text_of(wrong.text)
    broken = posted(library, "/studio/view/lent", {"yaml": "a: [", "press": "save"})
    assert broken.status == 422
    json = posted(
        library, "/studio/view/lent", {"yaml": text, "press": "plan"}, accept="application/json"
    )
    assert json.json()["operations"] == []
    assert posted(library, "/studio/view/lent/delete", {}).status == 303
    assert library.get("/studio/view/lent").status == 404


@pytest.mark.parametrize("kind", ["view", "form", "board"])
def test_the_studio_begins_a_document_about_an_object(library: Client, kind: str) -> None:
    page = library.get(f"/studio/{kind}/new", object="book").text
    (text,) = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    written = unescape(text).strip()
    assert written.startswith(f"kind: {kind}\nname: my_{kind}\n") and "object: book\n" in written
    saved = posted(library, f"/studio/{kind}/new", {"yaml": written, "press": "save"})
    assert saved.headers["location"] == f"/studio/{kind}/my_{kind}", text_of(saved.text)


def test_going_back_to_a_revision(library: Client) -> None:
    library.define({**BRANCH, "fields": [*BRANCH["fields"], {"name": "town", "kind": "text"}]})
    first = max(r["number"] for r in library.rows("/api/meta/revisions")) - 1
    assert posted(library, f"/studio/revisions/{first}/rollback", {}).status == 303
    assert "town" not in library.get("/studio/objects/branch").text


def test_an_import_shows_the_result_before_it_is_written(library: Client) -> None:
    body = (
        b'--cut\r\nContent-Disposition: form-data; name="file"; filename="m.csv"\r\n'
        b"Content-Type: text/csv\r\n\r\nName,Joined\r\nJo Marsh,15/06/2020\r\n"
        + f"{'K' * 500},31/06/2020\r\n".encode()
        + b"\r\n--cut--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=cut"}
    mapped = library.call("POST", "/import/member", body=body, headers=headers)
    assert mapped.status == 200, text_of(mapped.text)
    (upload,) = re.findall(r'name="upload" value="([^"]+)"', mapped.text)
    values = {"step": "map", "upload": upload, "map.0": "name", "map.1": "joined", "dates": "dmy"}
    looked = posted(library, "/import/member", values)
    assert "31/06/2020 is not a valid date" in looked.text
    (options,) = re.findall(r'name="options" value="([^"]+)"', looked.text)
    assert library.rows("/api/records/member") == []
    assert "Skip the row with errors" in looked.text
    assert '<span class="count">2</span>' in looked.text
    handed = {"upload": upload, "options": unescape(options)}
    refused = posted(library, "/import/member", {**handed, "step": "preview"})
    assert refused.status == 422 and "Nothing was imported" in refused.text
    assert options in refused.text and library.rows("/api/records/member") == []
    again = posted(library, "/import/member", {**handed, "step": "columns"})
    assert 'value="dmy" selected' in again.text
    assert 'value="joined" selected' in again.text
    for nonsense in ("{", "[]", '{"map": 3}', '{"dates": 3}'):
        said = posted(library, "/import/member", {**handed, "options": nonsense, "step": "preview"})
        assert said.status == 422 and 'role="alert"' in said.text, nonsense
    run = {**handed, "step": "preview", "skip_faults": "true"}
    done = posted(library, "/import/member", run)
    assert "1 added" in done.text
    (undo,) = re.findall(r'action="(/import/member/[^"]+/undo)"', done.text)
    assert posted(library, undo, {}).status == 303
    assert library.rows("/api/records/member") == []


def test_static_files_carry_their_version(client: Client) -> None:
    page = client.get("/profile").text
    (sheet,) = re.findall(r'href="(/static/fluvial.css\?v=[0-9a-f]+)"', page)
    answer = Client(client.app).call("GET", sheet)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]


def test_a_new_field_is_in_the_next_page_of_another_process(
    library: Client, engine: Engine
) -> None:
    field = {"name": "shelf", "kind": "text", "label": "Shelf mark"}
    library.define({**BOOK, "fields": [*BOOK["fields"], field]}, MEMBER)
    library.made("book", name="Emma", shelf="F AUS 1")
    page = library.get("/o/book", columns="name,shelf", view="all")
    assert page.status == 303
    assert "Shelf mark" in library.get("/o/book", view="all").text
