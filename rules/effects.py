"""The ledger of effects: what rules did and what is still to be sent, each once by its key."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.leases import Later, claim, free
from fluvial.database.statement import Statement, insert, param
from fluvial.events import heartbeats
from fluvial.records.drafts.insertion import insert_rows
from fluvial.runtime.session import Session
from metamodel.storage import timestamp_wire

from .endpoint_pauses import paused
from .rule_tables import EFFECT, ENDPOINT_OFF, NOBODY

WORK = "deliveries"  # the job of the workers
PENDING, DONE, FAILED, DEAD = "pending", "done", "failed", "dead"
STATES = (PENDING, DONE, FAILED, DEAD)
SENT = (
    "email",
    "in_app",
    "webhook",
    "call",
    "document",
)  # kinds that leave the event's transaction
POSTED = ("webhook", "call")  # ... to endpoints, which do not wait for one another
MAX_TEXT = 2_000  # of an error or a response

_SPACE = uuid.UUID("8f5d5a86-6a0e-4c1b-9a57-5b8d9f6b7a10")

_e = EFFECT.c
_UNTRIED = dict.fromkeys(("content", "next_at", "lease", "leased_until", "error", "response"), None)
# What is to be sent once more keeps its content, and so its id and bytes.
UNTRIED_AGAIN: dict[str, Any] = {
    "state": PENDING, "attempts": 0,
    **dict.fromkeys(("next_at", "lease", "leased_until", "error", "response", "done_at")),
}  # fmt: skip
_webhook = _e.kind == sa.literal_column("'webhook'")
_earlier = EFFECT.alias("earlier")


def _place(effect: sa.FromClause) -> sa.Tuple:
    """Where an effect stands among those about its record."""
    rev = sa.func.coalesce(effect.c.rev, sa.literal_column("0"))
    return sa.tuple_(rev, effect.c.at, effect.c.event, effect.c.action, effect.c.id)


# What is posted about one record to one endpoint arrives in the order of its revisions.
_overtakes = sa.exists().where(
    _webhook,
    _e.record != sa.literal_column(f"'{NOBODY}'"),
    _earlier.c.record == _e.record,
    _earlier.c.target == _e.target,
    _earlier.c.kind == _e.kind,
    _earlier.c.state == sa.literal_column(f"'{PENDING}'"),
    _place(_earlier) < _place(EFFECT),
)
_due = sa.and_(
    _e.state == sa.literal_column(f"'{PENDING}'"),
    sa.or_(_e.next_at.is_(None), _e.next_at <= Later("seconds_due")),
    free(EFFECT),
    ~paused(),
    ~_overtakes,
)
_ANY = Statement(sa.select(_e.id).where(_due).limit(1))
_posted = _e.kind.in_([sa.literal_column(f"'{kind}'") for kind in POSTED])
_lane = sa.case((_posted, _e.target), else_=sa.literal_column("''"))
_LANES = Statement(sa.select(_e.kind, _lane.label("lane")).where(_due).distinct().limit(500))
# In the order of the events, and of the actions of a rule.
_ORDER = (_e.at, _e.event, _e.action, _e.id)
_WORK = (
    *_ORDER, _e.kind, _e.target, _e.object, _e.record, _e.rule, _e.payload, _e.content, _e.attempts,
)  # fmt: skip
_CLAIM = Statement(
    claim(
        EFFECT,
        sa.and_(
            _due,
            _e.kind == param("the_kind", _e.kind),
            _lane == sa.bindparam("the_lane", type_=_e.target.type),
        ),
        _ORDER,
        heartbeats.LEASE_SECONDS,
    ).returning(*_WORK)
)
_held = (_e.id == param("the_id", _e.id), _e.lease == param("the_lease", _e.lease))
EXTEND = heartbeats.extending(EFFECT)
_KEEP = Statement(EFFECT.update().where(*_held).values(content=param("the_content", _e.content)))
_FINISH = Statement(
    EFFECT.update()
    .where(*_held)
    .values(
        state=param("the_state", _e.state),
        attempts=_e.attempts + sa.bindparam("the_step", type_=_e.attempts.type),
        next_at=Later("the_delay"),
        lease=None,
        leased_until=None,
        error=param("the_error", _e.error),
        response=param("the_response", _e.response),
        done_at=param("the_now", _e.done_at),
    )
)
_HASTEN = Statement(
    EFFECT.update().where(_e.id == param("the_id", _e.id), _e.lease.is_(None)).values(next_at=None)
)
_AGAIN = Statement(
    EFFECT.update()
    .where(
        _e.id == param("the_id", _e.id),
        _e.kind.in_([sa.literal_column(f"'{kind}'") for kind in SENT]),
    )
    .values(**UNTRIED_AGAIN)
)
_untouched = (
    _e.event == param("the_event", _e.event),
    _e.state == sa.literal_column(f"'{PENDING}'"),
    _e.attempts == sa.literal_column("0"),
    _e.lease.is_(None),
)
_HOLD = Statement(EFFECT.update().where(*_untouched).values(next_at=Later("the_delay")))
_TAKE_BACK = Statement(EFFECT.delete().where(*_untouched, _e.next_at > Later("seconds_now")))
_UNSENT = Statement(
    EFFECT.delete().where(
        _e.at == param("the_at", _e.at),
        _e.state == sa.literal_column(f"'{PENDING}'"),
        _e.kind.in_([sa.literal_column(f"'{kind}'") for kind in SENT]),
    )
)
_SHOWN = (
    _e.id, _e.kind, _e.target, _e.state, _e.attempts, _e.next_at, _e.rule, _e.event, _e.object,
    _e.record, _e.rev, _e.error, _e.response, _e.at, _e.done_at, _e.payload,
)  # fmt: skip
_ONE = Statement(sa.select(*_SHOWN, _e.content).where(_e.id == param("the_id", _e.id)))
_OPEN = Statement(
    sa.select(_e.state, sa.func.count())
    .where(_e.state.in_([sa.literal_column(f"'{state}'") for state in (PENDING, FAILED, DEAD)]))
    .group_by(_e.state)
)
_OFF = Statement(
    sa.select(ENDPOINT_OFF.c.at).where(
        ENDPOINT_OFF.c.name == param("the_name", ENDPOINT_OFF.c.name),
        ENDPOINT_OFF.c.url == param("the_url", ENDPOINT_OFF.c.url),
    )
)
_SWITCH_OFF = insert(ENDPOINT_OFF)
_SWITCH_ON = Statement(
    ENDPOINT_OFF.delete().where(ENDPOINT_OFF.c.name == param("the_name", ENDPOINT_OFF.c.name))
)


def open_by_state(connection: Connection) -> dict[str, int]:
    """How many effects are not done: waiting, refused by the other side, given up."""
    found: dict[str, int] = dict.fromkeys((PENDING, FAILED, DEAD), 0)
    found.update((state, count) for state, count in _OPEN.rows(connection))
    return found


def key_of(event: str, rule: str, revision: str, action: int, target: str) -> str:
    return f"{event}|{rule}|{revision}|{action}|{target}"


def id_of(key: str) -> str:
    """The id that an effect has whenever it is made: message ids are derived from it."""
    return str(uuid.uuid5(_SPACE, key))


@dataclass(frozen=True)
class EffectEntry:
    """One effect of an action, as it is entered."""

    key: str
    action: int
    kind: str
    target: str
    payload: Mapping[str, Any]


def add_all(
    connection: Connection,
    entries: Sequence[EffectEntry],
    *,
    event: str,
    rule: str,
    object_name: str,
    record: str,
    rev: int,
    at: datetime,
) -> list[str]:
    """Enter effects; those that are to be sent are pending, the others are done already."""
    common = {
        **_UNTRIED,
        "event": event, "rule": rule, "object": object_name, "record": record, "rev": rev,
        "attempts": 0, "at": at,
    }  # fmt: skip
    rows = [common | _row(one, at) for one in entries]
    if rows:
        insert_rows(connection, EFFECT, rows)
    return [str(row["id"]) for row in rows]


def _row(entry: EffectEntry, at: datetime) -> dict[str, Any]:
    sent = entry.kind in SENT
    return {
        "id": id_of(entry.key),
        "key": entry.key,
        "action": entry.action,
        "kind": entry.kind,
        "target": entry.target,
        "payload": entry.payload,
        "state": PENDING if sent else DONE,
        "done_at": None if sent else at,
    }


def hold_back(connection: Connection, event: str, seconds: float) -> None:
    """Let the effects of an event wait for some seconds, in which they can be taken back."""
    _HOLD.run(connection, the_event=event, the_delay=seconds)


def take_back(connection: Connection, event: str) -> int:
    """Delete the effects of an event that still wait; how many there were."""
    return _TAKE_BACK.run(connection, the_event=event, seconds_now=0)


def some_due(connection: Connection) -> bool:
    """Whether anything is due now."""
    return _ANY.row(connection) is not None


def due_lanes(connection: Connection) -> list[tuple[str, str]]:
    """What is due now: (kind, endpoint), each once. Endpoints do not wait for one another."""
    return [(kind, lane) for kind, lane in _LANES.rows(connection)]


def claim_due(
    connection: Connection, kind: str, lane: str, limit: int, lease: str
) -> list[dict[str, Any]]:
    rows = _CLAIM.rows(
        connection,
        the_kind=kind,
        the_lane=lane,
        the_limit=limit,
        the_lease=lease,
        seconds_leased=heartbeats.LEASE_SECONDS,
    )
    names = [str(column.name) for column in _WORK]
    return [dict(zip(names, row, strict=True)) | {"lease": lease} for row in sorted(rows)]


def keep_content(connection: Connection, effect: Mapping[str, Any], content: str) -> bool:
    """Keep what will be sent, before it is sent; whether the effect is still held."""
    return (
        _KEEP.run(connection, the_id=effect["id"], the_lease=effect["lease"], the_content=content)
        > 0
    )


def finish(
    connection: Connection,
    effect: Mapping[str, Any],
    state: str,
    now: datetime,
    *,
    counts: bool = True,
    delay: float = 0,
    error: str | None = None,
    response: str | None = None,
) -> bool:
    """Say how an attempt ended; False where somebody else has taken the effect over."""
    return (
        _FINISH.run(
            connection,
            the_id=effect["id"],
            the_lease=effect["lease"],
            the_state=state,
            the_step=1 if counts else 0,
            the_delay=delay,
            the_error=error[:MAX_TEXT] if error else None,
            the_response=response[:MAX_TEXT] if response else None,
            the_now=now if state == DONE else None,
        )
        > 0
    )


def hasten(connection: Connection, effect: str) -> None:
    """Let what is tried again be due now."""
    _HASTEN.run(connection, the_id=effect)


def again(connection: Connection, effect: str) -> bool:
    """Send it once more, with the same id and content; whether there is such a delivery."""
    return _AGAIN.run(connection, the_id=effect) > 0


_PAGES: dict[tuple[bool, ...], Statement] = {}


def page(
    connection: Connection, filters: Mapping[str, str], *, limit: int, before: str
) -> dict[str, Any]:
    """A page of effects, the latest first; filters are state, kind, rule, target and record."""
    given = {name: text for name, text in filters.items() if text}
    names = ("state", "kind", "rule", "target", "record")
    shape = tuple(name in given for name in names)
    if shape not in _PAGES:
        where = [_e[name] == param(f"the_{name}", _e[name]) for name in names if name in given]
        statement = sa.select(*_SHOWN).where(*where).order_by(_e.at.desc(), _e.id.desc())
        if not {"kind", "rule", "record"} & set(given):
            statement = statement.where(
                _e.kind.in_([sa.literal_column(f"'{kind}'") for kind in SENT])
            )
        limited = statement.limit(sa.bindparam("the_limit", type_=sa.Integer())).offset(
            sa.bindparam("the_offset", type_=sa.Integer())
        )
        _PAGES[shape] = Statement(limited)
    offset = int(before or 0)
    binds = {f"the_{name}": text for name, text in given.items()}
    rows = _PAGES[shape].rows(connection, **binds, the_limit=limit + 1, the_offset=offset)
    return {
        "data": [shown(row) for row in rows[:limit]],
        "next": str(offset + limit) if len(rows) > limit else None,
    }


def one(connection: Connection, effect: str) -> dict[str, Any] | None:
    row = _ONE.row(connection, the_id=effect)
    return shown(row) | {"content": row[-1]} if row else None


def shown(row: tuple[Any, ...]) -> dict[str, Any]:
    found = dict(zip((str(column.name) for column in _SHOWN), row, strict=False))
    for name in ("next_at", "at", "done_at"):
        found[name] = timestamp_wire(found[name]) if found[name] else None
    found["payload"] = {
        name: value
        for name, value in found["payload"].items()
        if name not in ("data", "source", "cause", "language", "attached")
    }
    return found


def is_off(connection: Connection, name: str, url: str) -> bool:
    return _OFF.row(connection, the_name=name, the_url=url) is not None


def switch_off(connection: Connection, name: str, url: str, now: datetime) -> None:
    if not is_off(connection, name, url):
        _SWITCH_OFF.run(connection, name=name, url=url, at=now)


def switch_on(connection: Connection, name: str) -> None:
    _SWITCH_ON.run(connection, the_name=name)


def forget_unsent(session: Session, moment: datetime) -> None:
    """What waits to be sent since a moment of the past, which nobody waits for any more."""
    _UNSENT.run(session.connection, the_at=moment)
