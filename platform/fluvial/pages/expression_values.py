"""What an expression gives for one record, as far as the person may read what goes into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from fluvial.kernel.ids import is_id
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.expressions import types
from metamodel.expressions.decimals import plain
from metamodel.expressions.expression import Expression
from metamodel.expressions.fault_words import MANY
from metamodel.expressions.nodes import ChangeTest, Read, Root
from metamodel.expressions.sql import Source, value
from metamodel.expressions.types import Type
from metamodel.kinds import KINDS
from metamodel.storage import UUID

from . import reader_format as marks
from .presenters import said
from .reader_format import ReaderFormat

DAY = 86_400
EMPTY = "empty"
GONE = "You may not read this record, or it is gone."
_DURATION = Field("", "value", KINDS["duration"], "", {})


@dataclass(frozen=True)
class ShownValue:
    """The words of a value; `why_not` where there is none to show."""

    words: str = ""
    why_not: str = ""
    answer: bool | None = None  # of a condition


def withheld(session: Session, expression: Expression) -> str:
    """Why the person may not see the value; empty where they may."""
    for object_name, name in sorted(expression.uses):
        if session.access.hides(object_name, name):
            return "It reads a field that you may not read, so its value is not shown."
    return ""


def worked_out(
    session: Session, expression: Expression, record: str, fmt: ReaderFormat
) -> ShownValue:
    """The value for a record; of a condition Yes or No."""
    nodes = list(expression.tree.walk())
    if any(isinstance(node, ChangeTest) for node in nodes):
        return ShownValue(why_not="It asks what has changed, which a record alone does not tell.")
    if expression.outer or any(isinstance(n, Read) and n.root is Root.NAME for n in nodes):
        return ShownValue(why_not="It needs more than a record: it has a value where it runs.")
    if expression.type.name in MANY:
        return ShownValue(why_not="It is several values. Ask count(...) or exists(...) of them.")
    reason = withheld(session, expression)
    if reason:
        return ShownValue(why_not=reason)
    cells = _cells(session, expression, record)
    if cells is None:
        return ShownValue(why_not=GONE)
    if cells[0] is None and expression.type.name != types.BOOLEAN.name:
        return ShownValue(EMPTY)
    answer = bool(cells[0]) if expression.type.name == types.BOOLEAN.name else None
    return ShownValue(_words(expression.type, cells, fmt), answer=answer)


def _cells(session: Session, expression: Expression, record: str) -> tuple[Any, ...] | None:
    """The decoded parts of the value; None where the record is not for the person."""
    object_name, access = expression.object, session.access
    if object_name is None or not is_id(record) or not access.object(object_name).can("read"):
        return None
    dialect = session.connection.dialect
    context = PlanContext(session.catalog, access, dialect)
    source = Source(context, object_name)
    made = value(expression, source)
    conditions = [
        source.column("id") == context.parameter("id", UUID),
        source.column("deleted_at").is_(None),
    ]
    allowed = context.allowed(object_name, "read", source)
    conditions += [] if allowed is None else [allowed]
    columns = [element.label(f"v{at}") for at, (element, _) in enumerate(made.parts)]
    statement = sa.select(*columns).where(*conditions).select_from(source.joined())
    rows = ask(session, context.compiled(statement), id=record)
    if not rows:
        return None
    pairs = zip(made.parts, rows[0], strict=True)
    return tuple(None if c is None else storage.decode(dialect, c) for (_, storage), c in pairs)


def _words(type_: Type, cells: tuple[Any, ...], fmt: ReaderFormat) -> str:
    first = cells[0]
    if type_.objects:
        return _title(type_, cells, fmt)
    if type_.name == types.MONEY.name:
        currency = type_.currency or (cells[1] if len(cells) > 1 else "")
        return marks.money(f"{first:f}", str(currency), fmt.locale)
    if type_.options:
        labels = {option.name: option.label for option in type_.options}
        return labels.get(str(first), str(first))
    show = _SHOW.get(type_.name)
    return str(first) if show is None else show(first, fmt)


def _title(type_: Type, cells: tuple[Any, ...], fmt: ReaderFormat) -> str:
    """What the record or person is called; a second cell says which object it is of."""
    object_name, record = type_.objects[0], cells[0]
    if len(cells) > 1 and cells[1] is not None:
        object_name, record = (
            (str(cells[1]), record) if cells[1] in type_.objects else (object_name, record)
        )
    fmt.names.want([(object_name, str(record))])
    fmt.names.load()
    return fmt.names.title(object_name, str(record)) or "not visible to you"


def _number(value: Decimal, fmt: ReaderFormat) -> str:
    return marks.number(plain(Decimal(value)), fmt.locale)


_SHOW: Mapping[str, Any] = {
    types.NUMBER.name: _number,
    types.BOOLEAN.name: lambda value, fmt: "Yes" if value else "No",
    types.DATE.name: lambda value, fmt: fmt.plain_day(value),
    types.DATETIME.name: lambda value, fmt: fmt.full(value),
    types.DURATION.name: lambda value, fmt: said(_DURATION, int(value), fmt),
    types.DAYS.name: lambda value, fmt: _counted(int(value) // DAY, "day"),
    types.MONTHS.name: lambda value, fmt: _counted(int(value), "month"),
}


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"
