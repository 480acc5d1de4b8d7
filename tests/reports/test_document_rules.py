"""Rules make documents and mail them: in the words and with the rights of whoever gets them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.app import Documents
from tests.mailbox import Mail
from tests.reports.pdf_text import text_of
from tests.reports.press import BACKING, PRESS, TEMPLATE, Json, billed
from tests.rules.house import House, house, rule

__all__ = ["house"]
ISSUED: Json = {"object": "bill", "event": "updated", "fields": ["status"]}
LOCKED = {**PRESS[2], "locked": {"when": "status == 'issued'", "except": ["status"]}}


@pytest.fixture
def documents() -> Documents:
    return PRESS


def issue(house: House, bill: Json) -> Any:
    return house.client.patch(f"/api/records/bill/{bill['id']}", {"status": "issued"})


def papers(mail: Mail) -> dict[str, bytes]:
    """The files that a mail carries."""
    return {
        str(part.get_filename()): part.get_content() for part in mail.message.iter_attachments()
    }


def test_a_rule_prints_into_a_field_and_mails_it(house: House) -> None:
    send: Json = {"to": ["client.email"], "subject": "'Your bill'", "text": "number",
                  "by": ["email"], "attach": [{"document": "bill"}]}  # fmt: skip
    house.define(
        LOCKED,
        rule("issue", ISSUED, {"document": {"template": "bill", "to": "pdf"}}, {"notify": send}),
    )
    of = house.client.made("client", name="Ann", email="ann@example.org", language="de")
    bill = billed(house.client, "B-1", "10", "2.5", client=of["id"])
    assert issue(house, bill).status == 200
    house.work()
    kept = house.client.get(f"/api/records/bill/{bill['id']}/documents/bill").body
    (file,) = house.client.get(f"/api/records/bill/{bill['id']}").json()["pdf"]
    assert file["name"] == "B-1.pdf"
    assert house.client.get(f"/api/files/{file['id']}").body == kept
    (mail,) = house.smtp.wait(1)
    assert papers(mail) == {"B-1.pdf": kept}
    assert "Rechnung B-1" in text_of(kept) and "Entwurf" not in text_of(kept)
    (printed,) = [one for one in house.deliveries(kind="document")]
    assert printed["state"] == "done" and printed["response"] == "B-1.pdf"
    assert house.client.get("/studio/deliveries").status == 200
    # Sent again, as after a crash, it is the same file.
    assert house.client.post(f"/api/deliveries/{printed['id']}/redeliver").status in (200, 202, 204)
    house.work()
    assert len(house.client.get(f"/api/records/bill/{bill['id']}").json()["pdf"]) == 1


def test_documents_of_what_a_rule_made_are_printed_each(house: House) -> None:
    make: Json = {"create": "bill", "as": "made", "each": {"of": "bills", "group": ["status"]},
                  "set": {"number": "'N' & text(count(rows))", "client": "record"}}  # fmt: skip
    mail: Json = {"to": ["email"], "by": ["email"], "subject": "name",
                  "attach": [{"document": "bill", "of": "made"}, {"files": "papers"}]}  # fmt: skip
    papered = {**PRESS[1], "fields": [*PRESS[1]["fields"], {"name": "papers", "kind": "file"}]}
    button: Json = {"object": "client", "button": "Bill"}
    print_: Json = {"document": {"template": "bill", "of": "made", "to": "made.pdf"}}
    house.define(papered, {**TEMPLATE, "keep": "number == 'N1'"},
                 rule("bill_all", button, make, print_, {"notify": mail}))  # fmt: skip
    of = house.client.made("client", name="Ann", email="ann@example.org")
    for number, status in (("B-1", "open"), ("B-2", "issued"), ("B-3", "issued")):
        house.client.made("bill", number=number, client=of["id"], status=status)
    reply = house.client.post(f"/api/records/client/{of['id']}/actions/bill_all")
    assert reply.status == 200, reply.text
    house.work()
    made = house.client.rows("/api/records/bill", where="number > 'N' and number < 'P'")
    assert {one["pdf"][0]["name"] for one in made} == {"N1.pdf", "N2.pdf"}
    (sent,) = house.smtp.wait(1)
    assert [*papers(sent)] == ["N1.pdf", "N2.pdf"]
    assert "Draft" in text_of(papers(sent)["N2.pdf"])


def test_each_recipient_gets_what_they_may_read(house: House) -> None:
    grants = [
        {"object": "bill", "can": ["read"], "fields": {"note": "none"}},
        {"object": "portion", "can": ["read"]},
        {"object": "bill_line", "can": ["read"]},
    ]
    send: Json = {"to": [{"role": "clerk"}, "client.email"], "by": ["email"], "subject": "number",
                  "attach": [{"document": "bill"}]}  # fmt: skip
    house.define(
        {**TEMPLATE, "body": "{{ bill.note }} {{ tables.backing }}", "translations": {}},
        {"kind": "role", "name": "clerk", "label": "Clerk", "grants": grants},
        rule("tell", ISSUED, {"notify": send}),
    )
    house.person("clerk@example.com", "clerk")
    of = house.client.made("client", name="Ann", email="ann@example.org")
    bill = billed(house.client, "B-1", "10", client=of["id"], note="zqsecret")
    issue(house, bill)
    house.work()
    sent = {mail.recipients[0]: text_of(papers(mail)["B-1.pdf"]) for mail in house.smtp.wait(2)}
    assert "zqsecret" in sent["ann@example.org"] and "Draft" not in sent["ann@example.org"]
    assert "zqsecret" not in sent["clerk@example.com"] and "€10.00" in sent["clerk@example.com"]


def test_a_table_that_does_not_add_up_refuses_the_issue(house: House) -> None:
    wrong = billed(house.client, "B-1", "10", net={"amount": "11.00", "currency": "EUR"})
    reply = issue(house, wrong)
    assert reply.status == 422 and "the difference is -1.00 EUR" in reply.json()["detail"]
    record = house.client.get(f"/api/records/bill/{wrong['id']}").json()
    assert record["status"] == "open" and record["rev"] == wrong["rev"]
    right = {"status": "issued", "net": {"amount": "10.00", "currency": "EUR"}}
    assert house.client.patch(f"/api/records/bill/{wrong['id']}", right).status == 200
    # A rule that prints says the same, and does nothing else.
    noted: Json = {"object": "bill", "event": "updated", "fields": ["note"]}
    change: Json = {"update": {"set": {"number": "'changed'"}}}
    later = {**TEMPLATE, "keep": "number == 'X'"}
    house.define(later, rule("print", noted, change, {"document": {"template": "bill"}}))
    net = {"amount": "3.00", "currency": "EUR"}
    house.client.patch(f"/api/records/bill/{wrong['id']}", {"note": "x", "net": net})
    house.work()
    assert house.outcomes("print") == ["failed"]
    assert house.client.get(f"/api/records/bill/{wrong['id']}").json()["number"] == "B-1"


def test_tables_go_out_in_the_formats_that_the_recipient_wants(house: House) -> None:
    own = {"name": "files", "kind": "multi_choice", "options": [{"name": "xlsx"}, {"name": "csv"}]}
    lines: Json = {"name": "lines", "label": "Lines", "rows": "lines", "columns": ["what", "net"]}
    send: Json = {"to": ["client.email"], "by": ["email"], "subject": "number", "attach": [
        {"document": "bill"}, {"document": "bill", "formats": "client.files"}]}  # fmt: skip
    house.define(
        {**PRESS[1], "fields": [*PRESS[1]["fields"], own]},
        {**TEMPLATE, "tables": [BACKING, lines]},
        rule("tell", ISSUED, {"notify": send}),
    )
    for name, files in (("ann", ["csv", "xlsx"]), ("bob", [])):
        email = f"{name}@example.org"
        of = house.client.made("client", name=name, email=email, files=files, language="en")
        issue(house, billed(house.client, name, "10", "2.5", client=of["id"]))
    house.work()
    sent = {mail.recipients[0]: papers(mail) for mail in house.smtp.wait(2)}
    assert [*sent["bob@example.org"]] == ["bob.pdf"]
    ann = sent["ann@example.org"]
    assert [*ann] == ["ann.pdf", "ann.xlsx", "ann Backing sheet.csv", "ann Lines.csv"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(ann["ann.xlsx"]))
    assert book.sheet_names == ["Backing sheet", "Lines"]
    assert book.get_sheet_by_name("Backing sheet").to_python()[-1][2:] == [12.5, "EUR"]
    assert "Work of ann" in str(ann["ann Lines.csv"])


MAIL: Json = {"to": ["client.email"], "subject": "number"}
FAULTS = [
    ({"document": {"template": "nothing"}}, "There is no template `nothing`"),
    ({"document": {"template": "bill", "to": "number"}}, "is not a file field"),
    ({"document": {"template": "bill", "of": "client"}}, "is for bill, and not for client"),
    ({"notify": {**MAIL, "attach": [{"document": "letter"}]}}, "is a message, and not printed"),
    ({"notify": {**MAIL, "attach": [{"files": "number"}]}}, "is not a file field"),
    ({"notify": {**MAIL, "attach": [{"of": "client"}]}}, "either a document or files"),
    ({"notify": {**MAIL, "attach": [{"document": "bill", "formats": "net"}]}}, "names no formats"),
    ({"notify": {**MAIL, "attach": [{"document": "bill", "formats": "'xls'"}]}}, "not a format"),
    ({"notify": {**MAIL, "attach": [{"document": "bill", "formats": "status"}]}}, "`open` is not"),
    (
        {"notify": {**MAIL, "attach": [{"document": "bill", "formats": "'csv'", "format": "pdf"}]}},
        "said twice",
    ),
]


def test_a_rule_that_prints_is_checked(house: House) -> None:
    house.define({"kind": "template", "name": "letter", "for": "bill", "subject": "x", "body": "y"})
    for action, words in FAULTS:
        reply = house.client.post(
            "/api/meta/changes?plan=true", {"documents": [rule("r", ISSUED, action)]}
        )
        assert reply.status == 422 and words in reply.text, reply.text
    assert BACKING["equals"] == "net"
