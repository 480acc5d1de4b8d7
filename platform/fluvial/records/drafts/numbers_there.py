"""The highest number that records hold already: where a counter that is new begins.

A counter is new when a period begins, but also when a pattern, its period or its series change.
Numbers in the bin count as well: none is given twice.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.records.reading.plan_cache import plans_of
from metamodel.catalog import Field
from metamodel.storage import TEXT

from .codec import packed
from .draft import Draft
from .issued_numbers import day_of

LAST = "\U0010ffff"  # sorts behind all that a number may go on with


def highest(draft: Draft, field: Field) -> int:
    """The highest number of the counter from which a draft gets its own; 0 where there is none."""
    session, type_ = draft.session, draft.type
    dialect, day = session.connection.dialect, day_of(draft, field)
    stored: dict[str, Any] = {}
    for name in field.kind.series(field.spec):
        stored |= packed(type_.fields[name], draft.values.get(name), dialect)
    given = tuple(name for name, value in stored.items() if value is not None)
    key = ("numbers there", type_.name, field.name, given)
    plan: Compiled = plans_of(session.catalog).get(key, lambda: _plan(draft, field, given))
    beginning = field.kind.beginning(field, day)
    binds = {f"k_{name}": stored[name] for name in given}
    binds |= {"the_first": beginning, "the_last": beginning + LAST}
    order = [{**plan.constants, **binds}[name] for name in plan.order]
    period, found = field.kind.period(field, day), 0
    for (value,) in session.connection.query(plan.sql, order):
        counted = field.kind.counted(field, value)
        if counted is not None and counted[0] == period:
            found = max(found, counted[1])
    return found


def _plan(draft: Draft, field: Field, given: tuple[str, ...]) -> Compiled:
    table = tables_of(draft.session.catalog).objects[draft.type.name]
    number = table.c[field.name]
    series = [table.c[n] == sa.bindparam(f"k_{n}", type_=table.c[n].type) for n in given]
    statement = sa.select(number).where(
        *series,
        number >= sa.bindparam("the_first", type_=Stored(TEXT)),
        number < sa.bindparam("the_last", type_=Stored(TEXT)),
    )
    return Compiled(statement, draft.session.connection.dialect)
