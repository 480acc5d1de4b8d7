"""Records that rules give to people, in turn or by load, and records that they bring back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.house import House, rule

Json = dict[str, Any]
ASSIGN: Json = {"assign": {"field": "keeper", "among": {"role": "librarian"}}}
LIBRARIAN: Json = {"kind": "role", "name": "librarian", "grants": []}


def people(house: House, *names: str) -> list[str]:
    house.define(LIBRARIAN)
    return [house.person(f"{name}@example.org", "librarian") for name in names]


def keepers(house: House) -> list[str | None]:
    rows = house.client.rows("/api/records/member", sort="name", limit="100")
    return [(one["keeper"] or {}).get("user") for one in rows]


def test_records_go_to_people_in_turn(house: House) -> None:
    ada, ben, cleo = people(house, "ada", "ben", "cleo")
    house.person("else@example.org")
    house.define(rule("give", {"object": "member", "event": "created"}, ASSIGN))
    for name in "abcdefg":
        house.client.made("member", name=name)
    house.work()
    assert keepers(house) == [ada, ben, cleo, ada, ben, cleo, ada]
    house.client.patch(f"/api/records/user/{ben}", {"active": False})
    for name in "hij":
        house.client.made("member", name=name)
    house.work()
    assert keepers(house)[7:] == [cleo, ada, cleo]
    lines = house.runs("give")[0]["trace"]["lines"]
    assert "It assigned j to Cleo." in lines


def test_records_go_to_who_has_fewest_that_count(house: House) -> None:
    ada, ben = people(house, "ada", "ben")
    for name in ("one", "two"):
        house.client.made("member", name=name, keeper={"user": ada}, standing="good")
    for name in ("three", "four", "five"):
        house.client.made("member", name=name, keeper={"user": ben}, standing="barred")
    least = {**ASSIGN["assign"], "by": "least_loaded", "load": "standing == 'good'"}
    on = {"object": "member", "button": "Give"}
    house.define(rule("give", on, {"assign": least}))
    for name, expected in (("six", ben), ("seven", ben), ("eight", ada)):
        made = house.client.made("member", name=name, standing="good")
        path = f"/api/records/member/{made['id']}"
        assert house.client.post(f"{path}/actions/give", {}).status == 200
        keeper = house.client.get(path).json()["keeper"]
        assert expected in str(keeper), (name, keeper)


def test_a_team_and_a_condition_narrow_who_is_meant(house: House) -> None:
    ada, ben, _ = people(house, "ada", "ben", "cleo")
    team = house.client.made("team", name="Desk")["id"]
    for user in (ada, ben):
        house.client.patch(f"/api/records/user/{user}", {"teams": [team]})
    among = {"team": "keeper", "where": "name != 'Ada'"}
    house.define(
        rule(
            "give",
            {"object": "letter", "button": "Give"},
            {"assign": {"field": "keeper", "among": among}},
        )
    )
    letter = house.client.made("letter", name="Hello", keeper={"team": team})["id"]
    path = f"/api/records/letter/{letter}"
    assert house.client.post(f"{path}/actions/give", {}).status == 200
    assert ben in str(house.client.get(path).json()["keeper"])
    assert house.client.post(f"{path}/actions/give", {}).status == 200
    assert "Nobody is assigned" in house.runs("give")[0]["trace"]["lines"][-1]


def test_several_records_are_given_away_in_one_run(house: House) -> None:
    ada, ben = people(house, "ada", "ben")
    all_letters = {**ASSIGN["assign"], "each": "letters"}
    house.define(rule("give", {"object": "member", "button": "Give"}, {"assign": all_letters}))
    member = house.client.made("member", name="Zoe")["id"]
    for name in "abc":
        house.client.made("letter", name=name, member=member)
    path = f"/api/records/member/{member}/actions/give"
    tried = house.client.post("/api/rules/give/dry-run", {"object": "member", "id": member}).json()
    assert [one["kind"] for one in tried["effects"]] == ["assign"] * 3
    assert house.client.post(path, {}).status == 200
    rows = house.client.rows("/api/records/letter", sort="name")
    got = [ada if ada in str(one["keeper"]) else ben for one in rows]
    assert sorted(got) == sorted([ada, ben, ada])
    run = house.client.get(f"/studio/runs/{house.runs('give')[0]['id']}").text
    assert "Assigned the letter" in run


def test_records_come_back_from_the_bin(house: House) -> None:
    back = {"restore": {"each": "loans", "where": "level > 1"}}
    house.define(rule("back", {"object": "member", "button": "Back"}, back))
    member = house.client.made("member", name="Ada")["id"]
    for level in (1, 2, 3):
        loan = house.client.made("loan", name=str(level), member=member, level=level)["id"]
        assert house.client.call("DELETE", f"/api/records/loan/{loan}").status == 204
    path = f"/api/records/member/{member}/actions/back"
    assert house.client.post(path, {}).status == 200
    assert [one["name"] for one in house.client.rows("/api/records/loan", sort="name")] == [
        "2",
        "3",
    ]
    run = house.runs("back")[0]
    assert "It restored 2 loans." in run["trace"]["lines"]
    assert "Restored the loan" in house.client.get(f"/studio/runs/{run['id']}").text
    assert house.client.post(path, {}).status == 200
    assert "It restored 0 loans." in house.runs("back")[0]["trace"]["lines"]


@pytest.mark.parametrize(
    ("action", "pointer", "words"),
    [
        ({"assign": {"field": "name", "among": {"role": "admin"}}}, "/field", "one person"),
        ({"assign": {"field": "keepr", "among": {"role": "admin"}}}, "/field", "`keepr`"),
        ({"assign": {"field": "keeper", "among": {"role": "ghost"}}}, "/role", "no role `ghost`"),
        ({"assign": {"field": "keeper", "among": {"team": "name"}}}, "/team", "is not a team"),
        ({"assign": {"field": "keeper", "among": {"where": "nam == 1"}}}, "/where", "`nam`"),
        (
            {"assign": {"field": "keeper", "among": {"role": "admin"}, "load": "points > 1"}},
            "/load",
            "for the least loaded",
        ),
        ({"restore": {"each": "keeper"}}, "/each", "is not a collection"),
        ({"restore": {"each": "loans", "where": "nme == 'x'"}}, "/where", "`nme`"),
    ],
)
def test_faults_are_told_when_it_is_saved(
    house: House, action: Json, pointer: str, words: str
) -> None:
    on = {"object": "member", "button": "Do"}
    answer = house.client.call("PUT", "/api/meta/rule/r", rule("r", on, action))
    assert answer.status == 422, answer.text
    told = [one for one in answer.json()["errors"] if one["pointer"].endswith(pointer)]
    assert told and words in told[0]["message"], answer.text
