"""A spreadsheet becomes an app: kinds, keys and look-ups from its cells, with all its records."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from fluvial.runtime import long_jobs
from tests.app import Client, Reply
from tests.fluvial.pages.posting import posted
from tests.fluvial.pages.test_import_wizard import attribute, error_of
from tests.fluvial.transfer.test_files_of_others import Sheets, workbook
from tests.forms.shapes import multipart

PATH = "/studio/spreadsheet"
Part = tuple[str, bytes]

MEMBERS: list[list[Any]] = [
    ["Member ID", "Name", "E-mail", "Phone", "Joined", "Fee (EUR)", "Active", "Level", "Web"],
    *(
        [f"M-{n:03}", f"Member {n}", f"m{n}@example.com", f"+44 20 7946 {n:04}",
         f"{n % 28 + 1:02}/03/2025", f"{n}.50", "yes" if n % 3 else "no", 
         ("Gold", "Silver", "Basic")[n % 3], f"https://example.com/{n}"]
        for n in range(40)
    ),
]  # fmt: skip
LOANS: list[list[Any]] = [
    ["Loan no", "Member ID", "Book", "Due", "Days", "Paid"],
    *(
        [f"{n + 1:05}", f"M-{n % 40:03}", f"Book {n % 7}", "2026-05-04", n % 30, f"{n % 9}.25"]
        for n in range(60)
    ),
]


def csv(rows: list[list[Any]], mark: str = ",") -> bytes:
    return "\n".join(mark.join(str(cell) for cell in row) for row in rows).encode()


def uploaded(client: Client, *files: Part) -> Reply:
    parts = [("file", name, "application/octet-stream", raw) for name, raw in files]
    body, headers = multipart(*parts)
    return client.call("POST", PATH, body=body, headers=headers)


def form_of(reply: Reply) -> dict[str, str]:
    """What a browser sends of the page, as it is proposed."""
    assert reply.status in (200, 422), reply.text
    (form,) = re.findall(rf'<form[^>]*action="{PATH}"[^>]*>.*?</form>', reply.text, re.S)
    values = {}
    for tag in re.findall(r"<input[^>]*>", form):
        type_ = attribute(tag, "type")
        if type_ == "checkbox" and " checked" not in tag:
            continue
        if type_ not in ("radio", "file"):
            values[attribute(tag, "name")] = attribute(tag, "value")
    for head, body in re.findall(r"(<select[^>]*>)(.*?)</select>", form, re.S):
        options = re.findall(r"<option[^>]*>", body)
        chosen = [one for one in options if "selected" in one] or options[:1]
        values[attribute(head, "name")] = attribute(chosen[0], "value") if chosen else ""
    return values


def go_on(client: Client, reply: Reply, step: str = "make", **changed: str) -> Reply:
    return posted(client, PATH, form_of(reply) | changed | {"step": step})


def kinds(reply: Reply) -> dict[str, str]:
    """What is proposed of each column, by the name of its field."""
    values = form_of(reply)
    return {
        values[name.replace("kind", "name")]: kind
        for name, kind in values.items()
        if name.startswith("kind.") and f"take.{name[5:]}" in values
    }


def fields(client: Client, name: str) -> dict[str, dict[str, Any]]:
    body = client.get(f"/api/meta/object/{name}").json()
    return {field["name"]: field for field in body["fields"]}


def problem(reply: Reply) -> str:
    return (
        error_of(reply) + " " + unescape(" ".join(re.findall(r'told" id[^>]*>(.*?)<', reply.text)))
    )


def test_a_file_becomes_an_object_with_its_records(client: Client) -> None:
    shown = uploaded(client, ("members_2026.csv", csv(MEMBERS)))
    assert kinds(shown) == {
        "Member ID": "words", "Name": "words", "E-mail": "email", "Phone": "phone",
        "Joined": "day", "Fee (EUR)": "amount", "Active": "answer", "Level": "option", "Web": "url",
    }  # fmt: skip
    assert form_of(shown)["dates"] == "dmy"  # the 28th of March can be read in one way
    done = go_on(client, shown)
    assert done.status == 303, problem(done)
    assert done.headers["location"] == f"{PATH}/made?objects=member"
    found = client.rows("/api/records/member", sort="member_id", limit="3")
    first = {name: found[1][name] for name in ("member_id", "e_mail", "joined", "active", "level")}
    assert first == {
        "member_id": "M-001", "e_mail": "m1@example.com", "joined": "2025-03-02", "active": True,
        "level": "silver",
    }  # fmt: skip
    assert found[1]["fee_eur"] == {"amount": "1.50", "currency": "EUR"}
    assert found[1]["title"] == "Member 1"
    made = fields(client, "member")
    assert made["member_id"]["unique"] and not made["name"].get("unique")
    assert [one["label"] for one in made["level"]["options"]] == ["Gold", "Silver", "Basic"]
    assert client.get(done.headers["location"]).status == 200


@pytest.mark.parametrize("reversed_", [False, True])
def test_sheets_look_each_other_up(client: Client, reversed_: bool) -> None:
    sheets: Sheets = {"Members": MEMBERS, "Loans": LOANS}
    if reversed_:
        sheets = dict(reversed(sheets.items()))
    shown = uploaded(client, ("club.xlsx", workbook(sheets)))
    assert kinds(shown)["Member"] == "link"
    done = go_on(client, shown, group="Club")
    assert done.status == 303, problem(done)
    loans = client.rows(
        "/api/records/loan", fields="member.name,loan_no,days,paid", sort="loan_no", limit="2"
    )
    assert loans[1]["member"]["name"] == "Member 1"
    assert (loans[1]["loan_no"], loans[1]["days"], loans[1]["paid"]) == ("00002", "1", "1.25")
    member = client.rows("/api/records/member", member_id="M-000")
    assert len(member) == 1


def test_two_files_are_two_objects(client: Client) -> None:
    shown = uploaded(client, ("members.csv", csv(MEMBERS)), ("loans.csv", csv(LOANS, ";")))
    done = go_on(client, shown)
    assert done.status == 303, problem(done)
    assert done.headers["location"].endswith("objects=member%2Cloan")


def test_what_can_be_read_in_two_ways_is_asked(client: Client) -> None:
    rows = [["Name", "Seen", "Size"], ["A", "03/04/2026", "1,234"], ["B", "05/06/2026", "2,500"]]
    shown = uploaded(client, ("sightings.csv", csv(rows, ";")))
    values = form_of(shown)
    assert (values["dates"], values["decimal"]) == ("", "")
    refused = go_on(client, shown)
    assert refused.status == 422 and "order of day" in error_of(refused)
    done = go_on(client, refused, dates="mdy", decimal=",")
    assert done.status == 303, problem(done)
    (found,) = client.rows("/api/records/sighting", name="A")
    assert found["seen"] == "2026-03-04"


def test_what_a_person_corrects_counts(client: Client) -> None:
    shown = uploaded(client, ("members.csv", csv(MEMBERS)))
    values = form_of(shown)
    level = next(n[5:] for n, v in values.items() if n.startswith("name.") and v == "Level")
    values |= {f"kind.{level}": "words", f"name.{level}": "Tier", "label.0": "Friend"}
    values |= {"plural.0": "Friends", "title.0": "0"}
    values.pop("take.0.8")
    done = posted(client, PATH, values | {"step": "make"})
    assert done.status == 303, problem(done)
    made = fields(client, "friend")
    assert made["tier"] == {"name": "tier", "kind": "text"} and "web" not in made
    assert client.rows("/api/records/friend", sort="member_id", limit="1")[0]["title"] == "M-000"


def test_faults_are_told_and_rows_left_out_on_request(client: Client) -> None:
    rows = [["Code", "Mail"], *([f"C{n}", f"c{n}@example.com"] for n in range(30)), ["C1", "no"]]
    shown = uploaded(client, ("contacts.csv", csv(rows)))
    assert kinds(shown) == {"Code": "words", "Mail": "words"}
    assert "Nearly all are “E-mail address”; not: no." in shown.text
    refused = go_on(client, shown, "check", **{"kind.0.1": "email", "unique.0.0": "true"})
    assert "Not “E-mail address”: no." in problem(refused)
    assert "C1 appears more than once." in problem(refused)
    kept = go_on(client, refused)
    assert kept.status == 422 and "Nothing was made" in error_of(kept)
    assert "contact" not in client.get("/api/meta/object").text
    done = go_on(client, refused, skip_faults="true")
    assert done.status == 303, problem(done)
    assert "skipped=1" in done.headers["location"]
    assert len(client.rows("/api/records/contact", limit="100")) == 30


def test_all_of_it_is_undone_and_may_be_made_again(client: Client) -> None:
    def make() -> str:
        done = go_on(client, uploaded(client, ("members.csv", csv(MEMBERS))))
        assert done.status == 303, problem(done)
        return done.headers["location"].rpartition("=")[2]

    first = make()
    undone = posted(client, f"{PATH}/undo", {"objects": first})
    assert undone.status == 303, undone.text
    assert client.get(f"/api/records/{first}").status == 404
    again = make()
    assert len(client.rows(f"/api/records/{again}", limit="100")) == 40


def test_without_rights_nothing_is_made(client: Client) -> None:
    client.define({"kind": "role", "name": "maker", "meta": ["read", "write"]})
    maker = client.person("maker@example.com", "maker")
    shown = uploaded(maker, ("members.csv", csv(MEMBERS)))
    refused = go_on(maker, shown)
    assert refused.status == 422 and "import records into new objects" in error_of(refused)
    assert client.get("/api/records/member").status == 404


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "a.csv", "empty"),
        (b"Name,Code\n", "a.csv", "no rows"),
        (b"%PDF-1.4", "a.pdf", "PDF"),
        (workbook({"A": [], "B": [["Only headings"]]}), "a.xlsx", "no rows"),
    ],
)
def test_what_is_no_table_is_told(client: Client, content: bytes, name: str, told: str) -> None:
    refused = uploaded(client, (name, content))
    assert refused.status == 422 and told in error_of(refused)


def test_letters_that_can_be_read_in_several_ways_are_asked(client: Client) -> None:
    asked = uploaded(client, ("stalks.csv", "Name;Code\nŁodyga;1\nŻaba;2\n".encode("cp1250")))
    assert "Which text is right?" in asked.text
    values = form_of(asked) | {"encoding": "cp1250"}
    shown = posted(client, PATH, values)
    done = go_on(client, shown)
    assert done.status == 303, problem(done)
    names = {row["name"] for row in client.rows("/api/records/stalk")}
    assert names == {"Łodyga", "Żaba"}


def test_a_record_that_is_refused_leaves_nothing(client: Client) -> None:
    """The cells fit, but the object that is looked up has no such record."""
    client.define({"kind": "object", "name": "branch", "title": "{name}",
                   "fields": [{"name": "name", "kind": "text", "unique": True}]})  # fmt: skip
    client.made("branch", name="North")
    rows = [["Name", "Place"], *([f"Desk {n}", "North"] for n in range(700)), ["Last", "South"]]
    shown = uploaded(client, ("desks.csv", csv(rows)))
    chosen = {"kind.0.1": "link", "target.0.1": "branch.name"}
    refused = go_on(client, shown, **chosen)
    assert refused.status == 422 and "Nothing was made. desks, row 702" in error_of(refused)
    assert client.get("/api/records/desk").status == 404
    done = go_on(client, refused, **chosen, skip_faults="true")
    assert done.status == 303 and "skipped=1" in done.headers["location"], problem(done)
    name = done.headers["location"].partition("objects=")[2].partition("&")[0]
    found = client.rows(f"/api/records/{name}", limit="1", fields="place.name")
    assert found[0]["place"]["name"] == "North"


def test_an_app_whose_import_is_cancelled_is_gone(client: Client) -> None:
    rows = [["Name"], *([f"Desk {n}"] for n in range(600))]
    values = form_of(uploaded(client, ("desks.csv", csv(rows)))) | {"step": "make"}
    begun = posted(client, PATH, values, prefer="respond-async")
    job = begun.headers["location"].rpartition("/")[2]
    assert client.post(f"/api/jobs/{job}/cancel").status in (200, 202)
    engine = client.app.engine
    while long_jobs.advance(engine, engine.database.connection(), job):
        pass
    assert client.get(f"/api/jobs/{job}").json()["state"] == "cancelled"
    assert client.get("/api/records/desk").status == 404


@pytest.mark.parametrize(
    "encoding", ["rot13", "hex", "undefined", "idna", "base64", "x", "\0", "²"]
)
def test_an_encoding_that_is_none_is_told(client: Client, encoding: str) -> None:
    """As is a place that is no number, in any field of the page."""
    proposed = uploaded(client, ("People.csv", b"Name,Code\nAnn,1\nBob,2\n"))
    for said in ({"encoding.0": encoding}, {"asked": "0", "encoding": encoding}):
        reply = go_on(client, proposed, "check", **said)
        assert reply.status in (400, 422), reply.text
    for place in ("9" * 5000, "٣", "²"):
        odd = {"title.0": place, "asked": place, "kind.0.0": "link"}
        odd["target.0.0"] = f"sheet {place}.Name"
        assert go_on(client, proposed, "check", **odd).status in (200, 422)
