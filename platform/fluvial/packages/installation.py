"""Preparing a database: the engine's tables and documents, and the first administrator."""

from __future__ import annotations

import logging
import secrets

from fluvial import packages
from fluvial.auth.people import set_password
from fluvial.database.locks import Lock
from fluvial.database.patience import hold_if_free, patiently
from fluvial.kernel.settings import Settings
from fluvial.metadata_changes.missing_indexes import add_standing_indexes
from fluvial.metadata_changes.wider_amounts import widen_amounts
from fluvial.records.calculated.backfill_values import adopt
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import count
from fluvial.records.writing import writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session


def prepare(settings: Settings) -> Engine:
    """An engine whose database has the engine's tables, documents and first administrator."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    engine = Engine(settings)
    engine.open()
    patiently(engine.database.connection(), settings.setup_seconds, lambda: _documents(engine))
    add_standing_indexes(Session.begin(engine))
    password = first_administrator(engine)
    if password:
        print("The first administrator (shown only once):")
        print(f"  {settings.admin_email}")
        print(f"  {password}", flush=True)
    return engine


def _documents(engine: Engine) -> None:
    with engine.database.connection().transaction():
        hold_if_free(engine.database.connection(), Lock.SETUP)
        widen_amounts(Session.begin(engine))
        adopt(Session.begin(engine))
        packages.install_core(Session.begin(engine))


def first_administrator(engine: Engine) -> str | None:
    """Make the administrator where there is no user yet; the password where it is a new one."""
    session = Session.begin(engine)
    with session.connection.transaction():
        if count(session, Query("user")):
            return None
        settings = engine.settings
        password = settings.admin_password or secrets.token_urlsafe(12)
        body = {"email": settings.admin_email, "name": "Administrator", "roles": ["administrator"]}
        user = writer.create(session, "user", body)
        set_password(session.connection, user["id"], password)
    return None if settings.admin_password else password
