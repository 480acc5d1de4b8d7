"""Applying: in the save in which its condition first holds, a change set is carried out.

All of it is part of the transaction of that save, over all objects, with the rights of who saves:
it is applied as a whole, or the save is refused and says what is in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import HISTORY
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement
from fluvial.kernel.crash_points import point
from fluvial.kernel.problems import Conflict
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.writer_locks import lock_writers
from fluvial.records.writing.after_write import DELETED
from fluvial.runtime.session import Session
from metamodel.change_sets.change_set_part import CHANGE_SET
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import truth
from metamodel.storage import POSTGRESQL, SQLITE

from .base_conflicts import conflicts_of, hold, refuse_conflicts
from .carrying_out import carry_out
from .kept_edits import Edit, carried, edits_of
from .reversing import take_back
from .seen_edits import seen_edits
from .set_records import APPLIED, OPEN, SetRecord, mark_applied, mark_reversed, state_of

_h = HISTORY.c
_REVS = {
    dialect: Statement(
        sa.select(_h.record, sa.func.max(_h.rev))
        .where(among_ids(_h.record, dialect))
        .group_by(_h.record)
    )
    for dialect in (SQLITE, POSTGRESQL)
}


def settle(drafts: Sequence[Draft], event: str) -> None:
    """Apply the change sets among stored records whose condition holds now, or take them back."""
    spec = CHANGE_SET.of(drafts[0].type)
    if spec is None or event == DELETED:
        return
    for draft in drafts:
        session = draft.session
        if not (_holds(draft, spec.applies) or _holds(draft, spec.reverses)):
            continue
        set_ = SetRecord(draft.type, spec, draft.values)
        state = state_of(session, draft.id).name
        if state == OPEN and _holds(draft, spec.applies):
            apply(session, set_)
        elif state == APPLIED and _holds(draft, spec.reverses):
            reverse(session, set_)


def apply(session: Session, set_: SetRecord) -> None:
    edits = edits_of(session, set_.id)
    _refuse_strays(session, set_, edits)
    doing = _begun(session, set_, edits)
    found = conflicts_of(session, edits)
    if found:
        refuse_conflicts(session, set_.label, found, seen_edits(session, set_, edits))
    mark_applied(session, set_)
    revs = _revs(doing, edits)
    spans: dict[str, tuple[int, int]] = {}

    def note(run: Sequence[Edit]) -> None:
        now = _revs(doing, run)
        for edit in run:
            last = now.get(edit.record, 0)
            spans[edit.id] = revs.get(edit.record, 0), last
            revs[edit.record] = last
        point("in_change_set")

    carry_out(doing, edits, set_.day, note)
    for edit in edits:
        first, last = spans[edit.id]
        carried(doing, edit, first, last, revs[edit.record])


def _refuse_strays(session: Session, set_: SetRecord, edits: Sequence[Edit]) -> None:
    """What was kept while the document still allowed it is not carried out any more."""
    strays = [edit for edit in edits if edit.object not in set_.spec.of]
    if strays:
        known = session.catalog.objects.get(strays[0].object)
        what = known.plural if known is not None else f"Records of `{strays[0].object}`"
        raise Conflict(
            f"{what} can no longer be changed in this {set_.label}. Withdraw these changes.",
            edits=[edit.id for edit in strays],
        )


def reverse(session: Session, set_: SetRecord) -> None:
    edits = edits_of(session, set_.id)
    doing = _begun(session, set_, edits)
    take_back(doing, set_, edits, state_of(session, set_.id))
    mark_reversed(session, set_)


def _begun(session: Session, set_: SetRecord, edits: Sequence[Edit]) -> Session:
    """The session of all that is written; others are kept from its records until the end."""
    doing = replace(session, ahead=None, as_of=None, as_at=None, change_set=set_.id)
    for name in sorted({edit.object for edit in edits}):
        lock_writers(doing, name)
    hold(doing, edits)
    return doing


def _holds(draft: Draft, condition: Expression | None) -> bool:
    if condition is None:
        return False
    return truth(condition, RecordEnvironment(draft.session, draft.type, draft.values))


def _revs(session: Session, edits: Sequence[Edit]) -> dict[str, int]:
    """The revisions at which records are, by their history."""
    connection = session.connection
    listed = id_list(connection.dialect, sorted({edit.record for edit in edits}))
    found: list[Any] = _REVS[connection.dialect].rows(connection, ids=listed)
    return {record: int(rev) for record, rev in found}
