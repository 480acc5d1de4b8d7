"""Templates in plain text say what they say, whatever stands in their places."""

from __future__ import annotations

from typing import cast

import pytest

from tests.app import ONE_DATABASE
from tests.rules.house import House, Json, endpoint, rule

pytestmark = ONE_DATABASE

# The body of a template, and what the text and the HTML of its mail contain.
BODIES = [
    ("Dear {{ loan.member.name | default('x') }}, & so on", "Dear Ann, & so on", "Ann, &amp; so"),
    ('{{ loan.name ~ " & \\"more\\"" }}', 'Emma & "more"', "Emma &amp; &#34;more&#34;"),
    ("{% if loan.level < 5 and loan.level > 1 %}few{% else %}many{% endif %}", "few", "<p>few</p>"),
    ("One {{ loan.name }}\nTwo > one & 1 < 2\n\n\"Three\"", 'Two > one & 1 < 2', "1 &lt; 2"),
    ("Write to <ann@example.org>", "Write to <ann@example.org>", "&lt;ann@example.org&gt;"),
    ("{% set x = 'a<b' %}{{ x }}", "a<b", "<p>a&lt;b</p>"),
    ("{{ {'a': \"it's\"}['a'] }}", "it's", "it&#39;s"),
    ("{# < & ' \" #}Emma's {{- ' loan' }}", "Emma's loan", "Emma&#x27;s loan"),
    ("{% raw %}{{ \"not\" & 'read' }}{% endraw %}", "{{ \"not\" & 'read' }}", "&quot;not&quot;"),
    ("<p>A {{ loan.name | replace('E', '<E>') }} &amp; {{ '&' }}</p>", "A <E>mma & &", "&lt;E&gt;"),
    ("{{ loan.member.name }}", "<b>Bob & \"Co\"</b>", "&lt;b&gt;Bob &amp; &#34;Co&#34;"),
]  # fmt: skip


def lent(house: House, body: str, name: str = "Ann") -> None:
    template = {"kind": "template", "name": "note", "for": "loan", "body": body}
    template["subject"] = "{{ loan.name | default('\"<&') }} & 'co' <{{ '&' }}>"
    to: Json = {"notify": {"to": ["member.email"], "template": "note"}}
    house.define(template, rule("note", {"object": "loan", "event": "created"}, to))
    member = house.client.made("member", name=name, email="ann@example.org")
    house.client.made("loan", name="Emma", member=member["id"], level=3)
    house.work()


@pytest.mark.parametrize(("body", "text", "html"), BODIES)
def test_a_mail_says_what_its_template_says(house: House, body: str, text: str, html: str) -> None:
    lent(house, body, name='<b>Bob & "Co"</b>' if "Bob" in text else "Ann")
    (mail,) = house.smtp.wait(1)
    plain = mail.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    shown = mail.message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert text in plain, plain
    assert html in shown, shown
    assert mail.message["Subject"] == "Emma & 'co' <&>"


TEXTS = [
    ("Dear {{ item.label | default('\"<&') }} & co < us", "Dear Emma & co < us"),
    ("{% if item.pages < 5 and 'm' in item.label %}\"few\"{% endif %}", '"few"'),
    ('{{ item.label ~ " & <b>\'" }}', "Emma & <b>'"),
]


def test_a_text_with_places_says_what_it_says(house: House) -> None:
    fields = [
        {"name": "label", "kind": "text"},
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "words", "kind": "long_text", "format": "template"},
    ]
    house.define(
        {"kind": "object", "name": "item", "title": "{label} & <{pages}>", "fields": fields}
    )
    for words, said in TEXTS:
        item = house.client.made("item", label="Emma", pages=3, words=words)
        assert item["title"] == "Emma & <3>"
        path = f"/api/records/item/{item['id']}/filled/words"
        assert house.client.get(path).json() == {"text": said}
        page = house.client.get(f"/o/item/{item['id']}")
        assert page.status == 200
        assert "<b>'" not in page.text


def test_the_body_of_a_webhook_keeps_quotes_and_signs(house: House) -> None:
    body = {"a": 'name & " \'&<>"', "b": "name & ' \"<&>'", "c": "level < 5 and level > 1"}
    post: Json = {"webhook": {"to": "desk", "body": body}}
    house.define(
        endpoint("desk", house.sink), rule("post", {"object": "loan", "event": "created"}, post)
    )
    house.client.made("loan", name="Emma", level=3)
    house.work()
    (call,) = house.sink.wait(1)
    sent = cast(Json, call.json())
    assert sent["data"] == {"a": "Emma '&<>", "b": 'Emma "<&>', "c": True}
