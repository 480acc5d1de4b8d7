"""Deliveries counted up to a limit, sent again in portions, and endpoints that hold them up."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.statement import Statement, param
from fluvial.events import outbox
from fluvial.runtime.session import Session

from . import effects, endpoint_pauses
from .rule_tables import EFFECT, ENDPOINT_OFF

HERE = "/studio/deliveries"
COUNTED = 1_000  # deliveries that are counted; more are "1,000+"
PORTION = 500  # that are sent again in one transaction
FILTERS = ("state", "kind", "rule", "target")

_e = EFFECT.c
_sent = _e.kind.in_([sa.literal_column(f"'{kind}'") for kind in effects.SENT])
_failed = _e.state.in_([sa.literal_column(f"'{effects.FAILED}'"), sa.literal_column("'dead'")])
_limit = sa.bindparam("the_limit", type_=sa.Integer())
_EQUAL = ("kind", "rule", "target")
_statements: dict[tuple[str, ...], Statement] = {}


def _given(filters: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {f"the_{name}": filters[name] for name in names if filters.get(name)}


def _where(names: tuple[str, ...]) -> list[sa.ColumnElement[bool]]:
    return [_e[name] == param(f"the_{name}", _e[name]) for name in names]


def count(connection: Connection, filters: Mapping[str, str]) -> int:
    """How many there are; COUNTED + 1 stands for more."""
    names = tuple(name for name in FILTERS if filters.get(name))
    key = ("count", *names)
    if key not in _statements:
        some = sa.select(_e.id).where(_sent, *_where(names)).limit(_limit).subquery()
        _statements[key] = Statement(sa.select(sa.func.count()).select_from(some))
    row = _statements[key].row(connection, **_given(filters, FILTERS), the_limit=COUNTED + 1)
    return int(row[0]) if row else 0


def counts(connection: Connection) -> dict[str, int]:
    """How many wait, were refused, or were given up, each up to the limit."""
    states = (effects.PENDING, effects.FAILED, effects.DEAD)
    return {state: count(connection, {"state": state}) for state in states}


def given_up(connection: Connection) -> int:
    """How many events were given up."""
    return outbox.depth(connection)[1]


def failed_again(session: Session, filters: Mapping[str, str]) -> int:
    """Put some of those that failed back among what is to be sent; how many."""
    names = tuple(name for name in _EQUAL if filters.get(name))
    key = ("again", *names)
    if key not in _statements:
        some = sa.select(_e.id).where(_sent, _failed, *_where(names)).order_by(_e.at).limit(_limit)
        clause = EFFECT.update().where(_e.id.in_(some)).values(**effects.UNTRIED_AGAIN)
        _statements[key] = Statement(clause)
    with session.connection.transaction():
        done = _statements[key].run(
            session.connection, **_given(filters, _EQUAL), the_limit=PORTION
        )
        if filters.get("target"):
            effects.switch_on(session.connection, filters["target"])
        session.engine.woken(session.connection, effects.WORK)
    return done


_HASTEN = Statement(
    EFFECT.update()
    .where(
        _e.kind.in_([sa.literal_column(f"'{kind}'") for kind in effects.POSTED]),
        _e.state == sa.literal_column(f"'{effects.PENDING}'"),
        _e.lease.is_(None),
        _e.target == param("the_target", _e.target),
    )
    .values(next_at=None)
)
_ALL_OFF = Statement(sa.select(ENDPOINT_OFF.c.name, ENDPOINT_OFF.c.url))


def ask_now(session: Session, endpoint: str) -> None:
    """Send what waits for an endpoint now; one that is paused gets a single message first."""
    with session.connection.transaction():
        endpoint_pauses.ask_now(session.connection, endpoint)
        effects.switch_on(session.connection, endpoint)
        _HASTEN.run(session.connection, the_target=endpoint)
        session.engine.woken(session.connection, effects.WORK)


def switched_off(connection: Connection) -> set[tuple[str, str]]:
    """The endpoints that answered 410 Gone, with the address that did."""
    return {(name, url) for name, url in _ALL_OFF.rows(connection)}
