"""Kept edits: what a change set holds until it is applied, in the order in which it was kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.change_set_tables import KEPT_EDIT
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id
from fluvial.runtime.session import Session

CREATE, UPDATE, DELETE, RESTORE = "create", "update", "delete", "restore"

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_k = KEPT_EDIT.c
_COLUMNS = (
    _k.action, _k.object, _k.record, _k.body, _k.rev, _k.day, _k.title, _k.changes, _k.id,
    _k.place, _k.at, _k.by, _k.made_after, _k.made_until,
)  # fmt: skip
_this = _k.id == param("the_id", _k.id)
_of_set = _k.change_set == param("the_set", _k.change_set)
_ALL = Statement(sa.select(*_COLUMNS).where(_of_set).order_by(_k.place))
_LAST = Statement(sa.select(sa.func.max(_k.place)).where(_of_set))
_ADD = insert(KEPT_EDIT)
_DROP = Statement(KEPT_EDIT.delete().where(_this))
_ACCEPT = Statement(
    KEPT_EDIT.update()
    .where(_this)
    .values(rev=param("the_rev", _k.rev), changes=param("the_changes", _k.changes))
)
_CARRIED = Statement(
    KEPT_EDIT.update()
    .where(_this)
    .values(
        rev=param("the_rev", _k.rev),
        made_after=param("the_first", _k.made_after),
        made_until=param("the_last", _k.made_until),
    )
)


@dataclass(frozen=True)
class Edit:
    """One kept write. `rev` is the revision on which it was made; None where the record is new."""

    action: str
    object: str
    record: str
    body: Mapping[str, Any]
    rev: int | None = None
    day: date | None = None
    title: str = ""
    changes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    id: str = ""
    place: int = 0
    at: datetime | None = None
    by: str | None = None
    made_after: int | None = None
    made_until: int | None = None

    @property
    def named(self) -> frozenset[str]:
        """The ids of the records that its body names."""
        return ids_in(orjson.dumps(dict(self.body)).decode())


def ids_in(text: str) -> frozenset[str]:
    return frozenset(_ID.findall(text))


def title_for(session: Session, edit: Edit) -> str:
    """What an edit's record is called, as far as it is for the actor: who kept it saw more."""
    withheld = edit.object in session.access.withheld_titles
    return "" if withheld else edit.title


def edits_of(session: Session, change_set: str) -> list[Edit]:
    return [Edit(*row) for row in _ALL.rows(session.connection, the_set=change_set)]


def add_edits(session: Session, change_set: str, edits: Sequence[Edit]) -> list[Edit]:
    """Keep edits behind those that are kept already."""
    row = _LAST.row(session.connection, the_set=change_set)
    last = int(row[0] or 0) if row is not None else 0
    made = []
    for place, one in enumerate(edits, last + 1):
        known = {
            name: getattr(one, name)
            for name in ("action", "object", "record", "rev", "day", "title")
        }
        known |= {"body": dict(one.body), "changes": dict(one.changes), "place": place}
        known |= {"id": new_id(), "at": session.now, "by": session.actor.id}
        known |= {"made_after": None, "made_until": None}
        _ADD.run(session.connection, change_set=change_set, **known)
        made.append(Edit(**known))
    return made


def drop_edit(session: Session, edit: Edit) -> None:
    _DROP.run(session.connection, the_id=edit.id)


def accept(session: Session, edit: Edit, rev: int, theirs: Mapping[str, Any]) -> None:
    """From now on an edit stands on this revision of its record, with these values before it."""
    changes = {
        name: [theirs.get(name, before), after] for name, (before, after) in edit.changes.items()
    }
    _ACCEPT.run(session.connection, the_id=edit.id, the_rev=rev, the_changes=changes)


def carried(session: Session, edit: Edit, first: int, last: int, rev: int) -> None:
    """Note the revisions that an edit made, and at which one its record is in the end."""
    known = {"the_id": edit.id, "the_rev": rev, "the_first": first, "the_last": last}
    _CARRIED.run(session.connection, **known)


def near(edits: Sequence[Edit], ids: Collection[str], *, around: bool = False) -> list[Edit]:
    """The edits of some records, and of all that these name, in their order.

    `around`: also those that name one of the records themselves, such as new parts of it.
    """
    wanted = set(ids)
    if around:
        wanted.update(edit.record for edit in edits if not wanted.isdisjoint(edit.named))
    while True:
        chosen = [edit for edit in edits if edit.record in wanted]
        more = wanted.union(*(edit.named for edit in chosen))
        if more == wanted:
            return chosen
        wanted = more
