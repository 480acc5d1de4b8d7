"""Stopwatches of people: which one runs, starting one, and stopping it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fluvial.auth.actors import SYSTEM
from fluvial.database.locks import hold_named
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Unprocessable, fault
from fluvial.records.drafts.draft import Draft
from fluvial.records.reading import reader
from fluvial.records.reading.query import Query
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.errors import ValueFault
from metamodel.kinds.datetime import moment
from metamodel.storage import timestamp_wire

from .stopwatch_part import STOPWATCH, Stopwatch

LEAST = timedelta(seconds=1)
MINUTE = 60


@dataclass(frozen=True)
class Running:
    """A stopwatch that runs: its record, and since when."""

    type: ObjectType
    watch: Stopwatch
    record: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def since(self) -> datetime:
        return moment(self.record[self.watch.starts])

    @property
    def subject(self) -> tuple[str, str] | None:
        """The record that it was started on: its object and its id."""
        for name in self.watch.subjects:
            value = self.record.get(name)
            if value is not None:
                return str(self.type.fields[name].to), str(value)
        return None


def watched_types(catalog: Catalog) -> tuple[tuple[ObjectType, Stopwatch], ...]:
    """The object types whose records are taken with a stopwatch."""
    found = ((type_, STOPWATCH.of(type_)) for type_ in catalog.objects.values())
    return tuple((type_, watch) for type_, watch in found if watch is not None)


def usable(session: Session) -> Iterator[tuple[ObjectType, Stopwatch]]:
    """Those of which the reader may take time."""
    if session.actor.id is None:
        return
    for type_, watch in session.catalog.derive(watched_types):
        access = session.access.object(type_.name)
        if access.can("create") and access.hidden.isdisjoint(watch.fields):
            yield type_, watch


def running(session: Session) -> Running | None:
    """The stopwatch of the reader, if one runs."""
    for type_, watch in usable(session):
        where = f"{watch.person} == me and {watch.running}"
        found = reader.read_page(session, Query(type_.name, None, where, limit=1))["data"]
        if found:
            return Running(type_, watch, found[0])
    return None


def start(session: Session, name: str, body: Mapping[str, Any], *, instead: bool) -> Running:
    """Start one; another one that runs is stopped first, or stands in the way."""
    type_, watch = _watch(session, name)
    with session.connection.transaction():
        hold_named(session.connection, "stopwatch", session.actor.id)
        there = running(session)
        if there is not None and not instead:
            raise Conflict(
                f"A stopwatch runs already: {there.record['title']}. Stop it first.",
                running=wire(there),
            )
        if there is not None:
            stop(session, there, {})
        own = {watch.owner: {"user": session.actor.id}} if watch.owner == watch.person else {}
        begun = {**own, **body, watch.starts: timestamp_wire(session.now)}
        record = writer.create(session, name, begun)
        now = running(session)
        if now is None or now.id != record["id"]:
            message = f"{type_.fields[watch.owner].label} has to be you."
            told = fault(f"/{watch.owner}", "not_mine", message)
            raise Unprocessable("A stopwatch is one's own.", errors=[told])
    return now


def stop(session: Session, there: Running, body: Mapping[str, Any]) -> dict[str, Any]:
    """Stop it now. A length in the body is what counts.

    What is shorter than the time since the start ended earlier; what is longer began earlier.
    """
    watch, since, now = there.watch, there.since, session.now
    values = {name: value for name, value in body.items() if name != watch.length}
    length = _length(there, body) if watch.length else None
    if length is None:
        ends = max(now, since + LEAST)
    elif since + length <= now:
        ends = since + length
    else:
        since, ends = now - length, now
        values[watch.starts] = timestamp_wire(since)
    values[watch.ends] = timestamp_wire(ends)
    if watch.length:
        values[watch.length] = int((ends - since).total_seconds())
    return writer.update(session, there.type.name, there.id, values)


def _length(there: Running, body: Mapping[str, Any]) -> timedelta | None:
    name = there.watch.length
    if body.get(name) is None:
        return None
    known = there.type.fields[name]
    try:
        seconds: int = known.kind.parse(known, body[name])
        if seconds == 0:
            raise ValueFault("no_time", "Write how long it took, or delete the record.")
    except ValueFault as error:
        told = fault(f"/{name}", error.code, error.message)
        raise Unprocessable(error.message, errors=[told]) from error
    return timedelta(seconds=seconds)


def mine(session: Session, name: str) -> Running:
    """The reader's stopwatch that runs on an object type."""
    _watch(session, name)
    there = running(session)
    if there is None or there.type.name != name:
        raise Conflict("None of your stopwatches runs here. Start one first.")
    return there


def _watch(session: Session, name: str) -> tuple[ObjectType, Stopwatch]:
    type_ = session.object(name)
    watch = STOPWATCH.of(type_)
    if watch is None:
        raise NotFound(f"{type_.plural} are not taken with a stopwatch.")
    if session.actor.id is None:
        raise Forbidden("Only people have a stopwatch.")
    return session.object(name, "create"), watch


def asked_fields(session: Session, there: Running) -> list[Field]:
    """What is asked for when it is stopped, as far as the person may write it."""
    writable = session.access.writable(there.type.name)
    names = [there.watch.length, *there.watch.asks]
    return [writable[name] for name in names if name in writable]


def elapsed(session: Session, there: Running) -> int:
    """The whole minutes that it has run, in seconds; the seconds of the first minute.

    Never more than it has run: what is longer would begin earlier, in time that is taken.
    """
    seconds = max(1, int((session.now - there.since).total_seconds()))
    return seconds if seconds < MINUTE else seconds - seconds % MINUTE


def wire(there: Running) -> dict[str, Any]:
    """A running stopwatch as the API tells it."""
    return {
        "object": there.type.name,
        "id": there.id,
        "title": there.record["title"],
        "since": there.record[there.watch.starts],
        "record": dict(there.record),
    }


def stored(drafts: Sequence[Draft], event: str) -> None:
    """In the transaction of every write: nobody has two that run."""
    session, type_ = drafts[0].session, drafts[0].type
    watch = STOPWATCH.of(type_)
    if watch is None or event == "deleted":
        return
    system = session.as_actor(SYSTEM)
    for draft in drafts:
        if not watch.runs(draft.values) or (draft.before and watch.runs(draft.before)):
            continue
        text = _owner_text(type_.fields[watch.owner], draft.values[watch.owner])
        if not text:
            continue
        hold_named(session.connection, "stopwatch", type_.name, text)
        query = Query(type_.name, (("id",),), watch.running, ((watch.owner, text),))
        if reader.count(system, query) > 1:
            message = "A stopwatch of this person runs already. Stop it first."
            told = fault(f"{draft.pointer}/{watch.starts}", "runs_already", message)
            raise Unprocessable(message, errors=[told])


def _owner_text(field: Field, value: Any) -> str:
    """Whose a record is, as a filter writes it."""
    if value is None:
        return ""
    said = value if isinstance(value, str) else field.kind.wire(field, value)
    if isinstance(said, Mapping):
        return str(said["id"]) if "id" in said else ":".join(map(str, *said.items()))
    return str(said)
