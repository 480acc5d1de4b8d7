"""Changes that reach beyond their author's rights, kept until an administrator decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.kept_change_tables import APPROVAL
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.features import Seam
from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import Conflict, NotFound
from fluvial.runtime.catalogs import stored_layers
from fluvial.runtime.session import Session

from .change import MetadataChange
from .kept_documents import change_of, kept_documents

DRAFT, WAITING = "draft", "waiting"
APPROVED, REFUSED, WITHDRAWN = "approved", "refused", "withdrawn"
MOST = 50  # that one person may have waiting

_a = APPROVAL.c
_COLUMNS = (
    _a.id, _a.at, _a.by, _a.note, _a.state, _a.documents, _a.how, _a.beyond, _a.decided_at,
    _a.decided_by, _a.reason, _a.revision,
)  # fmt: skip
_this = _a.id == param("the_id", _a.id)
_ADD = insert(APPROVAL)
_ALL = Statement(sa.select(*_COLUMNS).order_by(_a.at.desc(), _a.id).limit(500))
_ONE = Statement(sa.select(*_COLUMNS).where(_this))
_MADE = Statement(
    sa.select(_a.revision, _a.id, _a.by, _a.decided_by, _a.decided_at).where(
        _a.revision.is_not(None)
    )
)
_LOCKED = Statement(sa.select(_a.state).where(_this).with_for_update())
_WAITING = Statement(
    sa.select(sa.func.count()).where(
        _a.by == param("the_by", _a.by), _a.state == sa.literal(WAITING, _a.state.type)
    )
)
_FORGET = Statement(
    APPROVAL.delete().where(
        _a.by == param("the_by", _a.by), _a.state == sa.literal(DRAFT, _a.state.type)
    )
)
_SET = Statement(
    APPROVAL.update()
    .where(_this)
    .values(
        state=sa.bindparam("the_state", type_=_a.state.type),
        decided_at=sa.bindparam("the_moment", type_=_a.decided_at.type),
        decided_by=sa.bindparam("the_decider", type_=_a.decided_by.type),
        reason=sa.bindparam("the_reason", type_=_a.reason.type),
        revision=sa.bindparam("the_revision", type_=_a.revision.type),
        pending=sa.bindparam("the_pending", type_=_a.pending.type),
    )
)
_COPIED = Statement(
    APPROVAL.update()
    .where(_a.pending == param("the_pending", _a.pending))
    .values(revision=sa.bindparam("the_revision", type_=_a.revision.type))
)


@dataclass
class Approval:
    """A change that somebody has asked for, and what became of it."""

    id: str
    at: datetime
    by: str | None
    note: str
    state: str
    documents: list[dict[str, Any]]
    how: dict[str, Any]
    beyond: list[dict[str, str]]
    decided_at: datetime | None
    decided_by: str | None
    reason: str
    revision: int | None

    def change(self) -> MetadataChange:
        return change_of(self.documents, note=self.note, approval=self.id, **self.how)

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": self.at,
            "by": {"user": self.by} if self.by else None,
            "note": self.note,
            "state": self.state,
            "documents": [f"{one['kind']}/{one['name']}" for one in self.documents],
            "beyond": self.beyond,
            **self.decision(),
        }

    def decision(self) -> dict[str, Any]:
        return {
            "decided_at": self.decided_at,
            "decided_by": {"user": self.decided_by} if self.decided_by else None,
            "reason": self.reason,
            "revision": self.revision,
        }


# Called in the transaction in which its state changes.
APPROVAL_HEARD: Seam[Callable[[Session, Approval], None]] = Seam(
    "somebody asks for approval of a change, or decides about it"
)


def keep(session: Session, change: MetadataChange, state: str) -> str:
    """Keep a change as it is asked for, with what it was made from; its id.

    A draft is one that was refused on a page: its author may still ask for it. Each has one.
    """
    connection, by = session.connection, session.actor.id
    with connection.transaction():
        _FORGET.run(connection, the_by=by)
        row = _WAITING.row(connection, the_by=by)
        if state == WAITING and row is not None and row[0] >= MOST:
            message = f"{MOST} changes of yours wait for approval already. Withdraw one first."
            raise Conflict(message)
        id = new_id()
        how = {
            "take_out": change.take_out,
            "make": sorted(change.make),
            "packages": dict(change.packages),
            "whole": change.whole,
        }
        _ADD.run(
            connection,
            id=id,
            at=session.now,
            by=by,
            note=change.note,
            state=state,
            documents=_documents(connection, change),
            how=how,
            beyond=[one.wire() for one in change.beyond],
            decided_at=None,
            decided_by=None,
            reason="",
            revision=None,
            pending=None,
        )
        _heard(session, id)
    return id


def _heard(session: Session, id: str) -> None:
    row = _ONE.row(session.connection, the_id=id)
    assert row is not None
    for hear in session.engine.brought(APPROVAL_HEARD):
        hear(session, Approval(*row))


def _documents(connection: Connection, change: MetadataChange) -> list[dict[str, Any]]:
    """The documents, each with what its layer says now."""
    layers = stored_layers(connection)
    entries = kept_documents(change)
    for entry in entries:
        there = layers.get(entry["layer"], {}).get((entry["kind"], entry["name"]))
        entry["before"] = dict(there.body) if there is not None else None
    return entries


def approvals(session: Session) -> list[Approval]:
    """The newest first: all of them for administrators, for others their own."""
    found = (Approval(*row) for row in _ALL.rows(session.connection))
    return [one for one in found if _shows(session, one)]


def approvals_of_revisions(connection: Connection) -> dict[int, dict[str, Any]]:
    """By the revision that it made: who asked for a change, and who approved it when."""
    return {
        revision: {
            "id": id,
            "asked_by": {"user": by} if by else None,
            "approved_by": {"user": decider} if decider else None,
            "at": at,
        }
        for revision, id, by, decider, at in _MADE.rows(connection)
    }


def approval(session: Session, id: str) -> Approval:
    row = _ONE.row(session.connection, the_id=id) if is_id(id) else None
    found = Approval(*row) if row is not None else None
    if found is None or not _shows(session, found):
        raise NotFound("No such change waits for approval.")
    return found


def _shows(session: Session, one: Approval) -> bool:
    mine = one.by is not None and one.by == session.actor.id
    return mine or (session.access.admin and one.state != DRAFT)


def decide(
    session: Session, id: str, states: tuple[str, ...], to: str, reason: str = "",
    made: MetadataChange | None = None,
) -> None:  # fmt: skip
    """Note who has decided what and when; nobody else does until this transaction ends.

    With `made` it is what an approved change became, which is told once it is there.
    """
    row = _LOCKED.row(session.connection, the_id=id)
    if row is None or row[0] not in states:
        raise Conflict(f"It is already {row[0] if row else 'gone'}.")
    _SET.run(
        session.connection,
        the_id=id,
        the_state=to,
        the_moment=session.now if to != WAITING else None,
        the_decider=session.actor.id if to != WAITING else None,
        the_reason=reason,
        the_revision=made.revision if made is not None else None,
        the_pending=made.pending if made is not None else None,
    )
    if to != APPROVED or made is not None:
        _heard(session, id)


def note_copied(connection: Connection, pending: str, revision: int | None) -> None:
    """The values of an approved change are copied: this is the revision that it became."""
    _COPIED.run(connection, the_pending=pending, the_revision=revision)
