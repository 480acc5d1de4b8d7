"""Changes of metadata: planned, then applied with DDL, version and revision in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson
import sqlalchemy as sa

from metamodel.catalog import Catalog
from metamodel.documents import SITE, Document
from metamodel.errors import MetadataError
from metamodel.storage import POSTGRESQL
from metamodel.uses import uses_of

from .catalogs import Key, Layers, stored_layers
from .database.changes import Columns, Operation, difference
from .database.connection import Connection, UniqueError
from .database.exclusion import OVERLAP
from .database.statement import Statement, insert, param
from .database.tables import CATALOG, DOCUMENT, RETIRED, REVISION
from .errors import Conflict, Unprocessable, fault
from .session import Session

_SET_CATALOG = Statement(
    CATALOG.update().values(
        version=sa.bindparam("the_version", type_=CATALOG.c.version.type),
        hash=sa.bindparam("the_hash", type_=CATALOG.c.hash.type),
    )
)
_LOCK = Statement(sa.select(CATALOG.c.version).with_for_update())
_d = DOCUMENT.c
_DROP = Statement(
    DOCUMENT.delete().where(
        _d.layer == param("the_layer", _d.layer),
        _d.kind == param("the_kind", _d.kind),
        _d.name == param("the_name", _d.name),
    )
)
_ADD = insert(DOCUMENT)
_NEXT_REVISION = Statement(sa.select(sa.func.coalesce(sa.func.max(REVISION.c.number), 0) + 1))
_ADD_REVISION = insert(REVISION)
_RETIRED = Statement(sa.select(RETIRED.c.object, RETIRED.c.field, RETIRED.c.kind))
_RETIRE = insert(RETIRED)
_UNRETIRE = Statement(
    RETIRED.delete().where(
        RETIRED.c.object == param("the_object", RETIRED.c.object),
        RETIRED.c.field == param("the_field", RETIRED.c.field),
    )
)


Bodies: TypeAlias = Mapping[Key, Mapping[str, Any] | None]


@dataclass
class Change:
    """Documents to put into a layer (None takes them out), planned and then perhaps applied.

    `more` are documents of further layers that change with them.
    """

    documents: Bodies
    layer: str = SITE
    note: str = ""
    more: Mapping[str, Bodies] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    revision: int | None = None
    version: int | None = None

    def entries(self) -> Iterator[tuple[str, Key, Mapping[str, Any] | None]]:
        """Layer, key and body of every document that changes."""
        for layer, bodies in ((self.layer, self.documents), *self.more.items()):
            for key, body in bodies.items():
                yield layer, key, body


class _Rehearsed(Exception):
    """Ends the transaction of a change that was only planned."""


def plan(session: Session, change: Change) -> Change:
    """What the change would do; nothing is kept."""
    try:
        with session.connection.transaction():
            _apply(session, change, force=True)
            raise _Rehearsed
    except _Rehearsed:
        change.revision = change.version = None
        return change


def apply(session: Session, change: Change, *, force: bool = False) -> Change:
    """Put the change in force, or leave everything as it was."""
    with session.connection.transaction():
        _apply(session, change, force=force)
    return change


def _apply(session: Session, change: Change, *, force: bool) -> None:
    connection = session.connection
    engine = session.engine
    row = _LOCK.row(connection)
    assert row is not None
    version = int(row[0])
    old = engine.catalogs.at(version, connection)
    layers = stored_layers(connection)
    before = {(layer, key): layers.get(layer, {}).get(key) for layer, key, _ in change.entries()}
    _place(layers, change)
    try:
        new = engine.catalogs.compiled(layers, version + 1)
    except MetadataError as error:
        raise _unsound(old, layers, change, error) from error
    retired = {(o, f): kind for o, f, kind in _RETIRED.rows(connection)}
    _refuse_retaken(old, new, retired)
    change.operations = difference(old, new, connection, Columns.read(connection))
    _add_uses(old, new, change.operations, force)
    _write_schema(connection, change.operations)
    _write_retired(session, old, new, retired)
    _write_documents(connection, change)
    _SET_CATALOG.run(connection, the_version=version + 1, the_hash=new.hash)
    change.version = version + 1
    change.revision = _write_revision(session, change, before)
    for feature in engine.features:
        if feature.changed is not None:
            feature.changed(session, new)


def _place(layers: Layers, change: Change) -> None:
    for layer, (kind, name), body in change.entries():
        there = layers.setdefault(layer, {})
        if body is None:
            there.pop((kind, name), None)
        else:
            whole = {"kind": kind, "name": name} | dict(body)
            there[kind, name] = Document(kind, name, whole, layer)


def _unsound(
    old: Catalog, layers: Layers, change: Change, error: MetadataError
) -> Unprocessable | Conflict:
    """Why the documents do not fit together: something uses what is taken out, or their faults."""
    problem = refused(error)
    going = {f"{kind}/{name}" for _, (kind, name), body in change.entries() if body is None}
    used = sorted(
        {
            use
            for target in _taken_out(old, layers, change)
            for use in uses_of(old, target)
            if use.partition("#")[0] not in going
        }
    )
    if not used:
        return problem
    message = f"{len(used)} places use what this would take out. Change them first."
    return Conflict(message, errors=problem.errors, uses=used)


def _taken_out(old: Catalog, layers: Layers, change: Change) -> Iterator[str]:
    """The objects and fields (`book.price`) that are in no layer any more."""
    for _, (kind, name), _ in change.entries():
        type_ = old.objects.get(name) if kind == "object" else None
        if type_ is None:
            continue
        parts = [layer[kind, name].body for layer in layers.values() if (kind, name) in layer]
        if not parts or any(part.get("$delete") for part in parts):
            yield name
            continue
        fields = [f for part in parts for f in part.get("fields", ()) if isinstance(f, Mapping)]
        gone = {f.get("name") for f in fields if f.get("$delete")}
        left = {f.get("name") for f in fields} - gone
        yield from (f"{name}.{f.name}" for f in type_.own_fields if f.name not in left)


def refused(error: MetadataError) -> Unprocessable:
    """The problem of a set of documents with faults: all of them, with place and remedy."""
    count = len(error.faults)
    first = error.faults[0]
    return Unprocessable(
        str(first) if count == 1 else f"{count} faults. The first: {first}",
        errors=[
            fault(f"/{f.document}{f.pointer}", f.code, f"{f.message} {f.hint}".strip())
            for f in error.faults
        ],
    )


def _refuse_retaken(old: Catalog, new: Catalog, retired: Mapping[tuple[str, str], str]) -> None:
    faults = []
    for type_ in new.objects.values():
        before = old.objects.get(type_.name)
        for field_ in type_.own_fields:
            was = before.fields.get(field_.name) if before else None
            known = was.kind.name if was else retired.get((type_.name, field_.name))
            if known is not None and known != field_.kind.name:
                verb = "is" if was else "was"
                message = (
                    f"`{type_.name}.{field_.name}` {verb} a {known}; its values cannot be read as "
                    f"{field_.kind.name}. Take another name, or purge the old field first."
                )
                faults.append(fault(f"/object/{type_.name}/fields", "kind_taken", message))
    if faults:
        raise Conflict(faults[0]["message"], errors=faults)


def _add_uses(old: Catalog, new: Catalog, operations: Sequence[Operation], force: bool) -> None:
    """Say what uses the things that go; in force they are refused while something does."""
    used: list[str] = []
    for operation in operations:
        if operation.op in ("retire_field", "retire_object"):
            operation.uses = uses_of(old, operation.target)
            used += operation.uses
    if used and not force:
        raise Conflict(
            f"{len(used)} places use what this would take out. Change them first, or send force.",
            uses=sorted(set(used)),
        )


LOCK_SECONDS = 2  # that a change of tables waits for others; then it makes way and tries again


def _write_schema(connection: Connection, operations: Sequence[Operation]) -> None:
    if connection.dialect == POSTGRESQL:
        connection.script(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    for operation in operations:
        for statement in operation.statements:
            try:
                connection.script(statement)
            except UniqueError as error:
                reason = "there are records with equal values, so the key cannot be unique"
                if operation.op == "change_periods":
                    reason = OVERLAP
                raise Conflict(f"{operation.target}: {reason}. Mend them first.") from error


def _write_retired(
    session: Session, old: Catalog, new: Catalog, retired: Mapping[tuple[str, str], str]
) -> None:
    for name, type_ in old.objects.items():
        after = new.objects.get(name)
        for field_ in type_.own_fields:
            gone = after is None or field_.name not in after.fields
            if gone and field_.stored and (name, field_.name) not in retired:
                _RETIRE.run(
                    session.connection,
                    object=name,
                    field=field_.name,
                    kind=field_.kind.name,
                    at=session.now,
                )
    for name, field_name in retired:
        taken = new.objects.get(name)
        if taken is not None and field_name in taken.fields:
            _UNRETIRE.run(session.connection, the_object=name, the_field=field_name)


def _write_documents(connection: Connection, change: Change) -> None:
    for layer, (kind, name), body in change.entries():
        _DROP.run(connection, the_layer=layer, the_kind=kind, the_name=name)
        if body is not None:
            whole = {"kind": kind, "name": name} | dict(body)
            _ADD.run(connection, layer=layer, kind=kind, name=name, body=whole)


def _write_revision(
    session: Session, change: Change, before: Mapping[tuple[str, Key], Document | None]
) -> int:
    row = _NEXT_REVISION.row(session.connection)
    assert row is not None
    number = int(row[0])
    changes = [
        {
            "layer": layer,
            "kind": key[0],
            "name": key[1],
            "before": was.body if (was := before[layer, key]) else None,
            "after": body,
        }
        for layer, key, body in change.entries()
    ]
    _ADD_REVISION.run(
        session.connection,
        number=number,
        at=session.now,
        by=session.actor.id,
        note=change.note,
        changes=orjson.loads(orjson.dumps(changes)),
    )
    return number


def documents_change(
    documents: Iterable[Mapping[str, Any]], delete: Iterable[Mapping[str, Any]] = (), note: str = ""
) -> Change:
    """A change of the site's layer from document bodies that name their kind and name."""
    bodies: dict[Key, Mapping[str, Any] | None] = {}
    for body in documents:
        bodies[str(body.get("kind", "")), str(body.get("name", ""))] = body
    for entry in delete:
        bodies[str(entry.get("kind", "")), str(entry.get("name", ""))] = None
    return Change(bodies, note=note)
