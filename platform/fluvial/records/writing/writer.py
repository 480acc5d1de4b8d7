"""Writing: the one way in for the API, forms, boards, imports, rules and web forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.database.connection import Row, UniqueError
from fluvial.kernel.problems import Problem, Unprocessable, fault
from fluvial.records.drafts.draft import ALWAYS, Draft
from fluvial.records.drafts.merging import check_revs
from fluvial.records.drafts.record_locks import refuse_in_locked
from fluvial.records.drafts.rows import Values, changed_meanwhile, row_writer
from fluvial.records.drafts.seams import hook_of
from fluvial.records.drafts.uniqueness import unique_fault
from fluvial.records.drafts.write_permissions import (
    UNASKED,
    WritePermission,
    answer,
    read_again,
    write_permission,
)
from fluvial.records.drafts.writer_locks import lock_writers
from fluvial.runtime.session import Session

from .after_write import CREATED, UPDATED, leave
from .new_drafts import complete_changed, complete_new, existing, finish, fresh_draft

Body = Mapping[str, Any]


def create(
    session: Session,
    object_name: str,
    body: Body,
    *,
    pointer: str = "",
    fixed: Values | None = None,
    record: str = "",
) -> dict[str, Any]:
    """Create a record from a body in wire form; the record in wire form.

    `fixed` are canonical values that the caller's body cannot choose. `record` is its id, where
    that was given out before.
    """
    type_ = session.object(object_name, "create")
    with session.connection.transaction():
        lock_writers(session, object_name, new=True)
        draft = fresh_draft(session, type_, pointer, record)
        hook = hook_of(session, object_name)
        draft.take(body, ignore=hook.members if hook else ())
        for name, value in (fixed or {}).items():
            draft.set(name, value)
        if hook:
            hook.take(draft, body)
        return store_new(draft)


def store_new(draft: Draft) -> dict[str, Any]:
    """Complete and store a draft of a new record, inside the caller's transaction."""
    cover = write_permission(draft.session, draft.type, "create")
    return answer(draft, "create", cover, _put_new(draft, cover))


def keep_new(draft: Draft) -> None:
    """The same for the engine, which writes what it may and needs no answer."""
    _put_new(draft, UNASKED)


def _put_new(draft: Draft, cover: WritePermission) -> Row:
    complete_new(draft)
    refuse_in_locked([draft])
    finish([draft])
    writer = row_writer(draft.session, draft.type)
    try:
        held = writer.insert(draft.session, draft.values, cover.asked)
    except UniqueError as error:
        raise unique_fault(draft, error) from error
    leave(CREATED, [draft])
    return held


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
        lock_writers(session, object_name, {*body, *(fixed or ())})
        before = existing(session, type_, record, "update")
        draft = Draft(session, type_, record, before, dict(before), pointer)
        hook = hook_of(session, object_name)
        ignored = ("rev", *hook.members) if hook else ("rev",)
        draft.take(body, ignore=ignored)
        for name, value in (fixed or {}).items():
            draft.set(name, value)
        if hook:
            hook.take(draft, body)
        check_revs([(draft, revision_of(body, rev, pointer))])
        return store_changed(draft)


def store_changed(draft: Draft) -> dict[str, Any]:
    """Complete and store a draft of an existing record, inside the caller's transaction."""
    cover = write_permission(draft.session, draft.type, "update")
    held = _put_changed(draft, cover)
    return read_again(draft, "update") if held is None else answer(draft, "update", cover, held)


def keep_changed(draft: Draft) -> None:
    """The same for the engine, which writes what it may and needs no answer."""
    _put_changed(draft, UNASKED)


def _put_changed(draft: Draft, cover: WritePermission) -> Row | None:
    """What the statement has answered; None where there was nothing to write."""
    session, type_, before = draft.session, draft.type, draft.before
    assert before is not None
    if not complete_changed(draft):
        return None
    refuse_in_locked([draft])
    finish([draft])
    values = {name: draft.values[name] for name in (*draft.changed, *ALWAYS, *draft.computed)}
    writer = row_writer(session, type_)
    try:
        held = writer.update(session, draft.id, before["rev"], values, cover.asked)
    except UniqueError as error:
        raise unique_fault(draft, error) from error
    if held is None:
        raise changed_meanwhile(type_)
    leave(UPDATED, [draft])
    return held


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
