"""User accounts: what is written beside the fields of a user, and who has to stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

import sqlalchemy as sa

from fluvial.auth.actors import ADMINISTRATOR
from fluvial.auth.passwords import fault_of
from fluvial.auth.people import USER, end_sessions, set_password
from fluvial.database.connection import Connection
from fluvial.database.locks import Lock, hold
from fluvial.database.statement import Statement
from fluvial.kernel.problems import Conflict

from .draft import Draft
from .given_rights import refuse_more_rights

_u = USER.c
_ADMINISTRATOR = Statement(
    sa.select(_u.id)
    .where(
        _u.active,
        _u.deleted_at.is_(None),
        sa.cast(_u.roles, sa.Text).like(sa.literal_column(f"'%\"{ADMINISTRATOR}\"%'")),
    )
    .limit(sa.literal_column("1"))
)

# Else a token for records could make itself an administrator.
_SCOPE = (
    "This token may not change who can sign in or which roles people have. It also needs "
    "the scope meta:write."
)


class UserHook:
    """A user's password: written with the record, never read, stored as its hash elsewhere."""

    object = "user"
    members = ("password",)

    def take(self, draft: Draft, body: Mapping[str, Any]) -> None:
        if "email" in draft.changed and isinstance(draft.values.get("email"), str):
            draft.set("email", draft.values["email"].lower())
        zone = draft.values.get("zone")
        if "zone" in draft.changed and zone and zone not in available_timezones():
            message = f"There is no time zone `{zone}`. Write a name such as Europe/London."
            draft.fault("zone", "unknown_zone", message)
        password = body.get("password")
        refuse_more_rights(draft, password is not None)
        scopes = draft.session.actor.scopes
        if scopes and "meta:write" not in scopes and draft.changed & {"roles", "email", "active"}:
            draft.fault("", "scope", _SCOPE)
        if password is None:
            return
        if scopes and "meta:write" not in scopes:
            draft.fault("password", "scope", _SCOPE)
        if message := fault_of(password):
            draft.fault("password", "password_length", message)
        else:
            draft.extras["password"] = password

    def stored(self, draft: Draft) -> None:
        connection = draft.session.connection
        if "password" in draft.extras:
            set_password(connection, draft.id, draft.extras["password"])
            end_sessions(connection, draft.id)
        if draft.before is not None and ADMINISTRATOR in (draft.before.get("roles") or ()):
            _keep_an_administrator(connection)


def _keep_an_administrator(connection: Connection) -> None:
    """Undo a change after which nobody could fix it. Two at the same moment wait in turn."""
    hold(connection, Lock.ADMINISTRATORS)
    if _ADMINISTRATOR.row(connection) is None:
        raise Conflict(
            "There must be an active administrator. Make another person an administrator first."
        )
