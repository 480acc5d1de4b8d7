"""The titles of the records and people that a page shows: a statement for each object, not each row."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.statement import Compiled
from fluvial.records.context import PlanContext, session_binds
from fluvial.records.plan import plans_of
from fluvial.session import Session
from metamodel.expressions.sql import Source
from metamodel.storage import UUID

BATCH = 64  # ids in one statement, so that there is one text for any number of them
PEOPLE = ("user", "team")  # whoever is signed in may know their names


class Names:
    """Collects what is referred to, reads all titles at once, and gives them back."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wanted: dict[str, set[str]] = {}
        self._found: dict[tuple[str, str], str] = {}

    def want(self, references: Iterable[tuple[str, str]]) -> None:
        for object_name, record in references:
            if (object_name, record) not in self._found:
                self._wanted.setdefault(object_name, set()).add(record)

    def load(self) -> None:
        for object_name, records in self._wanted.items():
            if object_name in self._session.catalog.objects and self._readable(object_name):
                self._load(object_name, sorted(records))
        self._wanted = {}

    def title(self, object_name: str, record: str) -> str | None:
        """None where the record is gone or not visible to the person."""
        return self._found.get((object_name, record))

    def known(self, object_name: str, record: str, title: str) -> None:
        """A title that came by another way."""
        self._found[object_name, record] = title

    def _readable(self, object_name: str) -> bool:
        return object_name in PEOPLE or self._session.access.object(object_name).can("read")

    def _load(self, object_name: str, records: list[str]) -> None:
        session = self._session
        access, dialect = session.access, session.connection.dialect
        key = (access.roles, access.unrestricted, "titles", object_name)
        compiled, constants = plans_of(session.catalog).get(
            key, lambda: _statement(session, object_name)
        )
        decode = UUID.decoder(dialect)
        for start in range(0, len(records), BATCH):
            part = records[start : start + BATCH]
            ids = dict.fromkeys((f"i{n}" for n in range(BATCH)), part[-1])
            ids |= {f"i{n}": record for n, record in enumerate(part)}
            values = constants | session_binds(session) | ids
            for record, title in session.connection.query(
                compiled.sql, [values[name] for name in compiled.order]
            ):
                self._found[object_name, decode(record) if decode else record] = title


def _statement(session: Session, object_name: str) -> tuple[Compiled, dict[str, object]]:
    dialect = session.connection.dialect
    context = PlanContext(session.catalog, session.access, dialect)
    source = Source(context, object_name)
    ids = [sa.bindparam(f"i{n}", type_=Stored(UUID)) for n in range(BATCH)]
    statement = sa.select(source.column("id"), source.column("title"))
    statement = statement.where(sa.or_(*(source.column("id") == one for one in ids)))
    if object_name not in PEOPLE:
        allowed = context.allowed(object_name, "read", source)
        if allowed is not None:
            statement = statement.where(allowed)
    compiled = Compiled(statement.select_from(source.joined()), dialect)
    constants = {f"c{n}": value for n, value in enumerate(context.constants)}
    return compiled, compiled.constants | constants
