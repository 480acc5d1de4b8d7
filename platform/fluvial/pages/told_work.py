"""What people are told waits for them too: who mentions them, and changes that they approve."""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.metadata_changes.approvals import WAITING, approvals
from fluvial.runtime.session import Session
from fluvial.services import notifications

from . import inbox
from .reader_format import ReaderFormat
from .work_items import WorkAsked, WorkGroup, WorkItem


def told(session: Session, fmt: ReaderFormat, asked: WorkAsked) -> Sequence[WorkGroup]:
    """Mentions and other notifications that nobody has read."""
    assert session.actor.id is not None
    found = notifications.page(session.connection, session.actor.id, unread=True, limit=asked.limit)
    items = [inbox.item(entry, fmt) for entry in found["data"]]
    mentions = [_item(item) for item in items if item["person"]]
    others = [_item(item) for item in items if not item["person"]]
    rest = max(0, found["unread"] - len(items))
    return [
        WorkGroup("mentions", "Mentions", mentions, len(mentions), all_href="/notifications"),
        WorkGroup(
            "notifications", "Notifications", others, len(others) + rest,
            all_href="/notifications",
        ),
    ]  # fmt: skip


def _item(item: dict[str, str]) -> WorkItem:
    return WorkItem(
        title=item["title"], href=item["href"], icon=item["icon"], hint=item["text"],
        note=item["when"], person=item["person"],
    )  # fmt: skip


def decisions(session: Session, fmt: ReaderFormat, asked: WorkAsked) -> Sequence[WorkGroup]:
    """Changes of metadata that wait for an administrator."""
    if not session.access.admin:
        return []
    waiting = [one for one in approvals(session) if one.state == WAITING]
    fmt.names.want(("user", one.by) for one in waiting if one.by)
    fmt.names.load()
    items = [
        WorkItem(
            title=one.note or "A change of metadata",
            href=f"/studio/approvals/{one.id}",
            icon="checks",
            hint=f"{len(one.documents)} documents" if len(one.documents) != 1 else "1 document",
            note=fmt.ago(one.at),
            person=(fmt.names.title("user", one.by) if one.by else None) or "",
        )
        for one in waiting[: asked.limit]
    ]
    return [WorkGroup("approvals", "Approvals", items, len(waiting), all_href="/studio/approvals")]
