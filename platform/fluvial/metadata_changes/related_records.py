"""The other records that conversions ask about: titles of links, and records of titles."""

from __future__ import annotations

from collections.abc import Callable

from fluvial.database.connection import Connection
from fluvial.kernel.ids import is_id
from metamodel.errors import ValueFault
from metamodel.expressions.types import ROLE
from metamodel.folding import fold
from metamodel.storage import POSTGRESQL

Make = Callable[[str, str], str]  # object, title -> id of a new record

_MOST_KEPT = 20_000


class FoundRecords:
    """Remembers what it was asked, as values repeat."""

    def __init__(self, connection: Connection, zone: str, make: Make | None = None) -> None:
        self.zone = zone
        self._connection = connection
        self._make = make
        self._titles: dict[tuple[str, str], str | None] = {}
        self._found: dict[tuple[str, str], list[str]] = {}
        self._sign = "$1" if connection.dialect == POSTGRESQL else "?"

    def title(self, object: str, record: str) -> str | None:
        if object == ROLE and not is_id(record):
            return record  # a role has a name and no record
        key = (object, record)
        if key not in self._titles:
            sql = f'SELECT title FROM "{object}" WHERE id = {self._sign}'
            rows = self._connection.query(sql, [record])
            if len(self._titles) > _MOST_KEPT:
                self._titles.clear()
            self._titles[key] = (rows[0][0] or record) if rows else None
        return self._titles[key]

    def find(self, object: str, title: str) -> str:
        records = self._records(object, title)
        if not records and self._make is not None:
            records = self._found[object, fold(title)] = [self._make(object, title)]
        if len(records) == 1:
            return records[0]
        if records:
            raise ValueFault("several", f"Several records are called `{title}`.")
        raise ValueFault("unknown_record", f"There is no {object} called `{title}`.")

    def _records(self, object: str, title: str) -> list[str]:
        key = (object, fold(title))
        if key not in self._found:
            sql = (
                f'SELECT id FROM "{object}" WHERE title__fold = {self._sign} '
                "AND deleted_at IS NULL LIMIT 2"
            )
            if len(self._found) > _MOST_KEPT:
                self._found.clear()
            self._found[key] = [row[0] for row in self._connection.query(sql, [key[1]])]
        return self._found[key]

    def person(self, text: str) -> str:
        try:
            return self.find("user", text) if "@" not in text else self._by_mail(text)
        except ValueFault as error:
            raise ValueFault(
                error.code, f"There is no user called `{text}`, or there are several."
            ) from error

    def _by_mail(self, text: str) -> str:
        sql = f'SELECT id FROM "user" WHERE email__fold = {self._sign} AND deleted_at IS NULL'
        rows = self._connection.query(sql, [fold(text)])
        if len(rows) != 1:
            raise ValueFault("unknown_record", "")
        return str(rows[0][0])
