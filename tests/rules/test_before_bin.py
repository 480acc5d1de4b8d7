"""Rules before a record goes to the bin or comes back: they refuse, by whatever way it goes."""

from __future__ import annotations

from tests.rules.house import House, rule

KEEP = rule(
    "keep",
    {"object": "loan", "event": "deleted"},
    {"refuse": {"message": "An open loan is returned first."}},
    phase="before_save",
    when="status != 'returned'",
)
GONE = rule(
    "gone",
    {"object": "loan", "event": "restored"},
    {"refuse": {"message": "A loan of a barred member stays in the bin.", "field": "member"}},
    phase="before_save",
    when="member.standing == 'barred'",
)


def test_a_deletion_is_refused_with_the_words_of_the_rule(house: House) -> None:
    house.define(KEEP)
    loan = house.client.made("loan", name="Dune")
    path = f"/api/records/loan/{loan['id']}"
    refused = house.client.call("DELETE", path)
    assert refused.status == 409
    assert refused.json()["detail"] == "An open loan is returned first."
    assert house.client.get(path).status == 200
    house.client.patch(path, {"status": "returned"})
    assert house.client.call("DELETE", path).status == 204


def test_rules_that_delete_are_refused_too_and_do_nothing(house: House) -> None:
    empty = rule("empty", {"object": "member", "button": "Empty"}, {"delete": {"each": "loans"}})
    house.define(KEEP, empty)
    member = house.client.made("member", name="Ada")["id"]
    for status in ("returned", "open"):
        house.client.made("loan", name=status, member=member, status=status)
    refused = house.client.post(f"/api/records/member/{member}/actions/empty", {})
    assert refused.status == 409
    assert "An open loan is returned first." in refused.json()["detail"]
    assert len(house.client.rows("/api/records/loan")) == 2


def test_a_restoration_is_refused(house: House) -> None:
    house.define(GONE)
    member = house.client.made("member", name="Ada")["id"]
    loan = house.client.made("loan", name="Dune", member=member)["id"]
    assert house.client.call("DELETE", f"/api/records/loan/{loan}").status == 204
    house.client.patch(f"/api/records/member/{member}", {"standing": "barred"})
    refused = house.client.post(f"/api/records/loan/{loan}/restore", {})
    assert refused.status == 409
    assert refused.json()["detail"] == "A loan of a barred member stays in the bin."
    house.client.patch(f"/api/records/member/{member}", {"standing": "good"})
    assert house.client.post(f"/api/records/loan/{loan}/restore", {}).status == 200


def test_nothing_is_set_on_the_way_to_the_bin(house: House) -> None:
    wrong = rule(
        "r", {"object": "loan", "event": "deleted"}, {"set": {"level": 1}}, phase="before_save"
    )
    answer = house.client.call("PUT", "/api/meta/rule/r", wrong)
    assert answer.status == 422
    assert "Nothing can be set while" in answer.json()["errors"][0]["message"]
