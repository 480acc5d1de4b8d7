"""The hand-written application's SQL on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg

from bench.baseline_store import Actor, Changes, Page, Record, UniqueConflict, Values, uuid7

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
with number as (select 'L-' || lpad(nextval('loan_number')::text, 6, '0') as number)
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
OUTBOX = """
insert into outbox (id, object, record, rev, event, at, by, changes)
values (%s, 'loan', %s, %s, %s, now(), %s, %s)"""
SEARCH_NEW = """
insert into search (object, record, body) values ('loan', %s, to_tsvector('simple', %s))"""
SEARCH_CHANGED = """
update search set body = to_tsvector('simple', %s) where object = 'loan' and record = %s"""


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

    def page(self, actor: Actor, page: Page) -> list[Record]:
        binds: Values = {"groups": actor.groups, "me": actor.id, "limit": page.limit + 1}
        direction, compare = ("desc", "<") if page.descending else ("asc", ">")
        sql = f"select {COLUMNS}{MEMBER_NAME if page.with_member else ''} from loan l where "
        if page.status is not None:
            sql += "l.status = %(status)s and "
            binds["status"] = page.status
        if page.after is not None:
            sql += f"(l.due, l.id) {compare} (%(due)s::timestamptz, %(after)s::uuid) and "
            binds["due"], binds["after"] = page.after
        sql += f"l.deleted_at is null and {PERMITTED} "
        sql += f"order by l.due {direction}, l.id {direction} limit %(limit)s"
        rows = self.connection.execute(sql, binds).fetchall()
        if not page.with_member:
            return [loan(row) for row in rows]
        return [{**loan(row), "member": {"name": row[23]}} for row in rows]

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

    def update(self, actor: Actor, id: str, values: Values) -> Record:
        sets = [f"{name} = %({name})s" for name in values]
        if "book" in values:
            sets.append("title = number || ' ' || %(book)s")
        sql = f"""
update loan l set {", ".join(sets)}, rev = rev + 1, updated_at = now(), updated_by = %(me)s
where l.id = %(id)s returning {COLUMNS}"""
        try:
            row = self.connection.execute(sql, values | {"id": id, "me": actor.id}).fetchone()
        except psycopg.errors.UniqueViolation as error:
            raise UniqueConflict("barcode") from error
        assert row is not None
        return loan(row)

    def changed_since(self, id: str, rev: int) -> set[str] | None:
        sql = "select changes from history where record = %s and rev >= %s"
        rows = self.connection.execute(sql + " order by rev", (id, rev)).fetchall()
        return {name for row in rows[1:] for name in row[0]} if rows else None

    def log(self, actor: Actor, event: str, record: Record, changes: Changes) -> None:
        text = orjson.dumps(changes, option=orjson.OPT_UTC_Z).decode()
        row = (record["id"], record["rev"], event, actor.id, text)
        self.connection.execute(HISTORY, row)
        self.connection.execute(OUTBOX, (uuid7(), *row))

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
