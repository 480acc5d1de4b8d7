"""Webhooks about one record arrive in its order, and an endpoint that is dead makes no work."""

from __future__ import annotations

from typing import Any

import pytest

from rules import deliveries, endpoint_pauses
from tests.rules.house import House, endpoint, rule
from tests.webhooks import DROP, HANG

LOAN = {"object": "loan", "event": ["created", "updated"]}


def post_rules(house: House, *names: str, **more: Any) -> None:
    """Each change of a loan goes to each endpoint."""
    body = {"name": "name", "status": "status"}
    for name in names:
        house.define(
            endpoint(name, house.sink, **more),
            rule(f"to_{name}", LOAN, {"webhook": {"to": name, "body": body}}),
        )


def change(house: House, loan: str, *states: str) -> None:
    for state in states:
        reply = house.client.patch(f"/api/records/loan/{loan}", {"status": state})
        assert reply.status == 200, reply.text


def seen(house: House, path: str = "/desk", *, accepted: bool = True) -> list[tuple[str, int]]:
    """What an endpoint has got, in the order in which it came: (name, rev)."""
    found: list[tuple[str, int]] = []
    for one in house.sink.deliveries:
        message: Any = one.json()
        if one.path == path and (one.reply == 200 or not accepted):
            found.append((message["data"]["name"], message["rev"]))
    return found


@pytest.mark.parametrize("replies", [[500, 500], [DROP], [503, DROP, 404], []])
def test_webhooks_of_one_record_arrive_in_its_order(house: House, replies: list[Any]) -> None:
    post_rules(house, "desk")
    house.sink.replies.extend(replies)
    loan = house.client.made("loan", name="Emma")["id"]
    change(house, loan, "late", "returned", "open", "late")
    for _ in range(len(replies) + 1):
        house.work()
        house.hasten()
    assert seen(house) == [("Emma", rev) for rev in (1, 2, 3, 4, 5)]
    states = [one.json()["data"]["status"] for one in house.sink.deliveries if one.reply == 200]  # type: ignore[index]
    assert states == ["open", "late", "returned", "open", "late"]
    assert len(house.sink.deliveries) == 5 + len(replies)


def test_a_batch_and_several_rules_keep_the_order_too(house: House) -> None:
    post_rules(house, "desk", "board")
    house.sink.replies.extend([500, 500, 500])
    made = house.client.post("/api/records/loan", [{"name": "a"}, {"name": "b"}]).json()
    for state in ("late", "returned"):
        rows = [{"id": row["id"], "status": state} for row in made["data"]]
        assert house.client.patch("/api/records/loan", rows).status == 200
    for _ in range(4):
        house.work()
        house.hasten()
    for path in ("/desk", "/board"):
        for name in ("a", "b"):
            assert [rev for n, rev in seen(house, path) if n == name] == [1, 2, 3]


def test_other_records_and_endpoints_do_not_wait_for_one_that_is_refused(house: House) -> None:
    post_rules(house, "desk", "board")
    first = house.client.made("loan", name="Emma")["id"]
    house.sink.replies.extend([500, 500])
    house.work()
    change(house, first, "late")
    house.client.made("loan", name="Persuasion")
    house.work()
    assert seen(house) == seen(house, "/board") == [("Persuasion", 1)]
    house.hasten()
    house.work()
    assert seen(house) == seen(house, "/board") == [("Persuasion", 1), ("Emma", 1), ("Emma", 2)]


def test_what_is_given_up_lets_the_next_one_pass(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MAX_ATTEMPTS", 2)
    post_rules(house, "desk")
    loan = house.client.made("loan", name="Emma")["id"]
    change(house, loan, "late")
    house.sink.replies.extend([500, 500])
    for _ in range(3):
        house.work()
        house.hasten()
    assert seen(house) == [("Emma", 2)]
    (dead,) = house.deliveries(state="dead")
    assert dead["rev"] == 1
    # Who sends it again later is told by its number that it is of before.
    assert house.client.post(f"/api/deliveries/{dead['id']}/redeliver").status == 202
    house.work()
    assert seen(house) == [("Emma", 2), ("Emma", 1)]


def test_a_message_names_its_record_and_revision(house: House) -> None:
    post_rules(house, "desk")
    loan = house.client.made("loan", name="Emma")["id"]
    house.work()
    (one,) = house.sink.wait(1)
    message: Any = one.json()
    assert (message["object"], message["record"], message["rev"]) == ("loan", loan, 1)
    assert type(message["rev"]) is int


def test_messages_about_no_record_wait_for_none(house: House) -> None:
    house.define(
        endpoint("desk", house.sink),
        *(
            rule(name, {"schedule": "0 * * * *"}, {"webhook": {"to": "desk", "body": {"x": "1"}}})
            for name in ("one", "two")
        ),
    )
    house.work()
    house.move_clock(hours=1)
    house.sink.replies.append(500)
    house.work()
    assert [one.reply for one in house.sink.deliveries] == [500, 200]
    assert "rev" not in house.sink.deliveries[0].json()  # type: ignore[operator]


def test_a_dead_endpoint_is_asked_now_and_then(house: House) -> None:
    post_rules(house, "desk", "board")
    many = 60
    take = house.sink.take
    house.sink.take = lambda method, path, headers, body: (  # type: ignore[method-assign]
        refused(path, headers, body) if path == "/desk" else take(method, path, headers, body)
    )
    asked: list[str] = []

    def refused(path: str, headers: Any, body: bytes) -> int:
        asked.append(headers["webhook-id"])
        return 500

    house.client.post("/api/records/loan", [{"name": f"Book {n}"} for n in range(many)])
    for _ in range(10):
        house.work()
        house.hasten()
    assert len(seen(house, "/board")) == many  # the others notice nothing
    assert endpoint_pauses.FAILURES <= len(asked) <= endpoint_pauses.FAILURES + 2
    house.change("UPDATE fluvial_endpoint_pause SET until = '2020-01-01T00:00:00.000000Z'")
    before = len(asked)
    house.work()
    assert len(asked) == before + 1  # one that looks whether it is back
    house.sink.take = take  # type: ignore[method-assign]
    house.change("UPDATE fluvial_endpoint_pause SET until = '2020-01-01T00:00:00.000000Z'")
    house.work()
    house.hasten()
    house.work()
    assert len(seen(house)) == many
    assert house.sql("SELECT name FROM fluvial_endpoint_pause") == []


def test_one_record_that_is_always_refused_pauses_nothing(house: House) -> None:
    post_rules(house, "desk")
    house.sink.replies.extend([500] * 12)
    house.client.made("loan", name="Emma")
    for _ in range(12):
        house.work()
        house.hasten()
    house.client.made("loan", name="Persuasion")
    house.work()
    assert ("Persuasion", 1) in seen(house)


def test_what_waits_for_days_for_a_dead_endpoint_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint_pauses, "FIRST_PAUSE", 3600.0)
    post_rules(house, "desk")
    house.sink.replies.extend([500] * 20)
    house.client.post("/api/records/loan", [{"name": f"Book {n}"} for n in range(20)])
    house.work()
    connection = house.engine.database.connection
    now = house.engine.clock.now()
    house.engine.database.call(lambda: endpoint_pauses.expire(connection(), now))
    assert house.deliveries(state="dead") == []
    later = now + endpoint_pauses.GIVE_UP
    house.engine.database.call(lambda: endpoint_pauses.expire(connection(), later))
    dead = house.deliveries(state="dead")
    assert len(dead) == 20
    assert dead[0]["error"] == "Given up: the endpoint has not answered for 4 days."


def test_an_endpoint_that_hangs_holds_up_only_itself(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fluvial.services.outbound.TOTAL_SECONDS", 2.0)
    post_rules(house, "desk", "board")
    loan = house.client.made("loan", name="Emma")["id"]
    change(house, loan, "late")
    house.sink.replies.append(HANG)
    house.work(60)
    paths = [(one.path, one.reply) for one in house.sink.deliveries]
    assert sorted(path for path, reply in paths if reply == 200) in (
        ["/board", "/board"], ["/desk", "/desk"],
    )  # fmt: skip
