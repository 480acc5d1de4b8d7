"""The action that gives records to people in turn, or to whom has least to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fluvial.auth.access import with_inherited
from fluvial.auth.active_accounts import EVERYBODY
from fluvial.database.locks import hold_named
from fluvial.database.statement import Statement, param
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.insertion import insert_rows
from fluvial.records.drafts.rows import Values, load_rows
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.records.writing import batch_writes
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate, truth
from metamodel.expressions.scope import USER
from metamodel.expressions.sql import Source, predicate
from metamodel.reach import Reach

from .action_kinds import ActionKind
from .action_reader import ActionReader
from .action_schemas import ACTION_SCHEMAS, SHARED
from .effect_kinds import EffectKind
from .execution import Execution
from .left_out import kept_from_rule, tell_left
from .model import Action, Rule
from .named_environment import NamedEnvironment
from .recipients import members_of
from .record_targets import targets
from .rule_tables import ASSIGNED

LEAST_LOADED = "least_loaded"
MAX_TOLD = 50  # records in the words of a run

_a = ASSIGNED.c
_LAST = Statement(
    sa.select(_a.person).where(
        _a.rule == param("the_rule", _a.rule), _a.place == param("the_place", _a.place)
    )
)


@dataclass(frozen=True)
class Assign(Action):
    object: str
    each: tuple[str, ...]
    field: str
    role: str
    team: Expression | None
    where: Expression | None  # of people
    least: bool  # who has least, and not the next one
    load: Expression | None  # which records count as something to do


@dataclass
class _Turns:
    """Whose turn it is, among people in the order in which they came."""

    people: Sequence[str]
    last: str
    loads: dict[str, int] | None

    def next(self) -> str:
        behind = [one for one in self.people if one > self.last]
        order = [*behind, *(one for one in self.people if one <= self.last)]
        if self.loads is None:
            self.last = order[0]
        else:
            loads = self.loads
            self.last = min(order, key=lambda one: loads.get(one, 0))
            loads[self.last] = loads.get(self.last, 0) + 1
        return self.last


def _read(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec, place = action["assign"], f"{pointer}/assign"
    each = tuple(spec["each"].split(".")) if "each" in spec else ()
    type_ = reader.target(f"{place}/each", each)
    if type_ is None:
        return None
    field = reader.check.field(f"{place}/field", type_, spec["field"])
    if field is None or not _takes_people(reader, f"{place}/field", field):
        return None
    among = spec["among"]
    if "role" in among:
        reader.check.reference(f"{place}/among/role", "role", among["role"])
    team = _team(reader, f"{place}/among/team", among["team"]) if "team" in among else None
    people = reader.about(USER)
    where = people.condition(f"{place}/among/where", among["where"]) if "where" in among else None
    by = spec.get("by", "round_robin")
    if "load" in spec and by != LEAST_LOADED:
        reader.check.fault(
            f"{place}/load", "by", "`load` is for the least loaded.", "Write `by: least_loaded`."
        )
    load = (
        reader.check.condition(f"{place}/load", spec["load"], type_.name)
        if "load" in spec
        else None
    )
    return Assign(
        "assign", type_.name, each, field.name, among.get("role", ""), team, where,
        by == LEAST_LOADED, load,
    )  # fmt: skip


def _takes_people(reader: ActionReader, pointer: str, field: Field) -> bool:
    if not reader.writable(pointer, field):
        return False
    if USER in field.targets and not field.many:
        return True
    message = f"{field.label} is not a field for one person."
    hint = "Name a person field, or a look-up of users."
    reader.check.fault(pointer, "not_a_person", message, hint)
    return False


def _team(reader: ActionReader, pointer: str, source: str) -> Expression | None:
    made = reader.compile(pointer, source)
    people = (types.PERSON.name, types.RECORD.name)
    if made is None or (made.type.name in people and {"team", "group"} & set(made.type.objects)):
        return made
    message = f"`{source}` is not a team or a group."
    hint = "Name a look-up of a team, such as queue.team."
    reader.check.fault(pointer, "not_a_team", message, hint)
    return None


def _acts(pointer: str, rule: Rule, action: Assign) -> Iterator[Reach]:
    yield Reach(f"{pointer}/assign", "update", action.object, everywhere=True)
    yield Reach(f"{pointer}/assign/field", "update", action.object, action.field, everywhere=True)


def _perform(execution: Execution, at: int, action: Assign) -> None:
    session = execution.acting
    type_ = session.catalog.objects[action.object]
    place = str(at)
    # Whoever assigns at the same time waits for the end of this, and then sees whose turn it is.
    hold_named(session.connection, "assign", execution.rule.name, place)
    people = _candidates(execution, action)
    if not people:
        execution.run.say("Nobody is assigned: no active person fits.")
        return
    row = _LAST.row(session.connection, the_rule=execution.rule.name, the_place=place)
    loads = _loads(session, type_, action) if action.least else None
    turns = _Turns(sorted(people), row[0] if row else "", loads)
    given: dict[str, str] = {}

    def wanted(_: Session, held: Values) -> dict[str, Any]:
        given[held["id"]] = person = turns.next()
        field = type_.fields[action.field]
        many_kinds = field.type.name == types.PERSON.name or len(field.targets) > 1
        return {field.name: wire_value(field, (USER, person) if many_kinds else person)}

    found = targets(execution, action.each)
    left = kept_from_rule(execution, action.object, "update", found)
    done = batch_writes.update_each(session, action.object, found, (action.field,), wanted)
    tell_left(execution, action.object, "update", left, len(done))
    if given:
        entry = {"rule": execution.rule.name, "place": place, "person": turns.last}
        insert_rows(
            session.connection, ASSIGNED, [entry], keys=("rule", "place"), other=("person",)
        )
    told = {
        row["id"]: {"object": action.object, "title": row.get("title"), "to": given[row["id"]]}
        for row in done
    }
    execution.effects(at, "assign", told)
    for held in done[:MAX_TOLD]:
        name = people[given[held["id"]]]
        execution.run.say(f"It assigned {held.get('title') or type_.label.lower()} to {name}.")


def _candidates(execution: Execution, action: Assign) -> dict[str, str]:
    """The people among whom it is given away, with their names."""
    session = execution.asking
    found = {
        user: name or email
        for user, email, name, roles in EVERYBODY.rows(session.connection)
        if not action.role or action.role in with_inherited(session.catalog, roles or ())
    }
    if action.team is not None:
        value = evaluate(action.team, execution.environment)
        inside = set(members_of(session, action.team, value))
        found = {user: name for user, name in found.items() if user in inside}
    if action.where is None or not found:
        return found
    type_, ids = session.catalog.objects[USER], sorted(found)
    rows = load_rows(session, USER, ids, None, limit=len(ids), live=True)
    met = [
        row["id"]
        for row in rows
        if truth(action.where, NamedEnvironment(session, type_, row, record=execution.environment))
    ]
    return {user: found[user] for user in met}


def _loads(session: Session, type_: ObjectType, action: Assign) -> dict[str, int]:
    """How many records each person has already."""
    context = PlanContext(session.catalog, session.access, session.connection.dialect)
    source = Source(context.trusted(), type_.name)
    person = source.column(action.field)
    conditions: list[sa.ColumnElement[bool]] = [
        source.column("deleted_at").is_(None),
        person.is_not(None),
    ]
    if action.load is not None:
        conditions.append(predicate(action.load, source))
    statement = sa.select(person, sa.func.count()).where(*conditions).group_by(person)
    rows = ask(session, context.compiled(statement.select_from(source.joined())))
    return {str(user): int(count) for user, count in rows}


ASSIGN = ActionKind(
    "assign",
    "Assign to people in turn",
    ACTION_SCHEMAS["assign"],
    _read,
    _perform,
    definitions=SHARED,
    acts=_acts,
    effects=(EffectKind("assign", "user", "Assigned", "Assigns"),),
    says="assign {field|field}",
    icon="user",
)
