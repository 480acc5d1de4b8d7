"""Versions of processes: each change of a document makes one, and runs keep the one they have."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.locks import hold_named
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.problems import Conflict, NotFound
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.scope import Scope, scope_of
from metamodel.expressions.types import Type

from .definition import Process, read_process
from .kept_names import PROCESS
from .process_tables import VERSION

_v = VERSION.c
_of = _v.process == param("the_process", _v.process)
_LATEST = Statement(sa.select(_v.number, _v.digest).where(_of).order_by(_v.number.desc()).limit(1))
_BODY = Statement(sa.select(_v.body).where(_of, _v.number == param("the_number", _v.number)))
_ALL = Statement(sa.select(_v.number, _v.at).where(_of).order_by(_v.number))
_ADD = insert(VERSION)


def keep_versions(session: Session, catalog: Catalog) -> None:
    """In the transaction of a change of metadata: a version for each process that changed."""
    before = session.catalog.of(PROCESS)
    for name, document in catalog.of(PROCESS).items():
        if name not in before or before[name].body != document.body:
            _version_of(session, name, document.body)


def current_version(session: Session, name: str) -> int:
    """The number of the version in force."""
    return _version_of(session, name, session.catalog.of(PROCESS)[name].body)


def _version_of(session: Session, name: str, body: Mapping[str, Any]) -> int:
    connection, digest = session.connection, _digest(body)
    row = _LATEST.row(connection, the_process=name)
    if row is not None and row[1] == digest:
        return int(row[0])
    hold_named(connection, VERSION.name, name)
    row = _LATEST.row(connection, the_process=name)  # somebody else may have been faster
    if row is not None and row[1] == digest:
        return int(row[0])
    number = 1 if row is None else int(row[0]) + 1
    plain = orjson.loads(orjson.dumps(body))
    _ADD.run(connection, process=name, number=number, digest=digest, body=plain, at=session.now)
    return number


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def versions(connection: Connection, name: str) -> list[tuple[int, Any]]:
    """The numbers of all versions with the moments since when they are in force."""
    return [(int(number), at) for number, at in _ALL.rows(connection, the_process=name)]


class _Compiled:
    """The processes of one catalog in their versions, each compiled when it is first asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self.found: dict[tuple[str, int], Process] = {}


def process_named(session: Session, name: str) -> Process:
    """A process as it is in force."""
    if name not in session.catalog.of(PROCESS):
        raise NotFound(f"There is no process `{name}`.")
    return session.catalog.derive(_in_force)[name]


def _in_force(catalog: Catalog) -> dict[str, Process]:
    return {
        name: compiled(catalog, name, document.body)
        for name, document in catalog.of(PROCESS).items()
    }


def processes_of(catalog: Catalog) -> Mapping[str, Process]:
    """All processes in force."""
    return catalog.derive(_in_force)


def process_in(session: Session, name: str, number: int) -> Process:
    """A process in one of its versions; Conflict where the objects have changed too much."""
    kept = session.catalog.derive(_Compiled).found
    if (name, number) not in kept:
        row = _BODY.row(session.connection, the_process=name, the_number=number)
        if row is None:
            raise Conflict(f"There is no version {number} of the process `{name}`.")
        try:
            kept[name, number] = compiled(session.catalog, name, row[0])
        except (ExpressionError, KeyError) as error:
            reason = error.message if isinstance(error, ExpressionError) else f"{error} is gone."
            raise Conflict(
                f"Version {number} of the process `{name}` is no longer valid for the objects: "
                f"{reason} Migrate its runs to another version."
            ) from error
    return kept[name, number]


def compiled(catalog: Catalog, name: str, body: Mapping[str, Any]) -> Process:
    """The process of a sound document, or of one that was sound once."""

    def compile(
        pointer: str, source: str, expect: Type | None, names: Mapping[str, Type]
    ) -> Expression:
        return compile_expression(source, scope_for(catalog, body["subject"], names), expect)

    return read_process(name, body, compile)


def body_in(session: Session, name: str, number: int) -> Mapping[str, Any]:
    """The document of a version."""
    row = _BODY.row(session.connection, the_process=name, the_number=number)
    if row is None:
        raise NotFound(f"There is no version {number} of the process `{name}`.")
    body: Mapping[str, Any] = row[0]
    return body


def scope_for(catalog: Catalog, subject: str, names: Mapping[str, Type]) -> Scope:
    known = scope_of(catalog, subject)
    return Scope(
        known.objects, subject, names, zone=known.zone, calendars=known.calendars,
        decisions=known.decisions,
    )  # fmt: skip
