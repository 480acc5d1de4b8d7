"""Rules that keep what they write in a change set, for records that somebody chose."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.records.change_sets.covers import AMENDMENT, CONTRACT, COVER, COVERS, soon

Json = dict[str, Any]

MARKED: Json = {
    **COVER,
    "fields": [
        *COVER["fields"],
        {"name": "made_by", "kind": "lookup", "to": "amendment", "inverse": "made"},
        {"name": "ended_by", "kind": "lookup", "to": "amendment", "inverse": "ended"},
    ],
}
MARKING: Json = {
    **AMENDMENT,
    "change_set": {
        **AMENDMENT["change_set"],
        "marks": [
            {"object": "cover", "field": "made_by"},
            {"object": "cover", "field": "ended_by", "changes": ["until"]},
        ],
    },
}
OPEN = "contract == record.contract and until == null"
END: Json = {
    "kind": "rule", "name": "end_covers",
    "on": {
        "object": "amendment", "button": "End covers", "when": "status == 'draft'",
        "ask": [
            {"name": "covers", "kind": "multi_lookup", "to": "cover", "where": OPEN,
             "required": True},
            {"name": "last_day", "kind": "date", "required": True},
        ],
    },
    "do": [
        {"update": {"set": {"effective": "asked.last_day + days(1)"}}},
        {"update": {"each": "asked.covers", "set": {"until": "asked.last_day"}}, "in": "record"},
    ],
}  # fmt: skip
SWAP: Json = {
    "kind": "rule", "name": "swap",
    "on": {
        "object": "amendment", "button": "Swap",
        "ask": [
            {"name": "cover", "kind": "lookup", "to": "cover", "where": OPEN},
            {"name": "asset", "kind": "text"},
        ],
    },
    "do": [
        {"update": {"each": "asked.cover", "set": {"until": "record.effective"}}, "in": "record"},
        {"create": "cover", "as": "fresh", "in": "record",
         "set": {"contract": "asked.cover.contract", "asset": "asked.asset"}},
        {"update": {"each": "contract", "set": {"price": "price + 1"}}, "in": "record",
         "as_of": "record.effective + days(10)"},
    ],
}  # fmt: skip
GIVE_UP: Json = {
    "kind": "rule", "name": "give_up",
    "on": {
        "object": "contract", "button": "Give up",
        "ask": [{"name": "covers", "kind": "multi_lookup", "to": "cover",
                 "where": "contract == record.id"}],
    },
    "do": [
        {"create": "amendment", "as": "made",
         "set": {"number": "'A-' & name", "contract": "record", "effective": f"'{soon(9)}'"}},
        {"create": "cover", "in": "made",
         "set": {"contract": "record", "asset": "asked.covers.asset & ' again'"}},
        {"delete": {"each": "asked.covers"}, "in": "made"},
    ],
}  # fmt: skip
DOCUMENTS = (CONTRACT, MARKED, MARKING, COVERS, END, SWAP, GIVE_UP)


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


class Desk:
    """A contract with three covers, and an amendment of it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.contract = client.made("contract", name="Support", price="10.00")["id"]
        self.covers = [
            client.made("cover", contract=self.contract, asset=f"asset {at}")["id"]
            for at in range(3)
        ]
        other = client.made("contract", name="Other", price="1.00")["id"]
        self.other = client.made("cover", contract=other, asset="elsewhere")["id"]
        self.id = client.made("amendment", number="A-1", contract=self.contract)["id"]

    def press(self, name: str, **answers: Any) -> Any:
        return self.client.post(f"/api/records/amendment/{self.id}/actions/{name}", answers)

    def cover(self, at: int, inside: bool = False) -> Json:
        query = {"change_set": self.id} if inside else {}
        found: Json = self.client.get(f"/api/records/cover/{self.covers[at]}", **query).json()
        return found

    def edits(self, id: str = "") -> list[Json]:
        found: list[Json] = self.client.get(f"/api/change-sets/{id or self.id}").json()["edits"]
        return found


def test_what_a_button_writes_is_kept_in_its_record(client: Client) -> None:
    desk = Desk(client)
    last = soon(30)
    done = desk.press("end_covers", covers=desk.covers[:2], last_day=last)
    assert done.status == 200, done.text
    assert done.json()["effective"] == soon(31)
    edits = desk.edits()
    assert [one["record"] for one in edits] == desk.covers[:2]
    assert edits[0]["by"] == {"user": client.get("/api/me").json()["id"]}
    assert edits[0]["changes"] == {"until": [None, last], "ended_by": [None, desk.id]}
    assert desk.cover(0)["until"] is None
    assert desk.cover(0, inside=True)["ended_by"] == desk.id
    applied = desk.press("schedule")
    assert applied.status == 200, applied.text
    assert [desk.cover(at)["until"] for at in range(3)] == [last, last, None]
    assert [desk.cover(at)["ended_by"] for at in range(3)] == [desk.id, desk.id, None]
    refused = desk.press("end_covers", covers=desk.covers[2:], last_day=last)
    assert refused.status == 409
    assert desk.press("reverse").status == 200
    assert [desk.cover(0)[name] for name in ("until", "ended_by")] == [None, None]


def test_only_records_that_may_be_chosen_are_taken(client: Client) -> None:
    desk = Desk(client)
    for chosen, code in (
        ([desk.other], "may_not_pick"),
        ([desk.id], "unknown_record"),
        (["nothing"], "uuid"),
        ([], "required"),
    ):
        refused = desk.press("end_covers", covers=chosen, last_day=soon(3))
        assert refused.status == 422, refused.text
        (fault,) = refused.json()["errors"]
        assert fault["pointer"] == "/covers", fault
        assert code in (fault["code"], "uuid"), fault
    assert desk.edits() == []


def test_new_records_and_values_of_another_day_are_kept(client: Client) -> None:
    desk = Desk(client)
    client.patch(f"/api/records/amendment/{desk.id}", {"effective": soon(5)})
    done = desk.press("swap", cover=desk.covers[0], asset="asset 9")
    assert done.status == 200, done.text
    edits = desk.edits()
    assert [(one["action"], one["object"]) for one in edits] == [
        ("update", "cover"), ("create", "cover"), ("update", "contract"),
    ]  # fmt: skip
    assert edits[2]["day"] == soon(15)
    assert edits[1]["changes"]["made_by"] == [None, desk.id]
    assert desk.press("schedule").status == 200
    path = f"/api/records/contract/{desk.contract}"
    assert [client.get(path, as_of=soon(at)).json()["price"] for at in (14, 15)] == [
        "10.00", "11.00",
    ]  # fmt: skip
    # Nobody has chosen a cover: there is nothing to end, and a new one has no contract.
    refused = desk.press("swap", asset="asset 10")
    assert refused.status == 409, refused.text


def test_a_rule_keeps_in_what_it_has_made(client: Client) -> None:
    desk = Desk(client)
    pressed = client.post(
        f"/api/records/contract/{desk.contract}/actions/give_up", {"covers": desk.covers[:2]}
    )
    assert pressed.status == 200, pressed.text
    (made,) = client.rows("/api/records/amendment", where="number == 'A-Support'")
    edits = desk.edits(made["id"])
    assert [one["action"] for one in edits] == ["create", "create", "delete", "delete"]
    assert [one["title"] for one in edits[:2]] == ["asset 0 again", "asset 1 again"]
    assert "kept 1 change in amendment A-Support" in client.get("/api/rules/give_up/runs").text


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "action, pointer, words",
    [
        ({"update": {"each": "contract", "set": {"name": "'x'"}}, "in": "contract"},
         "in", "keep no changes"),
        ({"update": {"each": "contract", "set": {"price": "1"}}, "as_of": "today()"},
         "as_of", "Add `in`"),
        ({"create": "amendment", "set": {"number": "'B'"}, "in": "record"},
         "in", "does not change"),
        ({"create": "cover", "each": "contract.covers", "set": {"asset": "asset"}, "in": "record"},
         "each", "without `each`"),
    ],
)  # fmt: skip
def test_nothing_is_kept_where_nothing_can_be(
    client: Client, action: Json, pointer: str, words: str
) -> None:
    rule = {
        "kind": "rule", "name": "wrong",
        "on": {"object": "amendment", "button": "Wrong"}, "do": [action],
    }  # fmt: skip
    reply = client.put("/api/meta/rule/wrong", rule)
    assert reply.status == 422, reply.text
    told = {
        one["pointer"].rpartition("/")[2]: f"{one['message']} {one.get('hint', '')}"
        for one in reply.json()["errors"]
    }
    assert words in told.get(pointer, ""), told
