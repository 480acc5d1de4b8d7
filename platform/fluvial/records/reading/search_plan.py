"""How a search is gone about: by the words, or from record to record in the order of the list.

An index of words leads to all records that hold them, which then have to be sorted. Where many
records hold them, a page of a list is filled sooner by looking at one after the other. How many
there are, the newest records tell.
"""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.search_words import telling, wanted, words_of
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.storage import POSTGRESQL

from .equality_filters import found_by
from .index_walk import fixed_fields, walked_keys
from .plan_cache import plans_of
from .query import Finding, Query
from .sql_context import PlanContext, ask

SAMPLE = 200  # of the newest records
FEW = 2_000  # records of whatever objects that an index may lead to
MANY = 3  # of them hold the words: then one in a hundred, or about that, does

IN_ORDER = ("id", "created_at")  # orders in which records can be walked


def finding(session: Session, type_: ObjectType, query: Query) -> Finding:
    """Which of the ways is the shortest one."""
    if session.as_of is not None or not words_of(query.search):
        return "any"
    sample: Compiled = plans_of(session.catalog).get(
        ("sample", type_.name), lambda: _sample(session, type_)
    )
    values = search_values(query.search, session.connection.dialect, "walk")
    looked_at, held = ask(session, sample, **values)[0]
    if looked_at < SAMPLE or held >= MANY:
        return "walk" if _is_walked(type_, query) else "any"
    return "parted" if _are_many(session, query) else "index"


def _is_walked(type_: ObjectType, query: Query) -> bool:
    """Whether an index has the order of the list; otherwise all that are found are sorted."""
    if len(query.sort) > 1 or any(len(key.path) > 1 for key in query.sort):
        return False
    fixed = fixed_fields(type_, query, None)
    names = [key.path[0] for key in query.sort if key.path[0] not in IN_ORDER]
    return all(next(walked_keys(type_, fixed, name), None) is not None for name in names)


def _are_many(session: Session, query: Query) -> bool:
    """SQLite: whether the index leads to many records, of which few, or none, are of the object."""
    if session.connection.dialect == POSTGRESQL:
        return False
    rows = session.connection.query(
        "SELECT count(*) FROM (SELECT 1 FROM fluvial_search_words "
        f"WHERE fluvial_search_words MATCH ? LIMIT {FEW + 1})",
        [wanted(query.search, session.connection.dialect)],
    )
    return int(rows[0][0]) > FEW


def _sample(session: Session, type_: ObjectType) -> Compiled:
    context = PlanContext(session.catalog, session.access, session.connection.dialect)
    id_ = tables_of(session.catalog).objects[type_.name].c.id
    newest = sa.select(id_).order_by(id_.desc()).limit(sa.literal_column(str(SAMPLE))).subquery()
    held = found_by(context, newest.c.id, type_.name, "walk")
    one: sa.ColumnElement[int] = sa.literal_column("1")
    statement = sa.select(sa.func.count(), sa.func.count(sa.case((held, one))))
    return context.compiled(statement.select_from(newest))


def search_values(search: str, dialect: str, finding: Finding = "any") -> dict[str, Any]:
    """The binds of a search. On SQLite `words` are those that the index does not look for."""
    words = words_of(search)
    if dialect != POSTGRESQL and finding != "walk":
        words = [word for word in words if word not in telling(words)]
    return {"search": wanted(search, dialect), "words": orjson.dumps(words).decode()}
