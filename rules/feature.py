"""What this folder brings: rules, endpoints, templates, and the workers' jobs for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fluvial.kernel.feature import Feature, Job
from fluvial.kernel.metrics import Family, gauges
from fluvial.services import notifications

from . import api, deliveries, filled, receiving, runs, timers
from .before_save import before_save
from .buttons import act
from .effects import open_by_state
from .index import listened
from .kinds import KINDS
from .running import happened
from .sent_effects import deeds
from .tables import TABLES

if TYPE_CHECKING:
    from fluvial.runtime.engine import Engine
    from fluvial.runtime.session import Session


def keep_house(engine: Engine) -> bool:
    connection, now = engine.database.connection(), engine.clock.now()
    runs.forget(connection, now)
    receiving.forget(connection, now)
    return False


def measures(session: Session) -> Iterator[Family]:
    counts = open_by_state(session.connection)
    yield gauges("fluvial_deliveries", "What rules send and is not done.", "state", counts)


feature = Feature(
    name="rules",
    kinds=KINDS,
    tables=TABLES,
    routes=(*api.ENDPOINTS, *receiving.ENDPOINTS, *filled.ENDPOINTS, *notifications.ENDPOINTS),
    before_save=before_save,
    stored=timers.stored,
    act=act,
    happened=happened,
    listens=listened,
    changed=timers.changed,
    measures=measures,
    deeds=deeds,
    jobs=(
        Job("timers", timers.run),
        Job("deliveries", deliveries.run, sends=True),
        Job("runs", keep_house, every=3600),
    ),
)
