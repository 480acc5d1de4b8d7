"""What a connection reads in place of what is stored, while somebody tries a draft of metadata.

Documents of the site are read with those of the draft among them. Tables are read as the draft
would have them: columns and tables that are still to come are there, and empty. Nothing is written
for it; each statement brings the tables that it needs with it, under their names:

    WITH "loan" AS NOT MATERIALIZED (SELECT id, CAST(NULL AS TEXT) AS colour FROM loan) SELECT ...
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from metamodel.catalog import Catalog
from metamodel.storage import SQLITE

from .object_tables import tables_of

_WITH = re.compile(r"\s*WITH\s+(RECURSIVE\s+)?", re.IGNORECASE)
MOST_KNOWN = 2_000  # statements

Documents = Mapping[tuple[str, str], Mapping[str, Any] | None]


class Overlay:
    """The documents of a draft, None for those that it deletes, and the tables that it needs."""

    def __init__(self, documents: Documents, tables: Mapping[str, str]) -> None:
        self.documents = documents
        self._tables = tables
        names = "|".join(map(re.escape, sorted(tables, key=len, reverse=True)))
        self._names = re.compile(rf"(?<!\w)({names})(?!\w)") if tables else None
        self._known: dict[str, str] = {}

    def over(self, sql: str) -> str:
        """The statement with the tables that it names as the draft has them."""
        if self._names is None:
            return sql
        if sql not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[sql] = self._with_tables(sql, dict.fromkeys(self._names.findall(sql)))
        return self._known[sql]

    def _with_tables(self, sql: str, names: Iterable[str]) -> str:
        parts = ", ".join(f'"{name}" AS NOT MATERIALIZED ({self._tables[name]})' for name in names)
        if not parts:
            return sql
        there = _WITH.match(sql)
        if there is None:
            return f"WITH {parts} {sql}"
        return f"{there[0]}{parts}, {sql[there.end() :]}"


def drafted_tables(old: Catalog, new: Catalog, dialect: str) -> dict[str, str]:
    """The tables that differ between two catalogs, as queries on those that are there."""
    found: dict[str, str] = {}
    before, after = tables_of(old), tables_of(new)
    for name in after.objects:
        known = before.objects[name] if name in old.objects else None
        if new.objects[name] is not old.objects.get(name):
            _add(found, after.objects[name], known, dialect)
    there = set(before.links)
    for place in after.links:
        if place not in there:
            _add(found, after.links[place], None, dialect)
    return found


def _add(found: dict[str, str], table: sa.Table, known: sa.Table | None, dialect: str) -> None:
    stored = _types(known, dialect) if known is not None else {}
    wanted = _types(table, dialect)
    if all(stored.get(name) == type_ for name, type_ in wanted.items()):
        return
    columns = ", ".join(
        f'"{name}"' if stored.get(name) == type_ else f'{_empty(type_)} AS "{name}"'
        for name, type_ in wanted.items()
    )
    # On SQLite a name inside its own WITH is that of the WITH.
    schema = "main." if dialect == SQLITE else ""
    rows = f'FROM {schema}"{table.name}"' if known is not None else "WHERE 1 = 0"
    found[table.name] = f"SELECT {columns} {rows}"


def _types(table: sa.Table, dialect: str) -> dict[str, str]:
    return {column.name: str(column.type.storage.type(dialect)) for column in table.c}  # type: ignore[attr-defined]


def _empty(type_: str) -> str:
    name, collate, collation = type_.partition(" COLLATE ")
    return f"CAST(NULL AS {name}){collate}{collation}"
