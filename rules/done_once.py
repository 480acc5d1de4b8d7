"""What rules do once: a repetition, also one at the same moment, finds it done before."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.statement import Statement, param
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL

from .rule_tables import DONE_ONCE


def _claim(make: Any) -> Statement:
    made = make(DONE_ONCE).values({c.name: param(c.name, c) for c in DONE_ONCE.c})
    return Statement(made.on_conflict_do_nothing())


_CLAIM = {False: _claim(sqlite.insert), True: _claim(postgresql.insert)}


def first_time(session: Session, rule: str, record: str, key: str) -> bool:
    """Whether nobody has done it; whoever does it at the same moment waits for the end of it."""
    connection = session.connection
    claim = _CLAIM[connection.dialect == POSTGRESQL]
    return claim.run(connection, rule=rule, record=record, key=key, at=session.now) > 0
