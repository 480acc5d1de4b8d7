"""Everybody finds what they may see, whatever is withheld from them."""

from __future__ import annotations

from fluvial.packages import folder_of
from tests.app import Client

ROLES = sorted(path.stem for path in (folder_of("psa") / "roles").glob("*.yaml"))


def test_people_of_every_role_can_search(client: Client) -> None:
    client.made("account", name="Blue Lamp")
    refused = {}
    for role in ROLES:
        answer = client.person(f"{role}@example.com", role).get("/search", q="blue lamp ltd")
        if answer.status != 200:
            refused[role] = answer.status
    assert not refused
