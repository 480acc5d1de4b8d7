"""Options of choices that are taken out: how many records hold them."""

from __future__ import annotations

from collections.abc import Iterator

from metamodel.catalog import Catalog, Field
from metamodel.storage import JSON

from .connection import Connection
from .renamed_options import changed_pairs, of_lists, renamed
from .schema_changes import SchemaOperation

RETIRED = "retire_option"


def removed_options(old: Catalog, new: Catalog, connection: Connection) -> list[SchemaOperation]:
    """An operation for each option that is gone in the new catalog; records keep its name."""
    return [
        _operation(connection, field, name)
        for before, field in changed_pairs(old, new)
        if before.type.options and field.type.options and not field.kind.linked
        for name in _gone(before, field)
    ]


def _gone(before: Field, after: Field) -> Iterator[str]:
    there = {option.name for option in after.type.options} | {*renamed(before, after)}
    return (option.name for option in before.type.options if option.name not in there)


def _operation(connection: Connection, field: Field, name: str) -> SchemaOperation:
    where = f"\"{field.base}\" = '{name}'"
    if field.columns[0].storage is JSON:
        where, _ = of_lists(connection.dialect, field.object, field.base, {name: name})
    ((rows,),) = connection.query(
        f'SELECT count(*) FROM "{field.object}" WHERE deleted_at IS NULL AND ({where})'
    )
    held = f"{rows} record{'' if rows == 1 else 's'} of {field.object}"
    return SchemaOperation(
        RETIRED,
        f"{field.object}.{field.name}.{name}",
        rows=int(rows),
        uses=[f"{held} with {field.name} {name}"] if rows else [],
        undo="Add the option again: the records still hold it.",
    )
