"""What is said of links: the fields that each link of a many-look-up has of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import LINK
from fluvial.database.object_tables import link_name
from fluvial.database.statement import Statement, insert, param
from metamodel.catalog import Field
from metamodel.kinds.link_fields import link_says
from metamodel.storage import POSTGRESQL

_l = LINK.c
_ADD = insert(LINK)
_FORGET = Statement(
    LINK.delete().where(
        _l.source == param("the_source", _l.source), _l.field == param("the_field", _l.field)
    )
)
_DROP = Statement(LINK.delete().where(_l.field == param("the_field", _l.field)))


def write_said(
    connection: Connection, field: Field, record: str, links: Sequence[str] | None, *, fresh: bool
) -> None:
    """Keep what the links of a record say, in place of what they said."""
    if not fresh:
        _FORGET.run(connection, the_source=record, the_field=link_name(field))
    for row in said_rows(field, record, links or ()):
        _ADD.run(connection, **row)


def forget_said(connection: Connection, field: Field) -> None:
    """Drop what the links of a field that is gone said."""
    _DROP.run(connection, the_field=link_name(field))


def said_rows(field: Field, record: str, links: Iterable[str]) -> Iterator[dict[str, Any]]:
    for link in links:
        said = {n: v for n, v in (link_says(link) or {}).items() if v is not None}
        if said:
            name = link_name(field)
            yield {"source": record, "field": name, "target": str(link), "said": said}


def said_of(field: Field, link: Any, dialect: str) -> tuple[Any, Any]:
    """A link with what it says as one JSON object, and what its query has to join."""
    named: sa.ColumnElement[str] = sa.literal_column(f"'{link_name(field)}'")
    said = LINK.alias()
    joined = link.outerjoin(
        said,
        sa.and_(
            said.c.source == link.c.source,
            said.c.field == named,
            said.c.target == link.c.target,
        ),
    )
    id_: sa.ColumnElement[str] = sa.literal_column("'id'")
    words: sa.ColumnElement[str] = sa.literal_column("'said'")
    if dialect == POSTGRESQL:
        return sa.func.jsonb_build_object(id_, link.c.target, words, said.c.said), joined
    return sa.func.json_object(id_, link.c.target, words, sa.func.json(said.c.said)), joined
