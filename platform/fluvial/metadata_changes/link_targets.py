"""Records that a retyped field needs: one for each value that becomes a link."""

from __future__ import annotations

from fluvial.database.connection import UniqueError
from fluvial.kernel.problems import Problem
from fluvial.records.writing.writer import create
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.errors import ValueFault
from metamodel.object_types import placeholders

from .related_records import Make


def maker(session: Session, catalog: Catalog) -> Make:
    """Makes records of a catalog that is about to be in force, without events."""
    working = Session(
        session.engine, session.connection, catalog, session.actor, session.now, quiet=True
    )

    def make(object: str, title: str) -> str:
        type_ = catalog.objects[object]
        slots = [n for n in placeholders(type_.title) if type_.fields[n].writable]
        if len(slots) != 1:
            raise ValueFault("cannot_make", f"A {object} needs more than a title. Create it first.")
        try:
            with session.connection.savepoint():
                return str(create(working, object, {slots[0]: title})["id"])
        except Problem as problem:
            raise ValueFault("cannot_make", problem.detail) from problem
        except UniqueError as error:
            raise ValueFault("cannot_make", f"A {object} like `{title}` already exists.") from error

    return make
