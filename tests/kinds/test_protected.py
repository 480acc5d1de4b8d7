"""Protected fields: left out of every answer, told to who asks."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.app import Client, Reply, told
from tests.kinds.test_options import faults_of


def test_protected_fields_are_told_to_who_asks_and_that_is_noted(client: Client) -> None:
    fields = [
        {"name": "name", "kind": "text"},
        {"name": "pin", "kind": "text", "protected": True, "required": True},
        {"name": "fee", "kind": "money", "currency": "EUR", "protected": True},
        {"name": "long", "kind": "calculated", "result": "boolean", "formula": "length(pin) > 3"},
    ]
    card = {"kind": "object", "name": "card", "fields": fields}
    desk = {"kind": "role", "name": "desk", "grants": [{"object": "card", "can": ["*"]}]}
    shut = {**desk, "name": "shut"}
    shut["grants"] = [{"object": "card", "can": ["read"], "fields": {"pin": "none"}}]
    client.define(card, desk, shut)
    clerk, guest = client.person("clerk@x.org", "desk"), client.person("guest@x.org", "shut")
    made = clerk.made("card", name="Ann", pin="4711", fee="3.00")
    path = f"/api/records/card/{made['id']}"
    for one in (client, clerk):
        read = one.get(path).json()
        assert "pin" not in read and "fee" not in read and read["long"] is True
        assert "pin" not in one.rows("/api/records/card")[0]
        assert "4711" not in one.get("/api/records/card/export", format="csv").told
        assert one.get("/api/records/card", where="pin == '4711'").status == 400
        assert one.get("/api/records/card", sort="pin").status == 400
        assert "4711" not in told(one.rows(f"{path}/history"))
        page = one.get(f"/o/card/{made['id']}").told
        assert "4711" not in page and "Show Pin" in page
        assert "4711" not in one.get(f"/o/card/{made['id']}/edit").told
    schemas = clerk.get("/api/openapi.json").json()["components"]["schemas"]
    assert "pin" in schemas["card_create"]["properties"]
    assert "pin" not in schemas["card_read"]["properties"]

    # Who asks is told, and noted; who may not read the field knows nothing of it.
    assert clerk.post(f"{path}/reveal", {"field": "pin"}).json() == {"pin": "4711"}
    assert clerk.post(f"{path}/reveal", {"field": "name"}).status == 400
    assert guest.post(f"{path}/reveal", {"field": "pin"}).status == 400
    shown = posted(client, f"/o/card/{made['id']}/reveal/fee")
    assert shown.status == 200 and "€3.00" in shown.text and "4711" not in shown.told
    assert [one["field"] for one in client.rows(f"{path}/reveals")] == ["fee", "pin"]
    assert [one["field"] for one in guest.rows(f"{path}/reveals")] == ["fee"]

    # A form that does not show it does not empty it.
    assert posted(clerk, f"/o/card/{made['id']}/edit", name="Anna", pin="", fee="").status == 303
    assert clerk.post(f"{path}/reveal", {"field": "pin"}).json() == {"pin": "4711"}
    assert posted(clerk, f"/o/card/{made['id']}/edit", pin="0815").status == 303
    assert clerk.post(f"{path}/reveal", {"field": "pin"}).json() == {"pin": "0815"}
    assert clerk.patch(path, {"fee": None}).status == 200

    for wrong, code in (
        ({"kind": "boolean", "protected": True}, "not_protected"),
        ({"kind": "text", "protected": True, "searchable": True}, "not_searchable"),
    ):
        assert code in [found for _, found in faults_of(client, {"name": "a", **wrong})]


def posted(client: Client, path: str, **values: str) -> Reply:
    body = urlencode({**values, "csrf": client.headers["x-csrf-token"]}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return client.call("POST", path, body=body, headers=headers)
