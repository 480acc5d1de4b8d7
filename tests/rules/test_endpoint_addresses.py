"""Endpoints to addresses that are not public are refused when they are saved."""

from __future__ import annotations

import pytest

from tests.rules.house import House, endpoint

INWARDS = [
    "http://localhost/x",
    "https://LOCALHOST./x",
    "http://api.localhost/x",
    "http://127.0.0.1/x",
    "http://127.1/x",
    "http://2130706433/x",
    "http://0x7f000001/x",
    "http://0177.0.0.1/x",
    "http://0/x",
    "http://10.0.0.8/x",
    "http://172.16.0.1/x",
    "http://192.168.1.1/x",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/x",
    "http://[::1]/x",
    "http://[fe80::1]/x",
    "http://[fd00::1]/x",
    "http://[::ffff:127.0.0.1]/x",
    "http://[64:ff9b::7f00:1]/x",
    "http://printer/x",
    "https://hooks.internal/x",
    "https://nas.local/x",
    "https://hooks.example.com:8443/x",
    "https://user:secret@hooks.example.com/x",
    "https://hooks.example.com/a b",
]
OUTWARDS = ["https://hooks.example.com/x", "http://93.184.216.34/x", "https://a.b.example.org/?q=1"]


@pytest.mark.parametrize("url", INWARDS)
def test_an_endpoint_that_leads_inwards_is_not_saved(house: House, url: str) -> None:
    document = {**endpoint("desk", house.sink), "url": url}
    reply = house.client.post("/api/meta/changes", {"documents": [document]})
    assert reply.status == 422, reply.text
    (fault,) = reply.json()["errors"]
    assert fault["pointer"] == "/endpoint/desk/url"
    assert house.client.get("/api/meta/endpoint/desk").status == 404


def test_public_and_allowed_addresses_are_saved(house: House) -> None:
    house.define(endpoint("allowed", house.sink))
    for at, url in enumerate(OUTWARDS):
        house.define({**endpoint(f"desk_{at}", house.sink), "url": url})


def test_a_change_of_an_address_is_asked_again(house: House) -> None:
    document = {**endpoint("desk", house.sink), "url": OUTWARDS[0]}
    house.define(document)
    reply = house.client.put("/api/meta/endpoint/desk", {**document, "url": INWARDS[3]})
    assert reply.status == 422
    reply = house.client.patch("/api/meta/endpoint/desk", {"url": INWARDS[3]})
    assert reply.status == 422
    assert house.client.get("/api/meta/endpoint/desk").json()["url"] == OUTWARDS[0]
