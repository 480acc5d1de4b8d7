"""Which edits of a change set somebody may see: those of records that they may read."""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.records.reading.reader import find_many, find_one
from fluvial.runtime.session import Session

from .keeping import look_inside
from .kept_edits import CREATE, Edit
from .set_records import OPEN, SetRecord, state_of


def seen_edits(session: Session, set_: SetRecord, edits: Sequence[Edit]) -> set[str]:
    """The edits of records that the actor may read, now or once they are carried out."""
    seen: set[str] = set()
    unsure: list[Edit] = []
    ids: dict[str, list[Edit]] = {}
    for edit in edits:
        known = session.catalog.objects.get(edit.object)
        if known is None or not session.access.object(edit.object).can("read"):
            continue
        if session.access.object(edit.object).where["read"] is None or edit.by == session.actor.id:
            seen.add(edit.id)
        else:
            ids.setdefault(edit.object, []).append(edit)
    for name, some in ids.items():
        found = find_many(session, name, [edit.record for edit in some])
        seen.update(edit.id for edit in some if edit.record in found)
        unsure += [edit for edit in some if edit.record not in found]
    if unsure and state_of(session, set_.id).name == OPEN:
        made = {edit.record for edit in edits if edit.action == CREATE}
        wanted = [edit for edit in unsure if edit.record in made]

        def ask(_: SetRecord) -> set[str]:
            return {e.id for e in wanted if find_one(session, e.object, e.record, (("id",),))}

        if wanted:
            seen |= look_inside(session, set_.id, {edit.record for edit in wanted}, ask)
    return seen
