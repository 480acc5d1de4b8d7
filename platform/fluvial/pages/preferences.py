"""What a person last chose on a page, such as the columns of a list."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import PREFERENCE
from fluvial.database.statement import Statement, insert, param
from fluvial.runtime.session import Session

_p = PREFERENCE.c
_MINE = (_p.user == param("the_user", _p.user), _p.key == param("the_key", _p.key))
_READ = Statement(sa.select(_p.value).where(*_MINE))
_FORGET = Statement(PREFERENCE.delete().where(*_MINE))
_KEEP = insert(PREFERENCE)


def read(session: Session, key: str) -> Any:
    """What was kept; None where nothing was."""
    if session.actor.id is None:
        return None
    row = _READ.row(session.connection, the_user=session.actor.id, the_key=key)
    return row[0] if row else None


def keep(session: Session, key: str, value: Any) -> None:
    """Keep a value; None forgets it."""
    if session.actor.id is None:
        return
    with session.connection.transaction():
        _FORGET.run(session.connection, the_user=session.actor.id, the_key=key)
        if value is not None:
            _KEEP.run(session.connection, user=session.actor.id, key=key, value=value)
