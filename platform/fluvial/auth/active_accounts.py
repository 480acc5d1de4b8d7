"""The accounts of people who are active, as statements."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection
from fluvial.database.statement import Statement
from metamodel.catalog import Catalog
from metamodel.storage import BOOLEAN, JSON, TEXT, TIMESTAMP, UUID

from .access import with_inherited
from .actors import ADMINISTRATOR

USER = sa.table(
    "user",
    *(
        sa.column(name, Stored(storage))
        for name, storage in (
            ("id", UUID), ("email", TEXT), ("email__fold", TEXT), ("name", TEXT), ("roles", JSON),
            ("active", BOOLEAN), ("deleted_at", TIMESTAMP),
        )
    ),
)  # fmt: skip
# id, email, name and roles
ACTIVE = sa.select(USER.c.id, USER.c.email, USER.c.name, USER.c.roles).where(
    USER.c.active, USER.c.deleted_at.is_(None)
)
EVERYBODY = Statement(ACTIVE.order_by(USER.c.id))


def administrators(connection: Connection, catalog: Catalog) -> Iterator[str]:
    """The ids of those who may do everything."""
    roles = catalog.of("role")
    admin = {name for name, role in roles.items() if role.body.get("admin")} | {ADMINISTRATOR}
    for user, _, _, held in EVERYBODY.rows(connection):
        if not admin.isdisjoint(with_inherited(catalog, held or ())):
            yield user
