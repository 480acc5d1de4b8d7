"""What held when a record was written holds afterwards: picks, and parts that went to the bin."""

import pytest

from tests.app import Client, Documents

FIRM = {
    "kind": "object", "name": "firm", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}  # fmt: skip
SITE = {
    "kind": "object", "name": "site", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "unique": True},
        {"name": "firm", "kind": "lookup", "to": "firm", "inverse": "sites"},
        {"name": "size", "kind": "number", "scale": 0},
    ],
}  # fmt: skip
DEAL = {
    "kind": "object", "name": "deal", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "least", "kind": "number", "scale": 0},
        {"name": "firm", "kind": "lookup", "to": "firm"},
        {"name": "site", "kind": "lookup", "to": "site", "where": "firm == record.firm"},
        {"name": "sites", "kind": "multi_lookup", "to": "site",
         "where": "record.least == null or size >= record.least"},
    ],
}  # fmt: skip
LINE = {
    "kind": "object", "name": "line", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "searchable": True},
        {"name": "code", "kind": "text", "unique": True},
        {"name": "deal", "kind": "lookup", "to": "deal", "required": True, "inverse": "lines",
         "on_delete": "cascade"},
    ],
}  # fmt: skip
NOTE = {
    "kind": "object", "name": "note", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "line", "kind": "lookup", "to": "line", "inverse": "notes",
         "on_delete": "cascade"},
    ],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [FIRM, SITE, DEAL, LINE, NOTE]


def faults(client: Client, deal: str, values: dict[str, object]) -> list[tuple[str, str]]:
    one = client.patch(f"/api/records/deal/{deal}", values)
    many = client.call("PATCH", "/api/records/deal", [{"id": deal, **values}])
    assert one.status == many.status, (one.text, many.text)
    told = [(e["pointer"], e["code"]) for e in one.json().get("errors", ())]
    assert [(f"/0{pointer}", code) for pointer, code in told] == [
        (e["pointer"], e["code"]) for e in many.json().get("errors", ())
    ]
    return told


def test_what_was_picked_still_fits_when_another_field_changes(client: Client) -> None:
    firms = [client.made("firm", name=name)["id"] for name in "AB"]
    sites = [
        client.made("site", name=f"{at}", firm=firm, size=str(at))["id"]
        for at, firm in enumerate([*firms, firms[0]], 1)
    ]
    deal = client.made("deal", firm=firms[0], site=sites[0], sites=sites, name="x")["id"]
    no_site = [("/site", "may_not_pick")]
    assert faults(client, deal, {"firm": firms[1]}) == no_site
    assert faults(client, deal, {"firm": None}) == no_site
    assert faults(client, deal, {"least": "2"}) == [("/sites", "may_not_pick")]
    assert faults(client, deal, {"least": "1", "name": "y"}) == []
    assert faults(client, deal, {"firm": firms[1], "site": sites[1]}) == []
    assert faults(client, deal, {"least": "3", "sites": [sites[2]]}) == []
    client.patch(f"/api/records/site/{sites[1]}", {"firm": firms[0]})
    assert faults(client, deal, {"name": "untouched"}) == []
    assert faults(client, deal, {"firm": firms[0], "site": None}) == []
    assert faults(client, deal, {"firm": firms[1]}) == []


def names(client: Client, object_name: str, **query: str) -> list[str]:
    return sorted(row["name"] for row in client.rows(f"/api/records/{object_name}", **query))


def test_parts_come_back_with_the_record_with_which_they_went(client: Client) -> None:
    deal, other = (client.made("deal", name=name)["id"] for name in "DE")
    lines = [client.made("line", name=name, code=name, deal=deal)["id"] for name in "abc"]
    client.made("line", name="e", deal=other)
    client.made("note", name="n", line=lines[0])
    client.delete(f"/api/records/line/{lines[2]}")
    client.delete(f"/api/records/deal/{deal}")
    assert names(client, "line") == ["e"]
    assert names(client, "note") == []
    restored = client.post(f"/api/records/deal/{deal}/restore")
    assert restored.status == 200, restored.text
    assert names(client, "line") == ["a", "b", "e"]
    assert names(client, "line", search="a") == ["a"]
    assert names(client, "note") == ["n"]
    assert names(client, "line", deleted="true") == ["c"]
    assert client.rows(f"/api/records/line/{lines[0]}/history")[0]["rev"] == 3


def test_a_part_that_cannot_come_back_says_so_and_nothing_does(client: Client) -> None:
    deal = client.made("deal", name="D")["id"]
    for name in "ab":
        client.made("line", name=name, code=name, deal=deal)
    client.delete(f"/api/records/deal/{deal}")
    client.made("line", name="new", code="b", deal=client.made("deal", name="E")["id"])
    refused = client.post(f"/api/records/deal/{deal}/restore")
    assert (refused.status, "Another line now uses its Code." in refused.text) == (409, True)
    assert names(client, "line") == ["new"]
    assert names(client, "deal") == ["E"]


def test_a_part_comes_back_alone_once_its_record_is_there(client: Client) -> None:
    deal = client.made("deal", name="D")["id"]
    line = client.made("line", name="a", deal=deal)["id"]
    client.delete(f"/api/records/deal/{deal}")
    early = client.post(f"/api/records/line/{line}/restore")
    assert early.status == 409
    client.post(f"/api/records/deal/{deal}/restore")
    assert names(client, "line") == ["a"]
    client.delete(f"/api/records/line/{line}")
    assert client.post(f"/api/records/line/{line}/restore").status == 200
