"""Many new records at once: the same rows as one by one, in few statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection
from fluvial.database.engine_tables import HISTORY, LINK, OUTBOX
from fluvial.database.object_tables import tables_of
from fluvial.kernel.change_stream import Change
from fluvial.kernel.ids import new_id
from fluvial.records.calculated.stored_drafts import spread
from fluvial.records.drafts.completion import search_text
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.insertion import insert_cells
from fluvial.records.drafts.journal import SEARCH, check_catalog
from fluvial.records.drafts.rows import row_writer
from fluvial.records.drafts.seams import hook_of, tell_stored
from fluvial.records.reading.link_values import said_rows
from metamodel.catalog import Field
from metamodel.kinds.link_fields import OPTION as LINK_FIELDS

from .writer import changes_of_new


def store_drafts(drafts: Sequence[Draft]) -> None:
    """Store prepared drafts of one object type, with history, events and search words.

    Part of the caller's transaction. UniqueError tells that one of them is not unique.
    """
    if not drafts:
        return
    session, type_ = drafts[0].session, drafts[0].type
    check_catalog(session)
    connection = session.connection
    tables = tables_of(session.catalog)
    writer = row_writer(session, type_)
    rows = [writer.cells(draft.values) for draft in drafts]
    insert_cells(connection, type_.name, writer.columns, rows)
    for field in type_.linked_fields:
        links = tables.links[type_.name, field.name]
        insert_rows(connection, links, _links(drafts, field.name))
        if field.option(LINK_FIELDS):
            insert_rows(connection, LINK, list(_said(drafts, field)))
    _write_journal(drafts, spread(drafts))
    hook = hook_of(session, type_.name)
    for draft in drafts:
        if hook is not None:
            hook.stored(draft)
        tell_stored(draft, "created")


def _links(drafts: Iterable[Draft], name: str) -> list[dict[str, Any]]:
    return [
        {"source": draft.id, "target": target, "position": position}
        for draft in drafts
        for position, target in enumerate(draft.values.get(name) or ())
    ]


def _said(drafts: Iterable[Draft], field: Field) -> Iterator[dict[str, Any]]:
    for draft in drafts:
        yield from said_rows(field, draft.id, draft.values.get(field.name) or ())


def _write_journal(drafts: Sequence[Draft], heard: Mapping[str, dict[str, Any]]) -> None:
    session, name = drafts[0].session, drafts[0].type.name
    connection = session.connection
    changes = [changes_of_new(draft) for draft in drafts]
    common = {"object": name, "rev": 1, "event": "created", "at": session.now}
    history = {"by": session.actor.id, "rule": session.actor.rule}
    insert_rows(
        connection,
        HISTORY,
        [
            {"record": draft.id, **common, **history, "changes": change}
            for draft, change in zip(drafts, changes, strict=True)
        ],
    )
    texts = ((draft.id, search_text(draft)) for draft in drafts)
    words = [{"record": id_, "object": name, "text": text} for id_, text in texts if text]
    insert_rows(connection, SEARCH, words)
    if session.quiet:
        return
    event = {"actor": session.actor.id, "cause": session.cause.wire(), "attempts": 0}
    event |= {"lease": None, "leased_until": None, "error": None}
    insert_rows(
        connection,
        OUTBOX,
        [
            {
                "id": new_id(),
                "record": draft.id,
                **common,
                **event,
                "changes": change | heard[draft.id],
            }
            for draft, change in zip(drafts, changes, strict=True)
        ],
    )
    for draft in drafts:
        session.engine.changed(connection, Change(name, draft.id, 1))


def insert_rows(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of canonical values into one of the engine's tables."""
    names = tuple(column.name for column in table.c)
    encoders = [
        column.type.storage.encoder(connection.dialect) if isinstance(column.type, Stored) else None
        for column in table.c
    ]
    cells = [
        [
            value if value is None or encode is None else encode(value)
            for encode, value in zip(encoders, map(row.get, names), strict=True)
        ]
        for row in rows
    ]
    insert_cells(connection, table.name, names, cells)
