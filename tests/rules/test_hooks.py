"""Inbound hooks: proved, mapped by expressions, at most one record, and rules that follow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import pytest

from rules.webhooks import secret_of, signature
from tests.app import Client, Reply
from tests.rules.house import SECRET, House, Json, rule

RETURNS: Json = {
    "kind": "hook",
    "name": "returns",
    "auth": "signature",
    "secret": {"env": "LIBRARY_SECRET"},
    "object": "loan",
    "map": {
        "name": "trim(body.item.title) & ' (' & upper(body.item.code) & ')'",
        "member": {"find": "email", "value": "lower(body.member.email)"},
        "level": "number(body.item.shelf) + number(body.item_shelf) + 1",
        "due": "body.due",
        "fee": "body.fee",
        "status": "'late' if body.late == 'true' else 'open'",
    },
    "key": ["name"],
}
BODY: Json = {
    "item": {"title": " Emma ", "code": "e-1", "shelf": 4},
    "member": {"email": "ANN@example.org"},
    "item_shelf": 0,
    "due": "2026-07-01",
    "fee": {"amount": "1.50", "currency": "EUR"},
    "late": True,
    "more": ["is", "ignored"],
}


class Outside:
    """Another system that calls a hook."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.client = Client(house.client.app)

    def send(
        self, body: Any, message: str = "msg_1", name: str = "returns", age: int = 0, **more: str
    ) -> Reply:
        raw = orjson.dumps(body)
        stamp = int(self.house.engine.clock.now().timestamp()) - age
        secret = secret_of("S", {"S": SECRET})
        headers = {
            "webhook-id": message,
            "webhook-timestamp": str(stamp),
            "webhook-signature": f"v1,b2xk {signature(secret, message, stamp, raw)}",
            **{key.replace("_", "-"): value for key, value in more.items()},
        }
        return self.client.call("POST", f"/hooks/{name}", body=raw, headers=headers)


@pytest.fixture
def outside(house: House) -> Outside:
    house.client.made("member", name="Ann", email="ann@example.org")
    house.define(RETURNS)
    return Outside(house)


def test_a_call_makes_one_record_and_later_ones_change_it(house: House, outside: Outside) -> None:
    letter = {"create": "letter", "set": {"name": "'Back: ' & name"}}
    house.define(rule("thank", {"hook": "returns"}, letter, when="status == 'late'"))
    reply = outside.send(BODY)
    assert (reply.status, reply.json()["created"]) == (201, True), reply.text
    (loan,) = house.client.rows("/api/records/loan", fields="name,level,due,fee,status,member.name")
    assert (loan["name"], loan["level"], loan["status"]) == ("Emma (E-1)", "5", "late")
    assert (loan["due"], loan["member"]["name"]) == ("2026-07-01", "Ann")
    assert loan["fee"] == {"amount": "1.50", "currency": "EUR"}
    # The same message again, and at the same moment: once.
    again = outside.send({**BODY, "due": "2026-08-01"})
    assert (again.status, again.json()) == (201, reply.json())
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda n: outside.send(BODY, "msg_2"), range(3)))
    assert {(one.status, one.json()["id"]) for one in found} == {(200, reply.json()["id"])}
    # Another message changes the record; what it does not say stays.
    changed = outside.send({"item": BODY["item"], "due": "2026-09-01"}, "msg_3")
    assert (changed.status, changed.json()["created"]) == (200, False), changed.text
    (loan,) = house.client.rows("/api/records/loan")
    assert (loan["due"], loan["fee"]["amount"]) == ("2026-09-01", "1.50")
    history = house.client.rows(f"/api/records/loan/{loan['id']}/history")
    assert {one["rule"] for one in history} == {"hook:returns"}
    house.work()
    assert {one["name"] for one in house.client.rows("/api/records/letter")} == {"Back: Emma (E-1)"}
    assert house.outcomes("thank")[0] == "done"


def test_what_is_not_proved_or_does_not_fit_changes_nothing(house: House, outside: Outside) -> None:
    raw = orjson.dumps(BODY)
    assert outside.client.call("POST", "/hooks/returns", body=raw).status == 401
    assert outside.send(BODY, webhook_signature="v1,AAAA").status == 401
    assert outside.send(BODY, age=400).status == 401
    assert outside.send(BODY, name="nothing").status == 404
    assert outside.send([BODY]).status == 400
    for change, pointer in (
        ({"member": {"email": "no@example.org"}}, "/member"),
        ({"due": "tomorrow"}, "/due"),
    ):
        reply = outside.send({**BODY, **change}, "bad")
        assert reply.status == 422 and reply.json()["errors"][0]["pointer"] == pointer, reply.text
    assert house.client.rows("/api/records/loan") == []
    assert outside.send({**BODY, "due": "soon"}, "bad_9").status == 422
    # It was not taken, so the same message may come again once it is mended.
    assert outside.send(BODY, "bad_9").status == 201
    house.define({**RETURNS, "active": False})
    assert outside.send(BODY, "msg_9").status == 404
    house.engine.clock._shift += timedelta(days=40)
    house.work()
    assert house.sql("SELECT count(*) FROM fluvial_received") == [(0,)]


def test_a_token_proves_as_well(
    house: House, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = {
        **RETURNS,
        "name": "plain",
        "auth": "token",
        "secret": {"env": "PLAIN"},
        "key": ["due"],
    }
    house.define({**plain, "map": {"name": "body.name", "due": "body.due"}})
    body = orjson.dumps({"name": "Emma", "due": "2026-07-01"})

    def call(token: str, raw: bytes = body) -> Reply:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return outside.client.call("POST", "/hooks/plain", body=raw, headers=headers)

    waiting = call("open sesame")
    assert waiting.status == 503
    assert "PLAIN" not in waiting.text and "environment" not in waiting.text
    monkeypatch.setenv("PLAIN", "open sesame")
    assert [call(token).status for token in ("", "else", "open sesame")] == [401, 401, 201]
    assert call("open sesame").status == 200
    assert call("open sesame", orjson.dumps({"name": "Emma"})).status == 422
    several = call("open sesame", orjson.dumps({"name": "Emma", "due": ["2026-07-01"]}))
    assert several.json()["errors"][0]["code"] == "no_key"
    house.client.made("loan", name="Other", due="2026-07-01")
    assert call("open sesame").status == 409


def test_documents_are_checked(house: House) -> None:
    wrong: list[tuple[Json, str, str]] = [
        ({"object": "laon"}, "/object", "`loan`"),
        ({"map": {"nmae": "body.name"}}, "/map/nmae", "`name`"),
        ({"map": {"name": "uper(body.name)"}}, "/map/name", "`upper`"),
        ({"map": {"level": "body.a & body.b"}}, "/map/level", "number(...)"),
        ({"map": {"name": "body.first.name + 1"}}, "/map/name", "`body.first.name`"),
        ({"map": {"created_at": "body.at"}}, "/map/created_at", "set by the system"),
        (
            {"map": {"name": {"find": "email", "value": "body.x"}}},
            "/map/name/find",
            "a single record",
        ),
        ({"map": {"member": {"find": "emial", "value": "body.x"}}}, "/map/member/find", "`email`"),
        ({"key": ["due_on"]}, "/key/0", "not in the map"),
        ({"auth": "none"}, "/auth", "signature"),
    ]
    for change, pointer, said in wrong:
        reply = house.client.post("/api/meta/changes", {"documents": [{**RETURNS, **change}]})
        assert reply.status == 422, (change, reply.text)
        found = [one for one in reply.json()["errors"] if one["pointer"].endswith(pointer)]
        assert found and said in found[0]["message"], (change, reply.text)
