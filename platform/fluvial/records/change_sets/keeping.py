"""Keeping: a write is carried out inside a change set, noted, and rolled back.

Edits that were kept before and that concern the same records are carried out first, so that each
builds on the others. Where that does not fit, all of them are: one may have made room for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fluvial.kernel.change_stream import RecordChange
from fluvial.kernel.problems import Problem, Unprocessable
from fluvial.records.drafts.rows import load_rows
from fluvial.runtime.session import Session

from .carrying_out import carry_unjudged
from .kept_edits import CREATE, Edit, add_edits, edits_of, near
from .set_records import OPEN, SetRecord, open_set, set_of, state_of
from .writes import KeptWrites, Place

T = TypeVar("T")

MOST_EDITS = 500  # applied in one transaction, for which others wait


class _Done(Exception):
    """Ends a transaction of which nothing stays."""


@dataclass
class Kept(Generic[T]):
    """What came of a write inside a change set, and what was kept of it."""

    set: SetRecord
    result: T
    edits: list[Edit]


def keep(
    session: Session,
    id: str,
    named: Collection[str] | None,
    work: Callable[[KeptWrites], T],
    fits: Callable[[T], bool],
) -> Kept[T]:
    """Keep what `work` writes. `named` are the records that it may be about; None are all.

    `fits` says whether there is something to keep: else it is tried once more with all edits.
    """
    with session.connection.transaction():
        set_ = open_set(session, id)
        edits = edits_of(session, id)
        before = edits if named is None else near(edits, named)
        result, made = _attempt(session, set_, before, work)
        if len(before) < len(edits) and (isinstance(result, Problem) or not fits(result)):
            result, made = _attempt(session, set_, edits, work)
        if isinstance(result, Problem):
            raise result
        if not fits(result):
            made = []
        if len(edits) + len(made) > MOST_EDITS:
            raise Unprocessable(
                f"A change set keeps at most {MOST_EDITS} changes, and this {set_.label} would "
                f"have {len(edits) + len(made)}. Make another one for the rest."
            )
        kept = add_edits(session, id, made)
        if kept:
            tell(session, set_)
        return Kept(set_, result, kept)


def tell(session: Session, set_: SetRecord) -> None:
    """Pages that show the change set learn that it keeps something else."""
    change = RecordChange(set_.type.name, set_.id, set_.values["rev"])
    session.engine.changed(session.connection, change)


def look_inside(
    session: Session, id: str, named: Collection[str], work: Callable[[SetRecord], T]
) -> T:
    """What `work` reads with the edits of some records carried out; nothing of it stays."""
    set_ = set_of(session, id)
    if state_of(session, id).name != OPEN:
        return work(set_)
    edits = near(edits_of(session, id), named, around=True)
    found: list[T] = []
    problem: Problem | None = None
    try:
        with session.connection.transaction(), session.connection.savepoint():
            try:
                carry_unjudged(session, edits, set_.day)
            except Problem as one:
                problem = one
                raise _Done from one
            found.append(work(set_))
            raise _Done
    except _Done:
        if problem is None:
            return found[0]
    work(set_)  # what is not there for its reader stays so, whatever is wrong with the edits
    raise problem


def _attempt(
    session: Session, set_: SetRecord, before: Sequence[Edit], work: Callable[[KeptWrites], T]
) -> tuple[T | Problem, list[Edit]]:
    found: list[tuple[T, list[Edit]]] = []
    try:
        with session.connection.savepoint():
            writes = KeptWrites(session, set_, _stood(session, before))
            carry_unjudged(session, before, set_.day)
            found.append((work(writes), writes.made))
            raise _Done
    except _Done:
        return found[0]
    except Problem as problem:
        return problem, []


def _stood(session: Session, edits: Sequence[Edit]) -> dict[Place, int | None]:
    """The revisions of the records of edits, before any of these is carried out."""
    found: dict[Place, int | None] = {}
    ids: dict[str, list[str]] = {}
    for edit in edits:
        if edit.action == CREATE:
            found[edit.object, edit.record] = None
        elif edit.object in session.catalog.objects:
            ids.setdefault(edit.object, []).append(edit.record)
    for name, records in sorted(ids.items()):
        wanted = sorted(set(records))
        for row in load_rows(session, name, wanted, None, lock=True, limit=len(wanted)):
            found.setdefault((name, row["id"]), row["rev"])
    return found
