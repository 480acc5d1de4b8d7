"""Metrics: what Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fluvial.events import outbox
from fluvial.kernel.features import Seam
from fluvial.kernel.metrics import Family, gauge, text
from fluvial.records.calculated import recalculation_queue
from fluvial.runtime.session import Session
from metamodel.storage import SQLITE

from .call import Answer, Call
from .routes import Endpoint, Policy

# Of all processes, from the database.
MEASURES: Seam[Callable[[Session], Iterable[Family]]] = Seam("for Prometheus")

TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(call: Call) -> Answer:
    call.only()
    return Answer(200, text(_families(call)).encode(), TYPE)


def _families(call: Call) -> Iterator[Family]:
    """What this process counted, then what all of them find in the database."""
    session = call.session
    yield from call.engine.metrics.families()
    if call.engine.database.dialect == SQLITE:
        yield from call.engine.database.turns.families()
    yield Family(
        "fluvial_slow_questions_total",
        "counter",
        "Reads that took longer than FLUVIAL_SLOW_MS.",
        (("", (), call.engine.slow.total),),
    )
    waiting, given_up = outbox.depth(session.connection)
    yield gauge("fluvial_outbox_events", "Events waiting for a worker.", waiting)
    yield gauge("fluvial_outbox_quarantined", "Events given up.", given_up)
    yield gauge("fluvial_catalog_version", "The current catalog version.", session.catalog.version)
    yield gauge(
        "fluvial_recalculations_waiting",
        "Recalculations waiting for workers.",
        len(recalculation_queue.waiting(session)),
    )
    for measures in call.engine.brought(MEASURES):
        yield from measures(session)


ENDPOINTS = (Endpoint("GET", "/metrics", metrics, Policy.METRICS, "Metrics for Prometheus."),)
