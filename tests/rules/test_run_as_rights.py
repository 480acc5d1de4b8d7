"""What the role of a rule may not do is told: the run fails, or says what it left out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.house import LOAN, MEMBER, House

CREATED = {"object": "member", "event": "updated"}
OPEN = "status == 'open'"


def robot(*can: str, where: str = "") -> dict[str, Any]:
    read = {"object": "loan", "can": ["read"]}
    grant = {"object": "loan", "can": list(can), **({"where": where} if where else {})}
    grants = [{"object": "member", "can": ["read"]}, read, *([grant] if can else [])]
    return {"kind": "role", "name": "robot", "label": "Robot", "grants": grants}


def rule(*do: dict[str, Any]) -> dict[str, Any]:
    head = {"kind": "rule", "name": "act", "label": "Act", "on": CREATED}
    return {**head, "run_as": "robot", "do": list(do)}


def ran(house: House, role: dict[str, Any], *do: dict[str, Any]) -> tuple[str, str]:
    """How a run ends that is set off for a member with an open and a late loan; its words."""
    house.define(role, rule(*do))
    member = house.client.made("member", name="Ann")
    house.client.made("loan", name="One", member=member["id"])
    house.client.made("loan", name="Two", member=member["id"], status="late")
    reply = house.client.patch(f"/api/records/member/{member['id']}", {"points": 1})
    assert reply.status == 200, reply.text
    house.work()
    run = house.runs("act")[0]
    return run["outcome"], " ".join(run["trace"]["lines"])


RAISE = {"update": {"each": "loans", "set": {"level": "3"}}}
DROP = {"delete": {"each": "loans"}}
OWN = {"update": {"set": {"points": "5"}}}


@pytest.mark.parametrize("do", [RAISE, DROP], ids=["update", "delete"])
def test_a_role_without_the_right_fails_with_a_clear_word(house: House, do: Any) -> None:
    outcome, words = ran(house, robot(), do)
    verb = "change" if do is RAISE else "delete"
    assert outcome == "failed"
    assert f"2 loans, which the role Robot may not {verb}. Give the role the right" in words


def test_a_rule_that_may_not_change_its_own_record_fails(house: House) -> None:
    outcome, words = ran(house, robot(), OWN)
    assert outcome == "failed"
    assert "1 member, which the role Robot may not change" in words


@pytest.mark.parametrize("do", [RAISE, DROP], ids=["update", "delete"])
def test_what_only_some_records_forbid_is_left_out_and_told(house: House, do: Any) -> None:
    outcome, words = ran(house, robot("update", "delete", where=OPEN), do)
    assert outcome == "done"
    assert "It left out 1 loan, which the role Robot may not" in words


def test_what_a_rule_does_not_ask_for_is_not_missed(house: House) -> None:
    only = {"update": {"each": "loans", "where": OPEN, "set": {"level": "3"}}}
    outcome, words = ran(house, robot("update", where=OPEN), only)
    assert outcome == "done"
    assert "left out" not in words
    none = {"update": {"each": "loans", "where": "level == 9", "set": {"level": "3"}}}
    house.define(rule(none))
    house.client.made("member", name="Ben")
    assert ran(house, robot(), none)[0] == "done"


def test_restoring_needs_the_right_as_well(house: House) -> None:
    house.define(robot(), rule({"restore": {"each": "loans"}}))
    member = house.client.made("member", name="Ann")
    loan = house.client.made("loan", name="One", member=member["id"])
    assert house.client.delete(f"/api/records/loan/{loan['id']}").status == 204
    house.client.patch(f"/api/records/member/{member['id']}", {"points": 1})
    house.work()
    assert house.outcomes("act") == ["failed"]


def test_who_holds_a_role_by_another_one_goes_its_ways(house: House) -> None:
    states = {
        "field": "status",
        "transitions": [
            {"name": "bring", "from": ["open"], "to": "returned", "allow": ["clerk"]},
            {"name": "miss", "from": ["open"], "to": "late", "allow": ["chief"]},
        ],
    }
    loans = [{"object": "loan", "can": ["read", "create", "update"]}]
    house.define(
        {"kind": "role", "name": "clerk", "label": "Clerk", "grants": loans},
        {"kind": "role", "name": "chief", "label": "Chief", "grants": [], "inherits": ["clerk"]},
        {**LOAN, "states": states},
        MEMBER,
    )
    chief, clerk = (house.client.person(f"{n}@example.com", n) for n in ("chief", "clerk"))
    loan, other = (house.client.made("loan", name=name)["id"] for name in ("One", "Two"))
    assert chief.post(f"/api/records/loan/{loan}/actions/bring", {}).status == 200
    refused = clerk.post(f"/api/records/loan/{other}/actions/miss", {})
    assert refused.status == 403 or "is for Chief" in refused.text
    assert clerk.post(f"/api/records/loan/{other}/actions/bring", {}).status == 200
