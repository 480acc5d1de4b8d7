"""Messages obey the rights of those who read them, and not only those of the rule."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Documents, told
from tests.rules.house import House, house, rule

__all__ = ["house"]

Json = dict[str, Any]
CREATED: Json = {"object": "loan", "event": "created"}

MEMBER: Json = {
    "kind": "object", "name": "member", "title": "{name}",
    "fields": [{"name": "name", "kind": "text"}, {"name": "email", "kind": "text"},
               {"name": "debt", "kind": "number", "scale": 0},
               {"name": "branch", "kind": "choice",
                "options": [{"name": "north"}, {"name": "south"}]}],
}  # fmt: skip
LOAN: Json = {
    "kind": "object", "name": "loan", "title": "{book} {member}",
    "fields": [{"name": "book", "kind": "text"}, {"name": "fee", "kind": "number", "scale": 0},
               {"name": "pin", "kind": "text", "protected": True},
               {"name": "keeper", "kind": "person", "accepts": ["user"]},
               {"name": "member", "kind": "lookup", "to": "member", "inverse": "loans"}],
}  # fmt: skip
ROLES: tuple[Json, ...] = (
    {"kind": "role", "name": "clerk", "label": "Clerk", "grants": [
        {"object": "loan", "can": ["*"], "fields": {"fee": "none"}},
        {"object": "member", "can": ["*"], "where": "branch == 'north'"}]},
    {"kind": "role", "name": "chief", "label": "Chief", "grants": [
        {"object": "loan", "can": ["*"]}, {"object": "member", "can": ["*"]}]},
    {"kind": "role", "name": "guest", "label": "Guest"},
)  # fmt: skip
BODY = (
    "<p>{{ loan.title }} | {{ loan.fee }} | {{ loan.member }} | {{ loan.member.debt }} | "
    "{{ loan.keeper.name }} | {% for l in loan.member.loans %}{{ l.book }} {% endfor %}</p>"
)
TEMPLATE: Json = {
    "kind": "template", "name": "lent", "for": "loan", "subject": "Lent: {{ loan.title }}",
    "body": BODY,
}  # fmt: skip
WORDS = (
    "title & ' | ' & text(fee) & ' | ' & member.name & ' | ' & text(member.debt) & ' | ' & "
    "text(count(member.loans)) & ' | ' & text(sum(member.loans, fee))"
)


@pytest.fixture
def documents() -> Documents:
    return [MEMBER, LOAN, *ROLES, TEMPLATE]


def lent(house: House, branch: str = "south", **values: Any) -> None:
    member = house.client.made("member", name="Ada", email="ada@example.org", debt=77,
                               branch=branch)  # fmt: skip
    house.client.made("loan", book="Emma", fee=55, member=member["id"], **values)
    house.work()


def said(house: House) -> dict[str, tuple[str, str]]:
    """Subject and first line of the mail to everybody, by the first word of the address."""
    found = {}
    for mail in house.smtp.mails:
        body = mail.message.get_body(("plain",))
        assert body is not None
        text = body.get_content().partition("https:")[0]
        name = mail.recipients[0].partition("@")[0]
        found[name] = (str(mail.message["Subject"]).strip(), " ".join(text.split()))
    return found


def people(house: House) -> None:
    for role in ("clerk", "chief", "guest"):
        house.person(f"{role}@example.org", role)


TO = [{"role": "clerk"}, {"role": "chief"}, {"role": "guest"}]


def test_everybody_gets_a_copy_of_a_template_with_what_they_may_read(house: House) -> None:
    people(house)
    house.define(rule("tell", CREATED, {"notify": {"to": TO, "template": "lent"}}))
    keeper = house.person("kim@example.org")
    lent(house, keeper={"user": keeper})
    found = said(house)
    assert found["chief"] == ("Lent: Emma Ada", "Emma Ada | 55 | Ada | 77 | Kim | Emma")
    assert found["clerk"] == ("Lent: Emma", "Emma | | | | Kim |")
    assert found["guest"] == ("Lent:", "| | | | |")


def test_who_may_see_the_record_behind_a_look_up_is_told_of_it(house: House) -> None:
    people(house)
    house.define(rule("tell", CREATED, {"notify": {"to": TO, "template": "lent"}}))
    lent(house, "north")
    assert said(house)["clerk"] == ("Lent: Emma Ada", "Emma Ada | | Ada | 77 | | Emma")


def test_the_same_holds_for_words_without_a_template(house: House) -> None:
    people(house)
    words = {"subject": "'Lent: ' & title", "text": WORDS}
    house.define(rule("tell", CREATED, {"notify": {"to": TO, **words}}))
    lent(house)
    found = said(house)
    assert found["chief"] == ("Lent: Emma Ada", "Emma Ada | 55 | Ada | 77 | 1 | 55")
    assert found["clerk"] == ("Lent: Emma", "Emma | | | | 0 |")
    assert found["guest"][0] == "Lent:" and not set("Emma5A7") & set(found["guest"][1])


def test_notifications_are_copies_too(house: House) -> None:
    people(house)
    words = {"subject": "'Lent: ' & title", "text": "'Fee: ' & text(fee)"}
    house.define(rule("tell", CREATED, {"notify": {"to": TO, "by": ["in_app"], **words}}))
    lent(house)
    rows = house.sql("SELECT title, body FROM fluvial_notification ORDER BY title DESC, body DESC")
    assert [tuple(row) for row in rows] == [
        ("Lent: Emma Ada", "Fee: 55"), ("Lent: Emma", "Fee:"), ("Lent: ", "Fee:"),
    ]  # fmt: skip


def test_an_address_of_somebody_in_the_system_has_their_rights(house: House) -> None:
    people(house)
    to = ["'CLERK@example.org'", "member.email"]
    house.define(rule("tell", CREATED, {"notify": {"to": to, "template": "lent"}}))
    lent(house)
    found = {name.lower(): words for name, words in said(house).items()}
    assert found["clerk"] == ("Lent: Emma", "Emma | | | | |")
    assert found["ada"] == ("Lent: Emma Ada", "Emma Ada | 55 | Ada | 77 | | Emma")


def test_a_rule_in_the_name_of_a_role_tells_nobody_more_than_the_role(house: House) -> None:
    people(house)
    to = [{"role": "chief"}, {"role": "clerk"}, "member.email"]
    notify = {"notify": {"to": to, "template": "lent"}}
    house.define(rule("tell", CREATED, notify, run_as="clerk"))
    lent(house)
    found = said(house)
    assert found["chief"] == found["clerk"] == found["ada"] == ("Lent: Emma", "Emma | | | | |")


def test_a_protected_field_is_in_no_copy(house: House) -> None:
    people(house)
    house.person("root@example.org", "administrator")
    to = [{"role": "administrator"}, {"role": "chief"}]
    words = {"subject": "'Pin'", "text": "'Pin: ' & pin"}
    house.define(rule("tell", CREATED, {"notify": {"to": to, **words}}))
    lent(house, pin="1234")
    assert {text for _, text in said(house).values()} == {"Pin:"}


def test_a_message_about_a_deleted_record_tells_the_same(house: House) -> None:
    people(house)
    deleted = {"object": "loan", "event": "deleted"}
    house.define(rule("tell", deleted, {"notify": {"to": TO, "template": "lent"}}))
    lent(house)
    loan = house.client.rows("/api/records/loan")[0]["id"]
    assert house.client.delete(f"/api/records/loan/{loan}").status == 204
    house.work()
    found = said(house)
    assert found["chief"][1].startswith("Emma Ada | 55")
    assert "55" not in told(found["clerk"]) and "Ada" not in str(found["clerk"])
    assert "Emma" not in str(found["guest"])


def test_a_mention_names_the_record_as_its_reader_may(house: House) -> None:
    people(house)
    lent(house)
    loan = house.client.rows("/api/records/loan")[0]["id"]
    clerk = house.sql("SELECT id FROM \"user\" WHERE email = 'clerk@example.org'")[0][0]
    body = {"text": "Look", "mentions": [str(clerk)]}
    assert house.client.post(f"/api/records/loan/{loan}/comments", body).status == 201
    ((title,),) = house.sql("SELECT title FROM fluvial_notification")
    assert title.endswith("mentions you: Emma")
