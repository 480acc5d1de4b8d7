"""A customer's own administrator invites colleagues of the same customer, and nobody else."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.app import PASSWORD, Client, Documents, Reply
from tests.conversations.offers import FORM

FIRM = {
    "kind": "object",
    "name": "firm",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
USER = {
    "kind": "object",
    "name": "user",
    "extends": "fluvial",
    "fields": [{"name": "firm", "kind": "lookup", "to": "firm", "default": "me.firm"}],
}
ORDER = {
    "kind": "object",
    "name": "order",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "firm", "kind": "lookup", "to": "firm", "default": "me.firm"},
    ],
}
GUEST = {
    "kind": "role",
    "name": "guest",
    "grants": [
        {"object": "firm", "can": ["read"], "where": "id == me.firm"},
        {"object": "order", "can": ["read", "create"], "where": "firm == me.firm"},
        {"object": "user", "can": ["read"], "where": "firm == me.firm"},
    ],
}
GUEST_ADMIN = {
    "kind": "role",
    "name": "guest_admin",
    "inherits": ["guest"],
    "grants": [
        {
            "object": "user",
            "can": ["read", "create", "update"],
            "where": "firm == me.firm",
            "fields": {"firm": "read", "teams": "none", "groups": "none"},
        }
    ],
}
STAFF = {"kind": "role", "name": "staff", "grants": [{"object": "*", "can": ["*"]}]}


@pytest.fixture
def documents() -> Documents:
    return [FIRM, USER, ORDER, GUEST, GUEST_ADMIN, STAFF]


def posted(client: Client, path: str, *fields: tuple[str, str]) -> Reply:
    body = urlencode([("csrf", client.headers["x-csrf-token"]), *fields]).encode()
    return client.call("POST", path, body=body, headers=FORM | client.headers)


def people(client: Client) -> dict[str, dict[str, Any]]:
    rows = client.rows("/api/records/user", fields="id,email,firm,roles,active", limit="100")
    return {row["email"]: row for row in rows}


def test_a_portal_admin_invites_colleagues_and_nobody_else(client: Client) -> None:
    ours, theirs = client.made("firm", name="Ours")["id"], client.made("firm", name="Theirs")["id"]
    boss = client.person("boss@ours.example", "guest_admin", firm=ours)
    guest = client.person("guest@ours.example", "guest", firm=ours)
    client.person("other@theirs.example", "guest_admin", firm=theirs)
    client.person("desk@example.com", "staff")
    page = boss.get("/colleagues")
    assert page.status == 200 and "guest@ours.example" in page.text
    assert "theirs.example" not in page.text and "desk@" not in page.text
    assert "Colleagues" in boss.get("/").text and "/colleagues" not in guest.get("/").text
    assert "/colleagues" not in client.get("/").text  # who builds has the studio
    assert guest.get("/colleagues").status == 403
    assert posted(guest, "/colleagues", ("addresses", "x@ours.example")).status == 403

    done = posted(
        boss, "/colleagues", ("addresses", "Zoë New <new@ours.example>, desk@example.com"),
        ("roles", "guest"),
    )  # fmt: skip
    assert done.status == 200 and "Hand over this link" in done.text
    link = re.search(r'value="http[^"]+(/signin/link/[^"]+)"', done.text)
    assert link is not None
    new = people(client)["new@ours.example"]
    assert new["firm"] == ours and new["roles"] == ["guest"]
    assert posted(boss, link[1], ("password", PASSWORD)).status == 303
    zoe = Client(client.app).signed_in("new@ours.example", PASSWORD)
    client.made("order", name="Theirs alone", firm=theirs)
    zoe.made("order", name="Ours alone")
    assert [row["name"] for row in zoe.rows("/api/records/order")] == ["Ours alone"]

    for role in ("staff", "administrator"):
        refused = posted(boss, "/colleagues", ("addresses", "a@b.example"), ("roles", role))
        assert "a@b.example" not in people(client) and "bad" in refused.text
    sent = {"email": "c@b.example", "name": "C", "roles": ["guest"], "firm": theirs}
    assert boss.post("/api/records/user", sent).status in (400, 403, 422)
    known = people(client)
    for email in ("other@theirs.example", "desk@example.com", "admin@example.com"):
        id = known[email]["id"]
        assert posted(boss, f"/colleagues/{id}/active", ("active", "false")).status == 422
        assert posted(boss, f"/colleagues/{id}/invitation").status == 422
        assert boss.post(f"/api/people/{id}/invitation", {"mail": False}).status == 404
        assert boss.patch(f"/api/records/user/{id}", {"name": "x"}).status == 404
    assert people(client) == known
    own = known["boss@ours.example"]["id"]
    assert posted(boss, f"/colleagues/{own}/active", ("active", "false")).status == 422
    hers = f"/colleagues/{known['new@ours.example']['id']}"
    gone = posted(boss, f"{hers}/active", ("active", "false"))
    assert gone.status == 200 and zoe.get("/api/me").status == 401
    back = posted(boss, f"{hers}/active", ("active", "true"))
    assert back.status == 200 and people(client)["new@ours.example"]["active"]
    again = posted(boss, f"{hers}/invitation")
    assert again.status == 200 and "/signin/link/" in again.text
    for wrong in ("", "  ", ", ".join(f"p{at}@ours.example" for at in range(21))):
        assert posted(boss, "/colleagues", ("addresses", wrong), ("roles", "guest")).status == 422
    assert "Choose what they may do." in posted(boss, "/colleagues", ("addresses", "x@y.z")).text
