"""A batch is judged by what all its records become, in whatever order they are written."""

from itertools import permutations

import pytest

from tests.app import Client, Documents
from tests.fluvial.tables import imported, sent

ROOM = {
    "kind": "object", "name": "room", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}  # fmt: skip
STAY = {
    "kind": "object",
    "name": "stay",
    "title": "{code}",
    "fields": [
        {"name": "code", "kind": "text", "unique": True},
        {"name": "rank", "kind": "number", "scale": 0},
        {"name": "room", "kind": "lookup", "to": "room", "required": True, "inverse": "stays"},
        {"name": "starts", "kind": "date", "required": True},
        {"name": "ends", "kind": "date"},
    ],
    "keys": [{"fields": ["room", "rank"], "unique": True}],
    "dated": {"from": "starts", "until": "ends", "per": ["room"]},
}


@pytest.fixture
def documents() -> Documents:
    return [ROOM, STAY]


@pytest.fixture
def rooms(client: Client) -> list[str]:
    return [client.made("room", name=name)["id"] for name in "AB"]


def stays(client: Client, room: str, *months: int) -> list[str]:
    """Stays of a month each."""
    return [
        client.made("stay", code=f"{room[-4:]}{month}", rank=str(month), room=room,
                    starts=f"2026-{month:02d}-01", ends=f"2026-{month + 1:02d}-01")["id"]
        for month in months
    ]  # fmt: skip


def changed(client: Client, *bodies: dict[str, object]) -> tuple[int, list[tuple[str, str]]]:
    reply = client.call("PATCH", "/api/records/stay", list(bodies))
    return reply.status, [(e["pointer"], e["code"]) for e in reply.json().get("errors", ())]


def test_periods_meet_on_another_day_in_any_order(client: Client, rooms: list[str]) -> None:
    one, two, three = stays(client, rooms[0], 1, 2, 3)
    for day, order in enumerate(permutations(range(3)), 5):
        bodies: list[dict[str, object]] = [
            {"id": one, "ends": f"2026-02-{day:02d}"},
            {"id": two, "starts": f"2026-02-{day:02d}", "ends": f"2026-03-{day:02d}"},
            {"id": three, "starts": f"2026-03-{day:02d}"},
        ]
        assert changed(client, *(bodies[at] for at in order)) == (200, [])
        back: list[dict[str, object]] = [
            {"id": one, "ends": "2026-02-01"},
            {"id": two, "starts": "2026-02-01", "ends": "2026-03-01"},
            {"id": three, "starts": "2026-03-01"},
        ]
        assert changed(client, *(back[at] for at in order)) == (200, [])
    rows = client.rows("/api/records/stay", sort="starts")
    assert [row["id"] for row in rows] == [one, two, three]


def test_periods_and_rooms_swap(client: Client, rooms: list[str]) -> None:
    first, second = stays(client, rooms[0], 1, 2)
    (other,) = stays(client, rooms[1], 1)
    spans = ({"starts": "2026-02-01", "ends": "2026-03-01"},
             {"starts": "2026-01-01", "ends": "2026-02-01"})  # fmt: skip
    assert changed(client, {"id": first, **spans[0]}, {"id": second, **spans[1]}) == (200, [])
    moved = changed(client, {"id": second, "room": rooms[1], "rank": "7"},
                    {"id": other, "room": rooms[0], "rank": "8"})  # fmt: skip
    assert moved == (200, [])
    held = {row["id"]: row["room"] for row in client.rows("/api/records/stay")}
    assert held == {first: rooms[0], second: rooms[1], other: rooms[0]}


def test_unique_values_swap_and_go_round(client: Client, rooms: list[str]) -> None:
    ids = stays(client, rooms[0], 1, 2, 3)
    codes = [client.get(f"/api/records/stay/{one}").json()["code"] for one in ids]
    swap = changed(client, {"id": ids[0], "code": codes[1]}, {"id": ids[1], "code": codes[0]})
    assert swap == (200, [])
    turned: list[dict[str, object]] = [{"id": one, "code": codes[at - 1], "rank": str(at % 3 + 1)}
              for at, one in enumerate(ids, 1)]  # fmt: skip
    assert changed(client, *turned) == (200, [])
    rows = {row["id"]: row for row in client.rows("/api/records/stay")}
    assert [rows[one]["code"] for one in ids] == codes
    assert [rows[one]["rank"] for one in ids] == ["2", "3", "1"]
    assert all(row["rev"] in (2, 3) for row in rows.values())
    history = client.rows(f"/api/records/stay/{ids[0]}/history")
    assert all("deleted_at" not in entry["changes"] for entry in history)
    found = client.rows("/api/records/stay", deleted="true")
    assert found == []


def test_what_does_not_fit_in_the_end_is_refused(client: Client, rooms: list[str]) -> None:
    one, two, three = stays(client, rooms[0], 1, 2, 4)
    before = client.rows("/api/records/stay", sort="starts")
    late: dict[str, object] = {"id": one, "ends": "2026-02-15"}
    assert changed(client, late, {"id": two, "starts": "2026-02-10"}) == (
        422, [("/1/starts", "overlap")],
    )  # fmt: skip
    assert changed(client, late, {"id": three, "starts": "2026-03-15"})[1] == [
        ("/0/starts", "overlap")
    ]
    codes = [row["code"] for row in before]
    assert changed(client, {"id": one, "code": codes[1]}, {"id": two, "code": codes[2]})[0] == 422
    assert client.rows("/api/records/stay", sort="starts") == before


def test_new_records_of_a_batch_are_judged_together(client: Client, rooms: list[str]) -> None:
    def stay(start: str, end: str | None, room: int = 0) -> dict[str, object]:
        return {"room": rooms[room], "starts": start, "ends": end}

    good = [stay("2026-03-01", None), stay("2026-01-01", "2026-02-01"),
            stay("2026-02-01", "2026-03-01"), stay("2026-01-01", None, 1)]  # fmt: skip
    assert client.post("/api/records/stay", good).status == 201
    bad = client.post("/api/records/stay", [stay("2025-03-01", "2025-06-01"),
                                            stay("2025-05-01", "2025-07-01"),
                                            stay("2026-05-01", None)])  # fmt: skip
    assert [(e["pointer"], e["code"]) for e in bad.json()["errors"]] == [
        ("/1/starts", "overlap"), ("/2/starts", "overlap"),
    ]  # fmt: skip


@pytest.mark.parametrize("values", [({}, {}), ({"rank": "8"}, {"rank": "9"}), ({}, {"code": "x"})])
def test_a_record_is_named_once(
    client: Client, rooms: list[str], values: tuple[dict[str, object], dict[str, object]]
) -> None:
    one, two = stays(client, rooms[0], 1, 2)
    bodies: list[dict[str, object]] = [
        {"id": one, **values[0]},
        {"id": two},
        {"id": one, **values[1]},
    ]
    assert changed(client, *bodies) == (422, [("/2/id", "named_twice")])
    again: list[dict[str, object]] = [*bodies, {"id": one}]
    assert changed(client, *again)[1] == [("/2/id", "named_twice"), ("/3/id", "named_twice")]
    assert {row["rev"] for row in client.rows("/api/records/stay")} == {1}


def test_new_records_of_an_import_take_what_others_leave(client: Client, rooms: list[str]) -> None:
    """A new row takes the code and the time of a record that a later row moves away."""
    (old,) = stays(client, rooms[0], 1)
    code = client.get(f"/api/records/stay/{old}").json()["code"]
    rows = [
        f"9,{code},{rooms[0]},2026-01-01,2026-02-01",
        f"1,free,{rooms[0]},2026-05-01,2026-06-01",
    ]
    for order in (rows, rows[::-1]):
        done = imported(
            client, "stay", "rank,code,room,starts,ends\n" + "\n".join(order), key=["rank"]
        )
        assert (done["created"], done["updated"]) == (1, 1), done
        found = {one["rank"]: one["code"] for one in client.rows("/api/records/stay")}
        assert found == {"9": code, "1": "free"}
        (new,) = client.rows("/api/records/stay", where="rank == 9")
        client.delete(f"/api/records/stay/{new['id']}")
        back = {"code": code, "starts": "2026-01-01", "ends": "2026-02-01"}
        assert client.patch(f"/api/records/stay/{old}", back).status == 200
    # Where the record does not leave after all, the new one is what refuses.
    both = [rows[0], f"1,{code},{rooms[0]},2026-05-01,2026-06-01"]
    reply = sent(client, "stay", "rank,code,room,starts,ends\n" + "\n".join(both), key=["rank"])
    assert reply.status == 422 and "Code" in reply.text
    assert len(client.rows("/api/records/stay")) == 1
