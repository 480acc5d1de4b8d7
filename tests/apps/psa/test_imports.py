"""Real tables of others become accounts, contacts and tickets with the files in `imports/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fluvial import packages
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from fluvial.transfer.imports.command import import_file
from tests.app import Client

MAPPINGS = Path(__file__).parent / "imports"
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the tables of others are not at {DATA}")


@pytest.fixture
def psa(client: Client, engine: Engine) -> Client:
    engine.database.call(lambda: packages.install(Session.begin(engine), packages.folder_of("psa")))
    return client


def loaded(engine: Engine, mapping: str, *, again: bool = False) -> list[dict[str, Any]]:
    """The answers of the imports of one file of mappings; none has a fault."""
    answers = []
    for entry in yaml.safe_load((MAPPINGS / f"{mapping}.yaml").read_text(encoding="utf-8")):
        path = DATA / entry["file"]
        answer = engine.database.call(
            lambda entry=entry, path=path: import_file(  # type: ignore[misc]
                Session.begin(engine), entry["object"], path, entry["options"]
            )
        )
        assert answer["errors"] == [], answer["errors"][:3]
        answers.append(answer)
    return answers


def test_customers_become_accounts_with_contacts(psa: Client, engine: Engine) -> None:
    accounts, contacts = loaded(engine, "northwind_customers")
    assert (accounts["created"], contacts["created"]) == (91, 91)
    (account,) = psa.rows("/api/records/account", where="code == 'ANTON'")
    assert account["name"] == "Antonio Moreno Taquería"
    assert (account["town"], account["postcode"]) == ("México D.F.", "05023")
    fields = "name,job,account.name"
    (contact,) = psa.rows("/api/records/contact", where="code == 'ALFKI'", fields=fields)
    assert (contact["name"], contact["account"]["name"]) == ("Maria Anders", "Alfreds Futterkiste")
    again = loaded(engine, "northwind_customers")
    assert [answer["unchanged"] for answer in again] == [91, 91]
    assert psa.post(f"/api/imports/{contacts['batch']}/undo").json()["deleted"] == 91


def test_suppliers_are_accounts_as_well(psa: Client, engine: Engine) -> None:
    assert [answer["created"] for answer in loaded(engine, "northwind_suppliers")] == [29, 29]
    rows = psa.rows("/api/records/account", types="supplier", sort="code", limit="1")
    assert (rows[0]["code"], rows[0]["types"]) == ("S-1", ["supplier"])


def test_employees_report_to_each_other(psa: Client, engine: Engine) -> None:
    assert [answer["created"] for answer in loaded(engine, "northwind_employees")] == [9]
    where = "reports_to.code == 'E-2'"
    rows = psa.rows("/api/records/contact", where=where, sort="code")
    assert [row["name"] for row in rows][:2] == ["Nancy Davolio", "Janet Leverling"]
    (head,) = psa.rows("/api/records/contact", where="code == 'E-2'")
    assert head["reports_to"] is None


def test_incidents_become_tickets_with_their_updates(psa: Client, engine: Engine) -> None:
    tickets, updates = loaded(engine, "incidents")
    assert (tickets["created"], updates["created"]) == (445, 2989)
    (ticket,) = psa.rows("/api/records/ticket", where="reference == 'INC0000045'")
    assert ticket["status"] == "closed"
    assert ticket["opened"] == "2016-02-29T01:16:00Z"
    assert (ticket["priority"], ticket["impact"]) == ("normal", "few")
    assert ticket["closed_at"] == "2016-03-05T12:00:00Z"
    where = "ticket.reference == 'INC0000045'"
    history = psa.rows("/api/records/ticket_update", where=where, sort="at,step")
    assert [row["state"] for row in history] == ["New", "Resolved", "Resolved", "Closed"]
    assert history[0]["assigned_to"] is None
