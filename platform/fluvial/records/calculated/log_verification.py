"""Verifying: whether the running span of each state log is the state that its record is in."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from fluvial.database.engine_tables import STATE_SPAN
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Statement
from fluvial.records.reading.plan_cache import plans_of
from fluvial.runtime.session import Session
from metamodel.catalog import Field

from .log_filling import fill_spans
from .verification import Verdict, portions

_s = STATE_SPAN.c


def verify_log(
    session: Session, field: Field, *, most: int | None = None, repair: bool = False
) -> Verdict:
    """Compare the log of a field with what records hold; repaired logs are made from history."""
    verdict = Verdict(field.object)
    for ids in portions(session, field.object, most):
        with session.connection.transaction():
            rows = _running(session, field, ids)
            verdict.looked_at += len(rows)
            wrong = [row for row in rows if not _right(*row[1:])]
            verdict.wrong += len(wrong)
            if wrong and not verdict.first:
                verdict.first = _told(field, *wrong[0])
            if wrong and repair:
                fill_spans(session, field, [row[0] for row in wrong])
    return verdict


def _running(
    session: Session, field: Field, ids: Sequence[str]
) -> list[tuple[str, str | None, int, str | None]]:
    """Of each record what it holds, how many spans run, and the state of one of them."""
    dialect = session.connection.dialect

    def make() -> Statement:
        table = tables_of(session.catalog).objects[field.object].c
        held = table[field.base]
        named = sa.literal(field.name, _s.field.type)
        joined = sa.and_(_s.record == table.id, _s.field == named, _s.until.is_(None))
        return Statement(
            sa.select(table.id, held, sa.func.count(_s.record), sa.func.min(_s.state))
            .select_from(held.table.outerjoin(STATE_SPAN, joined))
            .where(among_ids(table.id, dialect))
            .group_by(table.id, held)
            .order_by(table.id)
        )

    statement: Statement = plans_of(session.catalog).get(
        ("running spans", field.object, field.name), make
    )
    found = statement.rows(session.connection, ids=id_list(dialect, ids))
    return [(str(id), held or None, int(count), state) for id, held, count, state in found]


def _right(held: str | None, count: int, state: str | None) -> bool:
    return count == 0 if held is None else count == 1 and state == held


def _told(field: Field, record: str, held: str | None, count: int, state: str | None) -> str:
    said = f"{count} states" if count > 1 else state or "no state"
    return f"{field.name} of {record} is {held or 'empty'}, and its log says {said}"
