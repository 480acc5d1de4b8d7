"""Changes of metadata: planned, then applied with DDL, version and revision in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.connection import BusyError, Connection, UniqueError
from fluvial.database.engine_tables import CATALOG, DOCUMENT, REVISION
from fluvial.database.exclusion import OVERLAP, exclusion_name
from fluvial.database.schema_changes import SchemaOperation
from fluvial.database.schema_locks import LockedError, alter
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel import crash_points
from fluvial.kernel.features import Seam
from fluvial.kernel.problems import Conflict
from fluvial.records.calculated.backfill_values import fill_calculated
from fluvial.records.drafts.listeners import heard_objects
from fluvial.records.reading.titles import with_titles
from fluvial.runtime.catalogs import Key
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field
from metamodel.documents import SITE
from metamodel.storage import POSTGRESQL

from .approvals import WAITING, keep
from .backfill import Copier, Tally
from .beyond import find_beyond
from .beyond_rights import BeyondRights
from .change import Bodies as Bodies
from .change import MetadataChange as MetadataChange
from .change import Prepared
from .change import documents_change as documents_change
from .index_builds import forget_index, index_is_there, plan_index
from .link_targets import maker
from .metadata_drafts import draft_changed
from .package_order import enter, needs_of
from .package_order import forget as forget_package
from .pending_change import begin, refuse_touched, reopened
from .planner import prepare
from .planner import refused as refused
from .related_records import FoundRecords, Make
from .retired_columns import (
    REMOVED,
    RETYPED,
    WORKED_OUT,
    forget,
    keep_places,
    retire,
    retired_columns,
)
from .retype import Retype, guard

KEYS = ("add_index", "add_unique_key", "drop_index", "drop_unique_key", "change_periods")
SMALL_ROWS = 2_000  # up to here a retyped field is copied in the transaction of the change

_SET_CATALOG = Statement(
    CATALOG.update().values(
        version=sa.bindparam("the_version", type_=CATALOG.c.version.type),
        hash=sa.bindparam("the_hash", type_=CATALOG.c.hash.type),
    )
)
_RAISE_FLOOR = Statement(CATALOG.update().values(floor=CATALOG.c.version))
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


class OutdatedError(BusyError):
    """What a change was made from is not in force any more: it has to be made anew."""


# What the author of a change should know of its documents, such as a setting that they need.
CHANGE_NOTES: Seam[Callable[[Session, Catalog, Sequence[Key]], Iterator[str]]] = Seam(
    "what to know of a change"
)
# In the transaction of a new catalog.
CATALOG_CHANGED: Seam[Callable[[Session, Catalog], None]] = Seam("when metadata changes")


def plan(session: Session, change: MetadataChange) -> MetadataChange:
    """What the change would do; nothing is kept, nothing is locked."""
    prepared = prepare(session, change)
    for retype in prepared.retypes:
        world = FoundRecords(
            session.connection, session.engine.settings.zone, _not_made(change, retype)
        )
        tally = Copier(session.connection, retype, world).preview()
        operation = next(
            o for o in prepared.operations if (o.op, o.target) == ("retype_field", retype.target)
        )
        operation.more = _told(session, retype, tally)
    change.operations = prepared.operations
    change.beyond = find_beyond(session, change, prepared)
    change.notes = _notes(session, prepared)
    return change


def _notes(session: Session, prepared: Prepared) -> list[str]:
    """What features say of the documents that change."""
    keys = [key for (_, key), body in prepared.after.items() if body is not None]
    found = session.engine.brought(CHANGE_NOTES)
    return list(dict.fromkeys(one for notes in found for one in notes(session, prepared.new, keys)))


def _not_made(change: MetadataChange, retype: Retype) -> Make | None:
    """In a preview a record that would be made stands for itself."""
    if retype.target not in change.make:
        return None
    return lambda object, title: "00000000-0000-0000-0000-000000000000"


def _told(session: Session, retype: Retype, tally: Tally) -> dict[str, Any]:
    """The numbers of a retype; values only to those who may read all of them."""
    access = session.access.object(retype.new.object)
    open_ = access.can("read") and access.where["read"] is None
    hidden = retype.new.name in access.hidden
    shown = tally.examples if open_ and not hidden else []
    return {
        "from": retype.old.kind.name,
        "to": retype.new.kind.name,
        "converts": tally.converts,
        "refuses": tally.refuses,
        "examples": with_titles(session, retype.new.object, shown),
    }


def apply(session: Session, change: MetadataChange) -> MetadataChange:
    """Put the change in force, or leave everything as it was.

    Where values of large tables have to be copied, workers do that first: the change is `pending`.
    """
    connection = session.connection
    if session.drafting is not None:
        session.drafting += draft_changed(session, change)
        return change
    if not connection.in_transaction:
        work_out(session, change)
    try:
        with connection.transaction():
            row = _LOCK.row(connection)
            assert row is not None
            prepared = _still_worked_out(session, change, int(row[0]))
            _refuse_unseen(change, prepared)
            refuse_touched(connection, prepared, change.pending)
            if _waits(session, change):
                change.operations = prepared.operations
            elif prepared.empty and not change.packages and not change.pending:
                _keep(session, change, prepared)
            elif not change.columns and any(map(_large, prepared.retypes_of())):
                begin(session, change, prepared)
            else:
                write(session, change, prepared)
    except LockedError as error:
        raise Conflict(
            "These records are in use. Nothing was changed. Try again in a moment.",
            headers={"Retry-After": "2"},
        ) from error
    return change


def work_out(session: Session, change: MetadataChange, version: int | None = None) -> Prepared:
    """Do all that needs no transaction before it begins: it then only has to write."""
    prepared = prepare(session, change, version=version)
    change.notes = _notes(session, prepared)
    if not (change.pending or change.approval):  # of which this was asked before
        change.beyond = find_beyond(session, change, prepared)
    prepared.new.derive_like(prepared.old)
    change.worked_out = prepared
    return prepared


def _still_worked_out(session: Session, change: MetadataChange, version: int) -> Prepared:
    """What was worked out, if no other change has come into force since."""
    if change.based not in (None, version):
        raise OutdatedError("another change of metadata was faster")
    prepared = change.worked_out
    if prepared is None or prepared.version != version:
        prepared = work_out(session, change, version)
    return prepared


def _waits(session: Session, change: MetadataChange) -> bool:
    """Whether an administrator has to approve it first, which its author has asked for."""
    if change.pending or change.approval or not change.beyond or not change.judged:
        return False
    if not change.ask:
        raise BeyondRights(change)
    change.approval = keep(session, change, WAITING)
    return True


def _refuse_unseen(change: MetadataChange, prepared: Prepared) -> None:
    """What was made from a document that somebody has changed since is made once more."""
    for key, body in change.seen.items():
        if prepared.before[SITE, key] != body:
            raise BusyError(f"somebody changed {'/'.join(key)} at the same time")


def _keep(session: Session, change: MetadataChange, prepared: Prepared) -> None:
    """Nothing changes: everybody goes on with the catalog and the plans that they have."""
    change.operations, change.version = prepared.operations, prepared.version
    row = _NEXT_REVISION.row(session.connection)
    assert row is not None
    change.revision = int(row[0]) - 1 or None


def _large(operation: SchemaOperation) -> bool:
    return operation.rows > SMALL_ROWS


def write(session: Session, change: MetadataChange, prepared: Prepared) -> None:
    """Everything in the caller's transaction; tables that others use come last."""
    connection, old, new = session.connection, prepared.old, prepared.new
    change.operations = prepared.operations
    _write_documents(connection, prepared)
    for name, version in change.packages.items():
        if version is None:
            forget_package(connection, name)
        else:
            enter(session, name, version, needs_of(prepared.layers))
    set_catalog(connection, new.version, new.hash)
    change.version = new.version
    change.revision = note_revision(session, change.note, _documents_changed(prepared))
    _write_retired(session, prepared)
    keep_places(connection, old, new)
    crash_points.point("change_written")
    _write_schema(session, change, prepared)
    crash_points.point("change_altered")
    for changed in session.engine.brought(CATALOG_CHANGED):
        changed(session, new)
    session.engine.catalogs.expect(new)
    connection.after_commit(lambda: session.engine.catalogs.adopt(new))
    crash_points.point("change_done")


def _write_schema(session: Session, change: MetadataChange, prepared: Prepared) -> None:
    """Expand, copy, switch: new columns, their values, then what keeps the old ones as they are."""
    connection, dialect = session.connection, session.connection.dialect
    first = [s for o in prepared.operations if o.op not in KEYS for s in o.statements]
    last = []
    for operation in prepared.operations:
        if operation.op in KEYS and not (dialect == POSTGRESQL and later(session, operation)):
            last += operation.statements
    for retype in prepared.retypes:
        first += [*reopened(retype, dialect), *lock(retype, dialect)]
        last += guard(retype.old, dialect)
    alter(connection, first)
    for retype in prepared.retypes:
        copying = copier(session, change, prepared, retype)
        if retype.target in change.columns:
            copying.copy_rest()
        else:
            copying.copy_all()
        copying.switch(session.now)
        crash_points.point("change_copied")
    filled = fill_calculated(session, prepared.old, prepared.new, prepared.operations)
    if filled or prepared.retypes or _more_is_heard(session, prepared):
        _RAISE_FLOOR.run(connection)
    try:
        alter(connection, last)
    except UniqueError as error:
        raise _not_unique(prepared, error) from error


def later(session: Session, operation: SchemaOperation) -> bool:
    """Leave the index of a large table to a worker, who builds it while others write."""
    name = operation.target.partition(".")[2]
    if operation.op.startswith("drop_"):
        forget_index(session.connection, name)
        return False
    if not operation.op.startswith("add_") or operation.rows <= SMALL_ROWS:
        return False
    if not index_is_there(session.connection, name):
        plan_index(session.connection, operation.target, operation.statements)
    return True


def _more_is_heard(session: Session, prepared: Prepared) -> bool:
    """Whether changes leave events from now on of which there were none before."""
    before = heard_objects(session.engine, prepared.old)
    return not heard_objects(session.engine, prepared.new) <= before


def _not_unique(prepared: Prepared, error: UniqueError) -> Conflict:
    for type_ in prepared.new.objects.values():
        if error.key == exclusion_name(type_.name):
            return Conflict(f"{type_.name}: {OVERLAP}. Fix them first.")
    where = f" ({error.key})" if error.key else ""
    return Conflict(
        f"Some records have the same values, so the key cannot be unique{where}. Fix them first."
    )


def lock(retype: Retype, dialect: str) -> list[str]:
    """Keep the others from writing while values are copied; SQLite has one writer anyway."""
    if dialect == "sqlite":
        return []
    return [f'LOCK TABLE "{retype.new.object}" IN SHARE ROW EXCLUSIVE MODE']


def copier(session: Session, change: MetadataChange, prepared: Prepared, retype: Retype) -> Copier:
    zone = session.engine.settings.zone
    make = maker(session, prepared.new) if retype.target in change.make else None
    return Copier(session.connection, retype, FoundRecords(session.connection, zone, make))


def _write_retired(session: Session, prepared: Prepared) -> None:
    connection = session.connection
    for retype in prepared.retypes:
        retire(connection, retype.old, session.now, RETYPED)
    moved = {retype.target for retype in prepared.retypes}
    kept = {(column.object, column.column) for column in retired_columns(connection)}
    for type_ in prepared.old.objects.values():
        after = prepared.new.objects.get(type_.name)
        for field_ in type_.bodied_fields:
            left = after.fields.get(field_.name) if after is not None else None
            own = left is not None and left.stored and left.base == field_.base
            if field_.stored and not own and f"{type_.name}.{field_.name}" not in moved:
                retire(connection, field_, session.now, REMOVED)
            elif (type_.name, field_.base) in kept:
                continue  # what people entered stands there, too
            elif field_.kept and not _columns_of(field_) <= _columns_of(left):
                retire(connection, field_, session.now, WORKED_OUT)
    used = {
        (t.name, f.base) for t in prepared.new.objects.values() for f in t.bodied_fields if f.stored
    }
    for column in retired_columns(connection):
        if (column.object, column.column) in used:
            forget(connection, column.object, column.column)


def _columns_of(field: Field | None) -> set[str]:
    return set() if field is None else {field.base + column.suffix for column in field.columns}


def _write_documents(connection: Connection, prepared: Prepared) -> None:
    added = []
    for place, body in prepared.after.items():
        layer, (kind, name) = place
        if prepared.before[place] is not None:
            _DROP.run(connection, the_layer=layer, the_kind=kind, the_name=name)
        if body is not None:
            whole = {"kind": kind, "name": name} | dict(body)
            added.append({"layer": layer, "kind": kind, "name": name, "body": whole})
    _ADD.run_many(connection, added)


def set_catalog(connection: Connection, version: int, digest: str) -> None:
    """From its commit on, this is the version that everybody works with."""
    _SET_CATALOG.run(connection, the_version=version, the_hash=digest)


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
