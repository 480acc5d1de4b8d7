"""Conflicts: what others have changed in records since an edit of a change set was made on them.

They are told field by field, with the value from before, both values since, who and when. Nothing
is ever overwritten: somebody withdraws the edit, or lets it hold for what is there now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import HISTORY
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.kernel.problems import Conflict
from fluvial.records.drafts.rows import load_rows
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL, SQLITE, timestamp_wire

from .kept_edits import CREATE, DELETE, Edit, title_for

_h = HISTORY.c
_SINCE = {
    dialect: Statement(
        sa.select(_h.record, _h.rev, _h.event, _h.at, _h.by, _h.rule, _h.changes, _h.change_set)
        .where(among_ids(_h.record, dialect), _h.rev > param("the_rev", _h.rev))
        .order_by(_h.record, _h.rev)
    )
    for dialect in (SQLITE, POSTGRESQL)
}
DELETED, CREATED = "deleted", "created"


@dataclass
class Changed:
    """What somebody else made of a field: its value from before, and the one since."""

    base: Any
    theirs: Any
    at: datetime
    by: str | None
    rule: str | None
    dated: bool  # it holds from another day on


@dataclass
class Since:
    """What happened to a record behind a revision."""

    rev: int
    deleted: bool = False
    at: datetime | None = None
    by: str | None = None
    fields: dict[str, Changed] = field(default_factory=dict)


@dataclass(frozen=True)
class EditConflict:
    """An edit whose record others have changed where it changes it too."""

    edit: Edit
    since: Since
    fields: Mapping[str, Changed]

    def wire(self, session: Session) -> dict[str, Any]:
        """As far as the actor may read it."""
        hidden = session.access.object(self.edit.object).hidden
        told: dict[str, Any] = {
            "edit": self.edit.id,
            "object": self.edit.object,
            "record": self.edit.record,
            "title": title_for(session, self.edit) or None,
            "action": self.edit.action,
            "rev": self.since.rev,
        }
        if self.since.deleted:
            at = self.since.at
            told["deleted"] = {
                "at": timestamp_wire(at) if at else None,
                "by": {"user": self.since.by} if self.since.by else None,
            }
        told["fields"] = [
            {
                "field": name,
                "base": one.base,
                "theirs": one.theirs,
                "yours": self.edit.body.get(name),
                "at": timestamp_wire(one.at),
                "by": {"user": one.by} if one.by else None,
                "rule": one.rule,
            }
            for name, one in self.fields.items()
            if name not in hidden
        ]
        return told


def conflicts_of(
    session: Session,
    edits: Sequence[Edit],
    own: str = "",
    names: Mapping[str, Collection[str]] | None = None,
) -> list[EditConflict]:
    """The edits that others are in the way of. Changes of the change set `own` are not others'.

    `names` are the fields that each edit has changed, where that is known.
    """
    asked = [edit for edit in edits if edit.rev is not None]
    if not asked:
        return []
    rows = _rows(session, asked)
    found = []
    for edit in asked:
        since = _since(edit, rows.get(edit.record, ()), own)
        fields = dict(since.fields)
        if edit.action not in (DELETE, CREATE):
            written = names[edit.id] if names else edit.body
            fields = {name: one for name, one in fields.items() if name in written}
        if since.deleted or fields:
            found.append(EditConflict(edit, since, fields))
    return found


def refuse_conflicts(
    session: Session, label: str, found: Sequence[EditConflict], seen: Collection[str]
) -> None:
    """Refuse to go on; the problem tells each of those whose edits are `seen`."""
    told = [one for one in found if one.edit.id in seen]
    names = "; ".join(_words(session, one) for one in told[:3])
    count = len(found)
    records = f"{count} records have" if count > 1 else "A record has"
    raise Conflict(
        f"{records} been changed since this {label} was made{f' ({names})' if names else ''}. "
        "For each, withdraw the change, or accept it for what is there now.",
        conflicts=[one.wire(session) for one in told],
    )


def _words(session: Session, one: EditConflict) -> str:
    type_ = session.catalog.objects[one.edit.object]
    hidden = session.access.object(type_.name).hidden
    fields = [type_.fields[name] for name in one.fields if name in type_.fields]
    labels = [field.label for field in fields if field.name not in hidden]
    what = "it is deleted" if one.since.deleted else ", ".join(labels)
    return f"{title_for(session, one.edit) or type_.label}: {what}"


def hold(session: Session, edits: Iterable[Edit]) -> dict[str, int]:
    """Keep others from changing the records of edits until the end of the transaction; the
    revisions at which they are."""
    ids: dict[str, set[str]] = {}
    for edit in edits:
        ids.setdefault(edit.object, set()).add(edit.record)
    revs: dict[str, int] = {}
    for name, records in sorted(ids.items()):
        if name in session.catalog.objects:
            wanted = sorted(records)
            rows = load_rows(session, name, wanted, None, lock=True, limit=len(wanted))
            revs |= {row["id"]: row["rev"] for row in rows}
    return revs


def _rows(session: Session, edits: Sequence[Edit]) -> dict[str, list[Any]]:
    connection = session.connection
    oldest = min(edit.rev or 0 for edit in edits)
    listed = id_list(connection.dialect, sorted({edit.record for edit in edits}))
    found: dict[str, list[Any]] = {}
    for row in _SINCE[connection.dialect].rows(connection, ids=listed, the_rev=oldest):
        found.setdefault(row[0], []).append(row[1:])
    return found


def _since(edit: Edit, rows: Iterable[Any], own: str) -> Since:
    since = Since(edit.rev or 0)
    for rev, event, at, by, rule, changes, change_set in rows:
        if rev <= (edit.rev or 0):
            continue
        since.rev = rev
        if own and change_set == own:
            continue
        name, _, day = event.partition(":")
        if name in (DELETED, "restored"):
            since.deleted = name == DELETED
            since.at, since.by = at, by
            continue
        for changed, (old, new) in changes.items():
            known = since.fields.get(changed)
            base = old if known is None else known.base
            dated = bool(day) or (known is not None and known.dated)
            since.fields[changed] = Changed(base, new, at, by, rule, dated)
    # What is again as it was is in nobody's way.
    since.fields = {
        n: one for n, one in since.fields.items() if one.dated or one.base != one.theirs
    }
    return since
