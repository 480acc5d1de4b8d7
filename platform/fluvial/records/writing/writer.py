"""Writing: the one way in for the API, forms, boards, imports, rules and web forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from fluvial.database.connection import Row, UniqueError
from fluvial.kernel.errors import Conflict, Forbidden, NotFound, Problem, Unprocessable, fault
from fluvial.kernel.ids import is_id, new_id
from fluvial.records.calculated.own_values import ALWAYS, compute_changed, compute_new
from fluvial.records.calculated.stored_drafts import spread
from fluvial.records.drafts import journal
from fluvial.records.drafts.completion import apply_defaults, complete, pull, search_text, title_of
from fluvial.records.drafts.dated_fields import keep_days
from fluvial.records.drafts.draft import Draft, wire_value
from fluvial.records.drafts.merging import check_rev
from fluvial.records.drafts.rows import Values, empty, load_row, row_writer
from fluvial.records.drafts.seams import hook_of, tell_stored
from fluvial.records.drafts.sequences import number
from fluvial.records.drafts.uniqueness import unique_fault
from fluvial.records.drafts.write_permissions import Cover, cover_of
from fluvial.records.drafts.writer_locks import take_turn
from fluvial.records.reading.reader import find_one
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

MAX_BATCH = 500
MAX_TRIES = 5

Body = Mapping[str, Any]


def create(
    session: Session,
    object_name: str,
    body: Body,
    *,
    pointer: str = "",
    fixed: Values | None = None,
) -> dict[str, Any]:
    """Create a record from a body in wire form; the record in wire form.

    `fixed` are canonical values that the caller's body cannot choose.
    """
    type_ = session.object(object_name, "create")
    with session.connection.transaction():
        take_turn(session, object_name, new=True)
        draft = fresh_draft(session, type_, pointer)
        hook = hook_of(session, object_name)
        draft.take(body, ignore=hook.members if hook else ())
        for name, value in (fixed or {}).items():
            draft.set(name, value)
        if hook:
            hook.take(draft, body)
        return store_new(draft)


def store_new(draft: Draft) -> dict[str, Any]:
    """Complete and store a draft of a new record, inside the caller's transaction."""
    prepare_new(draft)
    cover = cover_of(draft.session, draft.type, "create")
    writer = row_writer(draft.session, draft.type)
    try:
        held = writer.insert(draft.session, draft.values, cover.asked)
    except UniqueError as error:
        raise unique_fault(draft, error) from error
    _leave(draft, 1, "created", changes_of_new(draft))
    return _answer(draft, "create", cover, held)


def prepare_new(draft: Draft) -> None:
    """Complete a draft of a new record: what is left is to write its row."""
    session, chosen = draft.session, frozenset(draft.changed)
    apply_defaults(draft)
    pull(draft, chosen)
    complete(draft)
    number(draft)
    values = draft.values
    values["id"], values["rev"] = draft.id, 1
    values["created_at"] = values["updated_at"] = session.now
    author = ("user", session.actor.id) if session.actor.id else None
    values["created_by"] = values["updated_by"] = author
    if empty(values.get("owner")):
        values["owner"] = author
    draft.refuse_faults()
    values["title"] = title_of(draft)
    compute_new(draft)


def changes_of_new(draft: Draft) -> dict[str, Any]:
    """The values of a new record, as history keeps them."""
    return row_writer(draft.session, draft.type).changes(draft.values)


def update(
    session: Session,
    object_name: str,
    record: str,
    body: Body,
    *,
    rev: int | None = None,
    pointer: str = "",
    fixed: Values | None = None,
) -> dict[str, Any]:
    """Change some fields of a record. `rev`, also as a member of the body, guards the others."""
    type_ = session.object(object_name, "update")
    with session.connection.transaction():
        take_turn(session, object_name, {*body, *(fixed or ())})
        before = existing(session, type_, record, "update")
        draft = Draft(session, type_, record, before, dict(before), pointer)
        hook = hook_of(session, object_name)
        ignored = ("rev", *hook.members) if hook else ("rev",)
        draft.take(body, ignore=ignored)
        for name, value in (fixed or {}).items():
            draft.set(name, value)
        if hook:
            hook.take(draft, body)
        check_rev(draft, revision_of(body, rev, pointer))
        return store_changed(draft)


def store_changed(draft: Draft) -> dict[str, Any]:
    """Complete and store a draft of an existing record, inside the caller's transaction."""
    session, type_, before = draft.session, draft.type, draft.before
    assert before is not None
    draft.refuse_faults()
    if not draft.changed and not draft.extras:  # extras: what a hook stores beside the row
        return _read_again(draft, "update")
    pull(draft, frozenset(draft.changed))
    complete(draft)
    if draft.values["title"] != before["title"]:
        draft.changed.add("title")
    rev = before["rev"] + 1
    draft.values |= {
        "rev": rev,
        "updated_at": session.now,
        "updated_by": ("user", session.actor.id) if session.actor.id else None,
    }
    computed = compute_changed(draft)
    values = {name: draft.values[name] for name in (*draft.changed, *ALWAYS, *computed)}
    cover, writer = cover_of(session, type_, "update"), row_writer(session, type_)
    try:
        held = writer.update(session, draft.id, before["rev"], values, cover.asked)
    except UniqueError as error:
        raise unique_fault(draft, error) from error
    if held is None:
        raise Conflict(f"This {type_.label.lower()} was changed at the same time. Try again.")
    changes = {
        name: [wire_value(type_.fields[name], before.get(name)), draft.wire(name)]
        for name in type_.fields
        if name in draft.changed and name != "title"
    }
    _leave(draft, rev, "updated", changes, computed)
    return _answer(draft, "update", cover, held)


def write_many(
    session: Session, object_name: str, bodies: Sequence[Any], *, create_: bool
) -> list[dict[str, Any]]:
    """One atomic batch; faults name the place in the list."""
    if len(bodies) > MAX_BATCH:
        raise Unprocessable(
            f"A batch can have at most {MAX_BATCH} records; this one has {len(bodies)}."
        )
    try:
        return _write_each(session, object_name, bodies, create_)
    except Unprocessable as problem:
        if session.connection.depth or not isinstance(problem.__cause__, UniqueError):
            raise
    # PostgreSQL ends the transaction in which a key was taken: once more, each on its own.
    return _write_each(session, object_name, bodies, create_, apart=True)


def _write_each(
    session: Session, object_name: str, bodies: Sequence[Any], create_: bool, *, apart: bool = False
) -> list[dict[str, Any]]:
    done, faults = [], []
    with session.connection.transaction():
        for i, body in enumerate(bodies):
            pointer = f"/{i}"
            try:
                with session.connection.savepoint() if apart else nullcontext():
                    done.append(_one(session, object_name, body, pointer, create_))
            except Unprocessable as problem:
                if not apart and isinstance(problem.__cause__, UniqueError):
                    raise
                faults += problem.errors or [fault(pointer, "refused", problem.detail)]
        if faults:
            count = len(faults)
            raise Unprocessable(
                f"Nothing was written: {count} value{'s are' if count > 1 else ' is'} not valid.",
                errors=faults,
            )
    return done


def _one(
    session: Session, object_name: str, body: Any, pointer: str, create_: bool
) -> dict[str, Any]:
    if not isinstance(body, dict):
        message = "Each record must be a JSON object."
        raise Unprocessable(message, errors=[fault(pointer, "not_an_object", message)])
    if create_:
        return create(session, object_name, body, pointer=pointer)
    record = body.get("id")
    if not is_id(record):
        message = "Each change must have the `id` of its record."
        raise Unprocessable(message, errors=[fault(f"{pointer}/id", "required", message)])
    rest = {name: value for name, value in body.items() if name != "id"}
    try:
        return update(session, object_name, str(record), rest, pointer=pointer)
    except NotFound as problem:
        raise Unprocessable(
            problem.detail, errors=[fault(f"{pointer}/id", "unknown_record", problem.detail)]
        ) from problem


def fresh_draft(session: Session, type_: ObjectType, pointer: str = "") -> Draft:
    """A draft of a new record, all of whose fields are empty."""
    values = {**type_.empty_values, **{name: [] for name in type_.many_names}}
    return Draft(session, type_, new_id(), None, values, pointer)


def existing(session: Session, type_: ObjectType, record: str, action: str) -> Values:
    found = None
    if is_id(record):
        found = load_row(session, type_.name, record, action, lock=True)
        if found is None and find_one(session, type_.name, record, (("id",),)):
            raise Forbidden(f"Your roles do not allow you to {action} this {type_.label.lower()}.")
    if found is None:
        raise NotFound(f"There is no {type_.label.lower()} with the id `{record}`.")
    return found


def revision_of(body: Body, rev: int | None, pointer: str) -> int | None:
    """The revision on which a change was made, of the body or of `If-Match`."""
    if "rev" not in body:
        return rev
    given = body["rev"]
    if not isinstance(given, int) or isinstance(given, bool):
        message = "`rev` must be a whole number, as in the record."
        raise Unprocessable(message, errors=[fault(f"{pointer}/rev", "not_a_number", message)])
    if rev is not None and rev != given:
        raise Problem("`If-Match` and `rev` do not agree. Send one of them.")
    return given


def _leave(
    draft: Draft,
    rev: int,
    event: str,
    changes: dict[str, Any],
    computed: Collection[str] = (),
) -> None:
    """What depends on a stored draft, its history, event and search words, and what features add.

    `computed` are its calculated fields that have changed with it.
    """
    session = draft.session
    hook = hook_of(session, draft.type.name)
    if hook:
        hook.stored(draft)
    if draft.type.dated_fields:
        keep_days(draft)
    heard = spread([draft], computed)[draft.id]
    journal.write(session, draft.type.name, draft.id, rev, event, changes, heard)
    if draft.new or draft.changed & {"title", *(f.name for f in draft.type.searchable_fields)}:
        text = search_text(draft)
        if text is not None:
            journal.index(session.connection, draft.type.name, draft.id, text)
    tell_stored(draft, event)


def _answer(draft: Draft, action: str, cover: Cover, held: Row) -> dict[str, Any]:
    """The record as the actor may read it; a write that their rights do not cover is undone."""
    if cover.echo is None:
        return _read_again(draft, action)
    if not cover.allows(action, held):
        raise _not_covered(draft.type, action)
    if not cover.allows("read", held):
        return {"id": draft.id, "rev": draft.values["rev"]}
    return cover.echo(draft.values)


def _read_again(draft: Draft, action: str) -> dict[str, Any]:
    """The same where the record has to be read for it."""
    session, type_ = draft.session, draft.type
    access = session.access.object(type_.name)
    written, read = access.where[action], access.where["read"]
    covered = written is None or written == read
    if not covered and find_one(session, type_.name, draft.id, (("id",),), action) is None:
        raise _not_covered(type_, action)
    found = find_one(session, type_.name, draft.id)
    if found is None:
        if covered and written is not None:
            raise _not_covered(type_, action)
        return {"id": draft.id, "rev": draft.values["rev"]}
    return found


def _not_covered(type_: ObjectType, action: str) -> Forbidden:
    label = type_.label.lower()
    return Forbidden(f"Your roles do not allow you to {action} a {label} with these values.")
