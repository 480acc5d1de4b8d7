"""There is always an administrator who can sign in."""

from __future__ import annotations

import pytest

from tests.app import PASSWORD, Client


def test_the_last_administrator_stays(client: Client) -> None:
    me = client.get("/api/me").json()["id"]
    path = f"/api/records/user/{me}"
    for refused in (
        client.patch(path, {"roles": []}),
        client.patch(path, {"active": False}),
        client.delete(path),
        client.patch("/api/records/user", [{"id": me, "roles": []}]),
    ):
        assert refused.status in (409, 422), refused.text
    reply = client.patch(path, {"active": False})
    assert (
        reply.status == 409
        and ("Make another person an administrator first") in reply.json()["detail"]
    )
    assert client.patch(path, {"name": "Still here"}).status == 200
    # With another one who is active all of it goes, and then that one is the last.
    other = client.made(
        "user", email="b@example.com", name="B", roles=["administrator"], password=PASSWORD
    )
    there = f"/api/records/user/{other['id']}"
    assert client.patch(there, {"active": False}).status == 200
    assert client.patch(path, {"roles": []}).status == 409
    assert client.patch(there, {"active": True}).status == 200
    second = client.signed_in("b@example.com", PASSWORD)
    assert client.patch(path, {"roles": []}).status == 200
    assert second.delete(there).status == 409
    assert second.delete(path).status == 204


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_the_api_tells_what_it_does_in_english(client: Client) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert paths["/api/records/user"]["post"]["summary"] == "Create one user."
    assert paths["/api/records/user/{id}"]["patch"]["summary"] == "Change one user."
