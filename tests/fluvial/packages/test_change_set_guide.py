"""The app of docs/change-sets.md: it passes its check, and its amendment works as described."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features
from fluvial.packages import archive
from tests.app import Client

PAGE = Path(__file__).parents[3] / "docs" / "change-sets.md"
BLOCK = re.compile(r"```yaml\n# ([a-z_/]+\.[a-z]+)\n(.*?)```", re.DOTALL)


def test_the_page_on_change_sets_is_an_app_that_works(client: Client, tmp_path: Path) -> None:
    files = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    folder = tmp_path / "agreements"
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    report = check(folder, load_features().kinds)
    assert [str(fault) for fault in (*report.faults, *report.failures)] == []
    done = client.call("POST", "/api/packages", body=archive.packed(files))
    assert done.status == 201, done.text
    day = (date.today() + timedelta(days=45)).isoformat()
    contract = client.made("contract", name="Care", price="10.00")["id"]
    assets = [client.made("cover", contract=contract, asset=f"Asset {at}") for at in range(3)]
    amendment = client.made("amendment", contract=contract, effective=day)["id"]
    inside = f"change_set={amendment}"
    reply = client.patch(f"/api/records/contract/{contract}?{inside}", {"price": "12.00"})
    assert reply.status == 202, reply.text
    last = (date.today() + timedelta(days=44)).isoformat()
    reply = client.post(
        f"/api/records/amendment/{amendment}/actions/end_covers",
        {"covers": [assets[2]["id"]], "last_day": last},
    )
    assert reply.status == 200, reply.text
    items = client.get(f"/api/change-sets/{amendment}/preview").json()["items"]
    assert (items[0]["before"], items[0]["after"]) == ("30.00", "24.00")
    assert [(row["title"], row["change"]) for row in items[1]["rows"]] == [("Asset 2", "changed")]
    path = f"/api/records/amendment/{amendment}/actions"
    assert client.post(f"{path}/schedule", {}).status == 200
    then = client.get(f"/api/records/contract/{contract}", as_of=day).json()
    assert then["monthly"] == "24.00"
    ended = client.get(f"/api/records/cover/{assets[2]['id']}").json()
    assert (ended["until"], ended["ended_by"]) == (last, amendment)
    assert client.post(f"{path}/reverse", {}).status == 200
    then = client.get(f"/api/records/contract/{contract}", as_of=day).json()
    assert then["monthly"] == "30.00"
