"""A site that began with the first version of the app upgrades: records and its own changes stay.

`first_version` keeps what the app was then: all objects, roles and rules, and some of its faces.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fluvial.events.jobs import run_pending
from fluvial.packages import folder_of, install
from fluvial.packages.archive import packed
from fluvial.runtime.session import Session
from tests.app import Client

Json = dict[str, Any]
FIRST = Path(__file__).parent / "first_version"
WITHOUT = ("sample", "tests")  # of which an installed package knows nothing

ENGINEER = {"name": "backup_engineer", "label": "Backup engineer", "kind": "person"}
SITE: tuple[Json, ...] = (
    {"kind": "object", "name": "asset", "fields": [
        ENGINEER, {"name": "serial", "label": "Serial no."},
    ]},
    {"kind": "object", "name": "ticket", "fields": [
        {"name": "priority", "options": [{"name": "critical", "label": "All hands"}]},
        {"name": "room", "label": "Room", "kind": "text"},
    ]},
    {"kind": "view", "name": "open_tickets", "columns": ["subject", "room", "account", "status"]},
    {"kind": "view", "name": "by_room", "label": "By room", "object": "ticket",
     "columns": ["subject", "room"], "where": "room != null and status.closed == false"},
    {"kind": "rule", "name": "room_in_capitals", "on": {"object": "ticket", "event": ["created"]},
     "phase": "before_save", "when": "room != null", "do": [{"set": {"room": "upper(room)"}}]},
)  # fmt: skip


@pytest.fixture
def installed_apps() -> tuple[str, ...]:
    return ()


def shipped() -> bytes:
    """The present version, as people upload it."""
    folder = folder_of("psa")
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path: path.relative_to(folder) for path in files}
    return packed(
        {
            name.as_posix(): path.read_text("utf-8")
            for path, name in names.items()
            if name.parts[0] not in WITHOUT and path.suffix in (".yaml", ".html", ".css", ".csv")
        }
    )


def begun(client: Client) -> dict[str, str]:
    """What people did with the first version."""
    account = client.made("account", name="Harrow Legal LLP", types=["customer"])["id"]
    kind = client.made("asset_type", name="Printer", needs_serial=False)["id"]
    asset = client.made(
        "asset",
        name="Laser printer",
        account=account,
        type=kind,
        serial="S-1",
        risk=40,
        backup_engineer={"user": client.get("/api/me").json()["id"]},
    )["id"]
    product = client.made("product", code="GOLD", name="Gold support")["id"]
    contract = client.made("contract", name="Support", account=account, starts="2026-01-01")["id"]
    line = client.made(
        "contract_line", contract=contract, product=product, description="Gold support",
        starts="2026-01-01", price={"amount": "50.00", "currency": "GBP"},
    )["id"]  # fmt: skip
    cover = client.made(
        "coverage", asset=asset, contract_line=line, starts="2026-01-01", level="gold"
    )["id"]
    ticket = client.made(
        "ticket", subject="Jams on tray 2", account=account, asset=asset, priority="critical",
        queue="field", room="2nd floor",
    )["id"]  # fmt: skip
    return {"account": account, "asset": asset, "contract": contract, "contract_line": line,
            "coverage": cover, "ticket": ticket}  # fmt: skip


def test_an_upgrade_from_the_first_version_keeps_records_and_what_the_site_says(
    client: Client,
) -> None:
    engine = client.app.engine
    install(Session.begin(engine), FIRST)
    client.define(*SITE)
    made = begun(client)
    path = {name: f"/api/records/{name}/{id}" for name, id in made.items()}
    before = {name: client.get(at).json() for name, at in path.items()}
    assert before["ticket"]["room"] == "2ND FLOOR"

    zipped = {"content-type": "application/zip"}
    done = client.call("POST", "/api/packages", body=shipped(), headers=zipped)
    assert done.status in (200, 201), done.text
    said = done.json()
    present = yaml.safe_load((folder_of("psa") / "app.yaml").read_text("utf-8"))["version"]
    assert (said["from"], said["to"], said["conflicts"]) == ("0.1.0", present, [])
    kept = {(one["document"], one["pointer"]) for one in said["kept"]}
    assert kept == {
        ("object/asset", "/fields/serial/label"), ("object/asset", "/fields/backup_engineer"),
        ("object/ticket", "/fields/priority/options/critical/label"),
        ("object/ticket", "/fields/room"), ("view/open_tickets", "/columns"),
    }  # fmt: skip
    while engine.database.call(lambda: run_pending(engine)):
        pass

    after = {name: client.get(at).json() for name, at in path.items()}
    lost = {
        (name, field): value
        for name, values in before.items()
        for field, value in values.items()
        if value is not None and after[name].get(field) != value
    }
    # A queue is a record now, and there is none of this name; the value is listed and kept.
    assert lost == {("ticket", "queue"): "field"}
    (listed,) = client.rows("/api/meta/objects/ticket/fields/queue/unconverted")
    assert (listed["id"], listed["value"]) == (made["ticket"], "field")
    assert after["contract"]["monthly"] == {"amount": "50.00", "currency": "GBP"}
    _goes_on(client, made)


def _goes_on(client: Client, made: dict[str, str]) -> None:
    """Both halves work together: what the site made, and what the app does now."""
    fields = {one["name"]: one for one in client.get("/api/meta/object/asset").json()["fields"]}
    assert fields["serial"]["label"] == "Serial no." and "backup_engineer" in fields
    grid = client.get("/o/ticket", view="by_room").text
    assert "Jams on tray 2" in grid and "2ND FLOOR" in grid
    new = client.made("ticket", subject="Jams again", asset=made["asset"], room="3rd floor")
    ticket = client.get(f"/api/records/ticket/{new['id']}").json()
    assert (ticket["room"], ticket["cover_result"]) == ("3RD FLOOR", "covered")
    assert ticket["cover"] == made["coverage"] and ticket["account"] == made["account"]
