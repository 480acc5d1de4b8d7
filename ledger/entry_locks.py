"""What ledgers have posted stays as they wrote it: entries and parts are locked from birth.

Other fields of these records, such as the line that an entry was gathered into, stay open as far as
the object's own lock leaves them open.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from fluvial.database.statement import Statement, param
from fluvial.kernel.problems import fault
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.record_locks import CODE, RecordLocked
from metamodel.catalog import Catalog

from .ledger_reader import ledgers_of
from .ledger_tables import MADE

_POSTED = Statement(
    sa.select(MADE.c.ledger).where(MADE.c.record == param("the_record", MADE.c.record))
)


def posted_fields(catalog: Catalog) -> Mapping[str, frozenset[str]]:
    """The fields that ledgers write, by object type: `catalog.derive(posted_fields)`."""
    found: dict[str, frozenset[str]] = {}
    for ledger in catalog.derive(ledgers_of).values():
        for name in ledger.objects:
            found[name] = found.get(name, frozenset()) | ledger.written(name)
    return found


def keep_entries(draft: Draft) -> None:
    """Refuse to change what a ledger wrote."""
    if draft.before is None:
        return
    fields = draft.session.catalog.derive(posted_fields).get(draft.type.name)
    closed = sorted(fields & draft.changed) if fields else []
    if closed:
        _refuse(draft, closed)


def keep_in_place(draft: Draft, event: str) -> None:
    """Refuse to delete an entry, or to bring one back."""
    if draft.type.name in draft.session.catalog.derive(posted_fields):
        _refuse(draft, [])


def _refuse(draft: Draft, closed: list[str]) -> None:
    session = draft.session
    if draft.type.name in session.posts:
        return
    row = _POSTED.row(session.connection, the_record=draft.id)
    if row is None:
        return
    ledger = session.catalog.derive(ledgers_of).get(row[0])
    name = ledger.label if ledger else row[0]
    reason = (
        f"This {draft.type.label.lower()} was posted by the ledger {name}. Correct what it is made "
        "of and run the ledger again: it posts the difference."
    )
    pointers = [f"{draft.pointer}/{one}" for one in closed] or [draft.pointer]
    raise RecordLocked(reason, errors=[fault(pointer, CODE, reason) for pointer in pointers])
