"""The example of docs/processes.md does what the page says."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.app import PASSWORD
from tests.house.test_structure import ROOT
from tests.processes.desk import Desk, open_stages, task_of

BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)


def _documents() -> list[dict[str, Any]]:
    text = (ROOT / "docs" / "processes.md").read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in BLOCK.findall(text)]


def test_the_purchase_of_the_page_goes_its_ways(desk: Desk) -> None:
    documents = _documents()
    assert [one["name"] for one in documents] == ["office", "purchase", "buyer", "buy"]
    desk.admin.define(*documents)
    buyer = desk.admin.person("buyer@example.com", "buyer")
    wisher = desk.admin.person("wisher@example.com", "buyer")
    me = wisher.made("purchase", name="Lamp")["created_by"]["user"]
    record = desk.admin.made("purchase", name="Desk", wanted_by={"user": me})["id"]
    run = desk.start("buy", record, by=wisher)["id"]
    choose = task_of(desk.run(run), "choose")["id"]
    assert "Fill in" in desk.step(choose, by=buyer).json()["detail"]
    assert desk.step(choose, "action", buyer, supplier="s@example.com", price="400").status == 201
    assert desk.step(choose, by=buyer).status == 200
    agree = task_of(desk.run(run), "agree")
    assert agree["performer"] == {"user": me}
    assert desk.step(agree["id"], "action", wisher, approved=True).status == 201
    assert desk.step(agree["id"], by=wisher, outcome="Look further").status == 200
    order = task_of(desk.run(run), "order")["id"]
    assert desk.step(order, "action").status == 201
    after = desk.done(run, "order")
    assert open_stages(after) == ["unpack", "pay"]
    desk.done(run, "pay")
    assert desk.done(run, "unpack")["waits"][0]["stage"] == "file"
    assert desk.done(run, "file")["status"] == "done"
    assert (
        desk.admin.signed_in("wisher@example.com", PASSWORD)
        .get(f"/api/processes/runs/{run}")
        .json()["status"]
        == "done"
    )
