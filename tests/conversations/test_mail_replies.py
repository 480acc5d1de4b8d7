"""Answers go out in the thread, can be taken back, and tell nobody what is internal."""

from __future__ import annotations

from email.message import EmailMessage

from tests.conversations.desk import DESK, Desk, Json, mail
from tests.forms.shapes import multipart


def sent(desk: Desk) -> None:
    """Let what is held back be sent."""
    desk.engine.database.call(
        lambda: desk.engine.database.connection().script("UPDATE fluvial_effect SET next_at = NULL")
    )
    desk.work()


def answer(desk: Desk, record: str, **body: object) -> Json:
    reply = desk.client.post(f"/api/records/enquiry/{record}/messages", {"public": True, **body})
    assert reply.status == 201, reply.text
    found: Json = reply.json()
    return found


def file(desk: Desk, name: str, content: bytes) -> str:
    raw, headers = multipart(("file", name, "application/octet-stream", content))
    made = desk.client.call("POST", "/api/files", body=raw, headers=headers)
    return str(made.json()["id"])


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_an_answer_goes_to_those_who_wrote_in_their_thread(desk: Desk) -> None:
    desk.define({**DESK, "signature": "{me}\nThe library"})
    desk.client.made("member", name="Ann", email="ann@example.org")
    record = desk.made(mail("Torn", message_id="<1@example.org>", subject="AW: A book",
                            cc="Bob <bob@example.org>, desk@library.example"))  # fmt: skip
    number = desk.enquiry(record)["number"]
    proposal = desk.client.get(f"/api/records/enquiry/{record}/reply").json()
    assert proposal["to"] == [{"name": "Ann", "address": "ann@example.org"}]
    assert proposal["cc"] == [{"name": "Bob", "address": "bob@example.org"}]
    assert proposal["subject"] == f"Re: A book [{number}]"
    picture = file(desk, "rule.png", b"\x89PNG\r\n\x1a\n")
    said = answer(desk, record, text="Bring it <b>back</b>.", files=[picture], bcc=["eve@e.org"])
    assert (said["channel"], said["direction"], said["public"]) == ("mail", "out", True)
    assert desk.client.get(said["files"][0]["url"]).status == 200
    desk.work()
    assert desk.smtp.mails == []  # it can still be taken back
    sent(desk)
    assert sorted(one.recipients[0] for one in desk.smtp.mails) == [
        "ann@example.org", "bob@example.org", "eve@e.org",
    ]  # fmt: skip
    assert len({one.raw for one in desk.smtp.mails}) == 1
    message = desk.smtp.mails[0].message
    assert message["From"] == '"Administrator, Front desk" <desk@library.example>'
    assert (message["To"], message["Cc"]) == ("Ann <ann@example.org>", "Bob <bob@example.org>")
    assert message["Subject"] == f"Re: A book [{number}]" and message["Bcc"] is None
    assert message["In-Reply-To"] == message["References"] == "<1@example.org>"
    assert message["Auto-Submitted"] is None
    assert plain(message).startswith("Bring it <b>back</b>.\n\n-- \nAdministrator\nThe library")
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "rule.png"
    # What Bob answers comes back, and the next answer follows it.
    own = message["Message-ID"]
    raw = mail("Sure", sender="bob@example.org", in_reply_to=own, message_id="<2@example.org>")
    assert desk.take(raw, "added")["record"] == record
    assert desk.messages(record)[0]["public"] is True
    answer(desk, record, text="Good", to=["bob@example.org"], cc=[])
    sent(desk)
    last = desk.smtp.mails[-1].message
    assert plain(last).endswith("bob@example.org wrote:\n> Sure\n")
    assert "Torn" not in plain(message)  # Eve had not got it, so nothing is quoted
    assert last["In-Reply-To"] == "<2@example.org>"
    assert last["References"] == f"<1@example.org> {own} <2@example.org>"
    # Our own mails that come back, such as by a copy to ourselves, change nothing.
    desk.take(desk.smtp.mails[-1].raw, "ignored")


def test_an_answer_is_taken_back_for_a_moment_and_a_note_is_told_nobody(desk: Desk) -> None:
    record = desk.made(mail("Torn", message_id="<1@example.org>"))
    path = f"/api/records/enquiry/{record}/messages"
    said = answer(desk, record, text="Oops")
    other = desk.client.person("clerk@example.com", "clerk")
    assert other.delete(f"{path}/{said['id']}").status == 403
    assert desk.client.delete(f"{path}/{said['id']}").status == 204
    assert [one["text"] for one in desk.messages(record)] == ["Torn"]
    said = answer(desk, record, text="Right")
    sent(desk)
    assert [one.recipients for one in desk.smtp.mails] == [["ann@example.org"]]
    assert desk.client.delete(f"{path}/{said['id']}").status == 409
    note = desk.client.post(path, {"text": "She is difficult"})
    assert note.status == 201 and note.json()["channel"] == "comment"
    sent(desk)
    assert len(desk.smtp.mails) == 1
    for body, pointer in (
        ({"text": " ", "public": True}, "/text"),
        ({"text": "x", "public": True, "to": ["nobody"]}, "/to/0"),
        ({"text": "x", "public": True, "to": "a@b.c"}, "/to"),
        ({"text": "x", "public": True, "to": [], "cc": []}, "/to"),
        ({"text": "x", "public": True, "files": ["x"]}, "/files"),
        ({"text": "x", "public": True, "files": [record]}, "/files/0"),
        ({"text": "x", "to": ["a@b.c"]}, "/to"),
        ({"text": "x", "public": 1}, "/public"),
        ({"text": "x", "public": True, "to": ["a@b.c\r\nBcc: e@e.org"]}, "/to/0"),
    ):  # fmt: skip
        reply = desk.client.post(path, body)
        assert reply.status == 422, (body, reply.text)
        assert reply.json()["errors"][0]["pointer"] == pointer
    assert other.get(f"/api/records/enquiry/{record}/reply").status == 200


def test_drafts_survive_and_show_who_is_writing(desk: Desk) -> None:
    record = desk.made(mail("Torn", message_id="<1@example.org>"))
    path = f"/api/records/enquiry/{record}/reply"
    clerk = desk.client.person("clerk@example.com", "clerk")
    assert clerk.put(path, {"text": "Dear", "public": True}).json() == {"writing": []}
    assert desk.client.put(path, {"text": "Hm"}).json() == {"writing": ["Clerk"]}
    assert clerk.get(path).json()["draft"]["text"] == "Dear"
    assert desk.client.put(path, {"text": ""}).status == 200
    assert clerk.get(path).json()["writing"] == []
    answer(desk, record, text="Done")
    assert desk.client.get(path).json()["draft"] is None
    reader = desk.client.person("eve@example.org", "reader")
    assert reader.get(path).status == 404
    assert reader.put(path, {"text": "x"}).status == 404


def test_people_who_sign_in_answer_without_mail_and_move_the_record(desk: Desk) -> None:
    reader = desk.client.person("ann@example.org", "reader")
    login = {"user": reader.get("/api/me").json()["id"]}
    desk.client.made("member", name="Ann", email="ann@example.org", login=login)
    record = desk.made(mail("Torn", message_id="<1@example.org>"))
    desk.client.post(f"/api/records/enquiry/{record}/actions/close")
    path = f"/api/records/enquiry/{record}/messages"
    assert reader.post(path, {"text": "Still", "to": ["x@e.org"]}).status == 422
    said = reader.post(path, {"text": "Still torn"})
    assert said.status == 201 and said.json()["public"] is True
    assert desk.enquiry(record)["status"] == "open"
    sent(desk)
    assert desk.smtp.mails == []
    assert reader.get(f"/api/records/enquiry/{record}/reply").status == 403


def test_rules_write_in_the_thread_and_two_robots_come_to_an_end(desk: Desk) -> None:
    desk.client.made("member", name="Ann", email="ann@example.org")
    told = {"to": ["member.email"], "by": ["email"], "subject": "'We have got it'", "text": "'Hi'"}
    moved = {"object": "enquiry", "event": "updated", "fields": ["status"]}
    desk.define(
        {"kind": "rule", "name": "got_it", "on": {"object": "enquiry", "event": "created"},
         "do": [{"notify": told}]},
        {"kind": "rule", "name": "opened", "on": moved,
         "when": "status == 'open'", "do": [{"notify": told}]},
        {"kind": "rule", "name": "shut", "on": moved,
         "when": "status == 'open'",
         "do": [{"update": {"set": {"status": "'closed'"}}}]},
    )  # fmt: skip
    record = desk.made(mail("Torn", message_id="<1@example.org>"))
    desk.client.post(f"/api/records/enquiry/{record}/actions/close")
    desk.work()
    message = desk.smtp.mails[0].message
    number = desk.enquiry(record)["number"]
    assert message["Subject"] == f"We have got it [{number}]"
    assert message["In-Reply-To"] == "<1@example.org>"
    assert message["From"] == "Front desk <desk@library.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    # A robot that says so is not heard at all: one exchange.
    polite = mail("I am away", in_reply_to=message["Message-ID"], message_id="<r@example.org>",
                  auto_submitted="auto-replied")  # fmt: skip
    desk.take(polite, "ignored")
    desk.work()
    assert len(desk.smtp.mails) == 1
    # One that does not is answered a few times, and then no longer.
    for at in range(12):
        answered = desk.smtp.mails[-1].message["Message-ID"]
        raw = mail(f"Thank you for mail {at}", in_reply_to=answered, message_id=f"<r{at}@e.org>")
        assert desk.take(raw, "added")["record"] == record
        desk.work()
    assert 2 <= len(desk.smtp.mails) <= 7
    assert len(desk.enquiries()) == 1 and len(desk.messages(record)) == 13


def test_no_machine_is_answered_where_machines_may_begin(desk: Desk) -> None:
    desk.define({**DESK, "ignore": []})
    told = {"to": ["source"], "by": ["email"], "subject": "'Thanks'", "text": "'Hi'"}
    desk.define(
        {**DESK, "ignore": [], "map": {"subject": "mail.subject", "source": "mail.from"}},
        {"kind": "rule", "name": "got_it", "on": {"object": "enquiry", "event": "created"},
         "do": [{"notify": told}]},
    )  # fmt: skip
    desk.made(mail("Disk full", message_id="<1@e.org>", auto_submitted="auto-generated"))
    desk.made(mail("A question", message_id="<2@e.org>", sender="bob@example.org"))
    desk.work()
    assert [one.recipients for one in desk.smtp.mails] == [["bob@example.org"]]
    failed = desk.client.rows("/api/deliveries", state="failed")
    assert ["machine" in one["error"] for one in failed] == [True]


def test_a_proposed_subject_tells_its_author_nothing_hidden(desk: Desk) -> None:
    grants = [{"object": "enquiry", "can": ["read", "update"], "fields": {"subject": "none"}}]
    desk.define({"kind": "role", "name": "blind", "label": "Blind", "grants": grants})
    record = str(desk.client.made("enquiry", subject="Pregnancy")["id"])
    number = desk.enquiry(record)["number"]
    blind = desk.client.person("blind@example.com", "blind")
    seen = blind.get(f"/api/records/enquiry/{record}/reply")
    assert seen.status == 200 and number in seen.json()["subject"]
    assert "Pregnancy" not in seen.text + blind.get(f"/o/enquiry/{record}").text
    member = desk.client.made("member", name="Ann")["id"]
    assert desk.client.get(f"/api/records/member/{member}/reply").status == 409
