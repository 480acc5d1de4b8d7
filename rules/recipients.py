"""Who is told: persons, teams, groups, roles and e-mail addresses, as accounts of people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fluvial.auth.access import with_inherited
from fluvial.auth.active_accounts import ACTIVE, EVERYBODY, USER
from fluvial.database.columns import Stored
from fluvial.database.statement import Statement
from fluvial.records.drafts.rows import load_row
from fluvial.runtime.session import Session
from fluvial.services.mail import is_address
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Gather, Literal, Read
from metamodel.folding import fold
from metamodel.storage import TEXT, UUID

SHOWN = 120  # characters of what is no address

_OF_ADDRESS = Statement(
    ACTIVE.where(USER.c.email__fold == sa.bindparam("the_address", type_=Stored(TEXT))).limit(1)
)


def _members(name: str) -> Statement:
    links = sa.table(name, sa.column("source", Stored(UUID)), sa.column("target", Stored(UUID)))
    return Statement(
        ACTIVE.join(links, links.c.source == USER.c.id)
        .where(links.c.target == sa.bindparam("the_set", type_=Stored(UUID)))
        .order_by(USER.c.id)
    )


_MEMBERS = {"team": _members("user__teams"), "group": _members("user__groups")}


@dataclass(frozen=True)
class Recipient:
    """Somebody to tell: an account, or only an address."""

    user: str | None
    email: str
    name: str = ""
    reader: str | None = None  # whose rights decide what they are told; None: those of the rule


class NotTold(Exception):
    """A recipient that is none, in words."""


def recipients(session: Session, expression: Expression, value: Any) -> Iterator[Recipient]:
    """Those that the value of an expression names; raises NotTold."""
    for one in value if isinstance(value, list) else [value]:
        if one is None or one == "":
            raise NotTold(f"`{expression.source}` is empty, so nobody is notified.")
        if expression.type.name == types.TEXT.name:
            yield from _addresses(session, expression, str(one))
            continue
        kind, record = one if isinstance(one, tuple) else (expression.type.objects[0], one)
        if kind in _MEMBERS:
            yield from _rows(_MEMBERS[kind].rows(session.connection, the_set=record))
        elif kind == types.ROLE:
            yield from holders(session, record)
        else:
            yield _account(session, record)


def members_of(session: Session, expression: Expression, value: Any) -> Iterator[str]:
    """The active people of a team or a group."""
    if value is None:
        return
    kind, record = value if isinstance(value, tuple) else (expression.type.objects[0], value)
    if kind in _MEMBERS:
        yield from (row[0] for row in _MEMBERS[kind].rows(session.connection, the_set=record))


def _addresses(session: Session, expression: Expression, text: str) -> Iterator[Recipient]:
    """Those that the rule itself writes, or the one that a value is.

    What somebody typed into a field is never several: it would tell people whom nobody meant.
    `list()` gives those of several records, where each holds one address by its format. An address
    that is somebody's in the system is told what they may read.
    """
    several = isinstance(expression.tree, Literal) or _lists_addresses(session, expression)
    for part in text.replace(";", ",").split(",") if several else [text]:
        address = part.strip()
        if not is_address(address):
            raise NotTold(f"`{address[:SHOWN]}` is not an e-mail address.")
        found = _OF_ADDRESS.row(session.connection, the_address=fold(address))
        yield Recipient(None, address, reader=found[0] if found else None)


def _lists_addresses(session: Session, expression: Expression) -> bool:
    """Whether an expression is `list()` of a field that holds one e-mail address."""
    tree = expression.tree
    if not (isinstance(tree, Gather) and tree.function == "list" and isinstance(tree.item, Read)):
        return False
    field = session.catalog.objects[tree.item.object].fields.get(tree.item.path[-1])
    return field is not None and field.option("format") == "email"


def _account(session: Session, user: str) -> Recipient:
    row = load_row(session, "user", user, None)
    if row is None or not row.get("active"):
        raise NotTold(f"The user {user} is no longer active.")
    return Recipient(user, row["email"], row["name"], user)


def _rows(rows: Iterable[Any]) -> Iterator[Recipient]:
    for user, email, name, _ in rows:
        yield Recipient(user, email, name, user)


def holders(session: Session, role: str) -> Iterator[Recipient]:
    """The active users with a role, also by inheritance."""
    for user, email, name, roles in EVERYBODY.rows(session.connection):
        if role in with_inherited(session.catalog, roles or ()):
            yield Recipient(user, email, name, user)
