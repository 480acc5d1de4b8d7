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


LINKS = "links"  # the form of a list of ids


def form_of(field: Field) -> str:
    """What the values of a field are stored as; those of another form cannot be read.

    A field that was retyped has other columns, and days of its own beside those of the old kind.
    """
    form = " ".join(f"{c.suffix}:{c.storage.name}" for c in field.columns)
    form = LINKS if field.kind.linked else form
    return form if field.base == field.name else f"{form} @{field.base}"


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


def links_on_day(link: sa.Table, field: Field, dialect: str) -> sa.Subquery:
    """A dated many-look-up as of the bind `today`, in the shape of its table of links."""
    d, first = DATED.alias(), DATED.alias()
    mine = (
        d.c.field == sa.literal_column(f"'{field.name}'"),
        d.c.form == sa.literal_column(f"'{form_of(field)}'"),
        d.c.object == sa.literal_column(f"'{field.object}'"),
        d.c.ended_at.is_(None),
    )
    last = sa.select(sa.func.max(first.c.valid_from)).where(
        first.c.record == d.c.record,
        first.c.field == d.c.field,
        first.c.form == d.c.form,
        first.c.ended_at.is_(None),
        first.c.valid_from <= sa.bindparam("today", type_=Stored(DATE), unique=False),
    )
    latest = d.c.valid_from == last.correlate(d).scalar_subquery()
    target: sa.ColumnElement[Any]
    if dialect == POSTGRESQL:
        ids = d.c.value.op("->")(sa.literal_column("0"))
        each = sa.func.jsonb_array_elements_text(ids).table_valued(
            "value", with_ordinality="position"
        )
        each = each.render_derived()
        target, position = sa.cast(each.c.value, sa.Uuid), each.c.position
    else:
        each = sa.func.json_each(d.c.value, sa.literal_column("'$[0]'")).table_valued(
            "key", "value"
        )
        target, position = each.c.value, each.c.key
    changed = sa.select(
        d.c.record.label("source"), target.label("target"), position.label("position")
    )
    changed = changed.select_from(d.join(each, sa.true())).where(*mine, latest)
    known: sa.Select[Any] = sa.select(sa.literal_column("1")).where(
        *mine, d.c.record == link.c.source
    )
    same = sa.select(link.c.source, link.c.target, link.c.position).where(
        ~known.correlate(link).exists()
    )
    return sa.union_all(same, changed).subquery()
