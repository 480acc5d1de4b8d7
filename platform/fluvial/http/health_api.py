"""Health: alive, and ready to answer."""

from __future__ import annotations

from fluvial.database.connection import BusyError, DatabaseError, GoneError
from fluvial.kernel.problems import Unavailable

from .call import Answer, Call
from .routes import Endpoint, Policy


def live(call: Call) -> Answer:
    return Answer.json({"status": "live"})


def ready(call: Call) -> Answer:
    connection = call.session.connection
    try:
        version = call.engine.catalogs.version(connection)
    except (BusyError, GoneError):
        raise
    except DatabaseError as error:
        wait = {"Retry-After": "2"}
        raise Unavailable("The database does not answer.", headers=wait) from error
    if version == 0:
        raise Unavailable("The database has no catalog yet. Run `fluvial migrate`.")
    return Answer.json({"status": "ready", "catalog": version})


ENDPOINTS = (
    Endpoint("GET", "/health/live", live, Policy.PUBLIC, "The process answers.", at_once=True),
    Endpoint("GET", "/health/ready", ready, Policy.PUBLIC, "The database answers and is set up."),
)
