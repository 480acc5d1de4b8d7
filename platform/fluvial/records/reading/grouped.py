"""The first records of every group of a query, in one statement whatever their number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.runtime.session import Session
from metamodel.storage import INTEGER, POSTGRESQL, TEXT

from . import cursor
from .plan import PagePlanner, Plan
from .plan_cache import plans_of
from .query import Query
from .query_values import QueryValues, query_values_of
from .reader import query_values


@dataclass(frozen=True)
class Ranking:
    """An order by hand: a table with the columns `list`, `record` and `rank`, and a list in it.

    Records without a rank in the list stand at the place of their id.
    """

    table: sa.Table
    list: str


@dataclass
class Group:
    """Records with the same value; `next` is the cursor of what follows."""

    value: Any  # in wire form
    records: list[dict[str, Any]] = field(default_factory=list)
    next: str | None = None


def read_groups(
    session: Session, query: Query, by: str, ranking: Ranking | None = None
) -> list[Group]:
    """At most `query.limit` records of each group; a cursor goes with `equals` of one group."""
    type_ = session.object(query.object)
    if query.as_of is not None:
        session = session.at(query.as_of)
    wanted = query_values_of(session.access, query)
    values = query_values(session, type_, query, wanted)
    empties: tuple[bool, ...] | None = None
    if query.cursor:
        first = _group_plan(session, query, wanted, by, ranking, None)
        last = cursor.decode(query.cursor, first.shape, first.keys)
        empties = tuple(value is None for value in last)
        values |= cursor.binds(last)
    plan = _group_plan(session, query, wanted, by, ranking, empties)
    values["limit"] = query.limit + 1
    if ranking is not None:
        values["ranking"] = ranking.list
    rows = cursor.followed(query.cursor, session, plan.page, values)
    return list(_gathered(rows, plan, by, query.limit))


def _gathered(rows: list[Any], plan: Plan, by: str, limit: int) -> Iterator[Group]:
    groups: dict[str, tuple[Group, Any]] = {}
    for row in rows:
        record = plan.builder(row)
        group, last = groups.setdefault(repr(record[by]), (Group(record[by]), None))
        if len(group.records) == limit:
            group.next = cursor.encode(plan.shape, last[-plan.keys :])
        else:
            group.records.append(record)
            groups[repr(record[by])] = (group, row)
    return (group for group, _ in groups.values())


def _group_plan(
    session: Session,
    query: Query,
    wanted: QueryValues,
    by: str,
    ranking: Ranking | None,
    after: tuple[bool, ...] | None,
) -> Plan:
    table = ranking.table if ranking else None
    access, dated = session.access, (session.as_of is not None, query.as_of is not None)
    key = (
        access.roles,
        access.unrestricted,
        "groups",
        query.outline,
        wanted.key,
        by,
        table is None,
        after,
        dated,
    )
    plan: Plan = plans_of(access.catalog).get(
        key, lambda: _GroupPlanner(session, query, wanted, table).grouped(by, after)
    )
    return plan


class _GroupPlanner(PagePlanner):
    def __init__(
        self, session: Session, query: Query, wanted: QueryValues, ranks: sa.Table | None
    ) -> None:
        super().__init__(session, query, wanted)
        self._ranks = ranks

    def grouped(self, by: str, after: tuple[bool, ...] | None) -> Plan:
        field_ = self.field((by,), "by")
        output = self._output()
        keys = self._keys()
        group = [
            self.source.column(by, column.suffix) for column in field_.columns if not column.hidden
        ]
        place = sa.func.row_number().over(partition_by=group, order_by=self._order(keys))
        inner = sa.select(
            *output.columns,
            *(key.label(f"s{i}") for i, (key, _) in enumerate(keys)),
            place.label("place"),
        ).where(*self.conditions())
        if after is not None:
            inner = inner.where(cursor.after(keys, [None if empty else True for empty in after]))
        first = inner.select_from(self._from()).subquery()
        statement = (
            sa.select(*(column for column in first.c if column.name != "place"))
            .where(first.c.place <= sa.bindparam("limit", type_=Stored(INTEGER)))
            .order_by(first.c.place)
        )
        shape = ",".join(f"{'-' * k.descending}{'.'.join(k.path)}" for k in self.query.sort)
        return Plan(self.context.compiled(statement), output.builder(), len(keys), shape)

    def _from(self) -> Any:
        joined = self.source.joined()
        if self._ranks is None:
            return joined
        ranks = self._ranks.c
        mine = sa.and_(
            ranks.list == sa.bindparam("ranking", type_=Stored(TEXT)),
            ranks.record == self.source.column("id"),
        )
        return joined.outerjoin(self._ranks, mine)

    def _keys(self) -> list[tuple[sa.ColumnElement[Any], bool]]:
        keys = super()._keys()
        if self._ranks is not None:
            rank = rank_of(self._ranks, self.source.column("id"), self.context.dialect)
            keys.insert(0, (rank, False))
        return keys


def rank_of(
    ranks: sa.Table | None, record: sa.ColumnElement[Any], dialect: str
) -> sa.ColumnElement[Any]:
    """A record's rank: the one it was given, if any was, else its id without hyphens."""
    plain: sa.ColumnElement[Any] = sa.func.replace(
        sa.cast(record, sa.Text), sa.literal_column("'-'"), sa.literal_column("''")
    )
    rank = plain if ranks is None else sa.func.coalesce(ranks.c.rank, plain)
    return sa.collate(rank, "C") if dialect == POSTGRESQL else rank
