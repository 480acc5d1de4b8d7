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
from metamodel.uses import uses_left

from . import faults
from .catalogs import Key, Layers, placed_columns, stored_layers
from .copying import Copier, Tally
from .database.altering import LockedError, alter
from .database.changes import Columns, Operation, difference
from .database.connection import Connection, UniqueError
from .database.exclusion import OVERLAP, exclusion_name
from .database.statement import Statement, insert, param
from .database.tables import CATALOG, DOCUMENT, REVISION
from .errors import Conflict, Unprocessable, fault
from .making import maker
from .records.filling import fill_calculated, filling
from .retired import REMOVED, RETYPED, forget, keep_places, retire, retired_columns
from .retyping import Retype, find_retypes, guard, unguard
from .session import Session
from .taking_out import Merged, merged, take_out, uses_of_gone
from .world import Make, World

KEYS = ("add_index", "add_unique_key", "drop_index", "drop_unique_key", "change_periods")
SMALL_ROWS = 2_000  # up to here a retyped field is copied in the transaction of the change

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
    take_out: bool = False  # what uses the things that go goes with them
    make: frozenset[str] = frozenset()  # "book.genre": records that its values name are made
    columns: Mapping[str, str] = field(default_factory=dict)  # that a copy has filled, by target
    operations: list[Operation] = field(default_factory=list)
    revision: int | None = None
    version: int | None = None

    def entries(self) -> Iterator[tuple[str, Key, Mapping[str, Any] | None]]:
        """Layer, key and body of every document that changes."""
        for layer, bodies in ((self.layer, self.documents), *self.more.items()):
            for key, body in bodies.items():
                yield layer, key, body


@dataclass
class Prepared:
    """A change worked out against one version of the catalog; nothing is written yet."""

    version: int
    old: Catalog
    new: Catalog
    layers: Layers  # as they would be
    before: dict[tuple[str, Key], Mapping[str, Any] | None]  # bodies that change, by layer
    after: dict[tuple[str, Key], Mapping[str, Any] | None]
    retypes: list[Retype]
    operations: list[Operation]


def plan(session: Session, change: Change) -> Change:
    """What the change would do; nothing is kept, nothing is locked."""
    prepared = prepare(session, change)
    for retype in prepared.retypes:
        world = World(session.connection, session.engine.settings.zone, _not_made(change, retype))
        tally = Copier(session.connection, retype, world).preview()
        operation = next(
            o for o in prepared.operations if (o.op, o.target) == ("retype_field", retype.target)
        )
        operation.more = _told(session, retype, tally)
    change.operations = prepared.operations
    return change


def _not_made(change: Change, retype: Retype) -> Make | None:
    """In a preview a record that would be made stands for itself."""
    if retype.target not in change.make:
        return None
    return lambda object, title: "00000000-0000-0000-0000-000000000000"


def _told(session: Session, retype: Retype, tally: Tally) -> dict[str, Any]:
    """The numbers of a retype; values only to those who may read all of them."""
    access = session.access.object(retype.new.object)
    open_ = access.can("read") and access.where["read"] is None
    hidden = retype.new.name in access.hidden
    return {
        "from": retype.old.kind.name,
        "to": retype.new.kind.name,
        "converts": tally.converts,
        "refuses": tally.refuses,
        "examples": tally.examples if open_ and not hidden else [],
    }


def apply(session: Session, change: Change, *, force: bool = False) -> Change:
    """Put the change in force, or leave everything as it was.

    `force` is for documents that replace others as a whole, as those of a package do.
    """
    connection = session.connection
    prepared = None if connection.in_transaction else prepare(session, change, force=force)
    try:
        with connection.transaction():
            row = _LOCK.row(connection)
            assert row is not None
            if prepared is None or prepared.version != int(row[0]):
                prepared = prepare(session, change, force=force, version=int(row[0]))
            _write(session, change, prepared)
    except LockedError as error:
        raise Conflict(
            "Others work on these records for too long just now. Nothing was changed. "
            "Try again in a moment.",
            headers={"Retry-After": "2"},
        ) from error
    return change


def prepare(
    session: Session, change: Change, *, force: bool = False, version: int | None = None
) -> Prepared:
    """Compile what would be in force, and the operations that lead there."""
    connection, engine = session.connection, session.engine
    if version is None:
        version = engine.catalogs.version(connection)
    old = engine.catalogs.at(version, connection)
    layers = stored_layers(connection)
    was = {(name, key): d.body for name, layer in layers.items() for key, d in layer.items()}
    _place(layers, change)
    bodies = {(layer, key): body for layer, key, body in change.entries()}
    parts: dict[str, list[str]] = {}
    if change.take_out:
        taken, parts = take_out(old, layers, engine.kinds)
        bodies |= {(SITE, key): body for key, body in taken.items()}
    try:
        new = engine.catalogs.compiled(layers, version + 1, placed_columns(connection))
    except MetadataError as error:
        raise _unsound(old, merged(layers), error) from error
    columns = Columns.read(connection)
    retypes = find_retypes(old, new, retired_columns(connection), columns, change.columns)
    operations = difference(old, new, connection, columns, {r.target for r in retypes})
    operations += filling(connection, old, new, operations)
    operations += _taken_out(parts)
    _add_uses(old, new, operations, parts, force)
    return Prepared(
        version=version,
        old=old,
        new=new,
        layers=layers,
        before={place: was.get(place) for place in bodies},
        after=bodies,
        retypes=retypes,
        operations=operations,
    )


def _place(layers: Layers, change: Change) -> None:
    for layer, (kind, name), body in change.entries():
        there = layers.setdefault(layer, {})
        if body is None:
            there.pop((kind, name), None)
        else:
            whole = {"kind": kind, "name": name} | dict(body)
            there[kind, name] = Document(kind, name, whole, layer)


def _unsound(old: Catalog, after: Merged, error: MetadataError) -> Unprocessable | Conflict:
    """Why the documents do not fit together: something uses what is taken out, or their faults."""
    problem = refused(error)
    used = sorted({use for uses in uses_of_gone(old, after).values() for use in uses})
    if not used:
        return problem
    return Conflict(_in_use(len(used)), errors=problem.errors, uses=used)


def _in_use(count: int) -> str:
    places = "1 place uses" if count == 1 else f"{count} places use"
    return f"{places} what this would take out. Change that first, or send force=true."


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


def _taken_out(parts: Mapping[str, Sequence[str]]) -> list[Operation]:
    gone = sorted({part for places in parts.values() for part in places})
    return [
        Operation("take_out", part, class_="instant", undo="Roll this revision back.")
        for part in gone
    ]


def _add_uses(
    old: Catalog,
    new: Catalog,
    operations: Sequence[Operation],
    parts: Mapping[str, Sequence[str]],
    force: bool,
) -> None:
    """Say what uses the things that go; they are refused while something does."""
    after = {(d.kind, d.name): d for named in new.documents.values() for d in named.values()}
    used: set[str] = set()
    for operation in operations:
        if operation.op in ("retire_field", "retire_object"):
            left = uses_left(old, operation.target, after)
            used.update(left)
            operation.uses = sorted({*left, *parts.get(operation.target, ())})
    if used and not force:
        raise Conflict(_in_use(len(used)), uses=sorted(used))


def _write(session: Session, change: Change, prepared: Prepared) -> None:
    """Everything in the caller's transaction; tables that others use come last."""
    connection, old, new = session.connection, prepared.old, prepared.new
    change.operations = prepared.operations
    _write_documents(connection, prepared)
    _SET_CATALOG.run(connection, the_version=new.version, the_hash=new.hash)
    change.version = new.version
    change.revision = note_revision(session, change.note, _documents_changed(prepared))
    _write_retired(session, prepared)
    keep_places(connection, old, new)
    faults.point("change_written")
    _write_schema(session, change, prepared)
    faults.point("change_altered")
    for feature in session.engine.features:
        if feature.changed is not None:
            feature.changed(session, new)
    connection.after_commit(lambda: session.engine.catalogs.adopt(new))
    faults.point("change_done")


def _write_schema(session: Session, change: Change, prepared: Prepared) -> None:
    """Expand, copy, switch: new columns, their values, then what keeps the old ones as they are."""
    connection, dialect = session.connection, session.connection.dialect
    first = [s for o in prepared.operations if o.op not in KEYS for s in o.statements]
    last = [s for o in prepared.operations if o.op in KEYS for s in o.statements]
    for retype in prepared.retypes:
        first += unguard(retype.new, dialect) if retype.reused else []
        first += lock(retype, dialect)
        last += guard(retype.old, dialect)
    alter(connection, first)
    for retype in prepared.retypes:
        copier = _copier(session, change, prepared, retype)
        if retype.target in change.columns:
            copier.copy_rest()
        else:
            copier.copy_all()
        faults.point("change_copied")
    fill_calculated(session, prepared.old, prepared.new, prepared.operations)
    try:
        alter(connection, last)
    except UniqueError as error:
        raise _not_unique(prepared, error) from error


def _not_unique(prepared: Prepared, error: UniqueError) -> Conflict:
    for type_ in prepared.new.objects.values():
        if error.key == exclusion_name(type_.name):
            return Conflict(f"{type_.name}: {OVERLAP}. Mend them first.")
    where = f" ({error.key})" if error.key else ""
    return Conflict(
        f"There are records with equal values, so the key cannot be unique{where}. Mend them first."
    )


def lock(retype: Retype, dialect: str) -> list[str]:
    """Keep the others from writing while values are copied; SQLite has one writer anyway."""
    if dialect == "sqlite":
        return []
    return [f'LOCK TABLE "{retype.new.object}" IN SHARE ROW EXCLUSIVE MODE']


def _copier(session: Session, change: Change, prepared: Prepared, retype: Retype) -> Copier:
    zone = session.engine.settings.zone
    make = maker(session, prepared.new) if retype.target in change.make else None
    return Copier(session.connection, retype, World(session.connection, zone, make))


def _write_retired(session: Session, prepared: Prepared) -> None:
    connection = session.connection
    for retype in prepared.retypes:
        retire(connection, retype.old, session.now, RETYPED)
    moved = {retype.target for retype in prepared.retypes}
    for type_ in prepared.old.objects.values():
        after = prepared.new.objects.get(type_.name)
        for field_ in type_.own_fields:
            left = after.fields.get(field_.name) if after is not None else None
            own = left is not None and left.stored and left.base == field_.base
            if field_.stored and not own and f"{type_.name}.{field_.name}" not in moved:
                retire(connection, field_, session.now, REMOVED)
    used = {
        (t.name, f.base) for t in prepared.new.objects.values() for f in t.own_fields if f.stored
    }
    for column in retired_columns(connection):
        if (column.object, column.column) in used:
            forget(connection, column.object, column.column)


def _write_documents(connection: Connection, prepared: Prepared) -> None:
    for (layer, (kind, name)), body in prepared.after.items():
        _DROP.run(connection, the_layer=layer, the_kind=kind, the_name=name)
        if body is not None:
            whole = {"kind": kind, "name": name} | dict(body)
            _ADD.run(connection, layer=layer, kind=kind, name=name, body=whole)


def _documents_changed(prepared: Prepared) -> list[dict[str, Any]]:
    return [
        {
            "layer": layer,
            "kind": kind,
            "name": name,
            "before": prepared.before[layer, (kind, name)],
            "after": body,
        }
        for (layer, (kind, name)), body in prepared.after.items()
    ]


def note_revision(session: Session, note: str, changes: Sequence[Mapping[str, Any]]) -> int:
    """Keep who changed what of the metadata, and why; the number of the revision."""
    row = _NEXT_REVISION.row(session.connection)
    assert row is not None
    number = int(row[0])
    _ADD_REVISION.run(
        session.connection,
        number=number,
        at=session.now,
        by=session.actor.id,
        note=note,
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
