"""Persons that are roles, teams or groups: what is mine, pages, titles, faults."""

from __future__ import annotations

from tests.app import Client

SHELF = {
    "kind": "object",
    "name": "shelf",
    "title": "{name} {keeper}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team", "group", "role"]},
        {"name": "painter", "kind": "person", "accepts": ["team"]},
    ],
}
CLERK = {
    "kind": "role",
    "name": "clerk",
    "label": "Desk clerk",
    "grants": [{"object": "shelf", "can": ["read", "update"], "where": "mine(keeper)"}],
}


def names(client: Client, **query: str) -> list[str]:
    rows = client.rows("/api/records/shelf", fields="name", sort="name", **query)
    return [row["name"] for row in rows]


def test_a_role_a_team_and_a_group_are_mine_as_i_am(client: Client) -> None:
    client.define(SHELF, CLERK)
    team, group = client.made("team", name="Desk"), client.made("group", name="North")
    ann = client.person("ann@example.org", "clerk", teams=[team["id"]], groups=[group["id"]])
    bob = client.person("bob@example.org", "clerk")
    me = ann.get("/api/me").json()["id"]
    for name, keeper in (
        ("A", {"user": me}), ("B", {"team": team["id"]}), ("C", {"group": group["id"]}),
        ("D", {"role": "clerk"}), ("E", {"role": "administrator"}), ("F", None),
    ):  # fmt: skip
        client.made("shelf", name=name, keeper=keeper, painter={"team": team["id"]})
    assert names(ann) == ["A", "B", "C", "D"]
    assert names(bob) == ["D"]
    assert names(client, where="keeper == 'role:clerk'") == ["D"]
    assert names(client, where=f"keeper == 'team:{team['id']}'") == ["B"]
    assert names(client, keeper="role:clerk") == ["D"]
    assert names(client, where="keeper in me.roles") == ["E"]
    assert names(client, where="painter.name == 'Desk'") == ["A", "B", "C", "D", "E", "F"]
    (shelf,) = client.rows("/api/records/shelf", where="name == 'D'")
    assert shelf["title"] == "D Desk clerk"

    reply = client.post("/api/records/shelf", {"name": "G", "keeper": {"role": "clerc"}})
    (fault,) = reply.json()["errors"]
    assert (fault["code"], fault["message"]) == (
        "unknown_role", "There is no role `clerc`. Did you mean `clerk`?",
    )  # fmt: skip
    found = ann.get("/lookup/shelf/keeper", q="desk").json()["results"]
    assert [(one["value"], one["label"]) for one in found] == [
        (f"team:{team['id']}", "Desk"), ("role:clerk", "Desk clerk"),
    ]  # fmt: skip
    page = ann.get(f"/o/shelf/{shelf['id']}/edit").text
    assert '<option value="role:clerk" selected>Desk clerk</option>' in page
    said = client.get("/o/shelf", where="mine(keeper)").text
    assert "me or mine" in said
    board = {"kind": "board", "name": "shelves", "object": "shelf", "columns": {"by": "keeper"}}
    client.define(board)
    columns = client.get("/api/boards/shelves").json()["columns"]
    assert {"Desk clerk", "Administrator", "Desk", "North"} <= {one["label"] for one in columns}
