"""Why a row of a decision wins: the rows that come near, in their order, and why each lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.id_lists import id_list, listed_ids
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Forbidden, NotFound, Problem, Unprocessable, fault
from fluvial.records.drafts.decided_rows import plain_id, winner
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values, load_row, load_rows
from fluvial.records.reading.row_builder import as_stored
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.decisions.decision import DecisionTable
from metamodel.errors import ExpressionError, ValueFault
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.literals import constant
from metamodel.expressions.nodes import Decide, Node, node_of_row
from metamodel.expressions.python import run
from metamodel.expressions.reads import BINNED, reads_of
from metamodel.expressions.scope import scope_of
from metamodel.expressions.sql import Builder, Source
from metamodel.expressions.types import DATE
from metamodel.kinds.kind import TextFormat
from metamodel.storage import timestamp_wire

MOST = 50  # rows that are listed

_WITHHELD = "This decision reads what your roles do not show, so it cannot be explained to you."


@dataclass(frozen=True)
class _Question:
    """What a decision is asked: the values of its inputs, and the day or the moment."""

    session: Session
    decision: DecisionTable
    node: Decide
    rows: ObjectType
    values: Sequence[Any]
    day: Any

    @property
    def fields(self) -> list[Field]:
        return [self.rows.fields[name] for name in self.decision.inputs]


def decision_named(session: Session, name: str) -> DecisionTable:
    """A decision whose rows the caller may read, with all that it looks at in them."""
    decision = session.catalog.decisions.get(name)
    if decision is None or not session.access.object(decision.object).can("read"):
        raise NotFound(f"There is no decision `{name}`.")
    rows = session.catalog.objects[decision.object]
    spans = () if rows.dated is None else (rows.dated.from_, rows.dated.until)
    if any(session.access.hides(rows.name, one) for one in (*decision.inputs, *spans)):
        raise Forbidden(_WITHHELD)
    return decision


def explain_record(
    session: Session, name: str, object_name: str, record: str, day: date | None = None
) -> dict[str, Any]:
    """For a record; as of `day` where one is given, whatever day the decision asks by itself."""
    decision = decision_named(session, name)
    type_ = session.object(object_name)
    if object_name not in decision.subjects:
        message = f"This decision is not made for {object_name}."
        hint = f"It is made for {', '.join(sorted(decision.subjects))}."
        raise Unprocessable(message, errors=[fault("for", "unknown_subject", f"{message} {hint}")])
    row = load_row(session, object_name, record, "read") if is_id(record) else None
    if row is None or row.get(BINNED) is not None:
        raise NotFound(f"There is no {type_.label.lower()} with the id `{record}`.")
    expression = _asked(session, decision, object_name)
    node = expression.tree
    assert isinstance(node, Decide)
    environment = RecordEnvironment(session, type_, row)
    values = [run(one, environment) for one in node.values]
    at = None if node.day is None else run(node.day, environment)
    _check_reading(session, node, object_name, record, [*values, at])
    rows = session.catalog.objects[decision.object]
    if day is not None and node.day is not None:
        at = _as_day(session, node, day)
    asked = _Question(session, decision, node, rows, values, at)
    return {"for": object_name, "id": record, **_explained(asked)}


def explain_values(
    session: Session, name: str, given: Mapping[str, Any], day: date | None = None
) -> dict[str, Any]:
    """For values of the inputs in canonical form; those that are not given are empty."""
    decision = decision_named(session, name)
    subject = next(iter(sorted(decision.subjects)))
    node = _asked(session, decision, subject).tree
    assert isinstance(node, Decide)
    rows = session.catalog.objects[decision.object]
    values = [given.get(one) for one in decision.inputs]
    free = Decide(
        node_of_row(node).rows,
        tuple(constant(None, key.type) for key in node.rows.keys),
        None if node.day is None else node.day,
        type=node.type,
    )
    at = None if node.day is None else _as_day(session, node, day or session.today)
    asked = _Question(session, decision, free, rows, values, at)
    return {"for": None, "id": None, **_explained(asked)}


def read_inputs(
    session: Session, fields: Sequence[Field], given: Mapping[str, str]
) -> dict[str, Any]:
    """Inputs as people and addresses write them, in canonical form."""
    form = TextFormat(zone=session.catalog.zone)
    values: dict[str, Any] = {}
    for field in fields:
        text = given.get(field.name, "").strip()
        if text:
            try:
                values[field.name] = field.kind.parse_text(field, text, form)
            except ValueFault as error:
                message = f"{field.label}: {error.message}"
                raise Problem(message, errors=[fault(field.name, error.code, message)]) from error
    return values


def _asked(session: Session, decision: DecisionTable, object_name: str) -> Expression:
    scope = scope_of(session.catalog, object_name)
    try:
        return compile_expression(f"decide({decision.name})", scope)
    except ExpressionError as error:  # documents in force are sound
        raise Unprocessable(error.message) from error


def _as_day(session: Session, node: Decide, day: date) -> Any:
    """A day in the form in which rows say when they hold."""
    assert node.day is not None
    moments = node.day.type.name != DATE.name
    if isinstance(day, datetime):
        return day if moments else session.engine.clock.day_of(day)
    return session.engine.clock.start_of(day) if moments else day


def _check_reading(
    session: Session, node: Decide, object_name: str, record: str, values: Sequence[Any]
) -> None:
    """Refuse who may not read what the inputs are made of: their values would tell it."""
    objects = session.catalog.objects
    for one in reads_of(node, object_name, objects):
        if one.object in objects and one.field != BINNED:
            if session.access.hides(one.object, one.field) and one.field != "id":
                raise Forbidden(_WITHHELD)
    trees = [*node.values, *([] if node.day is None else [node.day])]
    if _seen(session, trees, object_name, record) != _seen(
        session, trees, object_name, record, trusted=True
    ):
        raise Forbidden(_WITHHELD)


def _seen(
    session: Session, trees: Sequence[Node], object_name: str, record: str, *, trusted: bool = False
) -> list[Any]:
    """What the inputs are for the caller, who does not see what is behind some look-ups."""
    dialect = session.connection.dialect
    plan = PlanContext(session.catalog, session.access, dialect, as_of=session.as_of is not None)
    source = Source(plan.trusted() if trusted else plan, object_name)
    builder = Builder(source.sql, source, source)
    parts = [pair for tree in trees for pair in builder.value(tree).parts]
    columns = [as_stored(element, storage, dialect) for element, storage in parts]
    statement = sa.select(*(one.label(f"v{at}") for at, one in enumerate(columns)))
    statement = statement.where(source.column("id").in_(listed_ids(dialect)))
    compiled = plan.compiled(statement.select_from(source.joined()))
    return [list(row) for row in ask(session, compiled, ids=id_list(dialect, [record]))]


def _explained(asked: _Question) -> dict[str, Any]:
    session, rows = asked.session, asked.rows
    won = winner(session, node_of_row(asked.node), asked.values, asked.day)
    ids, total = _near(asked)
    found = {row["id"]: row for row in load_rows(session, rows.name, ids, "read", limit=MOST)}
    listed = [found[one] for one in ids if one in found]
    titles = titles_of(session, rows.name, [*found, *([won] if won else [])])
    best = found.get(won) if won is not None else None
    return {
        "decision": asked.decision.name,
        "object": rows.name,
        "day": _day_wire(asked.day),
        "inputs": [
            {"name": one.name, "label": one.label, **_shown(session, one, value)}
            for one, value in zip(asked.fields, asked.values, strict=True)
        ],
        "won": None if won is None else {"id": won, "title": titles.get(won)},
        "candidates": [_candidate(asked, row, titles, won, best) for row in listed],
        "more": total - len(listed),
    }


def _candidate(
    asked: _Question,
    row: Values,
    titles: Mapping[str, str],
    won: str | None,
    best: Values | None,
) -> dict[str, Any]:
    session, dated = asked.session, asked.rows.dated
    lost = [] if row["id"] == won else list(_lost(asked, row, best))
    made: dict[str, Any] = {
        "id": row["id"],
        "title": titles.get(row["id"]),
        "won": row["id"] == won,
        "inputs": {one.name: _shown(session, one, row.get(one.name)) for one in asked.fields},
        "lost": [{"code": code, "message": message} for code, message in lost],
    }
    if dated is not None:
        made["from"] = _day_wire(row.get(dated.from_))
        made["until"] = _day_wire(row.get(dated.until))
    return made


def _lost(asked: _Question, row: Values, best: Values | None) -> Iterator[tuple[str, str]]:
    """What keeps a row from winning; the first of several that fit is the weightiest."""
    misfits = False
    for field, value in zip(asked.fields, asked.values, strict=True):
        wanted = row.get(field.name)
        if wanted is not None and wanted != value:
            misfits = True
            asks = "there is none" if value is None else "another one is asked about"
            yield "other_value", f"It is for one {field.label.lower()}, and {asks}."
    dated = asked.rows.dated
    if dated is not None:
        start, until = row.get(dated.from_), row.get(dated.until)
        if asked.day is None:
            misfits = True
            yield "no_day", "There is no day, so no row is in force."
        elif start is None or start > asked.day:
            misfits = True
            yield "begins_later", f"It begins only on {_day_wire(start)}."
        elif until is not None and until <= asked.day:
            misfits = True
            yield "ended", f"It ended before {_day_wire(until)}."
    if misfits:
        return
    for field in asked.fields:
        if best is not None and best.get(field.name) is not None and row.get(field.name) is None:
            label = field.label.lower()
            yield "less_specific", f"It is for any {label}, and the one that won names it."
            return
    yield "outweighed", "A row that you may not read is more specific."


def _near(asked: _Question) -> tuple[list[str], int]:
    """The rows in the order in which they come near, and how many there are."""
    session, node = asked.session, asked.node
    dialect = session.connection.dialect
    plan = PlanContext(session.catalog, session.access, dialect, as_of=session.as_of is not None)
    source = Source(plan, asked.rows.name)
    builder = Builder(plan, source, source)
    found: list[sa.ColumnElement[Any]] = [source.column("deleted_at").is_(None)]
    seen = plan.restrict(asked.rows.name, source.alias)
    if seen is not None:
        found.append(seen)
    misfits: Any = sa.literal_column("0")
    ranks = []
    for key, value in zip(node.rows.keys, asked.values, strict=True):
        held = builder.value(key)
        literal = builder.value(constant(plain_id(value), key.type))
        same = builder.compared("==", held, literal, key.type)
        fits = sa.or_(held.element.is_(None), same)
        misfits = misfits + sa.case((fits, sa.literal_column("0")), else_=sa.literal_column("1"))
        ranks.append(sa.case((held.element.is_(None), 1), else_=0))
    absent: Any = sa.literal_column("0")
    if node.rows.spans is not None and asked.day is not None:
        start, until = (builder.value(one).element for one in node.rows.spans)
        at = builder.value(constant(asked.day, node.rows.spans[0].type)).element
        there = sa.and_(start <= at, sa.or_(until.is_(None), until > at))
        absent = sa.case((there, 0), else_=1)
    total = sa.select(sa.func.count()).select_from(source.joined()).where(*found)
    count = int(ask(session, plan.compiled(total))[0][0])
    query = sa.select(source.column("id")).select_from(source.joined()).where(*found)
    query = query.order_by(misfits, absent, *ranks, source.column("id")).limit(MOST)
    return [row[0] for row in ask(session, plan.compiled(query))], count


def explain_of(session: Session, node: Decide, object_name: str, record: str) -> dict[str, Any]:
    """The same as a part of the reasons of a calculated value; nothing of it where it may not be
    read."""
    name = node.rows.decision
    try:
        return explain_record(session, name, object_name, record)
    except (Forbidden, NotFound):
        return {"decision": name, "withheld": True}


def _shown(session: Session, field: Field, value: Any) -> dict[str, Any]:
    """A value in JSON, with its title where it is a link."""
    made = {"value": None if value is None else wire_value(field, value)}
    if value is not None and field.targets:
        target, record = value if isinstance(value, tuple) else (field.targets[0], value)
        made["title"] = titles_of(session, target, [record]).get(record)
    return made


def _day_wire(value: Any) -> str | None:
    if isinstance(value, datetime):
        return timestamp_wire(value)
    return None if value is None else str(value.isoformat())
