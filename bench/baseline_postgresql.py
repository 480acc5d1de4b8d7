"""The hand-written application's SQL on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg

from bench.baseline_fields import STATUSES
from bench.baseline_store import Actor, Changes, Page, Record, UniqueConflict, Values

COLUMNS = """
  l.id::text, l.rev, l.title, l.number, l.book, l.notes, l.weight::text, l.fee::text,
  l.deposit::text, l.renewable, l.lent_on, l.due, l.reading_time, l.status, l.format, l.barcode,
  l.member::text, l.assignee::text, l.remark, l.created_at, l.created_by::text, l.updated_at,
  l.updated_by::text"""
PERMITTED = """
  (exists (select 1 from member m where m.id = l.member and m."group" = any(%(groups)s::uuid[]))
   or l.assignee = %(me)s::uuid)"""

ACTOR = """
select u.id::text, u.role, t.scopes,
  array(select g.group_id::text from user_group g where g.user_id = u.id)
from token t join user_account u on u.id = t.user_id
where t.hash = %s and u.active and (t.expires_at is null or t.expires_at > now())"""
ONE = f"""
select {COLUMNS} from loan l
where l.id = %(id)s and l.deleted_at is null and {PERMITTED}"""
MANY = f"""
select {COLUMNS} from loan l
where l.id = any(%(ids)s::uuid[]) and l.deleted_at is null and {PERMITTED}
order by l.id for update of l"""
SUMMARY = f"""
select l.status, count(*), sum(l.fee)::text from loan l
where l.deleted_at is null and {PERMITTED} group by l.status order by l.status"""
# A limit of null is none.
COUNTS = f"""
select s.status, c.count from unnest(%(all)s::text[]) s(status) cross join lateral (
  select count(*) from (
    select 1 from loan l
    where l.status = s.status and l.deleted_at is null and {PERMITTED}
    limit %(most)s) few) c"""
CARD = ("id", "rev", "title", "number", "book", "due", "status")
CARDS = f"""
select c.* from unnest(%(all)s::text[]) s(status) cross join lateral (
  select l.id::text, l.rev, l.title, l.number, l.book, l.due, l.status from loan l
  where l.status = s.status and l.deleted_at is null and {PERMITTED}
  order by l.due, l.id limit %(limit)s) c"""
GROUPS_OF = """
select m.id::text, m."group"::text from member m
where m.id = any(%s::uuid[]) and m.deleted_at is null"""
ACTIVE = "select u.id::text from user_account u where u.id = any(%s::uuid[]) and u.active"
MEMBER_NAME = """,
  (select n.name from member n where n.id = l.member and n.deleted_at is null
   and n."group" = any(%(groups)s::uuid[]))"""
REFERENCES = """
select
  exists (select 1 from member m where m.id = %(member)s and m.deleted_at is null
          and m."group" = any(%(groups)s::uuid[])),
  (select m."group"::text from member m where m.id = %(member)s),
  exists (select 1 from user_account u where u.id = %(assignee)s and u.active)"""
INSERT = f"""
with next as (select nextval('loan_number')::text as number),
number as (select 'L-' || lpad(number, greatest(6, length(number)), '0') as number from next)
insert into loan as l (
  id, rev, title, number, book, notes, weight, fee, deposit, renewable, lent_on, due,
  reading_time, status, format, barcode, member, assignee, remark, created_at, created_by,
  updated_at, updated_by, owner)
select %(id)s, 1, number || ' ' || %(book)s, number, %(book)s, %(notes)s, %(weight)s, %(fee)s,
  %(deposit)s, %(renewable)s, %(lent_on)s, %(due)s, %(reading_time)s, %(status)s, %(format)s,
  %(barcode)s, %(member)s, %(assignee)s, %(remark)s, now(), %(me)s, now(), %(me)s, %(me)s
from number returning {COLUMNS}"""
HISTORY = """
insert into history (record, rev, object, event, at, by, changes)
values (%s, %s, 'loan', %s, now(), %s, %s)"""
SEARCH_NEW = """
insert into search (object, record, body)
values ('loan', %s, to_tsvector('simple', translate(%s, '-', ' ')))"""
# As an array the words are looked up first; the planner thinks that every prefix is a common one.
FOUND = """l.id = any(array(
  select s.record from search s
  where s.object = 'loan' and s.body @@ to_tsquery('simple', %(words)s)))"""
SEARCH_CHANGED = """
update search set body = to_tsvector('simple', translate(%s, '-', ' '))
where object = 'loan' and record = %s"""


def loan(row: tuple[Any, ...]) -> Record:
    return {
        "id": row[0],
        "rev": row[1],
        "title": row[2],
        "number": row[3],
        "book": row[4],
        "notes": row[5],
        "weight": row[6],
        "fee": None if row[7] is None else {"amount": row[7], "currency": "EUR"},
        "deposit": None if row[8] is None else {"amount": row[8], "currency": "EUR"},
        "renewable": row[9],
        "lent_on": row[10],
        "due": row[11],
        "reading_time": row[12],
        "status": row[13],
        "format": row[14],
        "barcode": row[15],
        "member": row[16],
        "assignee": None if row[17] is None else {"user": row[17]},
        "remark": row[18],
        "created_at": row[19],
        "created_by": None if row[20] is None else {"user": row[20]},
        "updated_at": row[21],
        "updated_by": None if row[22] is None else {"user": row[22]},
    }


def conditions(actor: Actor, page: Page) -> tuple[str, Values]:
    """The loans of a list that this person may see, without its cursor."""
    binds: Values = {"groups": actor.groups, "me": actor.id}
    parts = []
    for name, value, condition in (
        ("status", page.status, "l.status = %(status)s"),
        ("due_from", page.due_from, "l.due >= %(due_from)s"),
        ("due_before", page.due_before, "l.due < %(due_before)s"),
        ("fee_over", page.fee_over, "l.fee > %(fee_over)s"),
        ("words", page.words and _query(page.words), FOUND),
    ):
        if value is not None:
            parts.append(condition)
            binds[name] = value
    return " and ".join([*parts, "l.deleted_at is null", PERMITTED]), binds


def _query(words: list[str]) -> str:
    return " & ".join(f"'{word}':*" for word in words)


def updating(names: Iterable[str]) -> str:
    sets = [f"{name} = %({name})s" for name in names]
    if "book" in names:
        sets.append("title = number || ' ' || %(book)s")
    return f"""
update loan l set {", ".join(sets)}, rev = rev + 1, updated_at = now(), updated_by = %(me)s
where l.id = %(id)s returning {COLUMNS}"""


class PostgresqlStore:
    def __init__(self, url: str) -> None:
        # Outside a transaction each statement commits itself, which saves reads two round trips.
        self.connection = psycopg.connect(url, autocommit=True, options="-c timezone=UTC")

    def actor(self, token_hash: bytes) -> Actor | None:
        row = self.connection.execute(ACTOR, (token_hash,)).fetchone()
        return None if row is None else Actor(row[0], row[1], row[3], row[2])

    def one(self, actor: Actor, id: str, lock: bool = False) -> Record | None:
        binds = {"id": id, "groups": actor.groups, "me": actor.id}
        sql = ONE + " for update of l" if lock else ONE
        row = self.connection.execute(sql, binds).fetchone()
        return None if row is None else loan(row)

    def many(self, actor: Actor, ids: list[str]) -> dict[str, Record]:
        binds = {"ids": ids, "groups": actor.groups, "me": actor.id}
        return {row[0]: loan(row) for row in self.connection.execute(MANY, binds)}

    def page(self, actor: Actor, page: Page) -> list[Record]:
        where, binds = conditions(actor, page)
        direction = "desc" if page.descending else "asc"
        keys = ["l.id"] if page.sort is None else [f"l.{page.sort}", "l.id"]
        if page.after is not None:
            binds |= {f"k{at}": value for at, value in enumerate(page.after)}
            places = [f"%(k{at})s::timestamptz" for at in range(len(keys) - 1)]
            places.append(f"%(k{len(keys) - 1})s::uuid")
            compare = "<" if page.descending else ">"
            where += f" and ({', '.join(keys)}) {compare} ({', '.join(places)})"
        order = ", ".join(f"{key} {direction}" for key in keys)
        member = MEMBER_NAME if page.with_member else ""
        sql = f"select {COLUMNS}{member} from loan l where {where} order by {order} limit %(limit)s"
        rows = self.connection.execute(sql, binds | {"limit": page.limit + 1}).fetchall()
        if not page.with_member:
            return [loan(row) for row in rows]
        return [{**loan(row), "member": {"name": row[23]}} for row in rows]

    def count(self, actor: Actor, page: Page) -> int:
        where, binds = conditions(actor, page)
        row = self.connection.execute(f"select count(*) from loan l where {where}", binds)
        return int((row.fetchone() or (0,))[0])

    def summary(self, actor: Actor) -> list[Record]:
        rows = self.connection.execute(SUMMARY, {"groups": actor.groups, "me": actor.id})
        return [{"status": s, "count": c, "sum(fee)": total} for s, c, total in rows]

    def counts(self, actor: Actor, most: int | None) -> dict[str, int]:
        binds = {"groups": actor.groups, "me": actor.id, "most": most, "all": list(STATUSES)}
        return dict(self.connection.execute(COUNTS, binds).fetchall())

    def cards(self, actor: Actor, limit: int) -> list[Record]:
        binds = {"groups": actor.groups, "me": actor.id, "limit": limit, "all": list(STATUSES)}
        rows = self.connection.execute(CARDS, binds)
        return [dict(zip(CARD, row, strict=True)) for row in rows]

    def usable(self, members: list[str], people: list[str]) -> tuple[dict[str, str], set[str]]:
        """The groups of members that are there, and the people who are active."""
        groups = self.connection.execute(GROUPS_OF, (members,)).fetchall() if members else []
        active = self.connection.execute(ACTIVE, (people,)).fetchall() if people else []
        return dict(groups), {id for (id,) in active}

    def references(self, actor: Actor, values: Values) -> tuple[bool, str | None, bool]:
        """Whether the member may be used, the member's group, whether the assignee may be used."""
        binds = {
            "member": values.get("member"),
            "assignee": values.get("assignee"),
            "groups": actor.groups,
        }
        row = self.connection.execute(REFERENCES, binds).fetchone()
        assert row is not None
        return row[0], row[1], row[2]

    def insert(self, actor: Actor, id: str, values: Values) -> Record:
        try:
            row = self.connection.execute(INSERT, values | {"id": id, "me": actor.id}).fetchone()
        except psycopg.errors.UniqueViolation as error:
            raise UniqueConflict("barcode") from error
        assert row is not None
        return loan(row)

    def insert_many(self, actor: Actor, rows: list[tuple[str, Values]]) -> list[Record]:
        return self._each(INSERT, [values | {"id": id, "me": actor.id} for id, values in rows])

    def update(self, actor: Actor, id: str, values: Values) -> Record:
        binds = values | {"id": id, "me": actor.id}
        try:
            row = self.connection.execute(updating(values), binds).fetchone()
        except psycopg.errors.UniqueViolation as error:
            raise UniqueConflict("barcode") from error
        assert row is not None
        return loan(row)

    def update_many(
        self, actor: Actor, names: tuple[str, ...], rows: list[tuple[str, Values]]
    ) -> list[Record]:
        if not names:
            return []
        binds = [values | {"id": id, "me": actor.id} for id, values in rows]
        return self._each(updating(names), binds)

    def _each(self, sql: str, binds: list[Values]) -> list[Record]:
        """One statement for many rows, in one round trip: psycopg sends them as a pipeline."""
        cursor = self.connection.cursor()
        records = []
        try:
            cursor.executemany(sql, binds, returning=True)
            while True:
                row = cursor.fetchone()
                assert row is not None
                records.append(loan(row))
                if not cursor.nextset():
                    return records
        except psycopg.errors.UniqueViolation as error:
            raise UniqueConflict("barcode") from error

    def changed_since(self, id: str, rev: int) -> set[str] | None:
        sql = "select changes from history where record = %s and rev >= %s"
        rows = self.connection.execute(sql + " order by rev", (id, rev)).fetchall()
        return {name for row in rows[1:] for name in row[0]} if rows else None

    def log(self, actor: Actor, event: str, done: list[tuple[Record, Changes]]) -> None:
        rows = [
            (r["id"], r["rev"], event, actor.id, orjson.dumps(c, option=orjson.OPT_UTC_Z).decode())
            for r, c in done
        ]
        self._run(HISTORY, rows)

    def _run(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        if len(rows) == 1:
            self.connection.execute(sql, rows[0])
        elif rows:
            self.connection.cursor().executemany(sql, rows)

    def index_new(self, records: list[Record]) -> None:
        self._run(SEARCH_NEW, [(record["id"], record["title"]) for record in records])

    def index(self, record: Record, new: bool) -> None:
        if new:
            self.connection.execute(SEARCH_NEW, (record["id"], record["title"]))
        else:
            self.connection.execute(SEARCH_CHANGED, (record["title"], record["id"]))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.connection.transaction():
            yield

    def ready(self) -> bool:
        return self.connection.execute("select 1").fetchone() == (1,)
