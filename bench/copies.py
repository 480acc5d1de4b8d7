"""A large library: a few thousand loans written as always, and the rest copied from them by SQL.

A copy differs from its seed in whatever a record has for itself: id, number, barcode, member,
moments, and the shelf mark in its title. All else is as the application left it, so the copy is
what the application would have written. Copies are older than seeds, and ids go with the time.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from bench.data import SPAN, START, STEP, Library

Text = Callable[[str], str]
Rows = Sequence[tuple[Any, ...]]

PAGE = 20_000  # loans whose words are made at a time


class Connection(Protocol):
    def execute(self, sql: Any, /) -> Any: ...


@dataclass(frozen=True)
class Dialect:
    """How one kind of database says it. Moments are given as seconds since 1970."""

    digits: Callable[[str, int], str]
    moment: Text
    wire: Text
    id: Text
    copies: Callable[[int], str]
    columns: Text  # a query of names
    indexes: Text  # a query of names and definitions
    json: Text
    insert: Callable[[Any, str, Rows], object]  # into columns that are named: `table (a, b)`
    room: tuple[str, ...]  # for the sorting of indexes


@dataclass(frozen=True)
class Layout:
    """Where an application keeps what it writes beside the record. None: made some other way."""

    history: str
    search: str | None
    words: Text = str  # what is written there of a text


def _copied_in(connection: Any, into: str, rows: Rows) -> None:
    with connection.cursor().copy(f"copy {into} from stdin") as copy:
        for row in rows:
            copy.write_row(row)


SQLITE = Dialect(
    digits=lambda number, width: f"printf('%0{width}d', {number})",
    moment=lambda at: f"strftime('%Y-%m-%dT%H:%M:%S.000000Z', {at}, 'unixepoch')",
    wire=lambda at: f"strftime('%Y-%m-%dT%H:%M:%SZ', {at}, 'unixepoch')",
    id=lambda at: (
        f"printf('%08x-%04x-7%03x-%04x-%012x', ({at}) * 1000 >> 16, ({at}) * 1000 & 65535, "
        "random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)"
    ),
    copies=lambda count: (
        f"(with recursive k(copy) as (select 0 union all select copy + 1 from k "
        f"where copy < {count - 1}) select copy from k)"
    ),
    columns=lambda table: f"select name from pragma_table_info('{table}')",
    indexes=lambda table: (
        "select name, sql from sqlite_master "
        f"where type = 'index' and sql is not null and tbl_name = '{table}'"
    ),
    json=lambda text: text,
    insert=lambda connection, into, rows: connection.executemany(
        f"insert into {into} values ({', '.join('?' * len(rows[0]))})", rows
    ),
    room=("pragma cache_size = -524288",),
)
POSTGRESQL = Dialect(
    digits=lambda number, width: (
        f"lpad(({number})::text, greatest({width}, length(({number})::text)), '0')"
    ),
    moment=lambda at: f"to_timestamp({at})",
    wire=lambda at: (
        f"to_char(to_timestamp({at}) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    ),
    id=lambda at: f"uuidv7(to_timestamp({at}) - clock_timestamp())",
    copies=lambda count: f"(select copy from generate_series(0::bigint, {count - 1}) k(copy))",
    columns=lambda table: (
        "select column_name from information_schema.columns where "
        f"table_schema = 'public' and table_name = '{table}' and is_generated = 'NEVER'"
    ),
    indexes=lambda table: (
        "select i.indexname, i.indexdef from pg_indexes i "
        f"where i.schemaname = 'public' and i.tablename = '{table}' and not exists "
        "(select 1 from pg_constraint c where c.conname = i.indexname)"
    ),
    json=lambda text: f"({text})::jsonb",
    insert=_copied_in,
    room=("set local maintenance_work_mem = '512MB'", "set local work_mem = '256MB'"),
)


@contextmanager
def filling(path: str) -> Iterator[sqlite3.Connection]:
    """A transaction of a SQLite file that nobody else uses: nothing is written twice for safety."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma synchronous = off")
    with suppress(sqlite3.OperationalError):  # somebody else does use it
        connection.execute("pragma journal_mode = off")
    connection.execute("begin")
    yield connection
    connection.execute("commit")
    connection.execute("pragma analysis_limit = 400")  # as the engine's worker counts
    connection.execute("analyze")
    connection.execute("pragma journal_mode = wal")
    connection.close()


def multiply(connection: Connection, dialect: Dialect, layout: Layout, filled: Library) -> None:
    """Copy the seeds that are there until the library is complete; inside a transaction."""
    for statement in dialect.room:
        connection.execute(statement)
    copier = _Copier(connection, dialect, filled)
    copier.plan()
    tables = ["member", "loan", layout.history, *([layout.search] if layout.search else [])]
    with _without_indexes(connection, dialect, tables):
        copier.members()
        copier.loans()
        copier.history(layout.history)
        if layout.search is not None:
            copier.search(layout.search, layout.words)
    for table in ("copied_loan", "copied_member"):
        connection.execute(f"drop table {table}")


@contextmanager
def _without_indexes(
    connection: Connection, dialect: Dialect, tables: Iterable[str]
) -> Iterator[None]:
    """An index is made faster of all rows than row by row."""
    found = [
        (name, sql)
        for table in tables
        for name, sql in connection.execute(dialect.indexes(table)).fetchall()
    ]
    for name, _ in found:
        connection.execute(f'drop index "{name}"')
    yield
    for _, sql in found:
        connection.execute(sql)


class _Copier:
    def __init__(self, connection: Connection, dialect: Dialect, filled: Library) -> None:
        self.connection = connection
        self.dialect = dialect
        self.filled = filled
        self.now = int(time.time())

    def plan(self) -> None:
        """Which copies there will be, the oldest first, and what is theirs and not the seed's."""
        self.connection.execute(self._plan_of_members())
        self.connection.execute(self._plan_of_loans())
        for table in ("copied_member", "copied_loan"):
            self.connection.execute(f"create index ix_{table} on {table} (seed, copy)")
            self.connection.execute(f"analyze {table}")

    def _plan_of_members(self) -> str:
        count, id = len(self.filled.members), self.dialect.id(str(self.now))
        return f"""
create temporary table copied_member as
select m.id as seed, k.copy, case when k.copy = 0 then m.id else {id} end as id,
  ' ' || m.own as old_own, ' ' || (m.own + k.copy * {count}) as own
from (select id, cast(replace(name, rtrim(name, '0123456789'), '') as integer) as own
      from member) m
cross join {self.dialect.copies(self.filled.copies)} k"""

    def _plan_of_loans(self) -> str:
        say, filled, seeds = self.dialect, self.filled, self.filled.seeds
        at = f"{self.now} - case when n < {seeds} then {seeds} - n else n + 1 end"
        start = int(START.timestamp())

        def own(place: str, prefix: str) -> str:
            due = f"{start} + 60 * ({place} * {STEP} % {SPAN})"
            return f"""{say.digits(f"{place} + 1", 6)} as {prefix}number,
  {say.digits(place, 8)} as {prefix}barcode,
  'x' || {say.digits(f"{place} % {filled.marks}", 6)} as {prefix}mark,
  {say.wire(due)} as {prefix}due, {say.moment(due)} as {prefix}due_at"""

        return f"""
create temporary table copied_loan as
select seed, copy, n, {say.moment(at)} as at,
  case when copy = 0 then seed else {say.id(at)} end as id,
  {own("n", "")}, {own("old", "old_")}
from (select s.id as seed, k.copy, s.old, s.old + k.copy * {seeds} as n
      from (select id, cast(substr(number, 3) as integer) - 1 as old from loan) s
      cross join {say.copies(filled.copies)} k) numbered
order by n desc"""

    def members(self) -> None:
        named = {
            name: f"replace(s.{name}, c.old_own, c.own)"
            for name in ("name", "name__fold", "title", "title__fold")
        }
        self._copy("member", "id", {"id": "c.id", **named}, "copied_member")

    def loans(self) -> None:
        number = "replace(replace(s.{}, '-' || c.old_number, '-' || c.number), c.old_mark, c.mark)"
        barcode = "replace(s.{}, c.old_barcode, c.barcode)"
        texts = ("number", "title", "title__fold", "book", "book__fold")
        changes = {
            "id": "c.id",
            **{name: number.format(name) for name in texts},
            **{name: barcode.format(name) for name in ("barcode", "barcode__fold")},
            "due": "c.due_at",
            "member": "m.id",
            "created_at": "c.at",
            "updated_at": "c.at",
        }
        member = "join copied_member m on m.seed = s.member and m.copy = c.copy"
        self._copy("loan", "id", changes, "copied_loan", member)
        self._update("loan", "id", "created_at = c.at, updated_at = c.at")

    def history(self, table: str) -> None:
        """Of the members, where they have one, and of the loans."""
        named = """replace(cast(s.changes as text), c.old_own || '"', c.own || '"')"""
        changes = {"record": "c.id", "changes": self.dialect.json(named)}
        self._copy(table, "record", changes, "copied_member")
        text = "cast(s.changes as text)"
        for old, new in (
            ("'-' || c.old_number", "'-' || c.number"),
            ("c.old_mark", "c.mark"),
            ("'B' || c.old_barcode", "'B' || c.barcode"),
            ("c.old_due", "c.due"),
            ("cast(m.seed as text)", "cast(m.id as text)"),
        ):
            text = f"replace({text}, {old}, {new})"
        changes = {"record": "c.id", "at": "c.at", "changes": self.dialect.json(text)}
        joined = (
            "join loan l on l.id = s.record "
            "join copied_member m on m.seed = l.member and m.copy = c.copy"
        )
        self._copy(table, "record", changes, "copied_loan", joined)
        self._update(table, "record", "at = c.at")

    def search(self, table: str, words: Text) -> None:
        """The application parts words in a way of its own, which SQL does not know."""
        found = self.connection.execute("select seed from copied_loan where copy = 0").fetchall()
        seeds = {id for (id,) in found}
        for loans in self._pages_of_loans():
            rows = [
                (id, "loan", words(f"{title} {book}"))
                for id, title, book in loans
                if id not in seeds
            ]
            if rows:
                self.dialect.insert(self.connection, f"{table} (record, object, text)", rows)

    def _pages_of_loans(self) -> Iterator[Rows]:
        last = "00000000-0000-0000-0000-000000000000"
        while loans := self.connection.execute(
            f"select id, title, book from loan where id > '{last}' order by id limit {PAGE}"
        ).fetchall():
            yield loans
            last = loans[-1][0]

    def _copy(
        self, table: str, key: str, changes: dict[str, str], plan: str, joined: str = ""
    ) -> None:
        found = self.connection.execute(self.dialect.columns(table)).fetchall()
        columns = [name for (name,) in found if name != "rowid"]
        names = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(changes.get(name, f's."{name}"') for name in columns)
        self.connection.execute(
            f"insert into {table} ({names}) select {values} from {plan} c "
            f"join {table} s on s.{key} = c.seed {joined} where c.copy > 0"
        )

    def _update(self, table: str, key: str, sets: str) -> None:
        self.connection.execute(
            f"update {table} set {sets} from copied_loan c "
            f"where c.copy = 0 and c.seed = {table}.{key}"
        )
