"""Working out a change: what would be in force, and the operations that lead there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fluvial.database.removed_options import RETIRED, removed_options
from fluvial.database.renamed_options import rename_options
from fluvial.database.schema_changes import Columns, SchemaOperation, difference
from fluvial.kernel.problems import Conflict, Unprocessable, fault
from fluvial.records.calculated.backfill_values import filling
from fluvial.runtime.catalogs import Layers, placed_columns, stored_layers
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.documents import SITE, Document
from metamodel.errors import MetadataError
from metamodel.uses import uses_left

from .brought_packages import bring_packages
from .change import MetadataChange, Prepared
from .changed_locks import lock_changes
from .changed_sets import stranded_sets
from .package_order import in_order
from .remove_uses import Merged, merged, take_out, uses_of_gone
from .retired_columns import retired_columns
from .retype import find_retypes
from .stranded_expressions import STRANDED, stranded_expressions


def prepare(session: Session, change: MetadataChange, *, version: int | None = None) -> Prepared:
    """Compile what would be in force, and the operations that lead there."""
    connection, engine = session.connection, session.engine
    if version is None:
        version = engine.catalogs.version(connection)
    old = engine.catalogs.at(version, connection)
    layers = stored_layers(connection)
    bring_packages(engine.kinds, layers, change)
    was = {(name, key): d.body for name, layer in layers.items() for key, d in layer.items()}
    _place(layers, change)
    if change.packages:
        layers = in_order(layers)
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
    operations += rename_options(old, new, connection) + removed_options(old, new, connection)
    operations += filling(connection, old, new, operations)
    for stranded in (lock_changes, stranded_sets, stranded_expressions):
        operations += stranded(session, old, new)
    operations += _taken_out(parts)
    _add_uses(old, new, operations, parts, change)
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


def _place(layers: Layers, change: MetadataChange) -> None:
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
    return f"{places} what this would remove. Change that first, or send force=true."


def refused(error: MetadataError) -> Unprocessable:
    """The problem of a set of documents with faults: all of them, with place and remedy."""
    count = len(error.faults)
    first = error.faults[0]
    return Unprocessable(
        str(first) if count == 1 else f"{count} errors. The first: {first}",
        errors=[
            fault(f"/{f.document}{f.pointer}", f.code, f"{f.message} {f.hint}".strip())
            for f in error.faults
        ],
    )


def _taken_out(parts: Mapping[str, Sequence[str]]) -> list[SchemaOperation]:
    gone = sorted({part for places in parts.values() for part in places})
    return [
        SchemaOperation("take_out", part, class_="instant", undo="Roll this revision back.")
        for part in gone
    ]


def _add_uses(
    old: Catalog,
    new: Catalog,
    operations: Sequence[SchemaOperation],
    parts: Mapping[str, Sequence[str]],
    change: MetadataChange,
) -> None:
    """Say what uses the things that go; they are refused while something does."""
    after = {(d.kind, d.name): d for named in new.documents.values() for d in named.values()}
    used: set[str] = set()
    for operation in operations:
        if operation.op in ("retire_field", "retire_object"):
            left = uses_left(old, operation.target, after)
            used.update(left)
            operation.uses = sorted({*left, *parts.get(operation.target, ())})
        elif operation.op in (RETIRED, STRANDED) and not change.take_out:
            used.update(operation.uses)
    if used and not change.whole:
        raise Conflict(_in_use(len(used)), uses=sorted(used))
