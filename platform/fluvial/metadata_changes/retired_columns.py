"""Columns that are kept after their field went or became another kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import PLACED, RETIRED
from fluvial.database.statement import Statement, insert, param
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.folding import humanise, label_text
from metamodel.kinds import KINDS

REMOVED, RETYPED = "removed", "retyped"
WORKED_OUT = "calculated"  # what a formula that is gone gave: nothing that anybody misses

_r, _p = RETIRED.c, PLACED.c
_ALL = Statement(
    sa.select(_r.object, _r.column, _r.field, _r.spec, _r.at, _r.cause).order_by(
        _r.at, _r.object, _r.column
    )
)
_ADD = insert(RETIRED)
_DROP = Statement(
    RETIRED.delete().where(
        _r.object == param("the_object", _r.object), _r.column == param("the_column", _r.column)
    )
)
_PLACE = insert(PLACED)
_UNPLACE = Statement(
    PLACED.delete().where(
        _p.object == param("the_object", _p.object), _p.field == param("the_field", _p.field)
    )
)


@dataclass(frozen=True)
class RetiredColumn:
    """The columns, or the link table, of a field as it was."""

    object: str
    column: str
    field: str
    spec: Mapping[str, Any]
    at: datetime
    cause: str

    @property
    def kind(self) -> str:
        return str(self.spec["kind"])

    def as_field(self) -> Field:
        """The field as it was, to read its values with."""
        return Field(
            object=self.object,
            name=self.field,
            kind=KINDS[self.kind],
            label=label_text(self.spec.get("label", humanise(self.field))),
            spec=self.spec,
            column=self.column,
        )


def retired_columns(connection: Connection) -> list[RetiredColumn]:
    """All that hold values of people, oldest first."""
    return [one for one in _all(connection) if one.cause != WORKED_OUT]


def worked_columns(connection: Connection) -> list[tuple[str, str]]:
    """The tables and columns that formulas filled which are no more."""
    return [(one.object, one.column) for one in _all(connection) if one.cause == WORKED_OUT]


def _all(connection: Connection) -> list[RetiredColumn]:
    return [RetiredColumn(*row) for row in _ALL.rows(connection)]


def retire(connection: Connection, field: Field, at: datetime, cause: str) -> None:
    forget(connection, field.object, field.base)
    _ADD.run(
        connection,
        object=field.object,
        column=field.base,
        field=field.name,
        spec={**field.spec, "kind": field.kind.name},
        at=at,
        cause=cause,
    )


def forget(connection: Connection, object: str, column: str) -> None:
    """The column is in use again, or gone."""
    _DROP.run(connection, the_object=object, the_column=column)


def keep_places(connection: Connection, old: Catalog, new: Catalog) -> None:
    """Note what the columns of fields are called where it is not their name."""
    for name in {*old.objects, *new.objects}:
        before, after = (_places(catalog.objects.get(name)) for catalog in (old, new))
        for field in {*before, *after}:
            if before.get(field) == after.get(field):
                continue
            _UNPLACE.run(connection, the_object=name, the_field=field)
            if field in after:
                _PLACE.run(connection, object=name, field=field, column=after[field])


def _places(type_: ObjectType | None) -> dict[str, str]:
    fields: Iterable[Field] = type_.bodied_fields if type_ is not None else ()
    return {field.name: field.column for field in fields if field.column}
