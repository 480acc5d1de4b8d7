"""Look-ups of a draft: their targets are there, visible to the actor, and may be picked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM
from fluvial.database.columns import Stored
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Compiled
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.prefetch import targets_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Collection, Read, Root
from metamodel.expressions.python import truth
from metamodel.expressions.sql import Source
from metamodel.expressions.types import ROLE
from metamodel.folding import nearest
from metamodel.kinds.lookup import kept
from metamodel.object_types import PEOPLE
from metamodel.storage import UUID

from .draft import Draft
from .record_environment import RecordEnvironment
from .rows import load_row


def check_references(draft: Draft) -> None:
    wanted: dict[str, dict[str, list[Field]]] = {}
    for field in draft.type.looking_fields:
        name = field.name
        if name not in draft.changed or (value := draft.values.get(name)) is None:
            continue
        if name in draft.periods:
            value = [str(link) for link in draft.periods[name]]
        for target, record in targets_of(field, value):
            if field.type.people and target == ROLE:
                _check_role(draft, field, record)
            else:
                wanted.setdefault(target, {}).setdefault(record, []).append(field)
    for target, records in wanted.items():
        asked = [
            record
            for record, fields in records.items()
            if (target, record) not in draft.vouched and not _stays(draft, fields)
        ]
        there = dict.fromkeys({*records} - {*asked}, True)
        if asked:
            there |= _seen(draft.session, target, asked)
            there |= _found(draft, target, {one: records[one] for one in asked if one not in there})
        for record, fields in records.items():
            for field in fields:
                if not there.get(record, True) and not _named_before(draft, field, target, record):
                    draft.fault(
                        field.name,
                        "not_active",
                        f"{field.label} is no longer active. Choose an active person.",
                    )
                elif record not in there:
                    draft.fault(field.name, "unknown_record", _unknown(draft, target, record))
                elif (pick := field.pick_of(target)) is not None:
                    _check_pick(draft, field, pick, target, record)
    _check_kept_picks(draft)


def note_found(draft: Draft, name: str, given: object) -> None:
    """What a rule has put into a look-up is its author's; what the caller gave stays theirs."""
    known, value = draft.type.fields[name], draft.values.get(name)
    if known not in draft.type.looking_fields or value is None:
        return
    theirs = {*targets_of(known, given)} if given is not None else set()
    draft.found |= {(name, *one) for one in targets_of(known, value) if one not in theirs}


def _found(draft: Draft, target: str, hidden: Mapping[str, Sequence[Field]]) -> dict[str, bool]:
    """Those that rules have found for whoever saves, who need not be able to read them."""
    ruled = [
        record
        for record, fields in hidden.items()
        if all((field.name, target, record) in draft.found for field in fields)
    ]
    return visible(draft.session.as_actor(SYSTEM), target, ruled) if ruled else {}


def _stays(draft: Draft, fields: Sequence[Field]) -> bool:
    """What a feature posts may name what is in the bin, where the links to it are kept."""
    return draft.type.name in draft.session.posts and all(kept(field) for field in fields)


def _check_kept_picks(draft: Draft) -> None:
    """What was picked still fits where a field changes that its condition reads."""
    if draft.new:
        return
    asking = draft.session.catalog.derive(_read_by_picks).get(draft.type.name, ())
    for field, target, pick, names in asking:
        if field.name in draft.changed or draft.changed.isdisjoint(names):
            continue
        for other, record in targets_of(field, draft.values.get(field.name) or []):
            if other == target and load_row(draft.session, target, record, None) is not None:
                _check_pick(draft, field, pick, target, record)


def _read_by_picks(
    catalog: Catalog,
) -> Mapping[str, Sequence[tuple[Field, str, Expression, frozenset[str]]]]:
    """By object type: look-ups with what may be picked, and the fields of the record it reads."""
    found: dict[str, list[tuple[Field, str, Expression, frozenset[str]]]] = {}
    for type_ in catalog.objects.values():
        for field in type_.looking_fields:
            for target in field.targets:
                pick = field.pick_of(target)
                if pick is not None:
                    names = frozenset(
                        node.path[0]
                        for node in pick.tree.walk()
                        if isinstance(node, Read | Collection)
                        and node.root is Root.RECORD
                        and node.path
                    )
                    found.setdefault(type_.name, []).append((field, target, pick, names))
    return found


def _unknown(draft: Draft, target: str, record: str) -> str:
    """Nobody is told what records are called that they may not read."""
    session, label = draft.session, "record"
    if target in PEOPLE or session.access.object(target).can("read"):
        label = session.catalog.objects[target].label.lower()
    return f"There is no {label} with the id `{record}`."


def _check_role(draft: Draft, field: Field, name: str) -> None:
    roles = draft.session.catalog.of(ROLE)
    if name not in roles and not _named_before(draft, field, ROLE, name):
        hint = nearest(name, roles)
        draft.fault(field.name, "unknown_role", f"There is no role `{name}`. {hint}".strip())


def _named_before(draft: Draft, field: Field, target: str, record: str) -> bool:
    """Whether the record had the reference already: those who left stay where they are."""
    before = (draft.before or {}).get(field.name)
    return before is not None and (target, record) in targets_of(field, before)


def _check_pick(draft: Draft, field: Field, pick: Expression, target: str, record: str) -> None:
    session = draft.session
    row = load_row(session, target, record, None)
    environment = RecordEnvironment(
        session,
        session.catalog.objects[target],
        row or {},
        record=RecordEnvironment(session, draft.type, draft.values, fresh=True),
    )
    if not truth(pick, environment):
        title = titles_of(session, target, [record]).get(record) or "this record"
        draft.fault(
            field.name,
            "may_not_pick",
            f"{field.label}: {title} cannot be picked here ({pick.source}).",
        )


def _seen(session: Session, object_name: str, records: list[str]) -> dict[str, bool]:
    """`visible`, together with what other drafts of a batch refer to."""
    ahead = session.ahead
    if ahead is None:
        return visible(session, object_name, records)
    found: dict[str, bool] = {}
    for record in records:
        ahead.settle_before(object_name, record)
        known = ahead.visible.setdefault(object_name, {})
        if record not in known:
            ids = ahead.named_beside(object_name, record)
            seen = visible(session, object_name, ids)
            known.update((one, seen.get(one)) for one in ids)
        active = known[record]
        if active is not None:
            found[record] = active
    return found


def visible(session: Session, object_name: str, records: list[str]) -> dict[str, bool]:
    """Those of the ids that are there and that the actor may see, and whether they are active."""
    one = len(records) == 1
    ids = records[0] if one else id_list(session.connection.dialect, records)
    rows = ask(session, _visible_plan(session, object_name, one), ids=ids)
    return {row[0]: bool(row[1]) for row in rows}


def _visible_plan(session: Session, object_name: str, one: bool) -> Compiled:
    catalog, access, dated = session.catalog, session.access, session.as_of is not None
    dialect = session.connection.dialect

    def make() -> Compiled:
        context = PlanContext(catalog, access, dialect, as_of=dated)
        source = Source(context, object_name)
        record = source.column("id")
        named = record == sa.bindparam("ids", type_=Stored(UUID))
        if not one:
            named = among_ids(record, dialect)
        active = source.column("active") if object_name == "user" else sa.true()
        statement = sa.select(record, active).where(named, source.column("deleted_at").is_(None))
        allowed = None
        if object_name not in PEOPLE:
            allowed = context.allowed(object_name, "read", source)
        if allowed is not None:
            statement = statement.where(allowed)
        return context.compiled(statement.select_from(source.joined()))

    key = (access.roles, access.unrestricted, "visible", object_name, one, dated)
    plan: Compiled = plans_of(catalog).get(key, make)
    return plan
