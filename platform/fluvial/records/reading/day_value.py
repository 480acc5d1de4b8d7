"""The value that a dated field has on the day that is read, as an element of SQL.

The column holds today's value. Where the field ever had another one, its rows of `fluvial_dated`
say from which day on which value holds; the first of them has no beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.engine_tables import DATED
from metamodel.catalog import Field
from metamodel.expressions.sql_value import SqlContext, typed
from metamodel.storage import DATE, POSTGRESQL, TEXT

LINKS = "links"  # the form of a list of ids


def form_of(field: Field) -> str:
    """What the values of a field are stored as; those of another form cannot be read.

    A field that was retyped has other columns, and days of its own beside those of the old kind.
    """
    form = " ".join(f"{c.suffix}:{c.storage.name}" for c in field.columns)
    form = LINKS if field.kind.linked else form
    return form if field.base == field.name else f"{form} @{field.base}"


def on_day(
    context: SqlContext, alias: Any, field: Field, suffix: str, part: sa.FromClause | None = None
) -> sa.ColumnElement[Any]:
    """One column of a dated field, as of the bind `today`, or of the day of a part of a period."""
    postgresql = context.dialect == POSTGRESQL
    columns = [alias.c[field.name + c.suffix] for c in field.columns]
    place = next(i for i, c in enumerate(field.columns) if c.suffix == suffix)
    pack = sa.func.jsonb_build_array if postgresql else sa.func.json_array
    held = sa.func.coalesce(_latest(alias, field, part), pack(*columns))
    at: sa.ColumnElement[Any]
    if not postgresql:
        return sa.func.json_extract(held, sa.literal_column(f"'$[{place}]'"))
    storage = field.columns[place].storage
    at = typed(context, held.op("->>", precedence=12)(sa.literal_column(str(place))), storage)
    return sa.collate(at, "C") if storage is TEXT else at


def _latest(alias: Any, field: Field, part: sa.FromClause | None) -> Any:
    """The stored value of the last day until the one that is read on which it changed."""
    d = DATED.alias().c
    today = sa.bindparam("today", type_=Stored(DATE), unique=False)
    query = sa.select(d.value).where(
        d.record == alias.c.id,
        d.field == sa.literal_column(f"'{field.name}'"),
        d.form == sa.literal_column(f"'{form_of(field)}'"),
        d.valid_from <= (today if part is None else part.c.day),
        d.ended_at.is_(None),
    )
    query = query.order_by(d.valid_from.desc()).limit(sa.literal_column("1"))
    own = (alias,) if part is None else (alias, part)
    return query.correlate(*own).scalar_subquery()


def parts_of(
    first: sa.ColumnElement[Any], after: sa.ColumnElement[Any], places: Iterable[tuple[str, str]]
) -> sa.Subquery:
    """The parts of a period, from `day` until `next`: fields change on the days between them."""
    d = DATED.alias()
    named = sa.or_(
        *(
            sa.and_(
                d.c.object == sa.literal_column(f"'{object}'"),
                d.c.field == sa.literal_column(f"'{field}'"),
            )
            for object, field in sorted(places)
        )
    )
    changed = sa.select(d.c.valid_from.label("day")).where(
        named, d.c.ended_at.is_(None), d.c.valid_from > first, d.c.valid_from < after
    )
    start = sa.select(first.label("day")).correlate_except()
    days = start.union(changed.correlate_except(d)).subquery()
    following = sa.func.lead(days.c.day).over(order_by=days.c.day)
    until = sa.func.coalesce(following, after).label("next")
    day = sa.func.fluvial_one_of_few(days.c.day, sa.func.count().over(), type_=days.c.day.type)
    return sa.select(day.label("day"), until).correlate_except(days).subquery()


def links_on_day(link: sa.Table, field: Field, dialect: str) -> sa.Subquery:
    """A dated many-look-up as of the bind `today`, in the shape of its table of links."""
    links = links_by_day(link, field, dialect)
    today = sa.bindparam("today", type_=Stored(DATE), unique=False)
    begun = sa.or_(links.c.since.is_(None), links.c.since <= today)
    held = sa.and_(begun, sa.or_(links.c.until.is_(None), links.c.until > today))
    columns = (links.c.source, links.c.target, links.c.position)
    return sa.select(*columns).where(held).subquery()


def links_by_day(link: sa.Table, field: Field, dialect: str) -> sa.Subquery:
    """All links of a dated many-look-up, each `since` a day and `until` another one, or open."""
    d = DATED.alias()
    mine = (
        d.c.field == sa.literal_column(f"'{field.name}'"),
        d.c.form == sa.literal_column(f"'{form_of(field)}'"),
        d.c.object == sa.literal_column(f"'{field.object}'"),
        d.c.ended_at.is_(None),
    )
    following = sa.func.lead(d.c.valid_from).over(partition_by=d.c.record, order_by=d.c.valid_from)
    days = (d.c.valid_from.label("since"), following.label("until"))
    spans = sa.select(d.c.record.label("source"), d.c.value, *days).where(*mine).subquery()
    target: sa.ColumnElement[Any]
    if dialect == POSTGRESQL:
        ids = spans.c.value.op("->")(sa.literal_column("0"))
        each = sa.func.jsonb_array_elements_text(ids).table_valued(
            "value", with_ordinality="position"
        )
        each = each.render_derived()
        target, position = sa.cast(each.c.value, sa.Uuid), each.c.position
    else:
        each = sa.func.json_each(spans.c.value, sa.literal_column("'$[0]'")).table_valued(
            "key", "value"
        )
        target, position = each.c.value, each.c.key
    known: sa.Select[Any] = sa.select(sa.literal_column("1")).where(
        *mine, d.c.record == link.c.source
    )
    always: sa.ColumnElement[Any] = sa.cast(sa.null(), Stored(DATE))
    same = sa.select(
        link.c.source, link.c.target, link.c.position, always.label("since"), always.label("until")
    ).where(~known.correlate(link).exists())
    changed = sa.select(
        spans.c.source,
        target.label("target"),
        position.label("position"),
        spans.c.since,
        spans.c.until,
    )
    return sa.union_all(same, changed.select_from(spans.join(each, sa.true()))).subquery()
