"""What bulk work would do to its first records; nothing of it stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from fluvial.kernel.problems import Problem
from fluvial.runtime.session import Session

from .bulk_refusals import Refusal, refusal

Made = TypeVar("Made")


class _Tried(Exception):
    """Ends the transaction of a trial."""


def trial(
    session: Session, object_name: str, records: Sequence[str], attempt: Callable[[str], Made]
) -> tuple[list[tuple[str, Made]], list[Refusal]]:
    """What becomes of records, and which refuse. Each is tried by itself, so nobody waits long."""
    found: list[tuple[str, Made]] = []
    refused: list[Refusal] = []
    connection = session.connection
    for record in records:
        try:
            with connection.transaction(), connection.savepoint():
                found.append((record, attempt(record)))
                raise _Tried
        except _Tried:
            continue
        except Problem as problem:
            refused.append(refusal(session, object_name, record, problem))
    return found, refused
