"""What is told of records that refuse: what they are called for the reader, and the reason."""

from __future__ import annotations

from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Problem
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session

Refusal = dict[str, str]


def refusal(session: Session, object_name: str, record: str, problem: Problem) -> Refusal:
    words = " ".join(str(fault["message"]) for fault in problem.errors) or problem.detail
    return told(session, object_name, record, words)


def told(session: Session, object_name: str, record: str, reason: str) -> Refusal:
    title = titles_of(session, object_name, [record]).get(record) if is_id(record) else None
    return {"id": record, "title": title or "A record", "reason": reason}
