"""The doctor finds timers and logs of states that differ from what they follow from."""

from __future__ import annotations

from argparse import Namespace
from datetime import timedelta

from fluvial.commands.verify_values import value_findings
from fluvial.metadata_changes.drift import drift
from tests.app import Client
from tests.rules.test_timers import LUNCH, OFFICE, PROMISE, REPAIR

COUNTED = {"name": "letters", "kind": "calculated", "result": "number", "formula": "length(name)"}


def found(client: Client, *, repair: bool = False) -> list[str]:
    asked = Namespace(values="all", repair_values=repair)
    return list(value_findings(client.app.engine, asked))


def tamper(client: Client, sql: str) -> None:
    client.app.engine.database.connection().execute(sql)


def repairs(client: Client) -> tuple[str, str]:
    """The ids of a repair that runs and of one that waits."""
    client.define(OFFICE, LUNCH, PROMISE, REPAIR)
    day = 24 * 3600
    promise = client.made("promise", answer=day, finish=day * 9, hours="office")["id"]
    asked = client.app.engine.clock.now().isoformat()
    values = {"name": "Clock", "asked_at": asked, "promise": promise}
    runs, waits = (client.made("repair", **values)["id"] for _ in range(2))
    assert client.patch(f"/api/records/repair/{waits}", {"status": "waiting"}).status == 200
    return runs, waits


def test_timers_that_differ_are_named_and_repaired(client: Client) -> None:
    runs, waits = repairs(client)
    assert found(client) == []
    plans = "SELECT count(*) FROM fluvial_timer_plan"
    before = client.app.engine.database.connection().query(plans)
    tamper(client, f"UPDATE repair SET finish_state = 'met' WHERE id = '{runs}'")
    tamper(client, f"UPDATE repair SET finish__left = 5 WHERE id = '{waits}'")
    (said,) = found(client)
    assert "2 records of `repair` have timers that differ" in said and "--repair-values" in said
    assert "finish_state of" in said and "is met and should be running" in said
    assert client.app.engine.database.connection().query(plans) == before  # to look changes nothing
    assert "They have been repaired." in found(client, repair=True)[0]
    assert found(client) == []
    assert client.get(f"/api/records/repair/{runs}").json()["finish_state"] == "running"


def test_what_has_run_out_since_is_no_difference(client: Client) -> None:
    """Workers turn it to missed as soon as they look."""
    repairs(client)
    client.app.engine.clock._shift += timedelta(days=30)
    assert found(client) == []


def test_logs_that_differ_are_made_from_history_again(client: Client) -> None:
    runs, waits = repairs(client)
    spans = client.get(f"/api/records/repair/{waits}/states").json()
    tamper(client, f"UPDATE fluvial_state_span SET state = 'ready' WHERE record = '{waits}'")
    tamper(client, f"DELETE FROM fluvial_state_span WHERE record = '{runs}'")
    said = found(client)
    assert "2 records of `repair` have a log of status that differs from their state" in said[0]
    assert "its log says" in said[0]
    assert "They have been repaired." in found(client, repair=True)[0]
    assert found(client) == []
    assert client.get(f"/api/records/repair/{waits}/states").json() == spans


def test_columns_of_formulas_that_are_gone_are_not_told(client: Client) -> None:
    engine = client.app.engine
    shelf = {"kind": "object", "name": "shelf", "fields": [{"name": "name", "kind": "text"}]}
    client.define({**shelf, "fields": [*shelf["fields"], COUNTED]})
    client.made("shelf", name="North")
    client.define(shelf)
    assert drift(engine) == []
    assert client.get("/api/meta/retired").json().get("data", []) == []
    client.define({**shelf, "fields": [*shelf["fields"], COUNTED]})
    assert client.rows("/api/records/shelf")[0]["letters"] == "5.00"
    client.define({**shelf, "fields": [*shelf["fields"], {"name": "letters", "kind": "text"}]})
    assert client.rows("/api/records/shelf")[0]["letters"] is None
    assert drift(engine) == []
    assert found(client) == []
    # What people entered is kept, also where a formula of that name has come and gone since.
    entered = client.rows("/api/records/shelf")[0]["id"]
    assert client.patch(f"/api/records/shelf/{entered}", {"letters": "ABC"}).status == 200
    for fields in ([], [COUNTED], []):
        client.define({**shelf, "fields": [*shelf["fields"], *fields]})
    assert drift(engine) == []
    client.define({**shelf, "fields": [*shelf["fields"], {"name": "letters", "kind": "text"}]})
    assert client.rows("/api/records/shelf")[0]["letters"] == "ABC"
