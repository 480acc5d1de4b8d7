"""Rows of a decision that would tie: two with the same inputs that hold on the same day.

Neither would be the more specific one, so the second is refused when it is saved, and told which
row it meets. Rows of a batch are judged by what all of them become together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.locks import hold_named
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import ask
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, ObjectType
from metamodel.decisions.decision import DecisionTable

from .codec import packed
from .draft import Draft
from .periods import meet, span_words
from .rows import Values

TIE = "tie"


@dataclass(frozen=True)
class _Met:
    """The row that is met, with its period where it has one."""

    record: str
    period: tuple[Any, Any] | None


def decisions_over(catalog: Catalog, object_name: str) -> Sequence[DecisionTable]:
    """The decisions whose rows are records of an object type."""
    return catalog.derive(_by_rows).get(object_name, ())


def _by_rows(catalog: Catalog) -> Mapping[str, Sequence[DecisionTable]]:
    found: dict[str, list[DecisionTable]] = {}
    for decision in catalog.decisions.values():
        found.setdefault(decision.object, []).append(decision)
    return found


def check_ties(draft: Draft, *, always: bool = False) -> None:
    """Refuse one record; those of a batch are judged when all of it is known."""
    if draft.session.ahead is not None:
        return
    for decision in decisions_over(draft.session.catalog, draft.type.name):
        if always or _moves(draft, decision):
            _check(draft, decision, ())


def judge_ties(drafts: Sequence[Draft], *, apart: bool) -> list[Draft]:
    """Those of complete drafts that tie with another of them, or with a row that stays."""
    refused: list[Draft] = []
    for decision in decisions_over(drafts[0].session.catalog, drafts[0].type.name):
        moving = [one for one in drafts if not one.faults and _moves(one, decision)]
        while moving:
            again = _first_ties(moving, decision)
            refused += again
            if not (again and apart):
                break
            moving = [one for one in moving if not one.faults]
    return refused


def _first_ties(moving: Sequence[Draft], decision: DecisionTable) -> list[Draft]:
    refused: list[Draft] = []
    ids = [draft.id for draft in moving if not draft.new]
    placed: dict[tuple[Any, ...], list[Draft]] = {}
    for draft in moving:
        others = placed.setdefault(_key(draft.values, decision), [])
        period = _period(draft.type, draft.values)
        met = next((one for one in others if _at_once(period, _period(one.type, one.values))), None)
        if met is not None:
            told = _Met(met.id, _period(met.type, met.values))
            _refuse(draft, decision, told, str(met.values.get("title") or "another of these"))
        else:
            _check(draft, decision, ids)
        if draft.faults:
            refused.append(draft)
        else:
            others.append(draft)
    return refused


def _moves(draft: Draft, decision: DecisionTable) -> bool:
    """Whether a draft has other inputs than its record, or holds at another time."""
    dated = draft.type.dated
    names = {*decision.inputs, *(() if dated is None else (dated.from_, dated.until))}
    return draft.new or not draft.changed.isdisjoint(names)


def _key(values: Values, decision: DecisionTable) -> tuple[Any, ...]:
    return tuple(values.get(name) for name in decision.inputs)


def _period(type_: ObjectType, values: Values) -> tuple[Any, Any] | None:
    dated = type_.dated
    return None if dated is None else (values.get(dated.from_), values.get(dated.until))


def _at_once(one: tuple[Any, Any] | None, other: tuple[Any, Any] | None) -> bool:
    return one is None or other is None or meet(*one, *other)


def _check(draft: Draft, decision: DecisionTable, moving: Sequence[str]) -> None:
    """Against the rows that stay as they are."""
    if draft.type.dated is not None and _period(draft.type, draft.values) == (None, None):
        return  # which check_period says
    session = draft.session
    hold_named(session.connection, "decision", decision.name)  # of two at once one is the second
    met = _met(session, draft, decision, [draft.id, *moving])
    if met is not None:
        titles = titles_of(session, draft.type.name, [met.record])
        _refuse(draft, decision, met, titles.get(met.record))


def _refuse(draft: Draft, decision: DecisionTable, met: _Met, title: str | None) -> None:
    fields = draft.type.fields
    filled = [
        fields[name].label.lower() for name in decision.inputs if draft.values.get(name) is not None
    ]
    same = f"with the same {' and '.join(filled)}" if filled else "in which every input is empty"
    named = f": {title}" if title else ""
    span = "" if met.period is None else f" ({span_words(*met.period)})"
    label = draft.type.label.lower()
    message = (
        f"There is already a {label} {same}{named}{span}, so neither would be the more specific"
        f" one. Change {'an input or the dates' if met.period else 'an input'} of one of the two."
    )
    # What has a hidden part in it is told to nobody who may not read it; see Draft.fault.
    unknown = draft.session.access.object(draft.type.name).unknown
    name = next((name for name in decision.inputs if name in unknown), decision.inputs[0])
    draft.fault(name, TIE, message)


def _met(
    session: Session, draft: Draft, decision: DecisionTable, records: Sequence[str]
) -> _Met | None:
    type_, dialect = draft.type, session.connection.dialect
    stored: dict[str, Any] = {}
    for name in decision.inputs:
        stored |= packed(type_.fields[name], draft.values.get(name), dialect)
    given = tuple(name for name, value in stored.items() if value is not None)
    binds = {f"k_{name}": stored[name] for name in given}
    period, ends = _period(type_, draft.values), False
    if period is not None and type_.dated is not None:
        start = type_.fields[type_.dated.from_].columns[0].storage
        binds["the_start"] = start.encode(dialect, period[0])
        ends = period[1] is not None
        if ends:
            binds["the_end"] = start.encode(dialect, period[1])
    key = ("tie", decision.name, tuple(stored), given, ends)
    compiled: Compiled = plans_of(session.catalog).get(
        key, lambda: _plan(session, type_, tuple(stored), given, ends)
    )
    rows = ask(session, compiled, ids=id_list(dialect, records), **binds)
    if not rows:
        return None
    if period is None or type_.dated is None:
        return _Met(rows[0][0], None)
    start = type_.fields[type_.dated.from_].columns[0].storage
    first, last = (start.decode(dialect, cell) for cell in rows[0][1:3])
    return _Met(rows[0][0], (first, last))


def _plan(
    session: Session,
    type_: ObjectType,
    columns: tuple[str, ...],
    given: tuple[str, ...],
    ends: bool,
) -> Compiled:
    dialect, table = session.connection.dialect, tables_of(session.catalog).objects[type_.name]
    found = [table.c.deleted_at.is_(None), ~among_ids(table.c.id, dialect)]
    for name in columns:
        column = table.c[name]
        bind = sa.bindparam(f"k_{name}", type_=column.type)
        found.append(column == bind if name in given else column.is_(None))
    shown = [table.c.id]
    if type_.dated is not None:
        start, until = table.c[type_.dated.from_], table.c[type_.dated.until]
        shown += [start, until]
        begins = sa.bindparam("the_start", type_=start.type)
        found.append(sa.or_(until.is_(None), until > begins))
        if ends:
            found.append(start < sa.bindparam("the_end", type_=start.type))
    return Compiled(sa.select(*shown).where(*found).order_by(table.c.id).limit(1), dialect)
