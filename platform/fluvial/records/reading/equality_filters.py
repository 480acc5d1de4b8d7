"""Filters that are not expressions: `FIELD=VALUE` and `search=`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.engine_tables import DATED
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.kernel.search_words import mark_of
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ValueFault
from metamodel.expressions.sql import Source
from metamodel.expressions.types import PERSON
from metamodel.kinds.kind import TextFormat
from metamodel.storage import JSON, POSTGRESQL, TEXT, UUID

from .day_titles import slots_of
from .query import Finding
from .row_builder import field_value
from .sql_context import PlanContext


def equal(
    context: PlanContext, source: Source, field: Field, bind: str, empty: bool
) -> sa.ColumnElement[bool]:
    """The records whose field is what the binds `bind`, `bind_1`, ... hold, or is empty."""
    if field.kind.linked:
        return _linked(context, source, field, None if empty else bind)
    if context.works_out(field):
        made = field_value(source, field.name)
        if empty:
            return made.element.is_(None)
        return made.element == sa.bindparam(bind, type_=Stored(made.storage))
    elements = [source.column(field.name, c.suffix) for c in field.columns if not c.hidden]
    if empty:
        nothing = sa.and_(*(element.is_(None) for element in elements))
        if not field.many:
            return nothing
        return sa.or_(nothing, sa.cast(elements[0], Stored(TEXT)) == "[]")
    if field.many:
        return _holds(context, elements[0], bind)
    binds = [
        sa.bindparam(f"{bind}_{i}" if i else bind, type_=element.type)
        for i, element in enumerate(elements)
    ]
    pairs = list(zip(elements, binds, strict=True))
    if field.type.name == PERSON.name:  # one of its columns is filled, and one of the binds
        return sa.or_(*(element == one for element, one in pairs))
    (first, its), *others = pairs
    return sa.and_(first == its, *(element.is_not_distinct_from(one) for element, one in others))


def _linked(
    context: PlanContext, source: Source, field: Field, bind: str | None
) -> sa.ColumnElement[bool]:
    """The records that have a link to what the bind holds, or none at all."""
    link = context.link(field.object, field.name).alias()
    rows: sa.Select[Any] = sa.select(sa.literal_column("1")).where(
        link.c.source == source.column("id")
    )
    if bind is None:
        return ~rows.exists()
    return rows.where(link.c.target == sa.bindparam(bind, type_=Stored(UUID))).exists()


def _holds(context: PlanContext, element: Any, bind: str) -> sa.ColumnElement[bool]:
    """A JSON list that holds the JSON value of the bind."""
    if context.dialect == POSTGRESQL:
        return element.op("@>")(sa.bindparam(bind, type_=Stored(JSON)))  # type: ignore[no-any-return]
    each = sa.func.json_each(element).table_valued("value", "atom", "type")
    wanted = sa.bindparam(bind, type_=Stored(TEXT))
    quoted = sa.case((each.c.type == "text", sa.func.json_quote(each.c.atom)), else_=each.c.value)
    return sa.exists(sa.select(sa.literal_column("1")).select_from(each).where(quoted == wanted))


def equal_binds(
    field: Field, bind: str, text: str, dialect: str, form: TextFormat
) -> dict[str, Any]:
    """The values of the binds of `equal`, from the text of the parameter."""
    if text == "":
        return {}
    try:
        parsed = field.kind.parse_text(field, text, form)
    except ValueFault as error:
        raise Unprocessable(
            error.message, errors=[fault(field.name, error.code, error.message)]
        ) from error
    if isinstance(parsed, list) and len(parsed) != 1:
        message = f"`{field.name}` accepts one value. Use `where` for several."
        raise Unprocessable(message, errors=[fault(field.name, "too_many", message)])
    if field.kind.linked:
        return {bind: parsed[0] if isinstance(parsed, list) else parsed}
    if field.many:
        (stored,) = field.kind.pack(field, parsed if isinstance(parsed, list) else [parsed])
        wanted = stored[:1]  # as the column holds it
        return {bind: JSON.encode(dialect, wanted if dialect == POSTGRESQL else wanted[0])}
    parts = field.kind.pack(field, parsed)
    columns = [c for c in zip(field.kind.columns(field), parts, strict=True) if not c[0].hidden]
    return {
        f"{bind}_{i}" if i else bind: column.storage.encode(dialect, part)
        for i, (column, part) in enumerate(columns)
    }


def found_by(
    context: PlanContext, record: sa.ColumnElement[Any], object_name: str, finding: Finding
) -> sa.ColumnElement[bool]:
    """The records whose row of the search index holds the words.

    `index` begins with the words, `walk` looks at record after record in the order of the list,
    which is quicker where many hold them; `any` leaves it to the database. `parted` begins with the
    words of this object, where those of others are many.
    """
    search = context.search
    postgresql = context.dialect == POSTGRESQL
    bind = sa.bindparam("search", type_=Stored(TEXT))
    there = sa.literal_column("words").op("@@")(sa.func.to_tsquery("simple", bind))
    if finding == "walk":
        row: sa.Select[Any] = sa.select(sa.literal_column("1")).where(search.c.record == record)
        return row.where(there if postgresql else _begun(search.c.text)).exists()
    found = sa.select(search.c.record).where(
        search.c.object == sa.literal_column(f"'{object_name}'")
    )
    if postgresql:
        found = found.where(there)
        if finding == "index":
            ids = sa.cast(sa.func.array(found.scalar_subquery()), sa.ARRAY(sa.Uuid))
            return record == sa.func.any(ids)
        return record.in_(found)
    index = sa.table("fluvial_search_words", sa.column("rowid"))
    words: sa.ColumnElement[Any] = bind
    if finding == "parted":
        mark: sa.ColumnElement[str] = sa.literal_column(f"""'"{mark_of(object_name)}" '""")
        words = mark.op("||")(bind)
    match = sa.literal_column("fluvial_search_words").op("MATCH")(words)
    rows = sa.select(index.c.rowid).where(match)
    found = found.where(sa.literal_column("rowid").in_(rows), _begun(search.c.text))
    return record.in_(found)


def _begun(text: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """SQLite: a text of words with spaces between, in which all words of the bind begin some."""
    words = sa.bindparam("words", type_=Stored(TEXT))
    each = sa.func.json_each(words).table_valued("value", name="word")
    space: sa.ColumnElement[str] = sa.literal_column("' '")
    place: sa.ColumnElement[int] = sa.func.instr(space.op("||")(text), space.op("||")(each.c.value))
    missing: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(each)
    return ~missing.where(place == sa.literal_column("0")).exists()


def matching(
    context: PlanContext, source: Source, type_: ObjectType, finding: Finding = "any"
) -> sa.ColumnElement[bool]:
    """The records that hold every word of the bind `search`, ignoring case and accents."""
    bind = sa.bindparam("search", type_=Stored(TEXT))
    among = found_by(context, source.column("id"), type_.name, finding)
    hidden = {f for f in type_.searchable_fields if context.access.hides(type_.name, f.name)}
    seen = [type_.fields["title"], *(f for f in type_.searchable_fields if f not in hidden)]
    if hidden or type_.name in context.access.withheld_titles:  # the index holds them all
        among = sa.and_(among, _hold(context, [(source, f) for f in seen], bind))
    moved = _moved(context, source, type_)
    if moved is None:
        return among
    own = [(source, f) for f in seen if f.name != "title"]
    held = _hold(context, (*own, *_titles(context, source, type_)), bind)
    return sa.or_(sa.and_(among, ~moved), sa.and_(moved, held))


def _moved(
    context: PlanContext, source: Source, type_: ObjectType
) -> sa.ColumnElement[bool] | None:
    """The records whose words may be others on the day that is read than the index holds."""
    watched = {*type_.searchable_fields, *slots_of(type_)}
    names = sorted(field.name for field in watched if field.dated)
    if not (context.as_of and names):
        return None
    d = DATED.alias().c
    named: list[sa.ColumnElement[str]] = [sa.literal_column(f"'{name}'") for name in names]
    changed = sa.select(d.record).where(
        d.object == sa.literal_column(f"'{type_.name}'"), d.field.in_(named), d.ended_at.is_(None)
    )
    return source.column("id").in_(changed)


def _titles(
    context: PlanContext, source: Source, type_: ObjectType
) -> Iterator[tuple[Source, Field]]:
    """The texts of which a title is made: fields of the record, and titles that it looks up."""
    access = context.access
    for field in slots_of(type_):
        if not access.shows_in_title(type_.name, field.name):
            continue
        if field.kind.searchable:
            yield source, field
        elif field.to is not None and not field.many:
            withheld = type_.name in access.withheld_titles
            record = (source if withheld else source.trusted()).through((field.name,))
            yield record, source.sql.objects[field.to].fields["title"]


def _hold(
    context: PlanContext, words: Iterable[tuple[Source, Field]], bind: sa.BindParameter[Any]
) -> sa.ColumnElement[bool]:
    """Whether some texts hold every word that is searched for."""
    space: sa.ColumnElement[str] = sa.literal_column("' '")
    nothing: sa.ColumnElement[str] = sa.literal_column("''")
    postgresql = context.dialect == POSTGRESQL
    text: sa.ColumnElement[Any] = nothing
    for source, field in words:
        folded = postgresql and any(column.suffix == "__fold" for column in field.columns)
        column = source.column(field.name, "__fold") if folded else source.column(field.name)
        text = text.op("||")(space).op("||")(sa.func.coalesce(column, nothing))
    words_ = sa.bindparam("words", type_=Stored(TEXT))
    if postgresql:
        return sa.func.fluvial_holds(text, words_)
    every = bind.op("||")(words_)  # the short ones too
    held: sa.ColumnElement[bool] = sa.func.fluvial_holds(text, every) == sa.literal_column("1")
    return held
