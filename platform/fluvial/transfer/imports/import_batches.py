"""Batches: what an import did, so that all of it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.engine_tables import IMPORT, IMPORT_ROW
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import Conflict
from fluvial.records.drafts.draft import Draft, wire_value
from fluvial.records.drafts.insertion import insert_rows
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL

SHOWN = 20


def _claim(make: Any) -> Any:
    """Insert a batch, unless it is there: whoever comes second waits for the first, and sees it."""
    made = make(IMPORT).values({c.name: param(c.name, c) for c in IMPORT.c})
    return made.on_conflict_do_nothing(index_elements=["id"])


_i = IMPORT.c
_r = IMPORT_ROW.c
_CLAIM = {
    False: Statement(_claim(sqlite.insert)),
    True: Statement(_claim(postgresql.insert)),
}
_CLOSE = Statement(
    IMPORT.update()
    .where(_i.id == param("the_batch", _i.id))
    .values(counts=param("the_counts", _i.counts))
)
_EARLIER = Statement(
    sa.select(_i.by, _i.object, _i.undone, _i.counts).where(_i.id == param("the_batch", _i.id))
)
_BEFORE = Statement(
    sa.select(_r.before).where(
        _r.batch == param("the_batch", _r.batch), _r.record == param("the_record", _r.record)
    )
)
_CHANGED = Statement(
    sa.select(_r.record).where(_r.batch == param("the_batch", _r.batch), _r.before.is_not(None))
)
_AMEND = Statement(
    IMPORT_ROW.update()
    .where(_r.batch == param("the_batch", _r.batch), _r.record == param("the_record", _r.record))
    .values(rev=param("the_rev", _r.rev), before=param("the_before", _r.before))
)


class Batch:
    """Notes what an import does while it does it."""

    def __init__(self, session: Session, object_name: str, file: str, once: str = "") -> None:
        """What has the same `once` is imported once, however often it is sent."""
        self.id = once if is_id(once) else new_id()
        self._session = session
        self._object = object_name
        self._file = file
        self._updated: set[int] = set()  # what stands for the records that it changed

    def begin(self) -> bool:
        """Whether nobody has imported it before; who comes at the same moment waits."""
        connection = self._session.connection
        claimed = _CLAIM[connection.dialect == POSTGRESQL].run(
            connection,
            id=self.id,
            object=self._object,
            at=self._session.now,
            by=self._session.actor.id,
            file=self._file,
            counts={},
            undone=False,
        )
        return claimed == 1

    def resume(self) -> None:
        """Go on with an import that was cut off: know which records it has changed."""
        rows = _CHANGED.rows(self._session.connection, the_batch=self.id)
        self._updated = {hash(record) for (record,) in rows}

    def earlier(self) -> dict[str, int]:
        """The counts of the import that was there before; a Conflict where it is not that one."""
        row = _EARLIER.row(self._session.connection, the_batch=self.id)
        if row is None or (row[0], row[1]) != (self._session.actor.id, self._object):
            raise Conflict("This import has gone. Start again with the file.")
        if row[2]:
            raise Conflict("This import was undone. Start again with the file to import it anew.")
        counts: dict[str, int] = row[3]
        return counts

    def created(self, drafts: Iterable[Draft]) -> None:
        rows = [
            {"batch": self.id, "record": d.id, "rev": d.values["rev"], "before": None}
            for d in drafts
        ]
        insert_rows(self._session.connection, IMPORT_ROW, rows)

    def updated(self, drafts: Iterable[Draft]) -> None:
        """Of a record that is written several times, what its fields were before that."""
        rows = []
        for draft in drafts:
            if hash(draft.id) in self._updated:
                self._amend(draft)
                continue
            self._updated.add(hash(draft.id))
            row = {"batch": self.id, "record": draft.id, "rev": draft.values["rev"]}
            rows.append({**row, "before": _before(draft)})
        # One that the import created has its row already, and goes as a whole.
        keys = ("batch", "record")
        insert_rows(self._session.connection, IMPORT_ROW, rows, keys=keys, other=("rev",))

    def _amend(self, draft: Draft) -> None:
        connection = self._session.connection
        row = _BEFORE.row(connection, the_batch=self.id, the_record=draft.id)
        first = row[0] if row else {}
        _AMEND.run(
            connection,
            the_batch=self.id,
            the_record=draft.id,
            the_rev=draft.values["rev"],
            the_before=None if first is None else {**_before(draft), **first},
        )

    def close(self, counts: dict[str, Any], skipped: int) -> str:
        names = ("created", "updated", "unchanged")
        kept = {name: counts[name] for name in names} | {"skipped": skipped}
        _CLOSE.run(self._session.connection, the_batch=self.id, the_counts=kept)
        return self.id


def _before(draft: Draft) -> dict[str, Any]:
    before, fields = draft.before or {}, draft.type.fields
    return {
        name: wire_value(fields[name], before.get(name))
        for name in sorted(draft.changed)
        if not fields[name].system
    }
