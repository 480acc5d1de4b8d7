"""The change sets that changes came by, as their reader may see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from fluvial.database.change_set_tables import CHANGE_SET
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL, SQLITE

from .reader import find_one

_c = CHANGE_SET.c
_OBJECTS = {
    dialect: Statement(sa.select(_c.id, _c.object).where(among_ids(_c.id, dialect)))
    for dialect in (SQLITE, POSTGRESQL)
}


def set_links(session: Session, ids: Iterable[str | None]) -> dict[str, dict[str, Any]]:
    """By their ids: the object and the title of those that the actor may read."""
    wanted = sorted({id for id in ids if id is not None})
    if not wanted:
        return {}
    connection = session.connection
    listed = id_list(connection.dialect, wanted)
    found = {}
    for id, object_name in _OBJECTS[connection.dialect].rows(connection, ids=listed):
        known = session.catalog.objects.get(object_name)
        if known is None or not session.access.object(object_name).can("read"):
            continue
        record = find_one(session, object_name, id, (("title",),))
        if record is not None:
            found[id] = {"object": object_name, "id": id, "title": record["title"]}
    return found
