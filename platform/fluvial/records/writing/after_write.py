"""The aftermath of a write: what it leaves behind, in one order, whoever writes.

Once the rows of records are written, and in the same transaction:

1. the hook of an object type of the engine's own, which may refuse;
2. from which day on dated fields hold their values, and since when they are in their states;
3. calculated values and titles, of the records and of all that depends on them, with the events
   of the latter;
4. history, and the events of the records, which tell the calculated values of 3 as well;
5. the words by which they are found, among them the titles of 3;
6. what features keep beside them, such as the moments that date rules wait for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fluvial.records.calculated.stored_drafts import spread
from fluvial.records.drafts import journal
from fluvial.records.drafts.codec import record_maker
from fluvial.records.drafts.completion import search_text
from fluvial.records.drafts.dated_writes import keep_days
from fluvial.records.drafts.draft import Draft, wire_value
from fluvial.records.drafts.journal import Entry, PastEntry
from fluvial.records.drafts.past_steps import values_at_first
from fluvial.records.drafts.rows import row_writer
from fluvial.records.drafts.seams import hook_of, tell_stored
from fluvial.records.drafts.state_log import keep_spans
from fluvial.records.reading.plan_cache import plans_of
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

CREATED, UPDATED, DELETED, RESTORED = "created", "updated", "deleted", "restored"


def leave(event: str, drafts: Sequence[Draft]) -> None:
    """Leave behind what follows from drafts of one object type whose rows are written."""
    if not drafts:
        return
    session, type_ = drafts[0].session, drafts[0].type
    hook = hook_of(session, type_.name)
    for draft in drafts if hook else ():
        hook.stored(draft)  # type: ignore[union-attr]
    if type_.dated_fields and event != DELETED:
        keep_days(drafts)
    if type_.logged_fields and event != DELETED:
        keep_spans(drafts)
    changes = _changes(drafts)
    heard = spread(drafts, event)
    entries = [
        Entry(draft.id, draft.values["rev"], change, heard[draft.id])
        for draft, change in zip(drafts, changes, strict=True)
        if not draft.past
    ]
    if entries:
        journal.write(session, type_.name, event, entries)
    past = [e for d, c in zip(drafts, changes, strict=True) if d.past for e in _past(d, c)]
    journal.write_past(session, type_.name, past)
    _index(event, drafts)
    tell_stored(drafts, event)


def _changes(drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """What somebody wrote, as history keeps it: the old and the new values in wire form."""
    session, type_ = drafts[0].session, drafts[0].type
    made: dict[frozenset[str], Any] = {}  # those of many drafts are mostly the same
    changes = []
    for draft in drafts:
        if draft.before is None:
            changes.append(row_writer(session, type_).changes(draft.values))
            continue
        names = frozenset(draft.changed)
        wire = made.get(names) or made.setdefault(names, _wire(session, type_, names))
        old, new = wire(draft.before), wire(draft.values)
        changes.append({name: [old[name], value] for name, value in new.items()})
    return changes


def _past(draft: Draft, changes: dict[str, Any]) -> Iterator[PastEntry]:
    """The history of a record that brings it along."""
    fields, first = draft.type.fields, draft.past[0]
    for name, value in values_at_first(draft.past).items():
        changes[name] = [None, wire_value(fields[name], value)]
    yield PastEntry(draft.id, 1, first.at, first.by, changes)
    for rev, step in enumerate(draft.past[1:], 2):
        told = {
            name: [wire_value(fields[name], old), wire_value(fields[name], new)]
            for name, (old, new) in step.moved.items()
        }
        yield PastEntry(draft.id, rev, step.at, step.by, told)


def _wire(session: Session, type_: ObjectType, names: frozenset[str]) -> Any:
    """A function from values to some of them in wire form."""

    def make() -> Any:
        changed = (field for name, field in type_.fields.items() if name in names)
        return record_maker([field for field in changed if field.name != "title"])

    return plans_of(session.catalog).get((type_.name, "wire", names), make)


def _index(event: str, drafts: Sequence[Draft]) -> None:
    type_, connection = drafts[0].type, drafts[0].session.connection
    if event == DELETED:
        for draft in drafts:
            journal.unindex(connection, draft.id)
        return
    if not type_.searchable_fields:
        return
    names = {"title", *(field.name for field in type_.searchable_fields)}
    found = [d for d in drafts if event != UPDATED or not names.isdisjoint(d.changed)]
    words = {draft.id: text for draft in found if (text := search_text(draft)) is not None}
    if words:
        journal.index(connection, type_.name, words, new=event == CREATED)
