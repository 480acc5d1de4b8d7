"""What a bulk edit would do to its first records; nothing of it stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Problem
from fluvial.records.reading.reader import read_one
from fluvial.records.reading.titles import titles_of
from fluvial.records.writing.writer import update
from fluvial.runtime.session import Session


class Changed(NamedTuple):
    """A value before and after a change, in wire form."""

    record: str
    before: Any
    after: Any


Refusal = dict[str, str]


class _Tried(Exception):
    """Ends the transaction of a trial."""


def set_one(session: Session, object_name: str, record: str, field: str, value: Any) -> Changed:
    """Change one record as any other write does; a Problem where it refuses."""
    before = read_one(session, object_name, record, ((field,),))[field]
    if before == value:
        return Changed(record, before, before)
    after = update(session, object_name, record, {field: value})[field]
    return Changed(record, before, after)


def trial(
    session: Session, object_name: str, records: Sequence[str], field: str, value: Any
) -> tuple[list[Changed], list[Refusal]]:
    """What records would hold, and which refuse. Each is tried by itself, so nobody waits long."""
    found: list[Changed] = []
    refused: list[Refusal] = []
    connection = session.connection
    for record in records:
        try:
            with connection.transaction(), connection.savepoint():
                found.append(set_one(session, object_name, record, field, value))
                raise _Tried
        except _Tried:
            continue
        except Problem as problem:
            refused.append(refusal(session, object_name, record, problem))
    return found, refused


def refusal(session: Session, object_name: str, record: str, problem: Problem) -> Refusal:
    words = " ".join(str(fault["message"]) for fault in problem.errors) or problem.detail
    return told(session, object_name, record, words)


def told(session: Session, object_name: str, record: str, reason: str) -> Refusal:
    title = titles_of(session, object_name, [record]).get(record) if is_id(record) else None
    return {"id": record, "title": title or "A record", "reason": reason}
