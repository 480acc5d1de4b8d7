"""Who hears of a change that goes beyond its author's rights: administrators, then its author."""

from __future__ import annotations

from fluvial.auth.active_accounts import administrators
from fluvial.metadata_changes.approvals import APPROVED, REFUSED, WAITING, Approval
from fluvial.runtime.session import Session

from .notifications import tell

SHOWN = 3  # documents that a notification names


def tell_of_approval(session: Session, one: Approval) -> None:
    """Part of APPROVAL_HEARD: in the transaction of the question or of the answer."""
    href = f"/studio/approvals/{one.id}"
    about = one.note or _documents(one)
    if one.state == WAITING:
        title = f"{session.actor.name} asks for approval: {about}"
        body = "The change goes beyond their own rights. Look at it, then approve or refuse it."
        for user in administrators(session.connection, session.catalog):
            tell(session, user, title, body, href)
    elif one.state in (APPROVED, REFUSED) and one.by and one.by != session.actor.id:
        title = f"{session.actor.name} {one.state} your change: {about}"
        tell(session, one.by, title, one.reason, href)


def _documents(one: Approval) -> str:
    names = [f"{entry['kind']}/{entry['name']}" for entry in one.documents]
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
