"""Sample data of an app: CSV files, loaded once, with dates that end today.

`sample/sample.yaml` names the files in their order. A header names a field; `author.code` finds
the author by its code, `keeper.email` a person; `source.book.isbn` a look-up of any object. All
dates are shifted by the whole weeks between the file's `anchor` and today.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from sqlalchemy.dialects import postgresql, sqlite

from metamodel.catalog import Field, ObjectType
from metamodel.kinds.kind import TextFormat
from metamodel.storage import POSTGRESQL

from .database.statement import Statement, param
from .database.tables import PREFERENCE
from .engine import Engine
from .errors import Problem
from .packages import folder_of
from .records.draft import Draft
from .records.query import Query
from .records.reader import read_page
from .records.sequences import raise_counters
from .records.writer import fresh_draft, store_changed, store_new
from .records.rows import load_row
from .session import Session

NOBODY = "00000000-0000-0000-0000-000000000000"  # whose preference remembers what was loaded

_p = PREFERENCE.c
_LOADED = Statement(
    sa.select(_p.value).where(_p.user == param("the_user", _p.user), _p.key == param("the_key", _p.key))
)
_ADD = {
    dialect: Statement(
        make(PREFERENCE).values({c.name: param(c.name, c) for c in _p}).on_conflict_do_nothing()
    )
    for dialect, make in ((False, sqlite.insert), (True, postgresql.insert))
}


def load_once(engine: Engine, app: str) -> bool:
    """Load an app's sample data where it was not loaded before; whether it was loaded now."""
    folder = folder_of(app) / "sample"
    if not (folder / "sample.yaml").is_file():
        return False
    session = replace(engine.session(), quiet=True)
    connection = session.connection
    key = f"sample:{app}"
    if _LOADED.row(connection, the_user=NOBODY, the_key=key):
        return False
    plan = yaml.safe_load((folder / "sample.yaml").read_text(encoding="utf-8"))
    loader = _Loader(session, folder, plan["anchor"])
    with connection.transaction():
        for entry in plan["order"]:
            count = loader.load(entry["file"], entry["object"], entry.get("key", []))
            print(f"  {count:>6} {session.catalog.objects[entry['object']].plural.lower()}", flush=True)
        _ADD[connection.dialect == POSTGRESQL].run(
            connection, user=NOBODY, key=key, value={"at": session.now.isoformat()}
        )
    return True


@dataclass(frozen=True)
class _Column:
    header: str
    field: Field
    target: str | None = None  # the object that it looks up by the field `by`
    by: str = ""


class _Loader:
    def __init__(self, session: Session, folder: Path, anchor: date | str) -> None:
        self.session = session
        self.folder = folder
        first = anchor if isinstance(anchor, date) else date.fromisoformat(anchor)
        weeks = (session.today - first).days // 7
        self.shift = timedelta(weeks=weeks)
        self.form = TextFormat(zone=session.catalog.zone)
        self._ids: dict[tuple[str, str], dict[str, str]] = {}

    def load(self, file: str, object_name: str, key: list[str]) -> int:
        type_ = self.session.catalog.objects[object_name]
        numbers: dict[str, list[Any]] = {}
        count = 0
        with (self.folder / file).open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            columns = [_column(self.session, type_, h) for h in reader.fieldnames or ()]
            for line, row in enumerate(reader, start=2):
                draft = self._draft(type_, key, row)
                self._fill(draft, columns, row, f"{file}, line {line}")
                store_new(draft) if draft.new else store_changed(draft)
                for column in columns:
                    if column.field.kind.period(column.field, self.session.today) is not None:
                        numbers.setdefault(column.field.name, []).append(row[column.header])
                count += 1
        for name, values in numbers.items():
            raise_counters(self.session, type_.fields[name], values)
        self._ids = {known: ids for known, ids in self._ids.items() if known[0] != object_name}
        return count

    def _draft(self, type_: ObjectType, key: list[str], row: Mapping[str, str]) -> Draft:
        """A new record; or the one with the same single key, so that files may add to files."""
        if len(key) == 1 and key[0] in row and type_.name == "user":
            known = self._known(type_.name, key[0]).get(row[key[0]])
            if known is not None:
                before = load_row(self.session, type_.name, known, None)
                if before is not None:
                    return Draft(self.session, type_, known, before, dict(before))
        return fresh_draft(self.session, type_)

    def _fill(
        self, draft: Draft, columns: list[_Column], row: Mapping[str, str], place: str
    ) -> None:
        for column in columns:
            text = row[column.header]
            if text == "":
                continue
            try:
                draft.set(column.field.name, self._value(column, text))
            except (ValueError, LookupError, Problem) as error:
                raise Problem(f"{place}, {column.header}: {error}") from error

    def _value(self, column: _Column, text: str) -> Any:
        if column.target is None:
            return self._shifted(column.field.kind.parse_text(column.field, text, self.form))
        ids = self._known(column.target, column.by)
        found = [ids[part] for part in (text.split(";") if column.field.many else [text])]
        if column.field.kind.linked:
            return found
        parts = column.field.columns
        pair = column.field.type.name == "person" or len(parts) > 1
        values: list[Any] = [(column.target, one) for one in found] if pair else found
        return values if column.field.many else values[0]

    def _shifted(self, value: Any) -> Any:
        if isinstance(value, datetime | date):
            return value + self.shift
        return value

    def _known(self, object_name: str, field: str) -> dict[str, str]:
        """The ids of an object type's records by the text of one field."""
        key = (object_name, field)
        if key not in self._ids:
            self._ids[key] = dict(self._read(object_name, field))
        return self._ids[key]

    def _read(self, object_name: str, field: str) -> Iterator[tuple[str, str]]:
        cursor = ""
        while cursor is not None:
            query = Query(object_name, ((field,),), limit=500, cursor=cursor)
            page = read_page(self.session, query)
            for record in page["data"]:
                if record[field] is not None:
                    yield str(record[field]), record["id"]
            cursor = page["next"]


def _column(session: Session, type_: ObjectType, header: str) -> _Column:
    name, *rest = header.split(".")
    field = type_.fields.get(name)
    if field is None:
        raise Problem(f"{type_.label} has no field `{name}`, as a header says.")
    if not rest:
        return _Column(header, field)
    target = rest[0] if len(rest) == 2 else field.targets[0]
    return _Column(header, field, target, rest[-1])
