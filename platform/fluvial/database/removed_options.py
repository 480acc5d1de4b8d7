"""Options of choices that are taken out: how many records hold them."""

from __future__ import annotations

from collections.abc import Iterator

from metamodel.catalog import Catalog, Field
from metamodel.storage import JSON, POSTGRESQL

from .connection import Connection
from .renamed_options import DATED, changed_pairs, of_lists, renamed
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
    uses = [(int(rows), "record")]
    if field.option("dated"):
        uses.append((_planned(connection, field, name), "planned value"))
    return SchemaOperation(
        RETIRED,
        f"{field.object}.{field.name}.{name}",
        rows=int(rows),
        uses=[
            f"{count} {what}{'' if count == 1 else 's'} of {field.object} with {field.name} {name}"
            for count, what in uses
            if count
        ],
        undo="Add the option again: the records still hold it.",
    )


def _planned(connection: Connection, field: Field, name: str) -> int:
    """Values that records will have from a later day on."""
    quote = '\\"' if field.columns[0].storage is JSON else '"'
    held = "strpos" if connection.dialect == POSTGRESQL else "instr"
    ((count,),) = connection.query(
        f"SELECT count(*) FROM {DATED} WHERE ended_at IS NULL AND planned "
        f"AND object = '{field.object}' AND field = '{field.name}' "
        f"AND {held}(CAST(value AS TEXT), '{quote}{name}{quote}') > 0"
    )
    return int(count)
