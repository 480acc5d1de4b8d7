"""Two enquiries that are one: all that belongs to the one that goes is found at the other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.app import Documents
from tests.conversations.desk import DOCUMENTS, ENQUIRY, Desk, mail
from tests.conversations.test_mail_replies import answer, file, sent

PAPERS = {"name": "papers", "kind": "file", "many": True}
LOAN: dict[str, Any] = {
    "kind": "object", "name": "loan", "label": "Loan", "title": "{name}", "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "enquiry", "kind": "lookup", "to": "enquiry", "inverse": "loans",
         "on_delete": "restrict"},
        {"name": "also", "kind": "multi_lookup", "to": "enquiry"},
        {"name": "shut", "kind": "boolean"},
    ],
    "locked": {"when": "shut", "except": ["shut"]},
}  # fmt: skip
TALK = {**ENQUIRY, "fields": [*ENQUIRY["fields"], PAPERS], "timers": [
    {"name": "reply", "starts": "created_at", "target": "hours(1)",
     "stops": {"states": ["closed"]}, "thresholds": [100]}]}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [TALK if one is ENQUIRY else one for one in DOCUMENTS] + [LOAN]


def test_what_belongs_to_one_record_is_found_at_the_other(desk: Desk) -> None:
    for name in ("ann", "bob"):
        desk.client.made("member", name=name.title(), email=f"{name}@e.org")
    first = desk.made(mail("Torn", sender="ann@e.org", message_id="<1@e.org>"))
    other = desk.made(mail("Also torn", sender="bob@e.org", message_id="<2@e.org>"))
    number = desk.enquiry(other)["number"]
    scan, map_ = file(desk, "scan.txt", b"scan"), file(desk, "map.txt", b"map")
    base = "/api/records/enquiry"
    for record, papers in ((first, [map_]), (other, [scan])):
        reply = desk.client.patch(f"{base}/{record}", {"papers": papers})
        assert reply.status == 200, reply.text
    answer(desk, other, text="We look")
    sent(desk)
    told = desk.smtp.mails[-1].message["Message-ID"]
    one = desk.client.made("loan", name="Emma", enquiry=other, also=[other])["id"]
    both = desk.client.made("loan", name="Both", also=[first, other])["id"]
    desk.client.put(f"{base}/{other}/reply", {"text": "Dear Bob"})

    merged = desk.client.post(f"{base}/{other}/merge", {"into": first})
    assert merged.status == 200 and merged.json()["id"] == first, merged.text
    assert desk.client.get(f"{base}/{other}").status == 404
    texts = [said["text"] for said in desk.messages(first)]
    assert texts[1:] == ["We look", "Also torn", "Torn"]
    assert texts[0].startswith(f"{number} was merged into this enquiry. 2 linked")
    names = [paper["name"] for paper in desk.enquiry(first)["papers"]]
    assert names == ["map.txt", "scan.txt"]
    assert desk.client.get(f"/api/files/{scan}").body == b"scan"
    assert desk.client.get(f"/api/records/loan/{one}").json()["enquiry"] == first
    assert desk.client.get(f"/api/records/loan/{both}").json()["also"] == [first]
    # Mails find it by the thread, by the old number, and from those who took part in it.
    for at, headers in enumerate((
        {"in_reply_to": told}, {"in_reply_to": "<2@e.org>"}, {"subject": f"[{number}]"},
    )):  # fmt: skip
        raw = mail(f"More {at}", sender="bob@e.org", message_id=f"<m{at}@e.org>", **headers)
        assert desk.take(raw, "added")["record"] == first
    assert [said["public"] for said in desk.messages(first)[:3]] == [True] * 3
    raw = mail("Me", sender="eve@e.org", subject=f"[{number}]", message_id="<e@e.org>")
    desk.take(raw, "created")
    # The clock of the one that went stands still.
    desk.engine.clock._shift += timedelta(hours=2)
    desk.work()
    gone = desk.client.get(base, deleted="true", fields="reply_state").json()["data"]
    assert [row["reply_state"] for row in gone] == ["running"]
    # And once more into a third one: both numbers lead there.
    third = desk.made(mail("Third", sender="bob@e.org", message_id="<3@e.org>"))
    assert desk.client.post(f"{base}/{first}/merge", {"into": third}).status == 200
    raw = mail("Old", sender="bob@e.org", subject=f"[{number}]", message_id="<o@e.org>")
    assert desk.take(raw, "added")["record"] == third


def test_a_merge_is_whole_or_not_at_all(desk: Desk) -> None:
    first = desk.made(mail("One", message_id="<1@e.org>"))
    other = desk.made(mail("Two", message_id="<2@e.org>"))
    path = f"/api/records/enquiry/{other}/merge"
    for body, status in (
        ({"into": other}, 422), ({"into": 3}, 422), ({}, 422), ({"into": "nobody"}, 404),
    ):  # fmt: skip
        assert desk.client.post(path, body).status == status
    clerk = desk.client.person("clerk@example.com", "clerk")
    assert clerk.post(path, {"into": first}).status == 403  # who may not delete
    desk.client.made("loan", name="Emma", enquiry=other, shut=True)
    refused = desk.client.post(path, {"into": first})
    assert refused.status == 409 and "Emma" in refused.json()["detail"], refused.text
    assert [said["text"] for said in desk.messages(other)] == ["Two"]
    assert [said["text"] for said in desk.messages(first)] == ["One"]
    reader = desk.client.person("eve@example.org", "reader")
    assert reader.post(path, {"into": first}).status in (403, 404)
