"""The example of docs/telephone.md: events of a telephone system become calls of contacts."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from tests.app import Client, Documents, Reply

PAGE = (Path(__file__).parents[2] / "docs" / "telephone.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```yaml\n# [a-z_/]+\.yaml\n(.*?)```", re.DOTALL)
EVENTS = re.compile(r"```json\n(.*?)```", re.DOTALL)


@pytest.fixture
def documents() -> Documents:
    blocks = BLOCK.findall(PAGE)
    return [yaml.safe_load(re.sub(r"^on:", "'on':", text, flags=re.M)) for text in blocks]


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEPHONE_SECRET", "a long secret of the telephone system")


def rang(client: Client, event: dict[str, Any]) -> Reply:
    headers = {"authorization": "Bearer a long secret of the telephone system"}
    return Client(client.app).call("POST", "/hooks/telephone", event, headers=headers)


def test_the_events_of_a_call_are_one_record_of_the_contact(client: Client) -> None:
    ann = client.made("contact", name="Ann", phone="+442079460018")
    (text,) = EVENTS.findall(PAGE)
    ringing, ended = (orjson.loads(line) for line in text.strip().splitlines())
    assert rang(client, ringing).status == 201
    assert rang(client, ended).json()["created"] is False
    (call,) = client.rows("/api/records/phone_call")
    assert (call["contact"], call["state"], call["talked"]) == (ann["id"], "over", 270)
    assert call["direction"] == "in" and call["missed"] is False
    strange = {"event": "missed", "call": {**ringing["call"], "id": "c-82", "from": "+4930123456"}}
    assert rang(client, strange).status == 201
    client.made("contact", name="Ann's office", phone="+442079460018")
    both = {"event": "missed", "call": {**ringing["call"], "id": "c-83"}}
    assert rang(client, both).status == 201
    found = {row["call_id"]: row["contact"] for row in client.rows("/api/records/phone_call")}
    assert found == {"c-81": ann["id"], "c-82": None, "c-83": None}
    out = {
        "event": "answered",
        "call": {"id": "c-84", "direction": "out", "from": "+442079460000", "to": "+4930123456"},
    }
    assert rang(client, out).status == 201
    assert Client(client.app).post("/hooks/telephone", ringing).status == 401


def test_what_has_to_be_found_still_has_to_be(client: Client) -> None:
    hook = client.get("/api/meta/hook/telephone").json()
    body = dict(hook.get("body", hook))
    body["map"] = {**body["map"], "contact": {"find": "phone", "value": "body.call.from"}}
    assert client.put("/api/meta/hook/telephone", body).status == 200
    event = {"event": "missed", "call": {"id": "c-1", "direction": "in", "from": "+4930123456"}}
    assert rang(client, event).status == 422
