"""Drafts of metadata: documents that their author tries in the product before others see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.kept_change_tables import METADATA_DRAFT
from fluvial.database.overlay import Overlay, drafted_tables
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import Conflict, NotFound, Unprocessable, fault
from fluvial.runtime.catalogs import Key, stored_layers
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.document import same_body
from metamodel.documents import SITE

from .beyond import find_beyond
from .beyond_rights import BeyondRights
from .change import MetadataChange, Prepared
from .kept_documents import kept_documents
from .planner import prepare

MOST = 50  # of one person
MOST_DOCUMENTS = 500
LONGEST_NAME = 100

_d = METADATA_DRAFT.c
_COLUMNS = (_d.id, _d.name, _d.by, _d.at, _d.rev, _d.documents)
_mine = (_d.id == param("the_id", _d.id), _d.by == param("the_by", _d.by))
_ADD = insert(METADATA_DRAFT)
_ALL = Statement(
    sa.select(*_COLUMNS).where(_d.by == param("the_by", _d.by)).order_by(_d.at.desc(), _d.id)
)
_ONE = Statement(sa.select(*_COLUMNS).where(*_mine))
_KEEP = Statement(
    METADATA_DRAFT.update()
    .where(*_mine, _d.rev == param("the_rev", _d.rev))
    .values(documents=sa.bindparam("the_documents", type_=_d.documents.type), rev=_d.rev + 1)
)
_DROP = Statement(METADATA_DRAFT.delete().where(*_mine))


@dataclass(frozen=True)
class MetadataDraft:
    """What somebody is drafting; nobody else knows of it."""

    id: str
    name: str
    by: str
    at: datetime
    rev: int
    documents: list[dict[str, Any]]  # {kind, name, body, before}: None where there is none

    @property
    def bodies(self) -> dict[Key, Mapping[str, Any] | None]:
        return {(one["kind"], one["name"]): one["body"] for one in self.documents}

    @property
    def before(self) -> dict[Key, Mapping[str, Any] | None]:
        return {(one["kind"], one["name"]): one["before"] for one in self.documents}

    def change(self) -> MetadataChange:
        return MetadataChange(self.bodies, note=self.name)

    def wire(self) -> dict[str, Any]:
        names = [f"{one['kind']}/{one['name']}" for one in self.documents]
        return {"id": self.id, "name": self.name, "at": self.at, "documents": names}


def drafts_of(session: Session) -> list[MetadataDraft]:
    """One's own, the newest first."""
    rows = _ALL.rows(session.connection, the_by=session.actor.id)
    return [MetadataDraft(*row) for row in rows]


def draft_of(session: Session, id: str) -> MetadataDraft:
    row = _ONE.row(session.connection, the_id=id, the_by=session.actor.id) if is_id(id) else None
    if row is None:
        raise NotFound("You have no such draft.")
    return MetadataDraft(*row)


def begin_draft(session: Session, name: Any) -> MetadataDraft:
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
        message = f"Give the draft a name of at most {LONGEST_NAME} characters."
        raise Unprocessable(message, errors=[fault("/name", "required", message)])
    if session.actor.id is None:
        raise Conflict("Only people have drafts.")
    if len(drafts_of(session)) >= MOST:
        raise Conflict(f"You have {MOST} drafts already. Publish or discard one first.")
    draft = MetadataDraft(new_id(), name.strip(), session.actor.id, session.now, 1, [])
    _ADD.run(
        session.connection,
        id=draft.id, name=draft.name, by=draft.by, at=draft.at, rev=draft.rev, documents=[],
    )  # fmt: skip
    return draft


def discard_draft(session: Session, id: str) -> None:
    draft_of(session, id)
    _DROP.run(session.connection, the_id=id, the_by=session.actor.id)


@dataclass
class Trial:
    """A draft that its author tries: the catalog that it makes, and what is read for it."""

    draft: MetadataDraft
    catalog: Catalog
    overlay: Overlay


def trial_of(session: Session, draft: MetadataDraft) -> Trial:
    """Problem where the draft no longer fits what is in force, or goes beyond its author's rights.

    What is compiled is kept as long as neither of the two changes.
    """
    known = session.catalog.derive(_trials)
    place = (draft.id, draft.rev, session.actor.roles)
    if place not in known:
        change = draft.change()
        prepared = prepare(session, change)
        refuse_beyond(session, change, prepared)
        tables = drafted_tables(prepared.old, prepared.new, session.connection.dialect)
        for other in [one for one in known if one[0] == draft.id]:
            known.pop(other, None)
        known[place] = Trial(draft, prepared.new, Overlay(draft.bodies, tables))
    return known[place]


def _trials(_: Catalog) -> dict[tuple[str, int, tuple[str, ...]], Trial]:
    return {}


def refuse_beyond(session: Session, change: MetadataChange, prepared: Prepared) -> None:
    """Nobody reads by their draft what they may not read."""
    change.beyond = find_beyond(session, change, prepared)
    if change.beyond:
        raise BeyondRights(change)


def draft_changed(session: Session, change: MetadataChange) -> list[dict[str, Any]]:
    """The documents of a change, once it is known to fit into the draft that is tried."""
    entries = kept_documents(change)
    if change.packages or any(one["layer"] != SITE for one in entries):
        raise Conflict(
            "A draft holds documents of the site alone. Stop trying it to change packages."
        )
    prepared = prepare(session, change)
    refuse_beyond(session, change, prepared)
    change.operations = prepared.operations
    return [
        {
            "kind": kind,
            "name": name,
            "body": {"kind": kind, "name": name} | dict(body) if body is not None else None,
        }
        for (layer, (kind, name)), body in prepared.after.items()
        if layer == SITE
    ]


def keep_drafted(session: Session, draft: MetadataDraft, entries: list[dict[str, Any]]) -> None:
    """Put documents into a draft, each with what the site's layer said when it was first put."""
    stored = stored_layers(session.connection)[SITE]
    documents = {(one["kind"], one["name"]): one for one in draft.documents}
    for entry in entries:
        key = (entry["kind"], entry["name"])
        there = stored.get(key)
        before = dict(there.body) if there is not None else None
        documents[key] = {**entry, "before": documents.get(key, {"before": before})["before"]}
    kept = [one for one in documents.values() if not _same(one["body"], one["before"])]
    if len(kept) > MOST_DOCUMENTS:
        raise Conflict(f"A draft holds at most {MOST_DOCUMENTS} documents. Publish it first.")
    changed = _KEEP.run(
        session.connection,
        the_id=draft.id, the_by=draft.by, the_rev=draft.rev, the_documents=kept,
    )  # fmt: skip
    if not changed:
        raise Conflict("This draft was changed in another window. Load the page again.")


def _same(body: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> bool:
    if body is None or before is None:
        return body is before
    return same_body(body, before)


def changed_since(session: Session, draft: MetadataDraft) -> list[str]:
    """The documents that somebody has changed since they were drafted."""
    stored = stored_layers(session.connection)[SITE]
    now = {key: dict(stored[key].body) if key in stored else None for key in draft.bodies}
    return sorted("/".join(key) for key, body in draft.before.items() if not _same(body, now[key]))


def forget_published(connection: Connection, draft: MetadataDraft) -> None:
    _DROP.run(connection, the_id=draft.id, the_by=draft.by)
