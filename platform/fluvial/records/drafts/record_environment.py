"""What an expression may ask about one record when it is evaluated in Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.records.reading.state_spans import LoggedSpan, logged_spans
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.checks import target_of
from metamodel.expressions.given_values import GivenBody
from metamodel.expressions.nodes import Collection, Decide, Evaluate, FoundBy, Gather, Read, Root
from metamodel.expressions.python import evaluate, run
from metamodel.expressions.sql import collected_ids
from metamodel.expressions.sql_value import SqlContext
from metamodel.expressions.types import PERSON
from metamodel.state_times import Spans, as_of, entered

from .collected_values import collected_value, seen_value
from .decided_rows import winner
from .found_records import found_record
from .held_expressions import held_value
from .rows import load_row

Values = Mapping[str, Any]


class RecordEnvironment:
    """Own values come from the draft or event; the rest is read when it is asked for."""

    def __init__(
        self,
        session: Session,
        type_: ObjectType,
        values: Values,
        before: Values | None = None,
        *,
        record: RecordEnvironment | None = None,
        fresh: bool = False,
        names: Mapping[str, Any] | None = None,
    ) -> None:
        self.session = session
        self.type = type_
        self.before = before
        self._own = values
        self._fresh = fresh
        self._record = record  # the outer record, in what a look-up may pick
        # What the names of the scope stand for: a value, a record as its type and id, or what
        # another system said. Those of the outer record are at hand, too.
        self.names: Mapping[str, Any] = {**(record.names if record else {}), **(names or {})}
        self._related: dict[tuple[str, str], RecordEnvironment | None] = {}

    @cached_property
    def values(self) -> Values:
        if not self.type.calculated_fields:
            return self._own
        # Of a draft, and as of another day, formulas are worked out although values are stored.
        # Made when it is asked for: each of the two knows the other, which only the collector of
        # garbage takes apart.
        return _WithFormulas(self, self._own, self._fresh or self.session.as_of is not None)

    @property
    def now(self) -> datetime:
        return self.session.moment

    @property
    def today(self) -> date:
        return self.session.today

    @cached_property
    def me(self) -> Values | None:
        user = self.session.actor.id
        environment = self._at("user", user) if user else None
        return environment.values if environment else None

    def read(self, path: tuple[str, ...]) -> Any:
        """The canonical value at the end of a path; `me` and `record` may lead."""
        if path[0] == "record":
            return (self._record or self)._walk(path[1:])
        if path[0] == "me":
            user = self.session.actor.id
            environment = self._at("user", user) if user else None
            return environment._walk(path[1:]) if environment else None
        if path[0] in self.names and not (self.type and path[0] in self.type.fields):
            return self._named(self.names[path[0]], path[1:])
        return self._walk(path)

    def _named(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, GivenBody):
            return value.at(path)
        if not path:
            return value
        environment = None if value is None else self._at(*value)
        return environment._walk(path) if environment else None

    def _walk(self, path: tuple[str, ...]) -> Any:
        value = self.values.get(path[0])
        if len(path) == 1 or value is None:
            return value
        field = self.type.fields[path[0]]
        target, record = value if isinstance(value, tuple) else (field.targets[0], value)
        if field.type.name == PERSON.name and target != target_of(field):
            return None  # the fields behind a person are those of a user
        behind = self.session.catalog.objects[target]
        if path[1] in behind.kept_names or behind.fields[path[1]].made_by:
            self._settle(target, record)
        environment = self._at(target, record)
        return environment._walk(path[1:]) if environment else None

    def _at(self, object_name: str, record: str) -> RecordEnvironment | None:
        key = (object_name, record)
        if key not in self._related:
            row = load_row(self.session, object_name, record, None)
            type_ = self.session.catalog.objects[object_name]
            self._related[key] = (
                None if row is None else RecordEnvironment(self.session, type_, row)
            )
        return self._related[key]

    def _settle(self, target: str, record: str) -> None:
        """Write what a bulk write keeps waiting: it may change what is stored elsewhere."""
        if self.session.ahead is not None:
            self.session.ahead.settle()
            self._related.pop((target, record), None)

    def spans(self, field: Read) -> Spans:
        """The log of a choice; of a draft it is what it will be when the draft is written."""
        *way, name = field.path
        lead = {Root.RECORD: ("record",), Root.ME: ("me",)}.get(field.root, ())
        if not way and field.root is not Root.ME:
            return ((self._record or self) if lead else self).own_spans(name)
        record = self.read((*lead, *way, "id"))
        if record is None:
            return []
        return self._as_of(s for s in self._logged(field.object, record) if s.field == name)

    def own_spans(self, name: str) -> Spans:
        found = [s for s in self._logged(self.type.name, self._own.get("id")) if s.field == name]
        if not self._fresh:
            return self._as_of(found)
        # What has happened since an event is not known to it.
        then = [s for s in found if s.rev <= (self._own.get("rev") or s.rev)]
        state = self._own.get(name) or None
        if then and len(then) < len(found) and then[-1].state == state:
            then[-1] = replace(then[-1], ended=None)
        return entered((s.span for s in then), state, self.now)

    def _as_of(self, found: Iterable[LoggedSpan]) -> Spans:
        spans = [one.span for one in found]
        return spans if self.session.as_of is None else as_of(spans, self.now)

    def _logged(self, object_name: str, record: str | None) -> list[LoggedSpan]:
        ahead = self.session.ahead
        if record is None:
            return []  # it is new
        if ahead is None:
            return logged_spans(self.session, object_name, [record])
        ahead.settle_before(object_name, record)
        kept = ahead.spans.setdefault(object_name, {})
        if record not in kept:
            ids = ahead.spans_beside(object_name, record)
            kept.update((one, []) for one in ids)
            for span in logged_spans(self.session, object_name, ids):
                kept[span.record].append(span)
        return kept[record]

    def decided(self, node: Decide, values: Sequence[Any], day: Any) -> Any:
        """What the row of a decision gives that wins."""
        if self.session.ahead is not None:
            rows = self.session.catalog.objects[node.rows.object]
            self.session.ahead.settle_of(None if rows.kept_names else {rows.name})
        row, item = winner(self.session, node, values, day), node.rows.item
        if row is None or (isinstance(item, Read) and not item.path):
            return row
        found = self._at(node.rows.object, row)
        return None if found is None else run(item, found)

    def evaluated(self, node: Evaluate | FoundBy, value: Any) -> Any:
        """What an expression that a field holds gives for the record, or a record by a value."""
        if isinstance(node, FoundBy):
            if self.session.ahead is not None:
                self.session.ahead.settle()
            return found_record(self.session, node, value)
        return held_value(self, node, value)

    def collect(self, node: Gather | Collection) -> Any:
        """The value of a question about a collection, asked of the database."""
        session = self.session
        if isinstance(node, Gather):
            return collected_value(session, node, self.type.name, self.read)
        if session.ahead is not None:
            session.ahead.settle()
        dated = session.as_of is not None
        plan = PlanContext(session.catalog, session.access, session.connection.dialect, as_of=dated)
        return self.answered(node, session, plan, plan.trusted())

    def answered(
        self, node: Gather | Collection, session: Session, plan: PlanContext, context: SqlContext
    ) -> Any:
        """The same, of the records that `context` lets see; `plan` is what it is a part of."""
        if isinstance(node, Gather):
            return seen_value(session, node, self.read, plan, context)
        statement = collected_ids(node, context, self.read)
        return [row[0] for row in ask(session, plan.compiled(statement))]


class _WithFormulas(Mapping[str, Any]):
    """A record's stored values, and its calculated ones when they are asked for."""

    def __init__(self, environment: RecordEnvironment, values: Values, fresh: bool) -> None:
        self._environment = environment
        self._values = values
        self._stale = environment.type.kept_names if fresh else frozenset[str]()
        self._calculated: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self._values and name not in self._stale:
            return self._values[name]
        if name not in self._calculated:
            formula = self._environment.type.fields[name].formula
            if formula is None:
                raise KeyError(name)
            self._calculated[name] = evaluate(formula, self._environment)
        return self._calculated[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment.type.fields)

    def __len__(self) -> int:
        return len(self._environment.type.fields)
