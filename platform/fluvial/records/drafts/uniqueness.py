"""Unique keys: the database keeps them; here its refusal becomes a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.database.connection import UniqueError
from fluvial.database.exclusion import exclusion_name
from fluvial.database.object_tables import unique_name
from fluvial.kernel.problems import Conflict, Problem, Unprocessable, fault
from metamodel.catalog import ObjectType

from .draft import UNSEEN, Draft
from .periods import moves, overlap_fault
from .rows import Values, empty


def unique_keys(type_: ObjectType) -> dict[str, tuple[str, ...]]:
    """The fields of each unique key by the name of its index."""
    keys = {unique_name(type_, (f.name,)): (f.name,) for f in type_.fields.values() if f.unique}
    return keys | {unique_name(type_, k.fields): k.fields for k in type_.keys if k.unique}


def changing_places(drafts: Sequence[Draft]) -> list[Draft]:
    """Changed drafts that leave a key or a time which another draft, also a new one, takes."""
    type_ = drafts[0].type
    if len(drafts) < 2:
        return []
    leaving: dict[str, Draft] = {}
    for fields in unique_keys(type_).values():
        moved = [draft for draft in drafts if draft.new or not draft.changed.isdisjoint(fields)]
        left = {_key(draft.before, fields): draft.id for draft in moved if draft.before is not None}
        taken = (left.get(_key(draft.values, fields), draft.id) != draft.id for draft in moved)
        if left and any(taken):
            leaving |= {draft.id: draft for draft in moved if not draft.new}
    if type_.dated is not None:
        moved = [draft for draft in drafts if moves(draft, type_.dated)]
        leaving |= {draft.id: draft for draft in moved if len(moved) > 1 and not draft.new}
    return list(leaving.values())


def _key(values: Values, fields: tuple[str, ...]) -> str:
    return repr([values.get(name) for name in fields])


def unique_fault(draft: Draft, error: UniqueError) -> Problem:
    """The problem of a key that is taken: the fields, and what stands in the way."""
    if error.key == exclusion_name(draft.type.name):
        return overlap_fault(draft)
    fields = broken_key(draft.type, error)
    if not fields:
        return Conflict("Another person saved this record at the same time. Try again.")
    unknown = draft.session.access.object(draft.type.name).unknown
    fields = tuple(name for name in fields if name not in unknown)
    if not fields:
        return Unprocessable(UNSEEN, errors=[fault(draft.pointer, "not_unique", UNSEEN)])
    labels = " and ".join(draft.type.fields[name].label for name in fields)
    shown = ", ".join(
        draft.type.fields[name].kind.show(draft.type.fields[name], draft.values[name])
        for name in fields
        if not empty(draft.values.get(name)) and not draft.type.fields[name].targets
    )
    taken = f" {shown}" if shown else ""
    message = (
        f"There is already a {draft.type.label.lower()} with {labels}{taken}. Choose another value."
    )
    errors = [fault(f"{draft.pointer}/{name}", "not_unique", message) for name in fields]
    return Unprocessable(message, errors=errors)


def broken_key(type_: ObjectType, error: UniqueError) -> tuple[str, ...]:
    keys = unique_keys(type_)
    if error.key in keys:  # PostgreSQL, and expression indexes of SQLite, name the index
        return keys[error.key]
    columns = [part.strip().rpartition(".")[2] for part in error.key.split(",")]
    names = tuple(dict.fromkeys(column.partition("__")[0] for column in columns))
    return names if names in keys.values() else ()
