"""The people of sample data can sign in, with a password that the documentation tells.

That is for trying the product out: only a server of a developer that nobody but their own computer
reaches admits them (`Settings.private`). Every other server refuses this password to everybody.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from fluvial.auth.passwords import SAMPLE, hashed
from fluvial.auth.people import USER
from fluvial.database.columns import Stored
from fluvial.database.engine_tables import CREDENTIAL
from fluvial.database.statement import Statement, insert
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.roles import role_titles
from metamodel.storage import TEXT

from .sample import is_loaded, read_plan, sample_of

_WITHOUT = Statement(
    sa.select(USER.c.id)
    .outerjoin_from(USER, CREDENTIAL, CREDENTIAL.c.user == USER.c.id)
    .where(
        USER.c.email == sa.bindparam("the_email", type_=Stored(TEXT)),
        USER.c.deleted_at.is_(None),
        CREDENTIAL.c.password.is_(None),
    )
)
_ADD = insert(CREDENTIAL)


@dataclass(frozen=True)
class SamplePerson:
    """Somebody of the sample, and as what they try the product."""

    email: str
    name: str
    roles: str


def admit(engine: Engine, app: str) -> int:
    """Let an app's sample people sign in who cannot yet; how many they are."""
    if not engine.settings.private:
        return 0
    session = Session.begin(engine)
    secret, admitted = hashed(SAMPLE), 0
    with session.connection.transaction():
        for row in _rows(app):
            found = _WITHOUT.row(session.connection, the_email=row["email"])
            if found is not None:
                _ADD.run(session.connection, user=found[0], password=secret, signed_in_at=None)
                admitted += 1
    return admitted


def admitted(engine: Engine) -> list[SamplePerson]:
    """One person of each set of roles, of the apps whose sample is there."""
    if not engine.settings.private:
        return []
    session = Session.begin(engine)
    labels = role_titles(session.catalog, session.catalog.of("role"))
    found: dict[str, SamplePerson] = {}
    for app in session.catalog.documents.get("app", {}):
        if is_loaded(session, app):
            for row in _rows(app):
                said = ", ".join(labels.get(role, role) for role in row["roles"].split(";"))
                found.setdefault(said, SamplePerson(row["email"], row["name"], said))
    return list(found.values())


def _rows(app: str) -> Iterator[dict[str, str]]:
    """The people of a sample; a later table that says more about them names no roles."""
    folder = sample_of(app)
    if folder is None:
        return
    for entry in read_plan(folder)["order"]:
        if entry["object"] == "user":
            with (folder / entry["file"]).open(encoding="utf-8", newline="") as file:
                yield from (row for row in csv.DictReader(file) if row.get("roles"))
