"""Mails become records and messages: each once, at the right record, and none by a trick."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.app import PASSWORD
from tests.conversations.desk import DESK, Desk, mail


def test_a_mail_makes_a_record_once_and_answers_go_on_with_it(desk: Desk) -> None:
    ann = desk.client.made("member", name="Ann", email="Ann@Example.org")["id"]
    first = mail("My book is torn.\n\nYours, Ann", message_id="<1@example.org>")
    record = desk.made(first)
    found = desk.enquiry(record)
    assert (found["subject"], found["member"]) == ("A question", ann)
    assert found["body"] == "My book is torn.\n\nYours, Ann" and found["source"] == "mail of Ann"
    history = desk.client.rows(f"/api/records/enquiry/{record}/history")
    assert {one["rule"] for one in history} == {"mailbox:desk"}
    # The same mail again, also several times at once.
    with ThreadPoolExecutor(3) as threads:
        again = list(threads.map(lambda _: desk.send(first), range(3)))
    assert {(one.status, one.json()["record"]) for one in again} == {(200, record)}
    # An answer to it, by whichever header, goes on; the enquiry opens again.
    for at, name in enumerate(("in_reply_to", "references")):
        desk.client.post(f"/api/records/enquiry/{record}/actions/close")
        raw = mail(
            f"More {at}", message_id=f"<a{at}@example.org>", **{name: "<x@y> <1@example.org>"}
        )
        assert desk.take(raw, "added")["record"] == record
        assert desk.enquiry(record)["status"] == "open"
    # And by the number in the subject.
    number = found["number"]
    raw = mail("Again", subject=f"Re: [{number.lower()}] A question", message_id="<n@example.org>")
    assert desk.take(raw, "added")["record"] == record
    said = desk.messages(record)
    assert [one["text"] for one in said] == [
        "Again",
        "More 1",
        "More 0",
        "My book is torn.\n\nYours, Ann",
    ]
    assert {(one["channel"], one["public"], one["direction"]) for one in said} == {
        ("mail", True, "in")
    }
    assert said[0]["speaker"] == "Ann" and said[0]["sender"]["address"] == "ann@example.org"
    assert len(desk.enquiries()) == 1
    kept = desk.client.get(said[-1]["raw"])
    assert kept.body == first and kept.headers["content-type"].startswith("message/rfc822")


def test_strangers_cannot_write_into_a_conversation(desk: Desk) -> None:
    desk.client.made("member", name="Ann", email="ann@example.org")
    record = desk.made(mail("Mine", message_id="<1@example.org>"))
    number = desk.enquiry(record)["number"]
    # A number that somebody else has seen makes another enquiry.
    raw = mail("Tell me all", sender="Eve <eve@evil.example>", subject=f"Re: [{number}]",
               message_id="<e1@evil.example>")  # fmt: skip
    assert desk.made(raw) != record
    # So does one whose sender only looks like somebody known.
    spoofed = '"ann@example.org" <eve@evil.example>'
    raw = mail("Please", sender=spoofed, subject=f"[{number}]", message_id="<e2@evil.example>")
    assert desk.made(raw) != record
    both = "eve@evil.example, ann@example.org"
    raw = mail("Please!", sender=both, subject=f"[{number}]", message_id="<e3@evil.example>")
    assert desk.made(raw) != record
    # Who answers a mail that was passed on to them is heard, but only by those who work on it.
    raw = mail("I sit beside Ann", sender="Bob <bob@example.org>", in_reply_to="<1@example.org>",
               message_id="<b@example.org>")  # fmt: skip
    assert desk.take(raw, "added")["record"] == record
    newest = desk.messages(record)[0]
    assert newest["public"] is False and "stranger" in newest["notes"]
    # Which does not make them known.
    raw = mail("Now?", sender="bob@example.org", subject=f"[{number}]", message_id="<b2@e.org>")
    assert desk.made(raw) != record


def test_what_the_mail_server_calls_forged_comes_from_nobody_known(desk: Desk) -> None:
    desk.define({**DESK, "trusted": "mx.library.example"})
    desk.client.made("member", name="Ann", email="ann@example.org")
    passed = "mx.library.example; spf=pass; dmarc=pass"
    record = desk.made(mail(message_id="<1@e.org>", authentication_results=passed))
    number = desk.enquiry(record)["number"]
    failed = "mx.library.example; spf=fail smtp.mailfrom=ann@example.org; dmarc=fail"
    subject = f"[{number}]"
    raw = mail("It is me", subject=subject, message_id="<2@e.org>", authentication_results=failed)
    assert desk.made(raw) != record
    # What somebody else signed with this name of a header does not count.
    other = "mx.evil.example; dmarc=pass"
    raw = mail("Me!", subject=subject, message_id="<3@e.org>", authentication_results=other)
    assert desk.made(raw) != record
    raw = mail("Me", subject=subject, message_id="<4@e.org>", authentication_results=passed)
    assert desk.take(raw, "added")["record"] == record


def test_machines_start_nothing(desk: Desk) -> None:
    record = desk.made(mail(message_id="<1@e.org>"))
    for at, headers in enumerate((
        {"auto_submitted": "auto-replied"}, {"precedence": "bulk"}, {"list_id": "<x.example>"},
        {"x_autoreply": "yes"}, {"subject": "Out of office: away"}, {"return_path": "<>"},
    )):  # fmt: skip
        assert desk.take(mail(message_id=f"<m{at}@e.org>", **headers), "ignored")["reason"]
    # Not even as an answer; and a bounce is told at the record whose mail comes back.
    raw = mail(message_id="<m@e.org>", auto_submitted="auto-replied", in_reply_to="<1@e.org>")
    desk.take(raw, "ignored")
    desk.client.post(f"/api/records/enquiry/{record}/actions/close")
    bounce = mail(
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such person.\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <1@e.org>\r\n\r\n--b--",
        sender="MAILER-DAEMON@mx.example", message_id="<d@mx.example>", return_path="<>",
        content_type='multipart/report; report-type=delivery-status; boundary="b"',
    )  # fmt: skip
    assert desk.take(bounce, "added")["record"] == record
    newest = desk.messages(record)[0]
    assert (newest["public"], newest["kind"]) == (False, "bounce")
    assert desk.enquiry(record)["status"] == "closed"
    lost = bounce.replace(b"<1@e.org>", b"<9@e.org>").replace(b"<d@mx", b"<d2@mx")
    desk.take(lost, "ignored")
    desk.take(mail(sender="desk@library.example", message_id="<o@e.org>"), "ignored")
    desk.take(mail(sender="", message_id="<o2@e.org>"), "refused")
    assert len(desk.enquiries()) == 1
    outcomes = [one["outcome"] for one in desk.client.rows("/api/mailboxes/desk/mails")]
    assert outcomes.count("ignored") == 9 and outcomes.count("refused") == 1
    # The same words again and again come from a machine, too.
    for at in range(3):
        desk.made(mail("Disk is full", message_id=f"<s{at}@e.org>"))
    desk.take(mail("Disk is full", message_id="<s9@e.org>"), "ignored")


def test_what_cannot_be_taken_is_kept_and_taken_later(desk: Desk) -> None:
    desk.define({**DESK, "map": {"subject": "mail.subject", "status": "mail.text"}})
    raw = mail("tomorrow", message_id="<1@e.org>")
    failed = desk.take(raw, "failed")
    assert "/status" in failed["reason"] and desk.enquiries() == []
    assert desk.take(raw, "failed")["id"] != failed["id"]  # a mail server tries again, too
    desk.define(DESK)
    (noted,) = desk.client.rows("/api/mailboxes/desk/mails")
    again = desk.client.post(f"/api/mailboxes/desk/mails/{noted['id']}/again")
    assert again.status == 201 and again.json()["outcome"] == "created", again.text
    (noted,) = desk.client.rows("/api/mailboxes/desk/mails")
    assert desk.client.post(f"/api/mailboxes/desk/mails/{noted['id']}/again").status == 409
    assert ".talk-page" in desk.client.get("/static/talk.css").text
    shown = desk.client.get("/mails").text
    assert "A question" in shown and "Created a record" in shown and "Take again" not in shown
    assert desk.client.person("clerk@example.com", "clerk").get("/mails").status == 403
    assert desk.send(b"").status == 400 and desk.send(raw, "nothing").status == 404
    long = "Wörter " * 40
    found = desk.enquiry(desk.made(mail(subject=long, message_id="<l@e.org>")))
    assert len(found["subject"]) == 60 and found["subject"].endswith("…")


def test_internal_notes_are_never_for_those_whom_a_conversation_is_open_to(desk: Desk) -> None:
    clerk = desk.client.person("clerk@example.com", "clerk")
    reader = desk.client.person("ann@example.org", "reader")
    login = reader.get("/api/me").json()["id"]
    desk.client.made("member", name="Ann", email="ann@example.org", login={"user": login})
    record = desk.made(mail("Mine", message_id="<1@e.org>"))
    path = f"/api/records/enquiry/{record}/comments"
    note = clerk.post(path, {"text": "A difficult person"}).json()
    clerk.post(path, {"text": "We look into it", "public": True})
    raw = mail("psst", sender="bob@e.org", in_reply_to="<1@e.org>", message_id="<2@e.org>")
    desk.take(raw, "added")
    assert [one["text"] for one in desk.messages(record, clerk)] == [
        "psst", "We look into it", "A difficult person", "Mine",
    ]  # fmt: skip
    seen = desk.messages(record, reader)
    assert [one["text"] for one in seen] == ["We look into it", "Mine"]
    assert not {"raw", "notes", "bcc"} & {*seen[1]}
    said = reader.post(path, {"text": "Thanks", "public": False})
    assert said.status == 201 and said.json()["public"] is True
    mails = {one["text"]: one["id"] for one in desk.messages(record)}
    base = f"/api/records/enquiry/{record}/messages"
    assert reader.get(f"{base}/{mails['Mine']}/raw").status == 404
    assert reader.get(f"{base}/{mails['psst']}/raw").status == 404
    assert clerk.get(f"{base}/{mails['psst']}/raw").status == 200
    # Nobody changes a mail, and only administrators delete one.
    assert clerk.patch(f"{path}/{mails['Mine']}", {"text": "x"}).status == 403
    assert clerk.delete(f"{path}/{mails['Mine']}").status == 403
    assert clerk.patch(f"{path}/{note['id']}", {"text": "Kind"}).status == 200
    assert desk.client.delete(f"{path}/{mails['psst']}").status == 204
    other = desk.client.person("other@example.org", "reader")
    assert other.get(base).status == 404 and PASSWORD


def test_files_of_mails_are_handed_out_by_the_conversation_alone(desk: Desk) -> None:
    raw = mail(
        '--b\r\nContent-Type: text/html\r\n\r\n<p onclick="x()">Look <img src="cid:pic@e">'
        '<img src="https://spy.example/p.png" alt="logo"><script>steal()</script></p>\r\n'
        "--b\r\nContent-Type: image/png; name=\"../../pic.png\"\r\nContent-ID: <pic@e>\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
        "--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx\r\n"
        '--b\r\nContent-Disposition: attachment; filename="fake.pdf"\r\n\r\nMZ not a pdf\r\n--b--',
        content_type="multipart/related; boundary=b", message_id="<1@e.org>",
    )  # fmt: skip
    record = desk.made(raw)
    (said,) = desk.messages(record)
    assert said["html"] == '<p>Look <img src="cid:pic@e"><i>[logo]</i></p>', said["html"]
    assert said["text"].startswith("Look") and {"remote_images", "winmail"} <= {*said["notes"]}
    names = [(one["name"], one["media_type"]) for one in said["files"]]
    assert names == [
        ("pic.png", "image/png"), ("winmail.dat", "text/plain"),
        ("fake.pdf", "application/x-msdownload"),
    ]  # fmt: skip
    reply = desk.client.get(said["files"][0]["url"])
    assert reply.status == 200 and reply.body.startswith(b"\x89PNG")
    assert "attachment" in desk.client.get(said["files"][2]["url"]).headers["content-disposition"]
    for one in said["files"]:
        assert desk.client.get(f"/api/files/{one['id']}").status == 404
    reader = desk.client.person("eve@example.org", "reader")
    assert reader.get(said["files"][0]["url"]).status == 404


def test_what_a_colleague_answers_by_mail_stays_inside(desk: Desk) -> None:
    desk.client.made("member", name="Ann", email="ann@example.org")
    clerk = desk.client.person("clerk@example.com", "clerk")
    keeper = {"user": clerk.get("/api/me").json()["id"]}
    record = desk.made(mail("Torn", message_id="<1@e.org>"))
    desk.client.patch(f"/api/records/enquiry/{record}", {"keeper": keeper})
    desk.client.post(f"/api/records/enquiry/{record}/actions/close")
    number = desk.enquiry(record)["number"]
    for at, headers in enumerate(({"in_reply_to": "<1@e.org>"}, {"subject": f"Re: [{number}]"})):
        raw = mail("She again", sender="Clerk@example.com", message_id=f"<c{at}@e.org>", **headers)
        assert desk.take(raw, "added")["record"] == record
    said = desk.messages(record)
    assert [(one["public"], one["notes"]) for one in said[:2]] == [(False, ["colleague"])] * 2
    assert desk.enquiry(record)["status"] == "closed"
    proposal = desk.client.get(f"/api/records/enquiry/{record}/reply").json()
    assert [one["address"] for one in proposal["to"]] == ["ann@example.org"]
