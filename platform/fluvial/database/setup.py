"""The engine's own tables in a database: made where they are missing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from fluvial.kernel.ids import new_id
from fluvial.kernel.search_words import VERSION
from metamodel.currencies import MOST_DECIMALS
from metamodel.expressions.postgresql_functions import FUNCTIONS
from metamodel.storage import POSTGRESQL

from .change_set_tables import CHANGE_SETS
from .connection import Connection
from .engine_tables import ENGINE, OUTBOX, RECALCULATION
from .exclusion import create_ranges
from .held_words import HOLDS
from .kept_change_tables import KEPT_CHANGES
from .locks import Lock
from .patience import hold_if_free, patiently
from .schema_changes import Columns, Ddl
from .statement import DIALECTS, insert

_AGAIN = insert(RECALCULATION)

# On SQLite the index of words begins each text with a mark of its object: a character that no word
# has, and the object's name. A search that would come by most records of others names it.
_MARKED = "char(57344) || replace({row}object, '_', char(57344)) || ' ' || {row}text"
_NEW, _OLD = _MARKED.format(row="new."), _MARKED.format(row="old.")

_SEARCH = {
    "sqlite": (
        "CREATE TABLE IF NOT EXISTS fluvial_search "
        "(rowid INTEGER PRIMARY KEY, record CHAR(36) NOT NULL UNIQUE, object TEXT NOT NULL, "
        "text TEXT NOT NULL)",
        "CREATE VIEW IF NOT EXISTS fluvial_search_marked AS "
        f"SELECT rowid, {_MARKED.format(row='')} AS text FROM fluvial_search",
        "CREATE VIRTUAL TABLE IF NOT EXISTS fluvial_search_words USING fts5(text, "
        "content='fluvial_search_marked', content_rowid='rowid', prefix='2 3')",
        "CREATE TRIGGER IF NOT EXISTS fluvial_search_insert AFTER INSERT ON fluvial_search BEGIN "
        f"INSERT INTO fluvial_search_words(rowid, text) VALUES (new.rowid, {_NEW}); END",
        "CREATE TRIGGER IF NOT EXISTS fluvial_search_delete AFTER DELETE ON fluvial_search BEGIN "
        "INSERT INTO fluvial_search_words(fluvial_search_words, rowid, text) "
        f"VALUES ('delete', old.rowid, {_OLD}); END",
        "CREATE TRIGGER IF NOT EXISTS fluvial_search_update AFTER UPDATE OF text ON fluvial_search "
        "BEGIN INSERT INTO fluvial_search_words(fluvial_search_words, rowid, text) "
        f"VALUES ('delete', old.rowid, {_OLD}); "
        f"INSERT INTO fluvial_search_words(rowid, text) VALUES (new.rowid, {_NEW}); END",
    ),
    "postgresql": (
        "CREATE TABLE IF NOT EXISTS fluvial_search (record UUID PRIMARY KEY, "
        'object TEXT COLLATE "C" NOT NULL, text TEXT NOT NULL, '
        "words TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED)",
        "CREATE INDEX IF NOT EXISTS fluvial_search_words ON fluvial_search USING gin (words)",
    ),
}


WAIT_SECONDS = 60.0  # for other processes that set up the same database


def set_up(
    connection: Connection, features: Sequence[sa.MetaData], seconds: float = WAIT_SECONDS
) -> None:
    """Make what is missing, in one transaction, once no other process is at it."""
    patiently(connection, seconds, lambda: _set_up(connection, features))


def _set_up(connection: Connection, features: Sequence[sa.MetaData]) -> None:
    with connection.transaction():
        hold_if_free(connection, Lock.SETUP)
        there = Columns.read(connection).tables
        for metadata in (ENGINE, CHANGE_SETS, KEPT_CHANGES, *features):
            for table in metadata.sorted_tables:
                _create(connection, table)
                _extend(connection, table, there.get(table.name, set()))
                _index(connection, table)
        _set_up_search(connection)
        if connection.dialect == POSTGRESQL:
            _keep_pages(connection)
            _create_functions(connection)
            create_ranges(connection)
        connection.script(
            "INSERT INTO fluvial_catalog (id, version, hash, decimals) "
            f"VALUES (1, 0, '', {MOST_DECIMALS}) ON CONFLICT (id) DO NOTHING"
        )
        _index_anew(connection)


def _set_up_search(connection: Connection) -> None:
    unmarked = connection.dialect != POSTGRESQL and bool(
        connection.query(
            "SELECT 1 FROM sqlite_master WHERE name = 'fluvial_search_words' "
            "AND sql NOT LIKE '%fluvial_search_marked%'"
        )
    )
    if unmarked:  # an earlier release indexed the words alone
        for event in ("insert", "delete", "update"):
            connection.script(f"DROP TRIGGER fluvial_search_{event}")
        connection.script("DROP TABLE fluvial_search_words")
    for statement in _SEARCH[connection.dialect]:
        connection.script(statement)
    if unmarked:
        connection.script(
            "INSERT INTO fluvial_search_words(fluvial_search_words) VALUES ('rebuild')"
        )


def _index_anew(connection: Connection) -> None:
    """Leave it to the workers to index what an earlier release did by the words of this one."""
    ((known,),) = connection.query("SELECT words FROM fluvial_catalog WHERE id = 1")
    if known == VERSION:
        return
    nobody = "00000000-0000-0000-0000-000000000000"
    for (name,) in connection.query("SELECT DISTINCT object FROM fluvial_search"):
        _AGAIN.run(
            connection, id=new_id(), object=name, field="title", route=[], ids=None, after=nobody,
            done=0, at=datetime.now(UTC), actor=None, cause=None, quiet=True, horizon=None,
        )  # fmt: skip
    connection.script(f"UPDATE fluvial_catalog SET words = {VERSION} WHERE id = 1")


def _create(connection: Connection, table: sa.Table) -> None:
    dialect = DIALECTS[connection.dialect]
    connection.script(
        str(sa.schema.CreateTable(table, if_not_exists=True).compile(dialect=dialect))
    )


def _index(connection: Connection, table: sa.Table) -> None:
    dialect = DIALECTS[connection.dialect]
    for index in table.indexes:
        connection.script(
            str(sa.schema.CreateIndex(index, if_not_exists=True).compile(dialect=dialect))
        )


def _extend(connection: Connection, table: sa.Table, there: Collection[str]) -> None:
    """Add the columns that an earlier release did not know."""
    ddl = Ddl(connection.dialect)
    for column in table.columns if there else ():
        if column.name not in there:
            ddl.operations.add_column(table.name, column._copy())
    for statement in ddl.take():
        connection.script(statement)


def _keep_pages(connection: Connection) -> None:
    """Let no vacuum give back the outbox's pages: a plan that is made while it has none, and is
    kept, reads the whole of it for each event once there are many."""
    options = "SELECT coalesce(reloptions::text, '') FROM pg_class WHERE oid = $1::regclass"
    if "vacuum_truncate" not in connection.query(options, [OUTBOX.name])[0][0]:
        connection.script(f"ALTER TABLE {OUTBOX.name} SET (vacuum_truncate = false)")


def _create_functions(connection: Connection) -> None:
    """The functions that expressions need; the table's comment says which ones are there."""
    functions = (*FUNCTIONS, HOLDS)
    digest = hashlib.sha256("".join(functions).encode()).hexdigest()
    there = connection.query("SELECT obj_description('fluvial_catalog'::regclass)")[0][0]
    if there != digest:
        for function in functions:
            connection.script(function)
        connection.script(f"COMMENT ON TABLE fluvial_catalog IS '{digest}'")
