"""What look-ups offer while somebody types: the records and people that may be picked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound, Unprocessable
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.caller_paths import resolve
from fluvial.records.reading.equality_filters import matching
from fluvial.records.reading.search_plan import search_values
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.records.writing.writer import create
from fluvial.runtime.languages import typed_form
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ValueFault
from metamodel.expressions.given_row import Given
from metamodel.expressions.sql import Builder, Source
from metamodel.expressions.types import ROLE
from metamodel.expressions.types import TEXT as TEXT_TYPE
from metamodel.folding import fold
from metamodel.object_types import placeholders
from metamodel.roles import role_titles
from metamodel.storage import TEXT, UUID

from .field_addresses import GIVEN

LIMIT = 20
PEOPLE = ("user", "team", "group")  # whoever is signed in may pick them
SETS = ("team", "group")
Row = tuple[str, str, str]  # id, title, hint


def look_up(call: Call) -> Answer:
    session = call.session
    type_ = session.object(call.params["object"])
    field = resolve(session.access, type_, (call.params["field"],), "field")
    if not field.type.objects:
        raise NotFound(f"{field.label} is not a look-up.")
    asked = call.query.get("object", "")
    targets = [asked] if asked in field.targets else list(field.targets)
    plain = call.query.get("plain") == "true"  # for a filter, which knows one value
    several = field.to is None and not field.type.people
    if several and not (asked or plain):
        targets = targets[:1]
    person = field.type.people
    named = plain if several else person and not plain
    outer = _record(session, type_, call.query)
    results = []
    for target in targets:
        for record, title, hint in candidates(
            session, target, call.query.get("q", ""), field, outer
        ):
            value = f"{target}:{record}" if named or (person and target != "user") else record
            shown = hint or ("" if target not in SETS else target.capitalize())
            results.append({"value": value, "label": title, "hint": shown})
    if person and ROLE in field.type.objects:
        results += _roles(session, call.query.get("q", ""))
    return Answer.json({"results": results[:LIMIT]})


def _roles(session: Session, words: str) -> Iterator[dict[str, str]]:
    """The roles that may be picked, by their labels."""
    titles = role_titles(session.catalog, session.catalog.of(ROLE))
    for name, label in sorted(titles.items(), key=lambda one: fold(one[1])):
        if all(word in fold(label) for word in fold(words).split()):
            yield {"value": f"{ROLE}:{name}", "label": label, "hint": "Role"}


def _record(session: Session, type_: ObjectType, query: Mapping[str, str]) -> RecordEnvironment:
    """The record that is edited: as it is stored, with what the form says by now."""
    record = query.get("record", "")
    stored = load_row(session, type_.name, record, "read") if is_id(record) else None
    values = dict(stored or {f.name: f.kind.absent(f) for f in type_.fields.values() if f.stored})
    for name, text in query.items():
        field = type_.fields.get(name.removeprefix(GIVEN)) if name.startswith(GIVEN) else None
        if field is not None:
            values[field.name] = _parsed(session, field, text)
    return RecordEnvironment(session, type_, values, fresh=True)


def _parsed(session: Session, field: Field, text: str) -> Any:
    if not text:
        return field.kind.absent(field)
    try:
        return field.kind.parse_text(field, text, typed_form(session))
    except ValueFault:
        return field.kind.absent(field)


def candidates(
    session: Session,
    target: str,
    words: str,
    field: Field,
    outer: RecordEnvironment,
    limit: int = LIMIT,
) -> Iterator[Row]:
    """The records of a target that may be picked, by title; one statement."""
    if target not in PEOPLE:
        session.object(target)
    context = PlanContext(session.catalog, session.access, session.connection.dialect)
    source = Source(context, target)
    type_ = context.objects[target]
    conditions: list[sa.ColumnElement[Any]] = [source.column("deleted_at").is_(None)]
    if target in PEOPLE and not _may_name(session, target, field):
        conditions.append(_named(context, source, field))
    if target == "user":
        conditions.append(source.column("active").is_(sa.true()))
    elif target not in PEOPLE:
        allowed = context.allowed(target, "read", source)
        conditions += [] if allowed is None else [allowed]
    if words.strip():
        conditions.append(matching(context, source, type_))
    pick = None if target in SETS and field.type.people else field.pick_of(target)
    if pick is not None:
        builder = Builder(context, source, Given(context, outer.read)).lift(pick)
        conditions.append(builder.condition(pick.tree, False))
    hint = _hint(session, type_) if target != "user" or _may_name(session, target, field) else ""
    column = source.column(hint) if hint else sa.literal_column("''")
    statement = (
        sa.select(source.column("id"), source.column("title"), column.label("hint"))
        .where(*conditions)
        .select_from(source.joined())
        .order_by(source.column("title", "__fold"), source.column("id"))
        .limit(sa.literal_column(str(limit)))
    )
    search = search_values(words, context.dialect)
    for record, title, said in ask(session, context.compiled(statement), **search):
        yield str(record), title, str(said) if said and str(said) not in title else ""


def _may_name(session: Session, target: str, field: Field) -> bool:
    """Whether the actor may put anybody into the field; others see whom their records name."""
    if session.access.object(target).can("read"):
        return True
    fields = [field]
    if field.system:  # asked for mentions, or for whom a record belongs to
        fields = [f for t in session.access.readable() for f in t.own_fields if target in f.targets]
    return any(_may_write(session, f) for f in fields)


def _may_write(session: Session, field: Field) -> bool:
    access = session.access.object(field.object)
    writes = access.can("create") or access.can("update")
    kept = field.read_only or field.name in access.read_only or field.name in access.hidden
    return writes and field.writable and not kept


def _named(context: PlanContext, source: Source, field: Field) -> sa.ColumnElement[bool]:
    """Oneself, and the people in the field of the records that the actor may see."""
    me = source.column("id") == context.parameter("me", UUID)
    suffix = f"__{source.object}" if source.object in SETS else ""
    if field.system or field.many or suffix not in [c.suffix for c in field.columns]:
        return me
    records = Source(context, field.object)
    allowed = context.allowed(field.object, "read", records)
    named = sa.select(records.column(field.name, suffix)).where(
        records.column("deleted_at").is_(None), *([] if allowed is None else [allowed])
    )
    return sa.or_(me, source.column("id").in_(named.select_from(records.joined())))


def _hint(session: Session, type_: ObjectType) -> str:
    """A field that tells records of one title apart."""
    if type_.name == "user":
        return "email"
    hidden = session.access.object(type_.name).hidden
    for field in type_.own_fields:
        plain = len([c for c in field.columns if c.storage is TEXT and not c.hidden]) == 1
        named = field.kind.titles and field.writable and field.searchable
        if named and plain and field.name not in hidden:
            if f"{{{field.name}}}" not in type_.title:
                return field.name
    return ""


def people(call: Call) -> Answer:
    """Everybody who may be picked, for mentions and filters."""
    session = call.session
    field = session.catalog.objects["user"].fields["created_by"]
    outer = _record(session, session.catalog.objects["user"], {})
    found = candidates(session, "user", call.query.get("q", ""), field, outer)
    results = [{"value": f"user:{r}", "label": title, "hint": hint} for r, title, hint in found]
    return Answer.json({"results": results})


def make_record(call: Call) -> Answer:
    """A new record to link to, from the words that found none."""
    session = call.session
    type_ = session.object(call.params["object"])
    field = resolve(session.access, type_, (call.params["field"],), "field")
    if field.to is None or not field.option("create"):
        raise NotFound(f"{field.label} cannot create new records.")
    target = session.object(field.to, "create")
    body = call.json_object()
    call.only()
    words = str(body.get("title", "")).strip()
    slots = [target.fields[name] for name in placeholders(target.title) if name in target.fields]
    named = [one for one in slots if one.writable and one.type == TEXT_TYPE]
    if not named:
        label = target.label.lower()
        raise Unprocessable(f"A {label} needs more than a title. Create it on its own page.")
    made = create(session, target.name, {named[0].name: words})
    return Answer.json({"id": made["id"], "title": made.get("title", words)}, 201)


ENDPOINTS = (
    Endpoint("GET", "/lookup/people", people, Policy.SIGNED_IN, "People by name.", page=True),
    Endpoint(
        "GET", "/lookup/{object}/{field}", look_up, Policy.SIGNED_IN,
        "The records a look-up offers.", page=True,
    ),
    Endpoint(
        "POST", "/lookup/{object}/{field}", make_record, Policy.SIGNED_IN,
        "Create a record from a look-up.", page=True,
    ),
)  # fmt: skip
