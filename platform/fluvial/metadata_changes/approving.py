"""Deciding about a change that reaches beyond its author's rights."""

from __future__ import annotations

from fluvial.kernel.problems import Conflict, Forbidden
from fluvial.runtime.catalogs import stored_layers
from fluvial.runtime.session import Session
from metamodel.document import same_body

from . import package_order
from .apply import apply, plan, work_out
from .approvals import APPROVED, DRAFT, REFUSED, WAITING, WITHDRAWN, Approval, approval, decide
from .change import MetadataChange


def preview(session: Session, id: str) -> tuple[Approval, MetadataChange]:
    """What the change would do now; nothing is kept."""
    found = approval(session, id)
    return found, plan(session, found.change())


def approve(session: Session, id: str, reason: str = "") -> tuple[Approval, MetadataChange]:
    """Put the change in force as it was asked for, in one transaction with the decision."""
    if not session.access.admin:
        raise Forbidden("Only administrators approve what goes beyond somebody's rights.")
    connection, found = session.connection, approval(session, id)
    change = found.change()
    if found.state == WAITING:
        work_out(session, change)
    with connection.transaction():
        package_order.lock(connection)
        decide(session, id, (WAITING,), APPROVED, reason)
        _refuse_stale(session, found)
        apply(session, change)
        decide(session, id, (APPROVED,), APPROVED, reason, change)
    return approval(session, id), change


def _refuse_stale(session: Session, found: Approval) -> None:
    """What somebody else has changed since is not overwritten, and not approved unseen."""
    layers = stored_layers(session.connection)
    for entry in found.documents:
        there = layers.get(entry["layer"], {}).get((entry["kind"], entry["name"]))
        if not same_body(there.body if there is not None else None, entry["before"]):
            raise Conflict(
                f"{entry['kind']}/{entry['name']} has been changed since this was asked for. "
                "Refuse it, and let its author ask again."
            )


def refuse(session: Session, id: str, reason: str = "") -> Approval:
    if not session.access.admin:
        raise Forbidden("Only administrators decide about this.")
    with session.connection.transaction():
        approval(session, id)
        decide(session, id, (WAITING,), REFUSED, reason)
    return approval(session, id)


def ask(session: Session, id: str) -> Approval:
    """Its author asks for what was refused on a page."""
    with session.connection.transaction():
        _own(session, id)
        decide(session, id, (DRAFT,), WAITING)
    return approval(session, id)


def withdraw(session: Session, id: str) -> Approval:
    with session.connection.transaction():
        _own(session, id)
        decide(session, id, (DRAFT, WAITING), WITHDRAWN)
    return approval(session, id)


def _own(session: Session, id: str) -> None:
    if approval(session, id).by != session.actor.id:
        raise Forbidden("Only the person who asked for a change withdraws it.")
