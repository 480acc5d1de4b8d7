"""Records as they were recorded at a moment, put together again from their history.

The row of today is taken back through the changes since. What history does not know is left out
and named: collections, of which nobody noted who belonged to them, and what is made of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Row
from fluvial.database.engine_tables import DATED, HISTORY
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound, Problem, fault
from fluvial.records.drafts.completion import shown_in_title, title_of
from fluvial.records.drafts.dated_fields import read_stored
from fluvial.records.drafts.draft import Draft, wire_value
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values, load_rows
from fluvial.records.reading.caller_paths import condition
from fluvial.records.reading.day_titles import titled
from fluvial.records.reading.day_value import form_of
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.expressions.nodes import Read
from metamodel.expressions.python import evaluate, truth
from metamodel.expressions.reads import depends_on_parts
from metamodel.state_times import Spans
from metamodel.storage import POSTGRESQL, TEXT

MAX_CANDIDATES = 1_000  # records that a list looks through
CREATED, DELETED = "created", "deleted"


class UnknownError(Exception):
    """What is asked for was not noted at the time."""


def read_wire(known: Field, raw: Any) -> Any:
    """The canonical value of what history keeps in wire form."""
    if raw is None or raw == "" or raw == []:
        return known.kind.absent(known)
    if known.type.name == types.FILES.name:
        return [{name: value for name, value in file.items() if name != "url"} for file in raw]
    try:
        return known.kind.parse(known, raw)
    except ValueFault:
        return raw  # an option that was retired since, or a text that is too long by now


def reverse(type_: ObjectType, values: Values, changes: Mapping[str, Any]) -> None:
    """Take a change out of the values again."""
    for name, pair in changes.items():
        known = type_.fields.get(name)
        if known is not None and (known.stored or known.kept):
            values[name] = read_wire(known, pair[0])


_h, _d = HISTORY.c, DATED.c
_at = param("the_at", _h.at)
_ids = sa.bindparam("the_ids", type_=Stored(TEXT))


def _among(column: sa.Column[Any], postgresql: bool) -> sa.ColumnElement[bool]:
    if postgresql:
        return column == sa.func.any(sa.cast(_ids, sa.ARRAY(sa.Uuid)))
    return column.in_(sa.select(sa.func.json_each(_ids).table_valued("value").c.value))


def _both(make: Any) -> dict[bool, Statement]:
    return {postgresql: Statement(make(postgresql)) for postgresql in (False, True)}


_other = HISTORY.alias()
_plain = _h.event.not_like(sa.literal_column("'%:%'"))
_SINCE = _both(
    lambda postgresql: (
        sa.select(_h.record, _h.changes)
        .where(_among(_h.record, postgresql), _h.at > _at, _plain)
        .order_by(_h.record, _h.rev.desc())
    )
)
_LAST = _both(
    lambda postgresql: sa.select(_h.record, _h.rev, _h.event, _h.at, _h.by).where(
        _among(_h.record, postgresql),
        _h.rev
        == sa.select(sa.func.max(_other.c.rev))
        .where(_other.c.record == _h.record, _other.c.at <= _at)
        .scalar_subquery(),
    )
)
_HELD = _both(
    lambda postgresql: (
        sa.select(_d.record, _d.field, _d.form, _d.value)
        .where(
            _among(_d.record, postgresql),
            _d.valid_from <= param("the_day", _d.valid_from),
            _d.recorded_at <= _at,
            sa.or_(_d.ended_at.is_(None), _d.ended_at > _at),
        )
        .order_by(_d.record, _d.field, _d.valid_from)
    )
)


@dataclass
class Belief:
    """What was recorded at a moment, of the day of that moment or of another one."""

    session: Session
    then: Session  # reading as of that day
    at: datetime
    day: date
    _known: dict[tuple[str, str, str | None], Values | None] = field(default_factory=dict)

    def values(self, object_name: str, record: str, action: str | None) -> Values | None:
        """The stored values of a record that the action is allowed on, as far as it was there."""
        key = (object_name, record, action)
        if key not in self._known:
            type_ = self.session.catalog.objects[object_name]
            rows = load_rows(self.session, object_name, [record], action)
            self._known[key] = self.rebuilt(type_, rows).get(record)
        return self._known[key]

    def rebuilt(self, type_: ObjectType, rows: Sequence[Values]) -> dict[str, Values]:
        """The records that were there, by their ids, each with the values of that moment."""
        if not rows:
            return {}
        connection = self.session.connection
        postgresql = connection.dialect == POSTGRESQL
        ids = [row["id"] for row in rows]
        array = "{" + ",".join(ids) + "}" if postgresql else orjson.dumps(ids).decode()
        given = {"the_ids": array, "the_at": self.at}
        last = {r[0]: r for r in _LAST[postgresql].rows(connection, **given) if r[2] != DELETED}
        found = {row["id"]: dict(row) for row in rows if row["id"] in last}
        for record, changes in _SINCE[postgresql].rows(connection, **given):
            if record in found:
                reverse(type_, found[record], changes)
        if type_.dated_fields:
            held = _HELD[postgresql].rows(connection, **given, the_day=self.day)
            _set_held(type_, found, held, connection.dialect)
        for record, values in found.items():
            self._stamp(type_, values, last[record])
        return found

    def _stamp(self, type_: ObjectType, values: Values, last: Row) -> None:
        for calculated in type_.calculated_fields:
            values.pop(calculated.name, None)
        values |= {
            "rev": last[1],
            "updated_at": last[3],
            "updated_by": ("user", last[4]) if last[4] else None,
            "deleted_at": None,
        }
        values["title"] = self._title(Draft(self.session, type_, values["id"], None, values))

    def _title(self, draft: Draft) -> str:
        """The title, as far as the reader may read what it is made of."""
        if draft.type.name not in self.session.access.withheld_titles:
            return title_of(draft)
        return titled(draft.type, lambda name: self._word(draft, name))

    def _word(self, draft: Draft, name: str) -> str:
        access, field = self.session.access, draft.type.fields[name]
        if not access.shows_in_title(draft.type.name, name):
            return ""
        value = draft.values.get(name)
        if not field.type.objects or field.many or value is None:
            return shown_in_title(draft, name)
        target, record = value if isinstance(value, tuple) else (field.targets[0], value)
        if target not in self.session.catalog.objects:
            return shown_in_title(draft, name)  # a role
        return titles_of(self.session, target, [record]).get(record, "")


def _set_held(
    type_: ObjectType, found: Mapping[str, Values], rows: Sequence[Row], dialect: str
) -> None:
    dated = {one.name: one for one in type_.dated_fields}
    for record, name, form, stored in rows:
        if record in found and name in dated and form == form_of(dated[name]):
            found[record][name] = read_stored(dated[name], stored, dialect)


class BelievedEnvironment(RecordEnvironment):
    """Look-ups lead to what was recorded of other records at the same moment.

    Those of formulas lead to any record; those of an `asked` condition to what may be read.
    """

    def __init__(
        self, belief: Belief, type_: ObjectType, values: Values, *, asked: bool = False
    ) -> None:
        super().__init__(belief.then, type_, values)
        self._belief = belief
        self._asked = asked
        if asked:
            self.values = BelievedEnvironment(belief, type_, values).values

    def _at(self, object_name: str, record: str) -> RecordEnvironment | None:
        key = (object_name, record)
        if key not in self._related:
            mine = key == ("user", self.session.actor.id)
            action = "read" if self._asked and not mine else None
            values = self._belief.values(object_name, record, action)
            type_ = self.session.catalog.objects[object_name]
            self._related[key] = (
                None
                if values is None
                else BelievedEnvironment(self._belief, type_, values, asked=self._asked)
            )
        return self._related[key]

    def collect(self, node: Any) -> Any:
        raise UnknownError

    def spans(self, field: Read) -> Spans:
        if self._belief.then.moment > self._belief.at:  # of a later day nothing was recorded yet
            raise UnknownError
        return super().spans(field)

    def decided(self, node: Any, values: Sequence[Any], day: Any) -> Any:
        raise UnknownError


def belief_of(session: Session, at: datetime, day: date | None) -> Belief:
    """What was recorded at a moment, of the day of that moment where no other one is asked for."""
    then = session.at(at if day is None else day)
    return Belief(session, then, at, then.today)


def read_believed(
    belief: Belief, object_name: str, record: str, fields: Sequence[str] | None
) -> tuple[dict[str, Any], list[str]]:
    """A record in wire form, and the names of those of its fields that are not known."""
    session = belief.session
    type_ = session.object(object_name)
    rows = load_rows(session, object_name, [record], "read") if is_id(record) else []
    found = belief.rebuilt(type_, rows)
    if record not in found:
        raise NotFound(f"At that time there was no {type_.label.lower()} with the id `{record}`.")
    unknown: set[str] = set()
    shown = _wire(belief, type_, found[record], _names(session, type_, fields), unknown)
    return shown, sorted(unknown)


def list_believed(
    belief: Belief,
    object_name: str,
    *,
    ids: Sequence[str] | None,
    where: str,
    fields: Sequence[str] | None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """The records that were there, or those of the ids, oldest first, that met a condition."""
    session = belief.session
    type_ = session.object(object_name)
    names = _names(session, type_, fields)
    wanted = condition(session.access, type_, where) if where else None
    if wanted is not None and depends_on_parts(wanted, session.catalog.objects):
        message = "`where` names what a timer shows, and what it showed at that time is not known."
        raise Problem(message, errors=[fault("where", "not_known", message)])
    rows = load_rows(session, object_name, ids, "read", limit=MAX_CANDIDATES + 1)
    if len(rows) > MAX_CANDIDATES:
        message = (
            f"More than {MAX_CANDIDATES:,} {type_.plural.lower()} would have to be read. Name "
            "the ones you need with `ids`."
        )
        raise Problem(message, errors=[fault("believed_on", "too_many", message)])
    unknown: set[str] = set()
    data = []
    for values in belief.rebuilt(type_, rows).values():
        try:
            environment = BelievedEnvironment(belief, type_, values, asked=True)
            met = wanted is None or truth(wanted, environment)
        except UnknownError as error:
            message = "`where` uses a collection, and its members at that time are not known."
            raise Problem(message, errors=[fault("where", "not_known", message)]) from error
        if met:
            data.append(_wire(belief, type_, values, names, unknown))
    return sorted(data, key=lambda record: record["id"]), sorted(unknown)


def _names(session: Session, type_: ObjectType, fields: Sequence[str] | None) -> list[str]:
    hidden = session.access.object(type_.name).hidden
    shown = [f.name for f in type_.fields.values() if f.name not in hidden and not f.hidden]
    for name in fields or ():
        if name not in shown:
            message = f"{type_.label} has no field `{name}`. Paths cannot be read from history."
            raise Problem(message, errors=[fault("fields", "unknown_field", message)])
    return shown if fields is None else list(dict.fromkeys(("id", "rev", *fields)))


def _wire(
    belief: Belief, type_: ObjectType, values: Values, names: Sequence[str], unknown: set[str]
) -> dict[str, Any]:
    environment = BelievedEnvironment(belief, type_, values)
    shown: dict[str, Any] = {}
    for name in names:
        known = type_.fields[name]
        objects = belief.session.catalog.objects
        if known.made_by or (known.formula and depends_on_parts(known.formula, objects)):
            unknown.add(name)
            continue
        if known.formula is None:
            shown[name] = wire_value(known, values.get(name))
            continue
        try:
            shown[name] = wire_value(known, evaluate(known.formula, environment))
        except UnknownError:
            unknown.add(name)
    return shown
