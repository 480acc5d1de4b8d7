"""The hand-written application's SQL on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from math import floor
from typing import Any

import orjson

from bench.baseline_fields import STATUSES
from bench.baseline_store import Actor, Changes, Page, Record, UniqueConflict, Values

COLUMNS = """
  l.id, l.rev, l.title, l.number, l.book, l.notes, l.weight, l.fee, l.deposit, l.renewable,
  l.lent_on, l.due, l.reading_time, l.status, l.format, l.barcode, l.member, l.assignee, l.remark,
  l.created_at, l.created_by, l.updated_at, l.updated_by"""
RETURNING = COLUMNS.replace("l.", "")
PERMITTED = """
  (exists (select 1 from member m where m.id = l.member
           and m."group" in (select value from json_each(:groups)))
   or l.assignee = :me)"""

ACTOR = """
select u.id, u.role, t.scopes,
  (select json_group_array(g.group_id) from user_group g where g.user_id = u.id)
from token t join user_account u on u.id = t.user_id
where t.hash = ? and u.active and (t.expires_at is null or t.expires_at > ?)"""
ONE = f"""
select {COLUMNS} from loan l
where l.id = :id and l.deleted_at is null and {PERMITTED}"""
MANY = f"""
select {COLUMNS} from loan l
where l.id in (select value from json_each(:ids)) and l.deleted_at is null and {PERMITTED}"""
SUMMARY = f"""
select l.status, count(*), sum(l.fee) from loan l
where l.deleted_at is null and {PERMITTED} group by l.status order by l.status"""
COUNT = f"""
select count(*) from (
  select 1 from loan l
  where l.status = :status and l.deleted_at is null and {PERMITTED} limit :most)"""
CARD = ("id", "rev", "title", "number", "book", "due", "status")
CARDS = f"""
select l.id, l.rev, l.title, l.number, l.book, l.due, l.status from loan l
where l.status = :status and l.deleted_at is null and {PERMITTED}
order by l.due, l.id limit :limit"""
GROUPS_OF = """
select m.id, m."group" from member m
where m.id in (select value from json_each(?)) and m.deleted_at is null"""
ACTIVE = """
select u.id from user_account u where u.id in (select value from json_each(?)) and u.active"""
MEMBER_NAME = """,
  (select n.name from member n where n.id = l.member and n.deleted_at is null
   and n."group" in (select value from json_each(:groups)))"""
REFERENCES = """
select
  exists (select 1 from member m where m.id = :member and m.deleted_at is null
          and m."group" in (select value from json_each(:groups))),
  (select m."group" from member m where m.id = :member),
  exists (select 1 from user_account u where u.id = :assignee and u.active)"""
NUMBER = "update sequence set value = value + 1 where name = 'loan' returning value"
INSERT = f"""
insert into loan (
  id, rev, title, number, book, notes, weight, fee, deposit, renewable, lent_on, due,
  reading_time, status, format, barcode, member, assignee, remark, created_at, created_by,
  updated_at, updated_by, owner)
values (:id, 1, :number || ' ' || :book, :number, :book, :notes, :weight, :fee, :deposit,
  :renewable, :lent_on, :due, :reading_time, :status, :format, :barcode, :member, :assignee,
  :remark, :now, :me, :now, :me, :me) returning {RETURNING}"""
HISTORY = """
insert into history (record, rev, object, event, at, by, changes)
values (?, ?, 'loan', ?, ?, ?, ?)"""
SEARCH_NEW = """
insert into search (rowid, object, record, body)
select rowid, 'loan', id, title from loan where id = ?"""
FOUND = "l.rowid in (select s.rowid from search s where s.body match :words)"
SEARCH_CHANGED = """
update search set body = ? where rowid = (select rowid from loan where id = ?)"""

SCALES = {"weight": 3, "fee": 2, "deposit": 2}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(value: datetime) -> str:
    """Fixed width, so that text order is time order."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def exact(units: int | None, scale: int) -> str | None:
    if units is None:
        return None
    digits = str(units) if units >= 10**scale else f"{units:0{scale + 1 + (units < 0)}d}"
    return f"{digits[:-scale]}.{digits[-scale:]}"


def euro(units: int | None) -> dict[str, str | None] | None:
    return None if units is None else {"amount": exact(units, 2), "currency": "EUR"}


def stored(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value.scaleb(SCALES[name]))
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def shown(value: str) -> str:
    """The stored moment as the wire shows it: without a fraction where it is zero."""
    return value.replace(".000000Z", "Z")


def loan(row: tuple[Any, ...]) -> Record:
    return {
        "id": row[0],
        "rev": row[1],
        "title": row[2],
        "number": row[3],
        "book": row[4],
        "notes": row[5],
        "weight": exact(row[6], 3),
        "fee": euro(row[7]),
        "deposit": euro(row[8]),
        "renewable": bool(row[9]),
        "lent_on": row[10],
        "due": shown(row[11]),
        "reading_time": row[12],
        "status": row[13],
        "format": row[14],
        "barcode": row[15],
        "member": row[16],
        "assignee": None if row[17] is None else {"user": row[17]},
        "remark": row[18],
        "created_at": shown(row[19]),
        "created_by": None if row[20] is None else {"user": row[20]},
        "updated_at": shown(row[21]),
        "updated_by": None if row[22] is None else {"user": row[22]},
    }


def person(actor: Actor) -> Values:
    return {"groups": orjson.dumps(actor.groups).decode(), "me": actor.id}


def conditions(actor: Actor, page: Page) -> tuple[str, Values]:
    """The loans of a list that this person may see, without its cursor."""
    binds, parts = person(actor), []
    for name, value, condition in (
        ("status", page.status, "l.status = :status"),
        ("due_from", page.due_from and moment(page.due_from), "l.due >= :due_from"),
        ("due_before", page.due_before and moment(page.due_before), "l.due < :due_before"),
        # In whole cents more than a part of a cent is more than the cents below.
        ("fee_over", page.fee_over and floor(page.fee_over * 100), "l.fee > :fee_over"),
        ("words", page.words and " ".join(f'"{word}"*' for word in page.words), FOUND),
    ):
        if value is not None:
            parts.append(condition)
            binds[name] = value
    return " and ".join([*parts, "l.deleted_at is null", PERMITTED]), binds


class SqliteStore:
    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        for pragma in (
            "journal_mode = wal",
            "synchronous = normal",
            "busy_timeout = 5000",
            "cache_size = -65536",
            "temp_store = memory",
        ):
            self.connection.execute(f"pragma {pragma}")

    def actor(self, token_hash: bytes) -> Actor | None:
        row = self.connection.execute(ACTOR, (token_hash, now())).fetchone()
        if row is None:
            return None
        return Actor(row[0], row[1], orjson.loads(row[3]), orjson.loads(row[2]))

    def one(self, actor: Actor, id: str, lock: bool = False) -> Record | None:
        binds = person(actor) | {"id": id}
        row = self.connection.execute(ONE, binds).fetchone()
        return None if row is None else loan(row)

    def many(self, actor: Actor, ids: list[str]) -> dict[str, Record]:
        """The caller's transaction is the only one that writes, so nothing is to be locked."""
        binds = person(actor) | {"ids": orjson.dumps(ids).decode()}
        return {row[0]: loan(row) for row in self.connection.execute(MANY, binds)}

    def page(self, actor: Actor, page: Page) -> list[Record]:
        where, binds = conditions(actor, page)
        direction = "desc" if page.descending else "asc"
        keys = ["l.id"] if page.sort is None else [f"l.{page.sort}", "l.id"]
        if page.after is not None:
            *moments, id = page.after
            places = [*(moment(datetime.fromisoformat(text)) for text in moments), id]
            binds |= {f"k{at}": value for at, value in enumerate(places)}
            compare = "<" if page.descending else ">"
            names = ", ".join(f":k{at}" for at in range(len(keys)))
            where += f" and ({', '.join(keys)}) {compare} ({names})"
        order = ", ".join(f"{key} {direction}" for key in keys)
        member = MEMBER_NAME if page.with_member else ""
        sql = f"select {COLUMNS}{member} from loan l where {where} order by {order} limit :limit"
        rows = self.connection.execute(sql, binds | {"limit": page.limit + 1}).fetchall()
        if not page.with_member:
            return [loan(row) for row in rows]
        return [{**loan(row), "member": {"name": row[23]}} for row in rows]

    def count(self, actor: Actor, page: Page) -> int:
        where, binds = conditions(actor, page)
        row = self.connection.execute(f"select count(*) from loan l where {where}", binds)
        return int(row.fetchone()[0])

    def summary(self, actor: Actor) -> list[Record]:
        rows = self.connection.execute(SUMMARY, person(actor))
        return [{"status": s, "count": c, "sum(fee)": exact(total, 2)} for s, c, total in rows]

    def counts(self, actor: Actor, most: int | None) -> dict[str, int]:
        binds = person(actor) | {"most": -1 if most is None else most}
        return {
            status: self.connection.execute(COUNT, binds | {"status": status}).fetchone()[0]
            for status in STATUSES
        }

    def cards(self, actor: Actor, limit: int) -> list[Record]:
        binds = person(actor) | {"limit": limit}
        cards = []
        for status in STATUSES:
            for row in self.connection.execute(CARDS, binds | {"status": status}):
                cards.append(dict(zip(CARD, row, strict=True)) | {"due": shown(row[5])})
        return cards

    def usable(self, members: list[str], people: list[str]) -> tuple[dict[str, str], set[str]]:
        """The groups of members that are there, and the people who are active."""
        groups = self.connection.execute(GROUPS_OF, (orjson.dumps(members).decode(),)).fetchall()
        active = self.connection.execute(ACTIVE, (orjson.dumps(people).decode(),)).fetchall()
        return dict(groups), {id for (id,) in active}

    def references(self, actor: Actor, values: Values) -> tuple[bool, str | None, bool]:
        """Whether the member may be used, the member's group, whether the assignee may be used."""
        binds = {
            "member": values.get("member"),
            "assignee": values.get("assignee"),
            "groups": orjson.dumps(actor.groups).decode(),
        }
        row = self.connection.execute(REFERENCES, binds).fetchone()
        return bool(row[0]), row[1], bool(row[2])

    def insert(self, actor: Actor, id: str, values: Values) -> Record:
        binds = {name: stored(name, value) for name, value in values.items()}
        (number,) = self.connection.execute(NUMBER).fetchone()
        binds |= {"id": id, "me": actor.id, "now": now(), "number": f"L-{number:06d}"}
        return self._write(INSERT, binds)

    def insert_many(self, actor: Actor, rows: list[tuple[str, Values]]) -> list[Record]:
        return [self.insert(actor, id, values) for id, values in rows]

    def update(self, actor: Actor, id: str, values: Values) -> Record:
        sets = [f"{name} = :{name}" for name in values]
        if "book" in values:
            sets.append("title = number || ' ' || :book")
        binds = {name: stored(name, value) for name, value in values.items()}
        binds |= {"id": id, "me": actor.id, "now": now()}
        sql = f"""
update loan set {", ".join(sets)}, rev = rev + 1, updated_at = :now, updated_by = :me
where id = :id returning {RETURNING}"""
        return self._write(sql, binds)

    def update_many(
        self, actor: Actor, names: tuple[str, ...], rows: list[tuple[str, Values]]
    ) -> list[Record]:
        return [self.update(actor, id, values) for id, values in rows] if names else []

    def _write(self, sql: str, binds: Values) -> Record:
        try:
            return loan(self.connection.execute(sql, binds).fetchone())
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
                raise
            raise UniqueConflict("barcode") from error

    def changed_since(self, id: str, rev: int) -> set[str] | None:
        sql = "select changes from history where record = ? and rev >= ?"
        rows = self.connection.execute(sql + " order by rev", (id, rev)).fetchall()
        return {name for row in rows[1:] for name in orjson.loads(row[0])} if rows else None

    def log(self, actor: Actor, event: str, done: list[tuple[Record, Changes]]) -> None:
        at = now()
        rows = [
            (record["id"], record["rev"], event, at, actor.id, orjson.dumps(changes).decode())
            for record, changes in done
        ]
        self.connection.executemany(HISTORY, rows)

    def index_new(self, records: list[Record]) -> None:
        self.connection.executemany(SEARCH_NEW, [(record["id"],) for record in records])

    def index(self, record: Record, new: bool) -> None:
        if new:
            self.connection.execute(SEARCH_NEW, (record["id"],))
        else:
            self.connection.execute(SEARCH_CHANGED, (record["title"], record["id"]))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def ready(self) -> bool:
        return bool(self.connection.execute("select 1").fetchone() == (1,))
