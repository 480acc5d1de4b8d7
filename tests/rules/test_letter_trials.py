"""Templates are tried on real records, for a chosen reader, and as a mail; they speak languages."""

from __future__ import annotations

from typing import Any

from tests.app import PASSWORD, told
from tests.rules.house import House, rule

LETTER: dict[str, Any] = {
    "for": "loan",
    "subject": "Due: {{ loan.name }}",
    "body": "<p>{{ loan.member.name }}, {{ loan.due | date }}</p>",
}
GERMAN = {"de": {"subject": "Fällig: {{ loan.name }}", "body": "<p>Am {{ loan.due | date }}</p>"}}
DUE = "2026-03-05"


def tried(house: House, template: dict[str, Any], **more: Any) -> dict[str, Any]:
    reply = house.client.post("/api/templates/preview", {"template": template, **more})
    assert reply.status == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def loan(house: House, **values: Any) -> dict[str, Any]:
    member = house.client.made("member", name="Lee", email="lee@example.org")
    return house.client.made("loan", name="Emma", member=member["id"], due=DUE, **values)


def test_a_preview_shows_the_letter_on_a_real_record(house: House) -> None:
    assert tried(house, LETTER)["record"] is None
    made = loan(house)
    found = tried(house, LETTER)
    assert (found["subject"], found["text"]) == ("Due: Emma", "Lee, 5 Mar 2026")
    assert found["html"] == "<p>Lee, 5 Mar 2026</p>"
    assert found["record"] == {"id": made["id"], "title": made["title"]}
    plain = tried(house, {**LETTER, "body": "Hello & <{{ loan.name }}>\n\nBye"}, record=made["id"])
    assert plain["html"] == "<p>Hello &amp; &lt;Emma&gt;</p><p>Bye</p>"
    spoken = tried(house, {**LETTER, "translations": GERMAN}, language="de")
    assert (spoken["subject"], spoken["text"]) == ("Fällig: Emma", "Am 5 März 2026")
    assert tried(house, {**LETTER, "translations": GERMAN}, language="fr")["subject"] == "Due: Emma"


def test_what_is_wrong_is_told_at_its_place(house: House) -> None:
    loan(house)
    faults = tried(house, {**LETTER, "subject": "{{ loan.nothing }}", "body": "{% for %}"})[
        "faults"
    ]
    assert [one["pointer"] for one in faults] == ["/subject", "/body"]
    assert "no field `nothing`" in faults[0]["message"]
    faults = tried(house, {**LETTER, "body": "{{ 1 / 0 }}"})["faults"]
    assert "cannot be rendered" in faults[0]["message"]
    assert tried(house, {**LETTER, "as_of": "tomorow("})["faults"][0]["pointer"] == "/as_of"
    for body in (
        {"template": {"for": "nothing"}}, {"template": 3}, {"template": LETTER, "record": "x"},
        {"template": LETTER, "recipient": "x"}, {"template": LETTER, "language": "German"},
        {"template": {**LETTER, "subject": 3}}, {"template": LETTER, "more": 1},
    ):  # fmt: skip
        reply = house.client.post("/api/templates/preview", body)
        assert 400 <= reply.status < 500, (body, reply.text)


def test_a_preview_tells_what_both_may_read(house: House) -> None:
    made = loan(house)
    house.define({"kind": "role", "name": "porter", "grants": [
        {"object": "loan", "can": ["read"], "fields": {"due": "none"}}]})  # fmt: skip
    porter = house.client.made("user", email="p@example.org", name="P", roles=["porter"])
    found = tried(house, LETTER, record=made["id"], recipient=porter["id"])
    assert "2026" not in told(found["text"]) and "Lee" not in found["text"]
    author = house.client.person("a@example.org", "porter")
    reply = author.post("/api/templates/preview", {"template": LETTER, "record": made["id"]})
    assert reply.status == 403


def test_nobody_learns_of_people_by_choosing_them_as_reader(house: House) -> None:
    """Neither who there is, nor the address of those whose name one may read."""
    other = house.client.made("user", email="hidden@example.org", name="Hidden Name")
    loans = {"object": "loan", "can": ["read"]}
    roles = {
        "alone": [loans],
        "names": [loans, {"object": "user", "can": ["read"], "fields": {"email": "none"}}],
        "own": [loans, {"object": "user", "can": ["read"], "where": "id == me"}],
    }
    for name, grants in roles.items():
        house.define({"kind": "role", "name": name, "meta": ["read", "write"], "grants": grants})
        author = house.client.person(f"{name}@example.org", name)
        chosen = {"template": LETTER, "recipient": other["id"]}
        reply = author.post("/api/templates/preview", chosen)
        assert "hidden@example.org" not in reply.text
        assert (reply.status == 200) == ("Hidden Name" in reply.text) == (name == "names")
        own = author.post("/api/templates/preview", {"template": LETTER}).json()["recipient"]
        assert own["email"] == f"{name}@example.org"
        again = author.post("/api/templates/preview", {"template": LETTER, "recipient": own["id"]})
        assert again.json()["recipient"] == own


def test_a_test_mail_arrives_at_once_and_only_at_oneself(house: House) -> None:
    made = loan(house)
    body = {"template": {**LETTER, "translations": GERMAN}, "record": made["id"], "language": "de"}
    reply = house.client.post("/api/templates/test", body)
    assert reply.json() == {"to": "admin@example.com", "said": "The mail server accepted it."}
    (mail,) = house.smtp.wait(1)
    assert mail.message["Subject"] == "Test: Fällig: Emma"
    assert mail.recipients == ["admin@example.com"]
    html, plain = mail.message.get_body(("html",)), mail.message.get_body(("plain",))
    assert html is not None and "<p>Am 5 März 2026</p>" in html.get_content()
    assert plain is not None and plain.get_content().strip() == "Am 5 März 2026"
    house.smtp.replies.append("550 5.1.1 no such person")
    refused = house.client.post("/api/templates/test", body)
    assert refused.status == 409 and "550" in refused.text
    wrong = {"template": {**LETTER, "body": "{{ loan.nothing }}"}, "record": made["id"]}
    assert house.client.post("/api/templates/test", wrong).status == 422


def test_people_get_the_words_of_their_language(house: House) -> None:
    for name, language in (("lee", "de"), ("kim", None)):
        house.client.made("user", email=f"{name}@example.org", name=name, language=language,
                          password=PASSWORD, roles=["administrator"])  # fmt: skip
    house.define(
        {"kind": "template", "name": "due", **LETTER, "translations": GERMAN},
        rule("tell", {"object": "loan", "event": "created"},
             {"notify": {"to": ["'lee@example.org, kim@example.org'"], "by": ["email"],
                         "template": "due"}}),
    )  # fmt: skip
    loan(house)
    house.work()
    subjects = {mail.recipients[0]: mail.message["Subject"] for mail in house.smtp.wait(2)}
    assert subjects == {"lee@example.org": "Fällig: Emma", "kim@example.org": "Due: Emma"}


def test_every_translation_is_checked(house: House) -> None:
    wrong = {"de": {"body": "{{ loan.nothing }}"}}
    reply = house.client.put(
        "/api/meta/template/due",
        {"kind": "template", "name": "due", **LETTER, "translations": wrong},
    )
    assert reply.status == 422
    assert reply.json()["errors"][0]["pointer"].endswith("/translations/de/body")
