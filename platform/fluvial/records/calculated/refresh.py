"""Refresh: what a change means for calculated values and titles, elsewhere and of the record.

In the transaction of the change, level by level along the dependency graph: of each level one
question for each object type, and nothing is written but what is another value. Where a change
reaches more than FAN_OUT records at once, workers do it: see `recalculation`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fluvial.records.drafts import journal
from fluvial.records.drafts.codec import packed
from fluvial.records.drafts.completion import search_text, title_of
from fluvial.records.drafts.draft import Draft, wire_value
from fluvial.records.drafts.rows import load_rows
from fluvial.runtime.session import Session
from metamodel.cycles import Place
from metamodel.dependencies import TITLE, Edge, Graph, Route, graph_of
from metamodel.storage import POSTGRESQL

from . import calculations, recalculation_queue
from .calculations import Worked
from .dependency_routes import begun, followed
from .field_makers import Making, work_out_made

FAN_OUT = 200  # records that one change refreshes at once
MANY = 10  # changes of one batch that may each refresh so many
MAX_ROUNDS = 100  # titles may show one another in a circle

Record = tuple[str, str]  # object, id
Pairs = dict[str, tuple[Any, Any]]  # the old and the new canonical value of fields


@dataclass(frozen=True)
class Touch:
    """A record that was written: which of its fields, and its values before and after."""

    object: str
    record: str
    names: frozenset[str] | None  # None: it was put into the bin, or brought back
    values: tuple[Mapping[str, Any] | None, ...]
    done: frozenset[str] = frozenset()  # its calculated fields that are right already
    whole: bool = False  # all its calculated fields, and its title, are made anew
    newborn: bool = False  # its logs begin with this write


@dataclass
class Found:
    """What a record holds now that is different; `rev` is the one at which it was read."""

    rev: int = 0
    pairs: Pairs = field(default_factory=dict)


def refresh(session: Session, touches: Sequence[Touch]) -> dict[Record, Found]:
    """Bring up to date what depends on records that were written; what changed by that.

    The events of other records are written; those of the touched ones are their writers' care.
    """
    graph = session.catalog.derive(graph_of)
    if not any(_matters(graph, touch) for touch in touches):
        return {}
    work = _Refresh(session, graph)
    work.refuses = True
    for touch in touches:
        written = touch.values[-1]
        if touch.names is not None and written is not None:
            work.rows[touch.object, touch.record] = written
        if touch.newborn:
            work.newborn.add(touch.record)
    work.begin(touches)
    work.run()
    own = {(touch.object, touch.record) for touch in touches}
    announce(session, {record: found for record, found in work.found.items() if record not in own})
    return work.found


def refresh_places(
    session: Session, places: Iterable[Place], ids: Sequence[str], *, anew: bool = False
) -> None:
    """Work fields of some records out anew, and what depends on them.

    Titles that are made `anew` come with the words by which their records are found.
    """
    work = _Refresh(session, session.catalog.derive(graph_of))
    work.words = set(ids) if anew else set()
    for place in places:
        work.add(place, ids)
    work.run()
    announce(session, work.found)


def refresh_behind(session: Session, place: Place, ids: Collection[str]) -> None:
    """Work out what depends on a field of some records that is not written, but read otherwise."""
    work = _Refresh(session, session.catalog.derive(graph_of))
    for edge in work.graph.edges.get(place, ()):
        work.follow(edge, set(ids))
    work.run()
    announce(session, work.found)


def _matters(graph: Graph, touch: Touch) -> bool:
    if touch.whole:
        return True
    sources = graph.sources.get(touch.object)
    return sources is not None and (touch.names is None or bool(touch.names & sources))


def announce(session: Session, found: Mapping[Record, Found]) -> None:
    """Tell the rules and the open pages; revision and history of the records stay as they are."""
    told: dict[str, list[tuple[str, int, dict[str, Any]]]] = {}
    for (object_name, record), one in found.items():
        fields = session.catalog.objects[object_name].fields
        changes = {
            name: [wire_value(fields[name], old), wire_value(fields[name], new)]
            for name, (old, new) in one.pairs.items()
            if name != TITLE
        }
        told.setdefault(object_name, []).append((record, one.rev, changes))
    for object_name, records in told.items():
        journal.announce(session, object_name, records)


class _Refresh:
    def __init__(self, session: Session, graph: Graph) -> None:
        self.session = session
        self.graph = graph
        self.found: dict[Record, Found] = {}
        self.rows: dict[Record, Mapping[str, Any]] = {}  # the records that were written
        self.newborn: set[str] = set()
        self.refuses = False  # values that fields cannot be worked out with; see Making
        self.words: set[str] = set()  # records to be found by other words, whatever their title
        self._pending: dict[int, dict[Place, set[str]]] = {}
        self._locked: dict[str, set[str]] = {}
        self._most = FAN_OUT
        self._step_by_step = session.connection.dialect == POSTGRESQL

    def add(self, place: Place, ids: Iterable[str]) -> None:
        level = self.graph.levels.get(place, 1)
        self._pending.setdefault(level, {}).setdefault(place, set()).update(ids)

    def begin(self, touches: Sequence[Touch]) -> None:
        """Note what the fields that were written feed, of all the records at once."""
        self._hold(touches)
        self._most = FAN_OUT * min(len(touches), MANY)
        fed: dict[tuple[Place, Route], set[str]] = {}
        first: dict[str, set[str]] = {}  # records that routes lead through, by object
        for touch in touches:
            self._locked.setdefault(touch.object, set()).add(touch.record)  # by its write
            self._forget(touch.object, (touch.record,))
            self._begin_one(touch, fed, first)
        for object_name in sorted(first):
            self._lock(object_name, first[object_name])
        for (target, route), starts in fed.items():
            self._go(target, route, starts)

    def _begin_one(
        self, touch: Touch, fed: dict[tuple[Place, Route], set[str]], first: dict[str, set[str]]
    ) -> None:
        object_name, record = touch.object, touch.record
        sources = self.graph.sources.get(object_name, frozenset())
        names = sources if touch.names is None else touch.names & sources
        begun_at: dict[Route, set[str]] = {}
        for name in sorted(names):
            for edge in self.graph.edges[object_name, name]:
                if not edge.route:
                    if edge.target[1] not in touch.done and edge.target[1] != TITLE:
                        self.add(edge.target, (record,))
                    continue
                step = edge.route[0]
                if edge.route not in begun_at:
                    starts = begun(self.session, step, record, touch.values)
                    begun_at[edge.route] = starts
                    if not step.back and len(edge.route) > 1:
                        first.setdefault(step.target, set()).update(starts)
                route = edge.route if step.back else edge.route[1:]
                fed.setdefault((edge.target, route), set()).update(begun_at[edge.route])
        if touch.whole:
            type_ = self.session.catalog.objects[object_name]
            for kept in (*type_.kept_fields, *type_.worked_fields):
                self.add((object_name, kept.name), (record,))
            if (object_name, TITLE) in self.graph.levels:
                self.add((object_name, TITLE), (record,))

    def _hold(self, touches: Sequence[Touch]) -> None:
        """Lock what the records look up, where values flow from there or to there.

        Who changes what is looked up would not find these records before they are committed.
        """
        if not self._step_by_step:
            return
        wanted: dict[str, set[str]] = {}
        for touch in touches:
            type_ = self.session.catalog.objects[touch.object]
            for name in sorted(type_.fields if touch.names is None else touch.names):
                for step in self.graph.ways.get((touch.object, name), ()):
                    ids = begun(self.session, step, touch.record, touch.values)
                    wanted.setdefault(step.target, set()).update(ids)
        for object_name in sorted(wanted):
            self._lock(object_name, wanted[object_name])

    def _lock(self, object_name: str, ids: Iterable[str]) -> None:
        held = self._locked.setdefault(object_name, set())
        new = set(ids) - held
        if new:
            held |= new
            calculations.lock(self.session, object_name, sorted(new))

    def _go(self, target: Place, route: Route, starts: set[str]) -> None:
        """Follow a route to the records of a target; too many of them are left to the workers."""
        if not starts:
            return
        if not self._step_by_step or not route:
            ids = followed(self.session, route, sorted(starts), self._most + 1) if route else starts
            if len(ids) > self._most:
                recalculation_queue.later(self.session, target, route, starts)
            elif ids:
                self.add(target, ids)
            return
        for at, step in enumerate(route):
            ids = followed(self.session, (step,), sorted(starts), self._most + 1)
            if len(ids) > self._most:
                recalculation_queue.later(self.session, target, route[at:], starts)
                return
            starts = set(ids)
            if not starts:
                return
            if at < len(route) - 1:
                self._lock(step.object if step.back else step.target, starts)
        self.add(target, starts)

    def follow(self, edge: Edge, starts: set[str]) -> None:
        self._go(edge.target, edge.route, starts)

    def run(self) -> None:
        for _ in range(MAX_ROUNDS):
            if not self._pending:
                return
            places = self._pending.pop(min(self._pending))
            for object_name in sorted({object_name for object_name, _ in places}):
                names = sorted(n for o, n in places if o == object_name and n != TITLE)
                if names:
                    ids = set().union(*(places[object_name, name] for name in names))
                    self._work_out(object_name, names, ids)
                if (object_name, TITLE) in places:
                    self._retitle(object_name, places[object_name, TITLE])

    def _work_out(self, object_name: str, names: Sequence[str], ids: set[str]) -> None:
        self._lock(object_name, ids)
        type_ = self.session.catalog.objects[object_name]
        made = [name for name in names if type_.fields[name].worked]
        formulas = [name for name in names if name not in made]
        if formulas:
            rows = calculations.work_out(self.session, object_name, formulas, sorted(ids))
            changed = [row for row in rows if row.changed]
            calculations.write(self.session, object_name, formulas, changed)
            self._note(object_name, changed)
        if made:
            self._forget(object_name, ids)
            known = {
                id: self._known(object_name, id) for id in ids if (object_name, id) in self.rows
            }
            making = Making(
                self.session, type_, made, sorted(ids), self.refuses, known, self.newborn
            )
            for rows in work_out_made(making):
                changed = [row for row in rows if row.changed]
                calculations.write_cells(self.session, object_name, changed)
                self._note(object_name, changed)

    def _known(self, object_name: str, record: str) -> dict[str, Any]:
        """What a record holds that was written, with what was calculated since."""
        found = self.found.get((object_name, record), Found())
        new = {name: value for name, (_, value) in found.pairs.items()}
        return {**self.rows[object_name, record], **new}

    def _retitle(self, object_name: str, ids: set[str]) -> None:
        self._lock(object_name, ids)
        self._forget(object_name, ids)
        changed, words = [], {}
        for draft in self._drafts(object_name, sorted(ids)):
            before = draft.before or {}
            draft.values[TITLE] = title = title_of(draft)
            if title != before[TITLE]:
                cells = packed(draft.type.fields[TITLE], title, self.session.connection.dialect)
                old, new = {TITLE: before[TITLE]}, {TITLE: title}
                changed.append(Worked(draft.id, before["rev"], old, new, cells))
            elif draft.id not in self.words:
                continue
            text = search_text(draft)
            if text is not None:
                words[draft.id] = text
        calculations.write_cells(self.session, object_name, changed)
        if words:
            journal.index(self.session.connection, object_name, words)
        self._note(object_name, changed)

    def _drafts(self, object_name: str, ids: Sequence[str]) -> list[Draft]:
        """Live records, with what their titles show at hand."""
        session, type_ = self.session.reading_ahead(), self.session.catalog.objects[object_name]
        rows = load_rows(session, object_name, ids, None, live=True, limit=len(ids))
        assert session.ahead is not None
        for row in rows:
            session.ahead.name(session.catalog, type_, row)
        return [Draft(session, type_, row["id"], row, dict(row)) for row in rows]

    def _note(self, object_name: str, rows: Sequence[Worked]) -> None:
        """Keep what changed, and go on to what that feeds."""
        self._forget(object_name, (row.record for row in rows))
        fed: dict[Edge, set[str]] = {}
        for row in rows:
            found = self.found.setdefault((object_name, row.record), Found())
            found.rev = row.rev
            for name in row.changed:
                old = found.pairs[name][0] if name in found.pairs else row.old[name]
                found.pairs[name] = (old, row.new[name])
                for edge in self.graph.edges.get((object_name, name), ()):
                    fed.setdefault(edge, set()).add(row.record)
        for edge, ids in fed.items():
            self.follow(edge, ids)

    def _forget(self, object_name: str, records: Iterable[str]) -> None:
        """What a bulk write has read of these is not right any more."""
        ahead = self.session.ahead
        kept = ahead.rows.get(object_name) if ahead else None
        for record in records if kept else ():
            kept.pop(record, None)  # type: ignore[union-attr]
