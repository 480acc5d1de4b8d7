"""Verifying: whether stored values of formulas are what the formulas give, and fixing them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fluvial.runtime.session import Session

from . import recalculation_queue
from .calculations import Worked, work_out
from .dependency_routes import NOBODY, every
from .refresh import refresh_places

PORTION = 200


@dataclass
class Verdict:
    """What was found of one object type."""

    object: str
    looked_at: int = 0
    wrong: int = 0  # records
    first: str = ""  # an example


def verify(
    session: Session, object_name: str, *, most: int | None = None, repair: bool = False
) -> Verdict:
    """Compare stored values with their formulas: of all records, or of the newest `most`.

    Values that wait for the workers are not wrong yet. Each portion is a transaction.
    """
    type_ = session.catalog.objects[object_name]
    waiting = recalculation_queue.waiting_fields(session, object_name)
    names = [field.name for field in type_.kept_fields if field.name not in waiting]

    def work(ids: list[str]) -> list[Worked]:
        return work_out(session, object_name, names, ids)

    return compared(session, object_name, names, work, most=most, repair=repair)


def compared(
    session: Session,
    object_name: str,
    names: Sequence[str],
    work: Callable[[list[str]], list[Worked]],
    *,
    most: int | None,
    repair: bool,
) -> Verdict:
    """What is found of fields that `work` works out for some records."""
    verdict = Verdict(object_name)
    for ids in portions(session, object_name, most) if names else ():
        with session.connection.transaction():
            rows = work(ids)
            verdict.looked_at += len(rows)
            wrong = [row for row in rows if row.changed]
            verdict.wrong += len(wrong)
            if wrong and not verdict.first:
                verdict.first = told_difference(wrong[0])
            if wrong and repair:
                places = [(object_name, name) for name in names]
                refresh_places(session, places, [row.record for row in wrong])
    return verdict


def portions(session: Session, object_name: str, most: int | None) -> Iterator[list[str]]:
    if most is not None:
        newest = every(session, object_name, most, newest=True)
        yield from (newest[at : at + PORTION] for at in range(0, len(newest), PORTION))
        return
    after = NOBODY
    while ids := every(session, object_name, PORTION, after=after):
        yield ids
        after = ids[-1]


def told_difference(row: Worked) -> str:
    name = row.changed[0]
    return f"{name} of {row.record} is {row.old[name]} and should be {row.new[name]}"
