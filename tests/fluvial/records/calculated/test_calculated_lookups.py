"""A calculated field may give a record: a look-up that nobody edits, and that is always right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents

GARDEN: dict[str, Any] = {
    "kind": "object", "name": "garden", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "best", "kind": "calculated", "result": "lookup", "to": "tree",
         "label": "Tallest tree", "formula": "find(trees, fallen == null, -height, planted)"},
        {"name": "keeper", "kind": "calculated", "result": "lookup", "to": "gardener",
         "formula": "best.gardener"},
        {"name": "phone", "kind": "calculated", "result": "text", "formula": "best.gardener.phone"},
        {"name": "now", "kind": "calculated", "result": "lookup", "to": "tree",
         "formula": "find(trees, planted <= today(), -planted)"},
        {"name": "badge", "kind": "calculated", "result": "text",
         "formula": "keeper.name & ': ' & best.name"},
    ],
}  # fmt: skip
TREE: dict[str, Any] = {
    "kind": "object", "name": "tree", "title": "{name} of {gardener}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "garden", "kind": "lookup", "to": "garden", "inverse": "trees"},
        {"name": "height", "kind": "number", "scale": 1},
        {"name": "planted", "kind": "date"},
        {"name": "fallen", "kind": "date"},
        {"name": "gardener", "kind": "lookup", "to": "gardener", "on_delete": "clear"},
    ],
}  # fmt: skip
GARDENER = {
    "kind": "object", "name": "gardener", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "phone", "kind": "text"},
    ],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return (GARDEN, TREE, GARDENER)


def _planted(client: Client) -> tuple[str, dict[str, str]]:
    ida = client.made("gardener", name="Ida", phone="17")["id"]
    jon = client.made("gardener", name="Jon", phone="23")["id"]
    park = client.made("garden", name="Park")["id"]
    rows = (("Ash", "9", "2020-01-01", ida), ("Elm", "12", "2021-01-01", jon),
            ("Fir", "12", "2022-01-01", ida), ("Oak", None, None, None))  # fmt: skip
    made = {
        name: client.made("tree", name=name, garden=park, height=height, planted=day, gardener=who)
        for name, height, day, who in rows
    }
    ids = {name: one["id"] for name, one in made.items()}
    return park, {**ids, "Ida": ida, "Jon": jon}


def _garden(client: Client, park: str, **query: str) -> dict[str, Any]:
    reply = client.get(f"/api/records/garden/{park}", **query)
    assert reply.status == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def _shown(found: dict[str, Any], ids: dict[str, str]) -> list[str | None]:
    names = {id: name for name, id in ids.items()}
    return [names.get(found["best"]), names.get(found["keeper"]), found["phone"], found["badge"]]


def test_it_follows_every_change_of_what_it_is_picked_from(client: Client) -> None:
    park, ids = _planted(client)
    tree = f"/api/records/tree/{ids['Elm']}"
    assert _shown(_garden(client, park), ids) == ["Elm", "Jon", "23", "Jon: Elm"]
    client.patch(f"/api/records/gardener/{ids['Jon']}", {"phone": "99", "name": "John"})
    assert _shown(_garden(client, park), ids) == ["Elm", "Jon", "99", "John: Elm"]
    client.patch(tree, {"height": "11"})
    assert _shown(_garden(client, park), ids) == ["Fir", "Ida", "17", "Ida: Fir"]
    client.patch(tree, {"height": "20"})
    client.patch(tree, {"fallen": "2026-01-01"})
    assert _garden(client, park)["best"] == ids["Fir"]
    client.patch(tree, {"fallen": None})
    assert client.delete(tree).status == 204  # it holds nobody back
    assert _shown(_garden(client, park), ids) == ["Fir", "Ida", "17", "Ida: Fir"]
    assert client.post(f"{tree}/restore").status == 200
    assert _garden(client, park)["best"] == ids["Elm"]
    meadow = client.made("garden", name="Meadow")
    assert meadow["best"] is None
    client.patch(tree, {"garden": meadow["id"]})
    assert _garden(client, meadow["id"])["best"] == ids["Elm"]
    assert _garden(client, park)["best"] == ids["Fir"]
    assert client.delete(f"/api/records/gardener/{ids['Ida']}").status == 204
    assert _shown(_garden(client, park), ids) == ["Fir", None, None, ": Fir"]


def test_lists_filter_sort_expand_and_export_it_like_any_look_up(client: Client) -> None:
    park, ids = _planted(client)
    client.made("garden", name="Void")
    asked = (
        f"best == '{ids['Elm']}'", "best.height > 11", "best.gardener.name == 'Jon'",
        "keeper.phone == '23'", "best != null", "now.name == 'Fir'", "now.gardener.phone == '17'",
    )  # fmt: skip
    for condition in asked:
        rows = client.rows("/api/records/garden", where=condition)
        assert [row["name"] for row in rows] == ["Park"], condition
    (row,) = client.rows("/api/records/garden", where="best == null")
    assert row["name"] == "Void"
    rows = client.rows("/api/records/garden", sort="-best.name")
    assert [row["name"] for row in rows] == ["Park", "Void"]
    west = client.made("garden", name="West")["id"]
    client.made("tree", name="Yew", garden=west, height="1", planted="2019-01-01")
    client.made("tree", name="Box", garden=west, height="2", planted="2018-01-01")
    for sort, names in (
        ("best", ["West", "Park", "Void"]), ("-best", ["Park", "West", "Void"]),
        ("now", ["Park", "West", "Void"]), ("-now", ["West", "Park", "Void"]),
    ):  # fmt: skip
        page = client.get("/api/records/garden", sort=sort, limit="1").json()
        rows = [*page["data"]]
        while page.get("next"):
            page = client.get(
                "/api/records/garden", sort=sort, limit="1", cursor=page["next"]
            ).json()
            rows += page["data"]
        assert [row["name"] for row in rows] == names, sort
    found = client.rows(
        "/api/records/garden",
        fields="name,best.name,best.title,now.gardener.name",
        where="name == 'Park'",
    )
    assert found[0]["best"] == {"id": ids["Elm"], "name": "Elm", "title": "Elm of Jon"}
    assert found[0]["now"]["gardener"]["name"] == "Ida"
    text = client.get(
        "/api/records/garden/export",
        format="csv",
        fields="name,best,best.title,best.height,now.title",
    ).text
    assert "Elm of Jon" in text and "12.0" in text and "Fir of Ida" in text, text


def test_pages_show_it_as_a_link(client: Client) -> None:
    park, ids = _planted(client)
    client.get("/o/garden", view="all", columns="name,best,now,best.gardener")
    for page in (f"/o/garden/{park}", "/o/garden?view=all"):
        reply = client.get(page)
        text = reply.text
        assert reply.status == 200, (page, reply.headers)
        assert f'href="/o/tree/{ids["Elm"]}"' in text, page
        assert "Elm of Jon" in text
    form = client.get(f"/o/garden/{park}/edit").text
    assert "Elm of Jon" in form or "best" not in form
    assert 'data-url="/lookup/garden/best"' not in form
    offered = client.get("/lookup/garden/best", q="elm")  # what a filter offers
    assert ids["Elm"] in offered.text, offered.text


def test_nobody_sees_through_it_what_they_may_not_read(client: Client) -> None:
    park, ids = _planted(client)
    client.define({
        "kind": "role", "name": "guest", "label": "Guest",
        "grants": [
            {"object": "garden", "can": ["read"]},
            {"object": "tree", "can": ["read"], "where": "height < 10"},
        ],
    })  # fmt: skip
    guest = client.person("guest@example.com", "guest")
    found = _garden(guest, park)
    assert found["best"] == ids["Elm"]  # as any look-up: an id without a name
    assert guest.get(f"/api/records/tree/{ids['Elm']}").status == 404
    assert "Elm" not in guest.get(f"/o/garden/{park}").text.replace("Ida: Elm", "").replace(
        "Jon: Elm", ""
    )
    assert guest.rows("/api/records/garden", where="best.height > 11") == []
    expanded = guest.rows("/api/records/garden", fields="best.name")
    assert expanded[0]["best"] is None or "name" not in (expanded[0]["best"] or {})


def test_it_is_written_by_nobody(client: Client) -> None:
    park, ids = _planted(client)
    reply = client.patch(f"/api/records/garden/{park}", {"best": ids["Ash"]})
    assert reply.status == 422, reply.text


def test_a_change_of_the_formula_fills_it_again(client: Client) -> None:
    park, ids = _planted(client)
    fields = [
        {**one, "formula": "find(trees, fallen == null, height)"} if one["name"] == "best" else one
        for one in GARDEN["fields"]
    ]
    client.define({**GARDEN, "fields": fields})
    assert _garden(client, park)["best"] == ids["Ash"]
    reply = client.post("/api/meta/changes", {"documents": [{**GARDEN, "fields": [
        {"name": "name", "kind": "text"},
        {"name": "best", "kind": "calculated", "result": "lookup", "to": "gardener",
         "formula": "find(trees, fallen == null, height)"},
    ]}]})  # fmt: skip
    assert reply.status == 422
    assert "gardener" in reply.text
    circle = [
        {"name": "name", "kind": "text"},
        {"name": "best", "kind": "calculated", "result": "lookup", "to": "tree",
         "formula": "find(trees, garden.best != id, height)"},
    ]  # fmt: skip
    reply = client.post("/api/meta/changes", {"documents": [{**GARDEN, "fields": circle}]})
    assert reply.status == 422
    assert "garden.best -> garden.best" in reply.text


def test_why_lists_the_records_in_the_order_in_which_they_were_looked_for(client: Client) -> None:
    park, _ = _planted(client)
    reply = client.get(f"/api/records/garden/{park}/why", field="best")
    assert reply.status == 200, reply.text
    found = reply.json()
    (collection,) = found["collections"]
    assert [row["title"] for row in collection["rows"]] == [
        "Elm of Jon", "Fir of Ida", "Ash of Ida", "Oak of",
    ]  # fmt: skip
    assert found["agrees"] is True


def test_records_of_another_day_are_picked_by_their_values_then(client: Client) -> None:
    park, ids = _planted(client)
    client.patch(f"/api/records/tree/{ids['Elm']}", {"height": "1"})
    found = _garden(client, park, as_of="2021-06-01")
    assert found["now"] == ids["Elm"]


def test_a_title_may_show_what_it_leads_to(client: Client) -> None:
    client.define({**GARDEN, "title": "{name} with {best}"})
    park, ids = _planted(client)
    assert _garden(client, park)["title"] == "Park with Elm of Jon"
    client.patch(f"/api/records/gardener/{ids['Jon']}", {"name": "John"})
    assert _garden(client, park)["title"] == "Park with Elm of John"
    client.patch(f"/api/records/tree/{ids['Fir']}", {"height": "30"})
    assert _garden(client, park)["title"] == "Park with Fir of Ida"


def test_a_title_cannot_lead_by_one_that_moves_with_the_day(client: Client) -> None:
    reply = client.post("/api/meta/changes", {"documents": [{**GARDEN, "title": "{name} {now}"}]})
    assert reply.status == 422
    (fault,) = reply.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/object/garden/title", "moving_title")
