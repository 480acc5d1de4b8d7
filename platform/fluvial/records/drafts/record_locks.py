"""Locks of records: what may still be written of a record that is locked, and of its parts.

Judged on what is stored before the write, so that no write unlocks a record and changes it in one.
A record's own lock is read with its row (see `rows`), and costs no statement. Whether owners lock
their parts is asked once for all drafts that are written together; the owners are held meanwhile,
so that nobody locks them in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.expressions.python import truth
from metamodel.expressions.sql import Source, predicate
from metamodel.locked import LOCKED, Locked, guarded_parts
from metamodel.storage import POSTGRESQL

from .draft import Draft
from .record_environment import RecordEnvironment
from .rows import IS_LOCKED, Values

CODE = "locked"

Place = tuple[str, str]  # object, id


class RecordLocked(Unprocessable):
    """The record, or what it is a part of, is locked. In a batch it is a fault at its place."""

    status = 409
    title = "The record is locked"


@dataclass(frozen=True)
class Hold:
    """A lock that holds for a record: its own, or that of a record that it is a part of."""

    type: ObjectType
    lock: Locked
    owner: ObjectType | None = None
    named: bool = True  # whether the owner may be named to who asks

    @property
    def open(self) -> frozenset[str]:
        return self.lock.open if self.owner is None else frozenset()

    @property
    def what(self) -> str:
        label = self.type.label.lower()
        if self.owner is None:
            return f"This {label} is locked."
        whole = self.owner.label.lower() if self.named else "record"
        return f"This {label} is part of a locked {whole}."

    @property
    def reason(self) -> str:
        return f"{self.what} {self.lock.message}".strip()

    @property
    def parts(self) -> bool:
        """Whether its parts are locked with it."""
        return self.owner is not None or self.lock.parts


def refuse_locked(draft: Draft) -> None:
    """Refuse a change of an existing record that its own lock does not leave open."""
    hold = own_hold(draft)
    if hold is None:
        return
    closed = [name for name in sorted(draft.changed) if name not in hold.open]
    closed = [name for name in closed if _counts(draft, name)]
    states = draft.type.states
    if states is not None and states.field in closed:
        if leads_out(draft.session, hold, draft.before or {}, draft.values[states.field]):
            closed.remove(states.field)
    if closed or draft.extras:
        raise _problem(draft, hold, closed)


def refuse_whole(draft: Draft) -> None:
    """Refuse to delete or restore a record that is locked."""
    hold = own_hold(draft)
    if hold is not None:
        raise _problem(draft, hold)


def refuse_fields(draft: Draft, names: Iterable[str]) -> None:
    """Refuse to write fields for another day that the record's lock does not leave open."""
    hold = own_hold(draft)
    closed = sorted(set(names) - hold.open) if hold is not None else []
    if hold is not None and closed:
        raise _problem(draft, hold, closed)
    refuse_in_locked([draft])


def own_hold(draft: Draft) -> Hold | None:
    """The lock of the record itself as it is stored, where it holds for who writes."""
    lock, before = LOCKED.of(draft.type), draft.before
    if lock is None or before is None or not before.get(IS_LOCKED):
        return None
    return None if draft.type.name in draft.session.posts else Hold(draft.type, lock)


def refuse_in_locked(drafts: Sequence[Draft], spared: Collection[str] = ()) -> None:
    """Refuse to write parts of a locked record; `spared` owners go the same way as their parts."""
    for _, problem in held_parts(drafts, spared):
        raise problem


def held_parts(
    drafts: Sequence[Draft], spared: Collection[str] = ()
) -> list[tuple[Draft, RecordLocked]]:
    """The drafts that an owner's lock holds, before the write or by it, with their problems."""
    session, type_ = drafts[0].session, drafts[0].type
    fields = _guards(session.catalog, type_.name)
    judged = [draft for draft in drafts if type_.name not in draft.session.posts] if fields else []
    asked = {
        (field.to or "", owner)
        for draft in judged
        for field, owner in _owners(draft, fields)
        if owner not in spared
    }
    locked = _locking(_now(session), asked, hold=True)
    found = []
    for draft in judged if locked else ():
        places = [(field.to or "", owner) for field, owner in _owners(draft, fields)]
        by = next((locked[place] for place in places if place in locked), None)
        if by is not None:
            held = _hold(session, (type_.name, draft.id), by)
            found.append((draft, _problem(draft, held)))
    return found


def holds_on(session: Session, type_: ObjectType, records: Sequence[str]) -> dict[str, Hold]:
    """The locks that hold for records now, for those who show them."""
    if not records or not lockable(session.catalog, type_):
        return {}
    asked = {(type_.name, record) for record in records}
    return {
        place[1]: _hold(session, place, by)
        for place, by in _locking(_now(session), asked, whole=True).items()
    }


def _hold(session: Session, place: Place, by: Place) -> Hold:
    type_, owner = session.catalog.objects[place[0]], session.catalog.objects[by[0]]
    lock = LOCKED.of(owner)
    assert lock is not None
    named = session.access.object(owner.name).can("read")
    return Hold(type_, lock, None if by == place else owner, named)


def lockable(catalog: Catalog, type_: ObjectType) -> bool:
    """Whether records of an object type can be locked, by themselves or with their owners."""
    return LOCKED.of(type_) is not None or bool(_guards(catalog, type_.name))


def _now(session: Session) -> Session:
    """A lock holds as of now, whatever day is written."""
    return session if session.as_of is None else replace(session, as_of=None, as_at=None)


def _owners(draft: Draft, fields: Sequence[Field]) -> list[tuple[Field, str]]:
    """The owners of a record before the write, and by it."""
    found = []
    for field in fields:
        sides: tuple[Values, ...] = (draft.before or {}, draft.values)
        ids = dict.fromkeys(side.get(field.name) for side in sides)
        found += [(field, one) for one in ids if one]
    return found


def _counts(draft: Draft, name: str) -> bool:
    """Whether a changed field is one that somebody writes, and does not follow from others."""
    field = draft.type.fields[name]
    bases = {one.option("base")["field"] for one in draft.type.based_fields}
    return field.writable and (name in draft.given or name not in bases)


def leads_out(session: Session, hold: Hold, values: Values, state: Any) -> bool:
    """Whether another state alone, with all else as it is, unlocks a record."""
    states = hold.type.states
    if states is None or hold.owner is not None:
        return False
    moved = {**values, states.field: state}
    environment = RecordEnvironment(session, hold.type, moved, fresh=True)
    return not truth(hold.lock.when, environment)


def _problem(draft: Draft, hold: Hold, closed: Iterable[str] = ()) -> RecordLocked:
    unknown = draft.session.access.object(draft.type.name).unknown
    names = [name for name in closed if name not in unknown]
    pointers = [f"{draft.pointer}/{name}" for name in names] or [draft.pointer]
    errors = [fault(pointer, CODE, hold.reason) for pointer in pointers]
    return RecordLocked(hold.reason, errors=errors)


def _locking(
    session: Session, asked: set[Place], *, hold: bool = False, whole: bool = False
) -> dict[Place, Place]:
    """Of records those that are locked, and by the lock of which record: itself, or an owner.

    One statement for each object type and level of owners. `whole`: also by locks of these records
    that do not hold for their parts.
    """
    locking: set[Place] = set()
    above: dict[Place, list[Place]] = {}
    waiting = asked
    while waiting:
        for name in sorted({name for name, _ in waiting}):
            lock = LOCKED.of(session.catalog.objects[name])
            for place, locked, owners in _asked(session, name, waiting, hold):
                above[place] = owners
                if locked and lock is not None and (lock.parts or (whole and place in asked)):
                    locking.add(place)
        read = waiting
        waiting = {one for place in read for one in above.get(place, ())} - above.keys()
    found = ((place, _first(place, locking, above)) for place in asked)
    return {place: by for place, by in found if by is not None}


def _first(
    place: Place, locking: Collection[Place], above: Mapping[Place, Sequence[Place]]
) -> Place | None:
    """The record whose lock holds a record: itself, or the nearest one on the way up."""
    ways, seen = [place], {place}
    for one in ways:
        if one in locking:
            return one
        more = [owner for owner in above.get(one, ()) if owner not in seen]
        seen.update(more)
        ways += more
    return None


def _asked(
    session: Session, object_name: str, places: set[Place], hold: bool
) -> list[tuple[Place, bool, list[Place]]]:
    """Records of one object type: whether their own lock holds, and what they are parts of."""
    type_ = session.catalog.objects[object_name]
    fields = _guards(session.catalog, object_name)
    ids = sorted(record for name, record in places if name == object_name)
    listed = id_list(session.connection.dialect, ids)
    rows = ask(session, _plan(session, type_, hold), ids=listed)
    return [
        (
            (object_name, str(record)),
            bool(locked),
            [(f.to or "", str(one)) for f, one in zip(fields, owners, strict=True) if one],
        )
        for record, locked, *owners in rows
    ]


def _guards(catalog: Catalog, object_name: str) -> tuple[Field, ...]:
    return catalog.derive(guarded_parts).get(object_name, ())


def _plan(session: Session, type_: ObjectType, hold: bool) -> Compiled:
    dialect, catalog = session.connection.dialect, session.catalog

    def make() -> Compiled:
        context = PlanContext(catalog, session.access, dialect)
        source = Source(context.trusted(), type_.name)
        lock = LOCKED.of(type_)
        locked: Any = sa.literal_column("0")
        if lock is not None:
            locked = predicate(lock.when, source)
        owners = [source.column(field.name) for field in _guards(catalog, type_.name)]
        record = source.column("id")
        columns = [record, locked.label("locked"), *owners]
        statement = sa.select(*columns).where(among_ids(record, dialect))
        statement = statement.select_from(source.joined()).order_by(record)
        if hold and dialect == POSTGRESQL:
            statement = statement.with_for_update(of=source.alias, key_share=True)
        return context.compiled(statement, steady=None)

    plan: Compiled = plans_of(catalog).get(("locks", type_.name, hold), make)
    return plan
