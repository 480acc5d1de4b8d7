"""Mails of rules over real SMTP: in any script, and whatever fails holds up no other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mailbox import DROP
from tests.rules.house import House, rule

CREATED = {"object": "loan", "event": "created"}
TEXTS = (
    "Drucker läuft nicht", "plain words", "Ελληνικά", "Привет, мир", "שלום עולם", "مرحبا بالعالم",
    "プリンターが動きません", "ไทย", "हिन्दी", "emoji 🚲",
    "5 € für “alles” – ½", "naïve\u00a0space",
)  # fmt: skip
ADDRESSES = {
    "n@exämple.de": "n@xn--exmple-cua.de",
    "info@münchen.example": "info@xn--mnchen-3ya.example",
    "kontakt@пример.рф": "kontakt@xn--e1afmkfd.xn--p1ai",
    "Plain.Name+tag@example.org": "Plain.Name+tag@example.org",
}


def tell(house: House, **more: Any) -> None:
    words: dict[str, Any] = {"subject": "name", "text": "name & ' / ' & name"}
    notify = {"to": ["member.email"], "by": ["email"], **words, **more}
    house.define(rule("tell", CREATED, {"notify": notify}))


def lent(house: House, *loans: tuple[str, str], at_once: bool) -> None:
    """Loans with their name and the address of who has it."""
    bodies = []
    for name, address in loans:
        member = house.client.made("member", name="Ann", email=address)
        bodies.append({"name": name, "member": member["id"]})
    if at_once:
        assert house.client.post("/api/records/loan", bodies).status == 201
    else:
        for body in bodies:
            house.client.made("loan", **body)


def plain(mail: Any) -> str:
    """Its words, without the link below them."""
    return str(mail.message.get_body(("plain",)).get_content()).splitlines()[0]


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "as a batch"])
def test_subjects_and_texts_in_any_script_arrive(house: House, at_once: bool) -> None:
    tell(house)
    lent(house, *((text, "ann@example.org") for text in TEXTS), at_once=at_once)
    house.work()
    mails = house.smtp.wait(len(TEXTS))
    assert sorted(str(mail.message["Subject"]) for mail in mails) == sorted(
        " ".join(text.split()) for text in TEXTS
    )
    found = sorted(plain(mail).replace("\u00a0", " ") for mail in mails)
    assert found == sorted(f"{t} / {t}".replace("\u00a0", " ") for t in TEXTS)
    assert all(mail.raw.isascii() for mail in mails)
    done = house.deliveries(state="done")
    assert len(done) == len(TEXTS) and {one["attempts"] for one in done} == {1}


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "as a batch"])
def test_domains_in_any_script_are_reached(house: House, at_once: bool) -> None:
    tell(house)
    lent(house, *((f"to {a}", a) for a in ADDRESSES), at_once=at_once)
    house.work()
    mails = house.smtp.wait(len(ADDRESSES))
    assert sorted(mail.recipients[0] for mail in mails) == sorted(ADDRESSES.values())
    assert len(house.deliveries(state="done")) == len(ADDRESSES)


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "as a batch"])
def test_an_address_that_is_none_holds_up_no_other(house: House, at_once: bool) -> None:
    tell(house)
    bad = ["jörg@example.org", "a..b@example.org", "n@-a-.de"]
    good = [f"good{n}@example.org" for n in range(4)]
    mixed = [*zip(("bad", "bad", "bad"), bad, strict=True), *(("good", a) for a in good)]
    lent(house, *mixed, at_once=at_once)
    house.work()
    assert sorted(mail.recipients[0] for mail in house.smtp.wait(4)) == good
    failed = house.deliveries(state="failed")
    assert sorted(one["target"] for one in failed) == sorted(bad)
    assert all("address" in one["error"] and one["attempts"] == 1 for one in failed)
    assert house.deliveries(state="pending") == []


@pytest.mark.parametrize(
    ("reply", "state"), [("550 5.1.1 no such person", "failed"), ("451 4.3.0 later", "pending"),
                         (DROP, "pending")],
)  # fmt: skip
def test_a_mail_that_is_not_taken_says_so_and_holds_up_no_other(
    house: House, reply: str, state: str
) -> None:
    tell(house)
    house.smtp.replies.append(reply)
    lent(house, *((f"mail {n}", f"a{n}@example.org") for n in range(3)), at_once=True)
    house.work()
    (held,) = house.deliveries(state=state)
    assert held["attempts"] == 1 and held["error"]
    assert len(house.deliveries(state="done")) == 2
    (shown,) = [
        effect
        for run in house.runs("tell")
        for effect in run["trace"]["effects"]
        if effect["id"] == held["id"]
    ]
    assert shown["kind"] == "email"
    house.hasten()
    house.work()
    assert len(house.deliveries(state="done")) == (2 if state == "failed" else 3)


def test_people_with_any_name_are_written_to(house: House) -> None:
    names = ['Zoë "Z" Müller', "Line\nBreak, of York", "O'Neil <x@y>", "山田 太郎", "  "]
    ids = []
    for at, name in enumerate(names):
        person = {"email": f"p{at}@example.org", "name": name if name.strip() else "x"}
        reply = house.client.post("/api/records/user", person)
        if reply.status == 201:
            ids.append(reply.json()["id"])
        else:
            assert reply.status == 422, reply.text  # refused with its reason
    assert len(ids) >= 4
    house.define(
        rule("tell", CREATED,
             {"notify": {"to": ["member.keeper"], "by": ["email"], "subject": "name"}})
    )  # fmt: skip
    for id in ids:
        member = house.client.made("member", name="Ann", keeper={"user": id})
        house.client.made("loan", name="Emma", member=member["id"])
    house.work()
    mails = house.smtp.wait(len(ids))
    assert all(len(mail.message["To"].addresses) == 1 for mail in mails)
    assert len(house.deliveries(state="done")) >= len(ids)
