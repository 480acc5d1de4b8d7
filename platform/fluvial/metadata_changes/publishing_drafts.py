"""Publishing a draft of metadata: one change with all of its documents."""

from __future__ import annotations

from fluvial.kernel.problems import Conflict, Unprocessable
from fluvial.runtime.session import Session

from . import apply
from .change import MetadataChange
from .metadata_drafts import changed_since, draft_of, forget_published


def publish_draft(
    session: Session, id: str, *, over: bool = False, ask: bool = False
) -> MetadataChange:
    """Put a draft in force; what others have changed since is replaced only with `over`."""
    draft = draft_of(session, id)
    if not draft.documents:
        raise Unprocessable("This draft is empty. Try it and change something first.")
    changed = changed_since(session, draft)
    if changed and not over:
        raise Conflict(
            f"Somebody has changed {', '.join(changed)} since. Look at it, then publish the draft "
            "over it with over=true, or discard the draft.",
            changed=changed,
        )
    change = draft.change()
    change.ask = ask
    apply.apply(session, change)
    forget_published(session.connection, draft)
    return change
