"""Metrics: what was done is counted, for administrators and their tokens, in Prometheus' format."""

from __future__ import annotations

import re

import sqlalchemy as sa

from fluvial.database.engine_tables import OUTBOX
from fluvial.database.statement import Statement
from fluvial.events import outbox
from fluvial.events.jobs import Job, Rounds
from fluvial.kernel.features import Feature
from fluvial.kernel.metrics import BOUNDS, Family, Metrics, text
from fluvial.records.drafts.listeners import LISTENER, EventListener
from tests.app import Client

LINE = re.compile(r'([a-z_]+(?:\{(?:[a-z]+="[^"\\\n]*",?)+\})?) (\d+(?:\.\d+)?)')


def read(shown: str) -> dict[str, float]:
    """The samples by name and labels; every line has to be of the format."""
    found = {}
    for line in shown.splitlines():
        if not line.startswith(("# HELP ", "# TYPE ")):
            match = LINE.fullmatch(line)
            assert match is not None, line
            found[match[1]] = float(match[2])
    return found


def test_a_histogram_and_what_stands_in_labels() -> None:
    metrics = Metrics()
    for seconds in (0.005, 0.02, 99.0):
        metrics.request("GET", "/x", 200, seconds)
    found = read(text(metrics.families()))
    label = 'method="GET",route="/x"'
    bucket = f"fluvial_request_seconds_bucket{{{label},le="
    counts = [found[f'{bucket}"{bound}"}}'] for bound in BOUNDS]
    assert counts == [1, 1, *[2] * (len(BOUNDS) - 2)]
    assert found[f'{bucket}"+Inf"}}'] == found[f"fluvial_request_seconds_count{{{label}}}"] == 3
    assert found[f"fluvial_request_seconds_sum{{{label}}}"] == 99.025
    odd = Family("x", "gauge", "y", (("", (("a", 'q"\\\n'),), 1),))
    assert text([odd]).endswith('x{a="q\\"\\\\\\n"} 1\n')


def test_what_was_done_is_counted(client: Client) -> None:
    engine = client.app.engine
    engine.features += Feature("watch", brings=[LISTENER(EventListener(lambda *_: None))])
    client.made("group", name="Readers")
    client.get("/api/records/group")
    client.get("/api/records/group/no-such-id")
    client.get("/api/nothing/here")
    client.call("ODD", "/nowhere")

    def broken(_: object) -> bool:
        raise RuntimeError("it broke")

    def jobs() -> None:
        Rounds(engine, [Job("broken", broken), Job("idle", lambda _: False)]).round()
        connection = engine.database.connection()
        first = sa.select(OUTBOX.c.id).limit(1).scalar_subquery()
        given_up = OUTBOX.update().where(OUTBOX.c.id == first)
        Statement(given_up.values(attempts=outbox.MAX_ATTEMPTS)).run(connection)

    before = read(client.get("/metrics").text)
    engine.database.call(jobs)
    reply = client.get("/metrics")
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = read(reply.text)
    records = 'route="/api/records/{object}"'
    assert found[f'fluvial_requests_total{{method="POST",{records},status="2xx"}}'] == 1
    assert found[f'fluvial_requests_total{{method="GET",{records},status="2xx"}}'] == 1
    one = 'fluvial_requests_total{method="GET",route="/api/records/{object}/{id}",status="4xx"}'
    assert found[one] == 1
    nowhere = 'fluvial_requests_total{method="unknown",route="unknown",status="4xx"}'
    assert found[nowhere] == 2
    assert found[f'fluvial_request_seconds_count{{method="POST",{records}}}'] == 1
    assert found['fluvial_requests_total{method="GET",route="/metrics",status="2xx"}'] == 1
    assert found['fluvial_job_runs_total{job="broken",result="failed"}'] == 1
    assert found['fluvial_job_runs_total{job="idle",result="done"}'] == 1
    assert before["fluvial_outbox_quarantined"] == 0 and before["fluvial_outbox_events"] >= 1
    assert found["fluvial_outbox_quarantined"] == 1
    assert found["fluvial_outbox_events"] == before["fluvial_outbox_events"] - 1
    assert found["fluvial_catalog_version"] >= 1
    assert found["fluvial_recalculations_waiting"] == 0
    assert found['fluvial_deliveries{state="dead"}'] == 0


def test_metrics_are_for_administrators(client: Client) -> None:
    def token(who: Client, *scopes: str) -> Client:
        made = who.post("/api/tokens", {"name": "t", "scopes": list(scopes)}).json()
        return Client(client.app, {"authorization": f"Bearer {made['token']}"})

    person = client.person("ben@example.com")
    scraper = token(client, "metrics:read")
    cases = [
        (client, 200),
        (scraper, 200),
        (token(client), 200),
        (token(client, "records:read", "meta:read"), 403),
        (person, 403),
        (token(person, "metrics:read"), 403),  # scopes narrow, they give nothing
        (Client(client.app), 401),
    ]
    for who, status in cases:
        assert who.get("/metrics").status == status
    for path in ("/api/records/group", "/api/meta/documents", "/api/tokens"):
        assert scraper.get(path).status == 403
