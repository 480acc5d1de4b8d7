"""Drafting: from an object type or a record to a draft that is ready to be written."""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import Forbidden, NotFound
from fluvial.records.calculated.own_values import compute_changed, compute_new
from fluvial.records.drafts.completion import (
    apply_defaults,
    check_required,
    complete,
    pull,
    title_of,
)
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.record_locks import refuse_locked
from fluvial.records.drafts.rows import Values, empty, load_row
from fluvial.records.drafts.sequences import number
from fluvial.records.reading.reader import find_one
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType


def fresh_draft(session: Session, type_: ObjectType, pointer: str = "", record: str = "") -> Draft:
    """A draft of a new record, all of whose fields are empty; of one whose id is known already."""
    values = {**type_.empty_values, **{name: [] for name in type_.many_names}}
    return Draft(session, type_, record or new_id(), None, values, pointer)


def existing(session: Session, type_: ObjectType, record: str, action: str) -> Values:
    found = None
    if is_id(record):
        found = load_row(session, type_.name, record, action, lock=True)
    if found is None:
        raise missing(session, type_, record, action)
    return found


def missing(session: Session, type_: ObjectType, record: str, action: str) -> Forbidden | NotFound:
    """Why a record is not one that the actor may do that with."""
    if is_id(record) and find_one(session, type_.name, record, (("id",),)):
        return Forbidden(f"Your roles do not allow you to {action} this {type_.label.lower()}.")
    return NotFound(f"There is no {type_.label.lower()} with the id `{record}`.")


def complete_new(draft: Draft) -> None:
    """Complete the values of a new record, all but its numbers; refuse what does not fit."""
    chosen = frozenset(draft.changed)
    apply_defaults(draft)
    pull(draft, chosen)
    complete(draft)


def finish(drafts: Sequence[Draft]) -> None:
    """Number complete drafts of one object type: what is left is to write their rows."""
    number(drafts)
    for draft in drafts:
        if draft.new:
            _finish_new(draft)
        elif draft.numbered:
            _retitle(draft)
            draft.computed = tuple(compute_changed(draft))


def _finish_new(draft: Draft) -> None:
    session, values = draft.session, draft.values
    first, last = (draft.past[0], draft.past[-1]) if draft.past else (None, None)
    author = _author(session.actor.id if first is None else first.by)
    values["id"], values["rev"] = draft.id, len(draft.past) or 1
    values["created_at"] = session.now if first is None else first.at
    values["updated_at"] = session.now if last is None else last.at
    values["created_by"] = author
    values["updated_by"] = author if last is None else _author(last.by)
    if empty(values.get("owner")):
        values["owner"] = author
    draft.refuse_faults()
    values["title"] = title_of(draft)
    compute_new(draft)


def _author(user: str | None) -> tuple[str, str] | None:
    return ("user", user) if user else None


def _retitle(draft: Draft) -> None:
    """The title of a changed record, where its number is part of it."""
    assert draft.before is not None
    draft.values["title"] = title_of(draft)
    if draft.values["title"] != draft.before["title"]:
        draft.changed.add("title")


def stamp(session: Session, before: Values) -> Values:
    """What every change writes beside its own values."""
    author = _author(session.actor.id)
    return {"rev": before["rev"] + 1, "updated_at": session.now, "updated_by": author}


def complete_changed(draft: Draft) -> bool:
    """Complete a draft of an existing record; whether there is anything to write."""
    session, before = draft.session, draft.before
    assert before is not None
    refuse_locked(draft)
    draft.refuse_faults()
    if not draft.changed and not draft.extras:  # extras: what a hook stores beside the row
        check_required(draft)
        draft.refuse_faults()
        return False
    pull(draft, frozenset(draft.changed))
    complete(draft)
    refuse_locked(draft)  # also what follows from the change: filled in, or set by a rule
    if draft.values["title"] != before["title"]:
        draft.changed.add("title")
    draft.values |= stamp(session, before)
    draft.computed = tuple(compute_changed(draft))
    return True
