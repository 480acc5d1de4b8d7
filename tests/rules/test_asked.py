"""Buttons that ask: answers are typed values of the rule, wrong ones are told at their places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fluvial.apptests.checking import check
from fluvial.http.assistant_tools import TOOLS
from fluvial.kernel.features import load_features
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.document_files import parse_documents
from tests.app import Client, Documents, Reply

Json = dict[str, Any]

OFFER: Json = {
    "kind": "object", "name": "offer", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "status", "kind": "choice", "default": "approved",
         "options": [{"name": "approved"}, {"name": "sent"}]},
        {"name": "note", "kind": "text"},
        {"name": "total", "kind": "number", "scale": 2},
        {"name": "until", "kind": "date"},
        {"name": "sent_by", "kind": "choice", "options": [{"name": "mail"}, {"name": "post"}]},
        {"name": "cost", "kind": "number", "scale": 2},
        {"name": "owner_name", "kind": "text"},
    ],
}  # fmt: skip
LINE: Json = {
    "kind": "object", "name": "line",
    "fields": [
        {"name": "offer", "kind": "lookup", "to": "offer", "inverse": "lines", "owned": True},
        {"name": "price", "kind": "number", "scale": 2},
        {"name": "note", "kind": "text"},
    ],
}  # fmt: skip
SEND: Json = {
    "kind": "rule", "name": "send",
    "on": {
        "object": "offer", "button": "Send", "allow": ["sales"],
        "when": "status == 'approved'", "message": "Have it approved first.",
        "ask": [
            {"name": "note", "kind": "long_text", "required": True},
            {"name": "discount", "kind": "number", "scale": 2, "min": 0, "max": 50, "default": 0},
            {"name": "until", "kind": "date", "default": "today() + days(10)"},
            {"name": "by", "kind": "choice", "default": "mail",
             "options": [{"name": "mail"}, {"name": "post"}]},
            {"name": "urgent", "kind": "boolean"},
        ],
    },
    "do": [
        {"update": {"set": {"status": "'sent'", "note": "asked.note & ' by ' & me.name",
                            "total": "total * (1 - asked.discount / 100)", "until": "asked.until",
                            "sent_by": "asked.by"}}},
        {"update": {"each": "lines", "where": "price > asked.discount",
                    "set": {"note": "asked.note"}}},
        {"create": "line", "set": {"offer": "record", "note": "'fast' if asked.urgent else 'slow'",
                                   "price": "count(lines, price > asked.discount)"}},
        {"notify": {"to": "'pat@example.com'", "by": ["email"], "subject": "asked.note",
                    "text": "name"}},
    ],
}  # fmt: skip
SALES: Json = {
    "kind": "role", "name": "sales",
    "grants": [{"object": "offer", "can": ["read"], "fields": {"cost": "none"}},
               {"object": "line", "can": ["read"]}],
}  # fmt: skip
CLERK: Json = {"kind": "role", "name": "clerk",
               "grants": [{"object": "offer", "can": ["read", "update"]}]}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [OFFER, LINE, SALES, CLERK, SEND]


@pytest.fixture
def offer(client: Client) -> Json:
    return client.made("offer", name="Desks", total="200.00", cost="7")


@pytest.fixture
def sales(client: Client) -> Client:
    return client.person("sam@example.com", "sales")


def press(client: Client, offer: Json, name: str = "send", **answers: Any) -> Reply:
    return client.post(f"/api/records/offer/{offer['id']}/actions/{name}", answers)


def faults(reply: Reply) -> list[tuple[str, str]]:
    assert reply.status == 422, reply.text
    return [(one["pointer"], one["code"]) for one in reply.json()["errors"]]


def test_answers_are_typed_values_of_the_actions(
    client: Client, sales: Client, offer: Json
) -> None:
    for price in ("5", "25"):
        client.made("line", offer=offer["id"], price=price)
    reply = press(sales, offer, note="As agreed", discount="12.5", urgent=True, by="post")
    assert reply.status == 200, reply.text
    now = client.get(f"/api/records/offer/{offer['id']}").json()
    assert (now["status"], now["note"]) == ("sent", "As agreed by Sam")
    assert (now["total"], now["sent_by"]) == ("175.00", "post")
    assert now["until"] > now["updated_at"][:10]  # what nobody says is what is usual
    lines = {one["price"]: one["note"] for one in client.rows("/api/records/line")}
    assert lines == {"5.00": None, "25.00": "As agreed", "1.00": "fast"}


def test_wrong_answers_are_told_at_once_and_nothing_happens(
    client: Client, sales: Client, offer: Json
) -> None:
    reply = press(sales, offer, discount="60", by="pigeon", until="soon", nots="x")
    assert faults(reply) == [
        ("/nots", "unknown_field"), ("/note", "required"), ("/discount", "above_max"),
        ("/until", "not_a_date"), ("/by", "not_an_option"),
    ]  # fmt: skip
    assert "Did you mean `note`?" in reply.text
    assert client.get(f"/api/records/offer/{offer['id']}").json()["status"] == "approved"
    stale = press(sales, offer, note="x", rev=offer["rev"] + 1)
    assert stale.status == 409
    plain = SEND | {"name": "plain", "on": {"object": "offer", "button": "Plain"},
                    "do": [{"update": {"set": {"note": "'plain'"}}}]}  # fmt: skip
    client.define(plain)
    assert faults(press(client, offer, "plain", note="x")) == [("/note", "unknown_field")]
    assert press(client, offer, "plain").status == 200


def test_who_may_not_press_is_refused_and_does_not_see_it(
    client: Client, sales: Client, offer: Json
) -> None:
    clerk = client.person("cleo@example.com", "clerk")
    assert press(clerk, offer, note="x").status == 403
    assert "actions/send" not in clerk.get(f"/o/offer/{offer['id']}").text
    assert f"/o/offer/{offer['id']}/ask?action=send" in sales.get(f"/o/offer/{offer['id']}").text
    assert press(sales, offer, note="x").status == 200
    again = press(sales, offer, note="x")
    assert (again.status, again.json()["detail"]) == (409, "Have it approved first.")
    assert "actions/send" not in sales.get(f"/o/offer/{offer['id']}").text


def test_the_page_asks_without_scripts_too(client: Client, sales: Client, offer: Json) -> None:
    here = f"/o/offer/{offer['id']}"

    def post(**form: str) -> Reply:
        body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
        sent = {"content-type": "application/x-www-form-urlencoded"}
        return sales.call("POST", f"{here}/actions/send", body=body, headers=sent)

    asked = post()
    assert (asked.status, asked.headers["location"]) == (303, f"{here}/ask?action=send")
    page = sales.get(asked.headers["location"]).text
    assert 'name="note"' in page and 'name="discount"' in page and "Desks" in page
    wrong = post(**{".asked": "note,discount,until,by,urgent", "note": "", "discount": "9"})
    assert wrong.status == 422 and "Note is required." in wrong.text
    right = {".asked": "note,discount,until,by,urgent", "note": "Hello", "discount": "10"}
    assert post(**right).status == 303
    now = client.get(f"/api/records/offer/{offer['id']}").json()
    assert (now["note"], now["total"]) == ("Hello by Sam", "180.00")


def test_a_usual_answer_tells_nobody_what_they_may_not_read(
    client: Client, sales: Client, offer: Json
) -> None:
    rule = SEND | {"name": "price", "on": SEND["on"] | {"ask": [
        {"name": "cost", "kind": "number", "scale": 2, "default": "cost"}]},
        "do": [{"update": {"set": {"note": "'cost ' & text(asked.cost)"}}}]}  # fmt: skip
    client.define(rule)
    assert "7.00" not in sales.get(f"/o/offer/{offer['id']}/ask?action=price").text
    assert "7.00" in client.get(f"/o/offer/{offer['id']}/ask?action=price").text


def test_a_selection_is_asked_once(client: Client, sales: Client, offer: Json) -> None:
    other = client.made("offer", name="Chairs", total="100.00", status="sent")
    asked = sales.get("/o/offer/bulk/ask?action=send")
    assert asked.status == 200 and 'name="note"' in asked.text
    many = {"action": "send", "answers": {"discount": "99"}}
    wrong = sales.post("/o/offer/bulk", many, accept="application/json")
    assert faults(wrong) == [("/discount", "above_max")]
    body = {"action": "send", "answers": {"note": "All", "discount": "50"}}
    job = sales.post("/o/offer/bulk", body).json()
    assert (job["result"]["pressed"], job["result"]["refused"]) == (1, 1)
    assert job["result"]["reasons"][0] == {
        "id": other["id"], "title": "Chairs", "reason": "Have it approved first.",
    }  # fmt: skip
    assert client.get(f"/api/records/offer/{offer['id']}").json()["total"] == "100.00"
    assert "bulk-press" in sales.get("/o/offer").text


def test_a_condition_may_wait_for_an_answer(client: Client, sales: Client, offer: Json) -> None:
    client.define(SEND | {"when": "asked.note != 'no' and total > 1"})
    refused = press(sales, offer, note="no")
    assert refused.status == 409
    assert press(sales, offer, note="yes").status == 200


WRONG: list[tuple[Json, str, str]] = [
    ({"kind": "lookup"}, "/on/ask/0", "`to` is missing"),
    ({"kind": "multi_lookup", "to": "nothing"}, "/on/ask/0/to", "nothing"),
    ({"kind": "lookup", "to": "line", "where": "nothing == 1"}, "/on/ask/0/where", ""),
    ({"kind": "lookup", "to": "line", "inverse": "asked"}, "/on/ask/0/inverse", "does not apply"),
    ({"kind": "any_lookup", "to": ["offer"]}, "/on/ask/0/kind", "cannot ask for"),
    ({"kind": "sequence"}, "/on/ask/0/kind", "cannot ask for a sequence"),
    ({"kind": "text", "unique": True}, "/on/ask/0/unique", "does not apply"),
    ({"kind": "choice", "depends_on": "status"}, "/on/ask/0/depends_on", "does not apply"),
    ({"kind": "number", "min": 5, "max": 1}, "/on/ask/0", ""),
    ({"kind": "number", "default": "loud"}, "/on/ask/0/default", "loud"),
    ({"name": "rev", "kind": "text"}, "/on/ask/0/name", "a field that every record has"),
]


def test_what_cannot_be_asked_is_said_when_it_is_saved(client: Client) -> None:
    for question, place, said in WRONG:
        on: Json = {"object": "offer", "button": "Ask", "ask": [{"name": "it", **question}]}
        rule: Json = {"kind": "rule", "name": "wrong", "on": on,
                "do": [{"update": {"set": {"note": "'x'"}}}]}  # fmt: skip
        reply = client.post("/api/meta/changes", {"documents": [rule]})
        assert reply.status == 422, (question, reply.text)
        assert any(f"/rule/wrong{place}" in one["pointer"] for one in reply.json()["errors"]), (
            reply.text
        )
        assert said in reply.text, (question, reply.text)
    others: list[tuple[Json, str]] = [
        ({"event": "created", "ask": [{"name": "it", "kind": "text"}]}, "/on/ask"),
        ({"button": "B", "ask": [{"name": "a", "kind": "text"}] * 2}, "/on/ask/1/name"),
        ({"button": "B", "ask": []}, "/on/ask"),
    ]
    for other, place in others:
        rule = {"kind": "rule", "name": "wrong", "on": {"object": "offer", **other},
                "do": [{"update": {"set": {"note": "'x'"}}}]}  # fmt: skip
        reply = client.post("/api/meta/changes", {"documents": [rule]})
        assert [one["pointer"] for one in reply.json()["errors"]] == [f"/rule/wrong{place}"]
    unknown = SEND | {"name": "wrong", "do": [{"update": {"set": {"note": "asked.noet"}}}]}
    assert client.post("/api/meta/changes", {"documents": [unknown]}).status == 422
    number = SEND | {"name": "wrong", "do": [{"update": {"set": {"until": "asked.discount"}}}]}
    assert client.post("/api/meta/changes", {"documents": [number]}).status == 422


def test_an_apps_tests_press_buttons_with_answers(tmp_path: Path) -> None:
    app = {"kind": "app", "name": "offers", "label": "Offers", "version": "1.0.0"}
    told: Json = {
        "name": "sending", "today": "2026-11-25",
        "given": {"offer": [{"ref": "it", "fields": {"name": "Desks", "total": 100}}]},
        "when": {"act": "it", "action": "send", "fields": {"note": "Hi", "discount": 10}},
        "then": {"records": [{"ref": "it", "fields": {"total": 90, "status": "sent"}}]},
    }  # fmt: skip
    refused = told | {
        "name": "refusing", "when": told["when"] | {"fields": {"discount": 90}},
        "then": {"refused": {"field": "discount", "says": "Write 50 or less"}},
    }  # fmt: skip
    never = told | {
        "name": "too_late", "when": [told["when"], told["when"]],
        "then": {"refused": {"says": "Have it approved first"}},
    }  # fmt: skip
    for document in (app, OFFER, LINE, SALES, CLERK, SEND):
        folder = {"app": "", "object": "objects", "role": "roles", "rule": "rules"}
        path = tmp_path / folder[document["kind"]]
        path.mkdir(exist_ok=True)
        name = "app" if document is app else document["name"]
        (path / f"{name}.yaml").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "tests").mkdir()
    for test in (told, refused, never):
        (tmp_path / "tests" / f"{test['name']}.yaml").write_text(json.dumps(test), encoding="utf-8")
    report = check(tmp_path, load_features().kinds)
    assert [str(one) for one in (*report.faults, *report.failures)] == []
    assert report.tests == 3


def test_the_example_of_the_guide(client: Client) -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    text = page.partition("# rules/send_offer.yaml\n")[2].partition("```")[0]
    (rule,) = parse_documents(text, "rules/send_offer.yaml")
    fields = [
        *OFFER["fields"],
        {"name": "valid_until", "kind": "date"},
        {"name": "discount", "kind": "number", "scale": 1},
        {"name": "contact_email", "kind": "text", "format": "email"},
    ]
    client.define(OFFER | {"fields": fields}, rule)
    offer = client.made("offer", name="Desks", contact_email="pat@example.com")
    assert press(client, offer, "send_offer", note="As agreed", discount="5").status == 200
    now = client.get(f"/api/records/offer/{offer['id']}").json()
    assert (now["status"], now["discount"]) == ("sent", "5.0") and now["valid_until"]


def test_designers_check_expressions_with_answers(client: Client) -> None:
    names = {
        "asked.discount": {"name": "discount", "kind": "number", "scale": 2},
        "asked.by": {"name": "by", "kind": "choice", "options": [{"name": "mail"}]},
    }
    for text, fault in (
        ("total * asked.discount", ""),
        ("count(lines, price > asked.discount)", ""),
        ("asked.by == 'mail'", ""),
        ("asked.nothing", "asked"),
        ("asked.by == 'pigeon'", "pigeon"),
    ):
        body = {"object": "offer", "text": text, "names": names}
        reply = client.post("/studio/expressions", body)
        assert reply.status == 200, reply.text
        found = " ".join(one["message"] for one in reply.json()["faults"])
        assert (fault in found) if fault else found == "", (text, found)


def test_assistants_are_told_what_buttons_ask(engine: Engine) -> None:
    tool = next(one for one in TOOLS if one.name == "describe_object")
    assert tool.told is not None
    told = tool.told(Session.begin(engine), {"object": "offer"})
    assert told["actions"] == ["send"]
    note = {"name": "note", "label": "Note", "kind": "long_text", "required": True}
    assert told["asked"]["send"][0] == note
