"""What is in the database: columns with their types, indexes, triggers and constraints."""

from __future__ import annotations

from dataclasses import dataclass, field

from metamodel.storage import POSTGRESQL

from .connection import Connection

_TYPES = {
    "sqlite": "SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c "
    "WHERE m.type = 'table'",
    "postgresql": "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) "
    "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
    "AND NOT a.attisdropped "
    "WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'",
}
_INDEXES = {
    "sqlite": 'SELECT m.name, l.name, l."unique", i.name, 1 FROM sqlite_master m, '
    "pragma_index_list(m.name) l, pragma_index_info(l.name) i "
    "WHERE m.type = 'table' AND l.origin = 'c' ORDER BY l.name, i.seqno",
    "postgresql": "SELECT t.relname::text, i.relname::text, x.indisunique, a.attname::text, "
    "x.indisvalid FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid "
    "JOIN pg_class i ON i.oid = x.indexrelid "
    "LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid "
    "JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS u(number, place) ON TRUE "
    "LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = u.number "
    "WHERE t.relnamespace = current_schema()::regnamespace AND k.oid IS NULL "
    "ORDER BY i.relname, u.place",
}
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal",
}
_CONSTRAINTS = "SELECT conname::text FROM pg_constraint WHERE contype = 'x'"


@dataclass
class IndexFound:
    """One index as it is; one that is not valid was cut off while it was built."""

    table: str
    unique: bool
    valid: bool
    columns: list[str] = field(default_factory=list)


@dataclass
class Inspection:
    """The tables of a database."""

    columns: dict[str, dict[str, str]]  # table -> column -> type in lower case
    indexes: dict[str, IndexFound]
    triggers: set[str]
    constraints: set[str]


def column_types(connection: Connection) -> dict[str, dict[str, str]]:
    """The type of each column, by table and column."""
    columns: dict[str, dict[str, str]] = {}
    for table, column, type_ in connection.query(_TYPES[connection.dialect]):
        columns.setdefault(table, {})[column] = plain_type(type_)
    return columns


def inspect(connection: Connection) -> Inspection:
    indexes: dict[str, IndexFound] = {}
    for table, name, unique, column, valid in connection.query(_INDEXES[connection.dialect]):
        found = indexes.setdefault(name, IndexFound(table, bool(unique), bool(valid)))
        found.columns.append(column or "")
    constraints = connection.query(_CONSTRAINTS) if connection.dialect == POSTGRESQL else []
    return Inspection(
        column_types(connection),
        indexes,
        {row[0] for row in connection.query(_TRIGGERS[connection.dialect])},
        {row[0] for row in constraints},
    )


def plain_type(text: str) -> str:
    """A type without its collation, as both sides may write it."""
    return text.partition(" COLLATE")[0].replace(", ", ",").lower()
