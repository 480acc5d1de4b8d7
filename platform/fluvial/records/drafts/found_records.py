"""Records that are found by a value of theirs, as far as the person who acts may see them."""

from __future__ import annotations

from datetime import date
from typing import Any

from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.expressions.nodes import FoundBy


def found_record(session: Session, node: FoundBy, value: Any) -> str | None:
    """The id of the one record that has the value; empty for none, and for several."""
    if value is None or not session.access.object(node.object).can("read"):
        return None
    if isinstance(value, str):
        quoted = value.strip().replace("\\", "\\\\").replace("'", "\\'")
        where = f"lower(trim({node.field})) == lower('{quoted}')"
    else:
        written = f"'{value.isoformat()}'" if isinstance(value, date) else f"{value:f}"
        where = f"{node.field} == {written}"
    rows = read_page(session, Query(node.object, (("id",),), where=where, limit=2))["data"]
    return str(rows[0]["id"]) if len(rows) == 1 else None
