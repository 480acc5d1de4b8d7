"""Read plans: a query compiled to text, binds and a row builder, once for each shape of it.

The plan is the one place where permission, visible fields, sort and look-ups meet. Its key holds
everything that the text depends on; the catalog's version needs no place in it because the plans
live in the snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from fluvial.database.id_lists import among_ids
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Problem, fault
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.nodes import Node
from metamodel.expressions.sql import Source, predicate, wanted

from .caller_paths import condition, resolve
from .cursor import Key
from .equality_filters import equal, matching
from .generic_plans import is_steady
from .index_walk import Walk, is_served, page_of
from .plan_cache import plans_of
from .query import Path, Query, SortKey
from .query_values import QueryValues
from .row_builder import Output, RowBuilder, field_value
from .sql_context import PlanContext

CAPPED = 1_000


@dataclass(frozen=True)
class Plan:
    """The statement of one shape of query, and how its rows become objects."""

    page: Compiled
    builder: RowBuilder
    keys: int  # the last columns of a row, which the cursor holds
    shape: str  # of the sort: a cursor of another sort is refused
    counted: Compiled | None = None


def page_plan(
    session: Session, query: Query, asked: QueryValues, after: tuple[bool, ...] | None
) -> Plan:
    """The plan of a page. `after` says which sort keys of the cursor are empty; None: no cursor."""
    access, dated = session.access, (session.as_of is not None, query.as_of is not None)
    key = (access.roles, access.unrestricted, query.outline, asked.key, dated, after)
    plan: Plan = plans_of(access.catalog).get(
        key, lambda: PagePlanner(session, query, asked).plan(after)
    )
    return plan


def records_plan(session: Session, object_name: str) -> Plan:
    """The plan of records by their ids, as far as the actor may read them."""
    access = session.access
    key = (access.roles, access.unrestricted, "records", object_name, session.as_of is not None)
    plan: Plan = plans_of(access.catalog).get(
        key, lambda: PagePlanner(session, Query(object_name), None).records()
    )
    return plan


def record_plan(
    session: Session, object_name: str, fields: tuple[Path, ...] | None, action: str
) -> Plan:
    """The plan of one record by its id, as far as the actor may do that with it."""
    access, dated = session.access, session.as_of is not None
    key = (access.roles, access.unrestricted, "record", object_name, fields, action, dated)
    query = Query(object_name, fields)
    plan: Plan = plans_of(access.catalog).get(
        key, lambda: PagePlanner(session, query, None).record(action)
    )
    return plan


class PagePlanner:
    def __init__(self, session: Session, query: Query, asked: QueryValues | None) -> None:
        """`asked` is the condition of the query, whose values come with each request."""
        self.access = access = session.access
        self.query = query
        self.asked = asked
        self.type: ObjectType = access.catalog.objects[query.object]
        self.context = PlanContext(
            access.catalog,
            access,
            session.connection.dialect,
            as_of=session.as_of is not None,
        )
        self.source = Source(self.context, query.object)

    def record(self, action: str) -> Plan:
        output = self._output()
        statement = self._selected(output.columns).where(
            self.source.column("id") == sa.bindparam("id", type_=self.source.column("id").type),
            self.source.column("deleted_at").is_(None),
            *self._permission(action),
        )
        return Plan(self.context.compiled(statement, steady=None), output.builder(), 0, "")

    def records(self) -> Plan:
        """Of several records by their ids, those that the actor may read."""
        output = self._output()
        statement = self._selected(output.columns).where(
            among_ids(self.source.column("id"), self.context.dialect),
            self.source.column("deleted_at").is_(None),
            *self._permission("read"),
        )
        return Plan(self.context.compiled(statement, steady=None), output.builder(), 0, "")

    def plan(self, after: tuple[bool, ...] | None) -> Plan:
        output = self._output()
        keys = self._keys()
        served = self._served(keys)
        conditions = self.conditions(walked=served)
        shape = ",".join(f"{'-' * k.descending}{'.'.join(k.path)}" for k in self.query.sort)
        parts = Walk(keys, self.source.alias, self.context.dialect).parts(after, served)
        joined = self.source.joined()
        statement = page_of(output.columns, keys, joined, conditions, parts)
        steady = self._is_steady(keys)
        page = self.context.compiled(statement, steady=steady)
        plan = Plan(page, output.builder(), len(keys), shape)
        if self.query.total == "none":
            return plan
        return replace(plan, counted=self._count_plan())

    def _count_plan(self) -> Compiled:
        self.source = Source(self.context, self.query.object)
        conditions = self.conditions()
        counted: Any = sa.select(sa.literal_column("1")).where(*conditions)
        counted = counted.select_from(self.source.joined())
        if self.query.total == "capped":
            counted = counted.limit(sa.literal_column(str(CAPPED + 1)))
        count = sa.select(sa.func.count()).select_from(counted.subquery())
        # Counting reads all that the values let through, so it is planned by them.
        return self.context.compiled(count)

    @property
    def _tree(self) -> Node | None:
        return self.asked.expression.tree if self.asked and self.asked.expression else None

    def _served(self, keys: Sequence[Key]) -> bool:
        return is_served(self.type, self.query, self._tree, keys, self.source.alias)

    def _is_steady(self, keys: Sequence[Key]) -> bool:
        permission = self.access.object(self.type.name).where.get("read", ())
        return self._served(keys) and is_steady(
            self.type, self.query, self._tree, permission, keys[0][0]
        )

    def _selected(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
        return sa.select(*columns).select_from(self.source.joined())

    def _output(self) -> Output:
        output = Output(self.context, self.source, self.type)
        paths = self.query.fields
        if paths is None:
            access = self.access.object(self.type.name)
            paths = tuple(
                (f.name,)
                for f in self.type.fields.values()
                if f.name not in access.hidden and not f.hidden
            )
        for path in dict.fromkeys((("id",), ("rev",), *paths)):
            self.field(path, "fields")
            output.add(path)
        return output

    def field(self, path: Path, parameter: str) -> Field:
        """The field at the end of a path; a hidden one is as unknown as one that is not there."""
        return resolve(self.access, self.type, path, parameter)

    def _permission(self, action: str) -> list[sa.ColumnElement[bool]]:
        allowed = self.context.allowed(self.type.name, action, self.source)
        return [] if allowed is None else [allowed]

    def conditions(self, *, walked: bool = False) -> list[sa.ColumnElement[bool]]:
        """`walked`: an index has the order, and only the first records of it are read."""
        query, deleted_at = self.query, self.source.column("deleted_at")
        conditions: list[sa.ColumnElement[bool]] = [
            deleted_at.is_not(None) if query.deleted else deleted_at.is_(None)
        ]
        allowed = self.context.allowed_by_joins if walked else self.context.allowed
        permission = allowed(self.type.name, "read", self.source)
        conditions += [] if permission is None else [permission]
        for i, (name, text) in enumerate(query.equals):
            field = self.field((name,), name)
            conditions.append(equal(self.context, self.source, field, f"e{i}", text == ""))
        if self.asked is not None and self.asked.expression is not None:
            self.context.expect(self.asked.names)
            conditions.append(wanted(self.asked.expression, self.source))
        if query.search:
            conditions.append(matching(self.context, self.source, self.type, query.finding))
        if query.as_of is not None and self.type.dated is not None:
            in_force = condition(self.access, self.type, "in_force", visible_only=False)
            conditions.append(predicate(in_force, self.source, exact=False))
        return conditions

    def _keys(self) -> list[tuple[sa.ColumnElement[Any], bool]]:
        keys: list[tuple[sa.ColumnElement[Any], bool]] = []
        for sort in self.query.sort:
            for element in self._sort_elements(sort):
                keys.append((element, sort.descending))
        descending = bool(keys) and keys[-1][1]
        keys.append((self.source.column("id"), descending))
        return keys

    def _sort_elements(self, sort: SortKey) -> tuple[sa.ColumnElement[Any], ...]:
        field = self.field(sort.path, "sort")
        source = self.source.through(sort.path[:-1]) if len(sort.path) > 1 else self.source
        if not field.kind.sorts(field):
            message = f"A list cannot be sorted by {field.label.lower()}."
            raise Problem(message, errors=[fault("sort", "not_sortable", message)])
        behind = field.kind.sorted_behind(field)
        if behind is not None:
            target = self.source.through(sort.path)
            by = self.context.objects[target.object].fields[behind]
            return by.kind.order(
                by, {c.suffix: target.column(by.name, c.suffix) for c in by.columns}
            )
        if self.context.works_out(field):
            return (field_value(source, field.name).element,)
        columns = {c.suffix: source.column(field.name, c.suffix) for c in field.columns}
        return field.kind.order(field, columns)

    def _order(
        self, keys: Sequence[tuple[sa.ColumnElement[Any], bool]]
    ) -> list[sa.ColumnElement[Any]]:
        ordered = []
        for key, descending in keys[:-1]:
            ordered.append((key.desc() if descending else key.asc()).nulls_last())
        key, descending = keys[-1]
        return [*ordered, key.desc() if descending else key.asc()]
