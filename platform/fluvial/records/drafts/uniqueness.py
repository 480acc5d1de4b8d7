"""Unique keys: the database keeps them; here its refusal becomes a sentence."""

from __future__ import annotations

from fluvial.database.connection import UniqueError
from fluvial.database.exclusion import exclusion_name
from fluvial.database.object_tables import unique_name
from fluvial.kernel.problems import Conflict, Problem, Unprocessable, fault
from metamodel.catalog import ObjectType

from .draft import Draft
from .periods import overlap_fault
from .rows import empty


def unique_keys(type_: ObjectType) -> dict[str, tuple[str, ...]]:
    """The fields of each unique key by the name of its index."""
    keys = {unique_name(type_, (f.name,)): (f.name,) for f in type_.fields.values() if f.unique}
    return keys | {unique_name(type_, k.fields): k.fields for k in type_.keys if k.unique}


def unique_fault(draft: Draft, error: UniqueError) -> Problem:
    """The problem of a key that is taken: the fields, and what stands in the way."""
    if error.key == exclusion_name(draft.type.name):
        return overlap_fault(draft)
    fields = broken_key(draft.type, error)
    if not fields:
        return Conflict("Another person saved this record at the same time. Try again.")
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
