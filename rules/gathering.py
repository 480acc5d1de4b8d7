"""Gathering: the records that a rule makes others of, held while it does, in their groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from fluvial.kernel.problems import Conflict, Problem
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values, load_rows
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.prefetch import Prefetch
from fluvial.runtime.session import Session
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Collection, Literal, Node, Read, Root
from metamodel.expressions.python import evaluate, truth
from metamodel.expressions.sql import collected_ids
from metamodel.expressions.types import RECORD, Type

from .action_reader import undotted
from .execution import Execution
from .model import GatheredRows
from .named_environment import NamedEnvironment, NamedRecord, NamedRows

MAX_GATHERED = 50_000  # rows of one run
PAGE = 500

Names = dict[str, Any]


@dataclass
class MakingPlace:
    """Where one record is made: the names that its values may use, and the rows behind it."""

    names: Names
    rows: Sequence[NamedEnvironment] = ()
    row: NamedEnvironment | None = None  # where each row is one by itself
    record: str = ""  # that was made
    values: Values = field(default_factory=dict)  # of it
    lines: list[list[MakingPlace]] = field(
        default_factory=list
    )  # of it, by the actions that made them

    def environment(self, execution: Execution) -> NamedEnvironment:
        """What the values of the record may ask, for the moment."""
        found = self.row or execution.environment
        found.names = self.names
        for row in self.rows:
            row.names = self.names
        return found


def places(
    execution: Execution,
    rows: GatheredRows | None,
    around: MakingPlace,
    back: Mapping[str, Expression],
) -> Iterator[MakingPlace]:
    """The places for the records of an action; `back` is what it writes into the rows."""
    if rows is None:
        yield MakingPlace(dict(around.names))
        return
    found = _outer(execution, rows, around) if rows.outer else _gathered(execution, rows, back)
    if rows.group is None:
        yield from (MakingPlace(dict(around.names), [row], row) for row in found)
        return
    groups: dict[tuple[Any, ...], list[NamedEnvironment]] = {}
    for row in found:
        row.names = around.names
        key = tuple(_key(evaluate(one, row)) for one in rows.group.values())
        groups.setdefault(key, []).append(row)
    for key, members in groups.items():
        names = {**around.names, "rows": NamedRows(rows.object, members)}
        for (name, one), value in zip(rows.group.items(), key, strict=True):
            names[undotted("group", name)] = _named(one.type, value)
        yield MakingPlace(names, members)


def _named(type: Type, value: Any) -> Any:
    """The value that rows share; of a look-up the record, whose fields can be named, too."""
    one = type.name == RECORD.name and isinstance(value, str)
    return NamedRecord(type.objects[0], value) if one else value


def _key(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _outer(execution: Execution, rows: GatheredRows, around: MakingPlace) -> list[NamedEnvironment]:
    met = []
    for row in around.rows:
        row.names = around.names
        if rows.where is None or truth(rows.where, row):
            met.append(row)
    return met


def _gathered(
    execution: Execution, rows: GatheredRows, back: Mapping[str, Expression]
) -> list[NamedEnvironment]:
    """The rows, held where they are written to later: a second run waits, and finds them taken."""
    session = execution.acting
    type_ = session.catalog.objects[rows.object]
    ids = _ids(execution, rows)
    if len(ids) > MAX_GATHERED:
        raise Problem(
            f"It would gather more than {MAX_GATHERED:,} {type_.plural.lower()}. Narrow `where`."
        )
    asking = replace(execution.asking, ahead=Prefetch(lambda: None))
    met: list[NamedEnvironment] = []
    shared: dict[tuple[str, str], RecordEnvironment | None] = {}
    for values in _held(session, rows.object, ids, bool(back)):
        row = NamedEnvironment(asking, type_, values, record=execution.environment)
        row.names, row._related = execution.names, shared
        met.append(row)
    assert asking.ahead is not None
    for row in met:
        asking.ahead.name(session.catalog, type_, row.values)
    found = [row for row in met if rows.where is None or truth(rows.where, row)]
    _refuse_taken(execution, rows, found, back)
    return found


def _refuse_taken(
    execution: Execution,
    rows: GatheredRows,
    found: Sequence[NamedEnvironment],
    back: Mapping[str, Expression],
) -> None:
    type_ = execution.acting.catalog.objects[rows.object]
    for name in back:
        taken = sum(1 for row in found if row.values.get(name) not in (None, [], ""))
        if taken:
            label = type_.fields[name].label
            what = type_.label.lower() if taken == 1 else type_.plural.lower()
            raise Conflict(
                f"{taken:,} {what} {'is' if taken == 1 else 'are'} taken already: {label} has a "
                f"value. Add `{name} == null` to `where`."
            )


def _held(session: Session, object_name: str, ids: Sequence[str], lock: bool) -> Iterator[Values]:
    for at in range(0, len(ids), PAGE):
        part = ids[at : at + PAGE]
        yield from load_rows(
            session, object_name, part, "read", limit=len(part), live=True, lock=lock
        )


def _ids(execution: Execution, rows: GatheredRows) -> list[str]:
    if rows.source is None:
        return list(_all(execution.acting, rows))
    tree = rows.source.tree
    if not isinstance(tree, Collection) or tree.root is Root.NAME:
        value = evaluate(rows.source, execution.environment)
        found = value if isinstance(value, list) else [value]
        return sorted({one[1] if isinstance(one, tuple) else one for one in found if one})
    where = rows.where.tree if rows.where is not None else None
    if where is not None:
        where = _settled(where, execution.environment)
    session = execution.acting
    plan = PlanContext(session.catalog, session.access, session.connection.dialect)
    statement = collected_ids(tree, plan, execution.environment.read, where)
    return [row[0] for row in ask(session, plan.compiled(statement.limit(MAX_GATHERED + 1)))]


def _all(session: Session, rows: GatheredRows) -> Iterator[str]:
    """The records of an object type, for rules that are about none."""
    cursor, count = "", 0
    where = rows.where.source if rows.where is not None else ""
    while count <= MAX_GATHERED:
        query = Query(rows.object, fields=(("id",),), where=where, limit=PAGE, cursor=cursor)
        page = read_page(session, query)
        yield from (row["id"] for row in page["data"])
        count += len(page["data"])
        cursor = page["next"]
        if not cursor:
            return


def _settled(node: Node, environment: NamedEnvironment) -> Node | None:
    """A condition with the values of its names, for the database; None where one is empty.

    It is asked again of the rows that were found: nothing depends on what the database left.
    """
    missing = False

    def settle(part: Any) -> Any:
        nonlocal missing
        if isinstance(part, Collection) and part.root is Root.NAME:
            missing = True
            return part
        if isinstance(part, Read) and part.root is Root.NAME:
            value = environment.read(part.path)
            missing = missing or value is None
            return Literal(value, type=part.type)
        if isinstance(part, Node):
            return replace(part, **{f.name: settle(getattr(part, f.name)) for f in fields(part)})
        return tuple(settle(one) for one in part) if type(part) is tuple else part

    made: Node = settle(node)
    return None if missing else made
