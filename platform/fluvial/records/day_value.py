"""The value that a dated field has on the day that is read, as an element of SQL.

The column holds today's value. Where the field ever had another one, its rows of `fluvial_dated`
say from which day on which value holds; the first of them has no beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.tables import DATED
from metamodel.catalog import Field
from metamodel.expressions.sql_value import typed
from metamodel.storage import DATE, POSTGRESQL, TEXT

if TYPE_CHECKING:
    from .context import PlanContext


def form_of(field: Field) -> str:
    """What the values of a field are stored as; those of another form cannot be read."""
    return " ".join(f"{c.suffix}:{c.storage.name}" for c in field.columns)


def on_day(context: PlanContext, alias: Any, field: Field, suffix: str) -> sa.ColumnElement[Any]:
    """One column of a dated field, as of the bind `today`."""
    postgresql = context.dialect == POSTGRESQL
    columns = [alias.c[field.name + c.suffix] for c in field.columns]
    place = next(i for i, c in enumerate(field.columns) if c.suffix == suffix)
    pack = sa.func.jsonb_build_array if postgresql else sa.func.json_array
    held = sa.func.coalesce(_latest(alias, field), pack(*columns))
    at: sa.ColumnElement[Any]
    if not postgresql:
        return sa.func.json_extract(held, sa.literal_column(f"'$[{place}]'"))
    storage = field.columns[place].storage
    at = typed(context, held.op("->>", precedence=12)(sa.literal_column(str(place))), storage)
    return sa.collate(at, "C") if storage is TEXT else at


def _latest(alias: Any, field: Field) -> Any:
    """The stored value of the last day until the one that is read on which it changed."""
    d = DATED.alias().c
    query = sa.select(d.value).where(
        d.record == alias.c.id,
        d.field == sa.literal_column(f"'{field.name}'"),
        d.form == sa.literal_column(f"'{form_of(field)}'"),
        d.valid_from <= sa.bindparam("today", type_=Stored(DATE), unique=False),
        d.ended_at.is_(None),
    )
    query = query.order_by(d.valid_from.desc()).limit(sa.literal_column("1"))
    return query.correlate(alias).scalar_subquery()
