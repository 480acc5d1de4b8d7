"""Mails of customers at the desk of the app: threads, machines, merging, and who sees what."""

from __future__ import annotations

from typing import Any

from fluvial.events.jobs import run_pending
from tests.app import PASSWORD, Client, Reply
from tests.apps.psa.books import Books
from tests.conversations.desk import mail
from tests.forms.shapes import multipart

Json = dict[str, Any]
CLOCKS = ("respond", "reply", "resolve")


def take(books: Books, outcome: str, raw: bytes) -> Json:
    body, headers = multipart(("file", "mail.eml", "message/rfc822", raw))
    path = "/api/mailboxes/support/mails"
    reply: Reply = books.client.call("POST", path, body=body, headers=headers)
    answer: Json = reply.json()
    assert reply.status in (200, 201) and answer["outcome"] == outcome, reply.text
    while run_pending(books.engine):
        pass
    return answer


def promised(books: Books) -> None:
    level = books.made(
        "service_level", name=f"Usual {books.at}", code=f"u{books.at}", calendar="round_the_clock"
    )
    books.made(
        "service_target", name="All", service_level=level, calendar="round_the_clock",
        **{name: at * 36_000 for at, name in enumerate(CLOCKS, 1)},
    )  # fmt: skip


def texts(client: Client, ticket: str) -> list[str]:
    return [one["text"] for one in client.rows(f"/api/records/ticket/{ticket}/messages")]


def test_mails_find_their_ticket_and_two_tickets_become_one(books: Books) -> None:
    promised(books)
    host = f"h{books.at}.example"
    jane = f"jane@{host}"
    contact = books.made("contact", name="Jane Mercer", email=jane, account=books.account)
    books.made("user", email=jane, name="Jane Mercer", roles=["customer_contact"],
               contact=contact, password=PASSWORD)  # fmt: skip

    def said(text: str, number: int, **more: str) -> bytes:
        return mail(text, sender=f"Jane <{jane}>", message_id=f"<{number}@{host}>", **more)

    first = take(books, "created", said("No toner.", 1, subject="Printer"))["record"]
    stays = books.read("ticket", first)
    assert (stays["contact"], stays["source"]) == (contact, "email")
    number = stays["number"]
    # By the number in the subject, by the thread, and the same mail twice is one message.
    for raw in (said("Still none.", 2, subject=f"Re: Printer [{number}]"),
                said("And now?", 3, subject="Printer", in_reply_to=f"<1@{host}>")):  # fmt: skip
        for _ in range(2):
            assert take(books, "added", raw)["record"] == first
    assert len(texts(books.client, first)) == 3
    books.act("ticket", first, "start")
    books.act("ticket", first, "ask_customer")
    away = said("I am away.", 4, subject=f"Re: [{number}]", auto_submitted="auto-replied")
    take(books, "ignored", away)
    paused = books.read("ticket", first)
    assert (paused["status"], paused["resolve_state"]) == ("waiting_customer", "paused")
    before = len(books.client.rows("/api/deliveries"))
    assert take(books, "ignored", said("I am away.", 5, auto_submitted="auto-replied"))
    assert len(books.client.rows("/api/deliveries")) == before  # no machine is answered

    portal = books.client.signed_in(jane, PASSWORD)
    assert portal.post(f"/api/records/ticket/{first}/comments", {"text": "Here"}).status == 201
    woken = books.read("ticket", first)
    assert (woken["status"], woken["next_reply_state"]) == ("replied", "running")

    other = take(books, "created", said("Same thing.", 6, subject="Printer again"))["record"]
    second = books.read("ticket", other)["number"]
    who = books.made(
        "resource", user={"user": books.client.get("/api/me").json()["id"]}, currency="GBP"
    )
    entry = books.made("time_entry", resource=who, ticket=other, worked=3600, note="Looked")
    merged = books.client.post(f"/api/records/ticket/{other}/merge", {"into": first})
    assert merged.status == 200, merged.text
    assert books.read("time_entry", entry)["ticket"] == first
    assert "Same thing." in texts(books.client, first)
    assert books.client.get(f"/api/records/ticket/{other}").status == 404
    for at, subject in ((7, f"[{number}]"), (8, f"[{second}]")):
        assert take(books, "added", said("More.", at, subject=subject))["record"] == first
