"""The sample data of the app come in whole: a start with `--sample` ends with a product in use."""

from __future__ import annotations

import re
from functools import partial

import pytest

from fluvial.apptests import story
from fluvial.auth.passwords import SAMPLE
from fluvial.http.app import build_app
from fluvial.packages import sample, sample_people
from fluvial.packages.registry import all_shipped
from tests.app import Client, OpenEngine

AMARA = {"email": "amara@tidewell.example", "password": SAMPLE}
OTHERS_REACH_IT = (
    {"env": "production"},
    {"host": "0.0.0.0"},
    {"base_url": "https://psa.example.com"},
    {"base_url": "http://10.1.2.3:8000"},
    {"host": "::", "base_url": "http://localhost:8000"},
)


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_what_came_without_a_folder_has_no_sample(client: Client) -> None:
    """A start with `--sample` looks at every package, also at one that a feature brought."""
    engine = client.app.engine
    came = {one["name"] for one in client.rows("/api/packages")} - all_shipped()
    assert "processes" in came
    for name in came:
        assert not engine.database.call(partial(sample.load_once, engine, name))
        assert engine.database.call(partial(sample_people.admit, engine, name)) == 0


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_the_sample_is_loaded_once_and_its_people_get_in_here_only(
    client: Client, open_engine: OpenEngine
) -> None:
    engine = client.app.engine
    begun = engine.clock.now().astimezone(engine.clock.zone)
    entered = 8 * min(begun.weekday() + (begun.hour >= 17), 5)  # in the week that goes on
    assert engine.database.call(lambda: sample.load_once(engine, "psa"))
    assert not engine.database.call(lambda: sample.load_once(engine, "psa"))
    total = client.get("/api/records/ticket", total="exact", limit="1").json()["total"]
    assert total > 100
    sites = client.rows("/api/records/site", where="travel == hours(1)", limit="1")
    assert len(sites) == 1  # lengths without a unit are seconds

    assert engine.database.call(lambda: story.tell(engine, "psa")) > 8
    assert engine.database.call(lambda: story.tell(engine, "psa")) == 0
    _adds_up(client)
    _is_billed(client)
    assert _count(client, "time_entry", "worked_on >= start_of(today(), 'week')") >= entered
    assert _count(client, "time_entry", "worked_on > today()") == 0
    nobody = Client(client.app)
    assert nobody.post("/api/login", AMARA).status == 401  # not before they are admitted
    assert engine.database.call(lambda: sample_people.admit(engine, "psa")) > 10
    assert engine.database.call(lambda: sample_people.admit(engine, "psa")) == 0
    form = nobody.get("/signin").text
    assert SAMPLE in form and "Service manager" in form and "Customer contact" in form
    assert nobody.post("/api/login", AMARA).status == 200
    own = client.signed_in(AMARA["email"], SAMPLE)
    assert own.get("/api/me").json()["name"] == "Amara Osei"

    for settings in OTHERS_REACH_IT:
        other = open_engine(**settings)
        assert other.database.call(partial(sample_people.admit, other, "psa")) == 0
        stranger = Client(build_app(other))
        assert stranger.post("/api/login", AMARA).status == 401, settings
        shown = stranger.get("/signin").text
        assert SAMPLE not in shown and not re.search("tidewell", shown), settings


def _count(client: Client, object_name: str, where: str = "true") -> int:
    reply = client.get(f"/api/records/{object_name}", where=where, total="exact", limit="1")
    assert reply.status == 200, reply.text
    return int(reply.json()["total"])


def _adds_up(client: Client) -> None:
    """What happened stands in the order in which it happened, and sums are those of their parts."""
    done = "resolve_state == 'met' or resolve_state == 'missed'"
    kept, over = _count(client, "ticket", "resolve_state == 'met'"), _count(client, "ticket", done)
    assert over > 5000 and 0.8 < kept / over < 0.97
    assert _count(client, "ticket", "resolve_met != null and resolve_met != resolved_at") == 0
    assert _count(client, "ticket", "created_at != opened") == 0
    assert _count(client, "ticket", "spent(status, 'waiting_customer') > hours(0)") > 1000
    old = "reached(status, 'resolved') < now() - days(600)"
    assert _count(client, "ticket", old) > 200  # two years of them
    lasted = "reached(status, 'closed') < reached(status, 'resolved')"
    assert _count(client, "ticket", lasted) == 0
    assert _count(client, "ticket", "reopen_count != times(status, 'resolved') - 1 and "
                  "status.closed") == 0  # fmt: skip
    assert _count(client, "timesheet", "worked != sum(entries, worked)") == 0
    approved = "status == 'approved' and (approved_by == null or approved_at < submitted_at)"
    assert _count(client, "timesheet", approved) == 0
    early = "reached(stage, 'won') < created_at or (stage == 'won' and probability != 100)"
    assert _count(client, "opportunity", early) == 0
    ticket = client.rows("/api/records/ticket", where="reopen_count > 0", limit="1")[0]
    entries = client.rows(f"/api/records/ticket/{ticket['id']}/history")
    assert len(entries) == ticket["rev"] > 4


def _is_billed(client: Client) -> None:
    assert _count(client, "charge", "kind == 'recurring'") > 300
    german = "entity.code == 'DE' and status == 'paid'"
    assert _count(client, "invoice", german) == 12
    year = "status == 'invoiced' and invoice_count > 2"
    assert _count(client, "billing_run", year) == 11  # the last month is still to be invoiced
    for where in ("status == 'part_paid'", "kind == 'credit_note' and corrects.open.amount == 0",
                  "status == 'issued' and due_on < today() - days(30)"):  # fmt: skip
        assert _count(client, "invoice", where) > 0, where
    assert _count(client, "charge", "amount.amount < 0 and invoice.status == 'paid'") > 0
    owed = client.get("/api/reports/aged_debtors").json()
    assert {"not_due", "over_90"} <= set(owed["total"]["measures"]), owed
    assert _count(client, "invoice", "status == 'issued' and number != null") > 5
    assert _count(client, "invoice", "net.amount != sum(lines, net.amount)") == 0
    assert _count(client, "charge", "invoice_line == null") > 100  # what the next run takes
    booked = "status == 'issued' and sum(journal_lines, amount.amount) != 0"
    assert _count(client, "invoice", booked) == 0
    assert client.rows("/api/deliveries") == []


def test_nobody_chooses_the_password_of_the_sample(client: Client) -> None:
    body = {"email": "new@example.com", "name": "New", "roles": [], "password": SAMPLE}
    refused = client.post("/api/records/user", body)
    assert refused.status == 422 and "documentation" in refused.text
