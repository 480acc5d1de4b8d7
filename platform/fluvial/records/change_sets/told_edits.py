"""What a change set keeps, as its reader may see it; and what is done with single edits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fluvial.kernel.problems import Conflict, NotFound
from fluvial.runtime.session import Session
from metamodel.storage import timestamp_wire

from .base_conflicts import EditConflict, conflicts_of
from .keeping import tell
from .kept_edits import CREATE, Edit, accept, drop_edit, edits_of, title_for
from .seen_edits import seen_edits
from .set_records import OPEN, REVERSED, SetRecord, open_set, set_of, state_of

Json = dict[str, Any]


def told_set(session: Session, id: str) -> Json:
    """A change set with its edits, and with what is in their way while it is open."""
    set_ = set_of(session, id)
    state = state_of(session, id)
    edits = edits_of(session, id)
    seen = seen_edits(session, set_, edits)
    found = conflicts_of(session, edits) if state.name == OPEN else []
    return {
        "id": id,
        "object": set_.type.name,
        "title": set_.values.get("title"),
        "state": state.name,
        "effective": set_.day.isoformat() if set_.day else None,
        "applied": _told(state.applied_at, state.applied_by),
        "reversed": _told(state.reversed_at, state.reversed_by),
        "edits": [told_edit(session, edit) for edit in edits if edit.id in seen],
        "unseen": sum(edit.id not in seen for edit in edits),
        "conflicts": [one.wire(session) for one in found if one.edit.id in seen],
    }


def _told(at: Any, by: str | None) -> Json | None:
    return None if at is None else {"at": timestamp_wire(at), "by": {"user": by} if by else None}


def told_edit(session: Session, edit: Edit) -> Json:
    hidden = session.access.object(edit.object).hidden
    fields = session.catalog.objects[edit.object].fields
    known = (name for name in fields if name in edit.changes and name not in hidden)
    changes = {name: edit.changes[name] for name in known}
    return {
        "id": edit.id,
        "place": edit.place,
        "action": edit.action,
        "object": edit.object,
        "record": edit.record,
        "title": title_for(session, edit) or None,
        "rev": edit.rev,
        "day": edit.day.isoformat() if edit.day else None,
        "changes": changes,
        "at": timestamp_wire(edit.at) if edit.at else None,
        "by": {"user": edit.by} if edit.by else None,
    }


def withdraw_edit(session: Session, id: str, edit_id: str) -> None:
    """Take an edit out of an open change set; nothing may build on it."""
    with session.connection.transaction():
        set_ = open_set(session, id)
        edits = edits_of(session, id)
        edit = _edit(session, set_, edits, edit_id)
        if edit.action == CREATE:
            behind = [
                one
                for one in edits
                if one.id != edit.id and (one.record == edit.record or edit.record in one.named)
            ]
            if behind:
                names = ", ".join(
                    f"{title_for(session, one) or one.object} ({one.action})" for one in behind[:5]
                )
                raise Conflict(
                    f"Other changes build on this new record: {names}. Withdraw them first.",
                    edits=[one.id for one in behind],
                )
        drop_edit(session, edit)
        tell(session, set_)


def accept_edit(session: Session, id: str, edit_id: str) -> Json:
    """Make an edit anew on what its record is now: what it says is to hold all the same."""
    with session.connection.transaction():
        set_ = set_of(session, id, "update", lock=True)
        state = state_of(session, id).name
        edits = edits_of(session, id)
        edit = _edit(session, set_, edits, edit_id)
        if state == REVERSED:
            raise Conflict(f"This {set_.label} has been taken back already.")
        fields = {edit.id: frozenset(session.catalog.objects[edit.object].fields)}
        own, names = ("", None) if state == OPEN else (id, fields)
        found = conflicts_of(session, [edit], own, names)
        if found:
            _accept(session, found[0])
            tell(session, set_)
        now = next(one for one in edits_of(session, id) if one.id == edit.id)
        return told_edit(session, now)


def _accept(session: Session, found: EditConflict) -> None:
    if found.since.deleted:
        raise Conflict("Its record has been deleted. Withdraw this change, or restore the record.")
    theirs = {name: one.theirs for name, one in found.fields.items()}
    accept(session, found.edit, found.since.rev, theirs)


def _edit(session: Session, set_: SetRecord, edits: Sequence[Edit], id: str) -> Edit:
    seen = seen_edits(session, set_, edits)
    found = next((edit for edit in edits if edit.id == id and id in seen), None)
    if found is None:
        raise NotFound(f"This {set_.label} keeps no change with the id `{id}`.")
    return found
