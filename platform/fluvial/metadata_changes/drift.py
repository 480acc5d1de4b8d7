"""Drift: what somebody changed in the database by hand, why it matters and how it is fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection
from fluvial.database.engine_tables import CATALOG
from fluvial.database.exclusion import exclusion, exclusion_name
from fluvial.database.inspection import IndexFound, Inspection, inspect, plain_type
from fluvial.database.object_tables import link_name, tables_of
from fluvial.database.schema_changes import Ddl
from fluvial.database.schema_locks import alter
from fluvial.database.statement import Statement
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field
from metamodel.errors import MetadataError
from metamodel.storage import POSTGRESQL

from .apply import note_revision, set_catalog
from .backfill import MARKER
from .index_builds import index_states, retry_index
from .pending_change import open_changes
from .retired_columns import RETYPED, RetiredColumn, forget, retired_columns, worked_columns
from .retype import guard, triggers, unguard

_HASH = Statement(sa.select(CATALOG.c.hash))
OURS = ("fluvial_", "sqlite_")


@dataclass
class Finding:
    """One difference. Without statements or a repair it is for people to fix."""

    text: str
    remedy: str
    statements: list[str] = field(default_factory=list)
    repair: str = ""  # retry an index, forget a column, take over the documents
    subject: str = ""

    @property
    def safe(self) -> bool:
        """Whether `--repair` fixes it: nothing that is kept goes."""
        return bool(self.statements or self.repair)


def drift(engine: Engine) -> list[Finding]:
    """All differences between the tables and the catalog in force."""
    connection = engine.database.connection()
    try:
        catalog = engine.catalogs.build(connection)
    except MetadataError as error:
        remedy = "Roll back the revision that broke them, or fix the rows of fluvial_document."
        return [Finding(f"The documents contradict each other: {fault}.", remedy)
                for fault in error.faults]  # fmt: skip
    return list(_Comparison(connection, catalog).findings())


class _Comparison:
    def __init__(self, connection: Connection, catalog: Catalog) -> None:
        self.connection = connection
        self.catalog = catalog
        self.found: Inspection = inspect(connection)
        self.tables = tables_of(catalog)
        self.retired = retired_columns(connection)
        self.worked = worked_columns(connection)
        self.ddl = Ddl(connection.dialect)
        self.known: dict[str, set[str]] = {}  # table -> columns that are meant to be there

    def findings(self) -> Iterator[Finding]:
        yield from self._hash()
        tables = [*self.tables.objects.values(), *self.tables.links.values()]
        for table in tables:
            if table.name in self.found.columns:
                yield from self._columns(table)
                yield from self._indexes(table)
            else:
                yield self._missing_table(table)
        yield from self._retired()
        yield from self._periods()
        yield from self._extra({table.name for table in tables})
        yield from self._builds()

    def _hash(self) -> Iterator[Finding]:
        row = _HASH.row(self.connection)
        if row is not None and row[0] != self.catalog.hash:
            yield Finding(
                "The documents differ from those last saved: rows of fluvial_document were "
                "changed directly.",
                "`--repair` accepts them as they are, as a revision; or roll back.",
                repair="take_over",
            )

    def _missing_table(self, table: sa.Table) -> Finding:
        self.ddl.operations.create_table(table.name, *(c._copy() for c in table.columns))
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            self.ddl.operations.execute(sa.schema.CreateIndex(index))
        return Finding(
            f"The table `{table.name}` is missing, and its records with it.",
            "Restore it from a backup; `--repair` creates an empty one.",
            self.ddl.take(),
        )

    def _columns(self, table: sa.Table) -> Iterator[Finding]:
        there = self.found.columns[table.name]
        self.known[table.name] = {column.name for column in table.columns}
        for column in table.columns:
            stored: Stored = column.type  # type: ignore[assignment]
            wanted = plain_type(stored.storage.type(self.connection.dialect))
            if column.name not in there:
                self.ddl.operations.add_column(table.name, column._copy())
                yield Finding(
                    f"The column `{table.name}.{column.name}` is missing.",
                    "Restore it from a backup; `--repair` creates an empty one.",
                    self.ddl.take(),
                )
            elif there[column.name] != wanted:
                yield Finding(
                    f"The column `{table.name}.{column.name}` has the type "
                    f"{there[column.name]} instead of {wanted}, so its values may be read wrongly.",
                    f"Change its type back to {wanted} yourself; Fluvial cannot know what its "
                    "values mean.",
                )

    def _indexes(self, table: sa.Table) -> Iterator[Finding]:
        wanted = {str(index.name): index for index in table.indexes}
        building = {one["name"] for one in index_states(self.connection)}
        for name, index in sorted(wanted.items()):
            there = self.found.indexes.get(name)
            if there is not None and there.valid and _alike(there, index):
                continue
            if name in building and (there is None or not there.valid):
                continue  # told of with its state
            self.ddl.operations.execute(sa.schema.CreateIndex(index))
            key = "unique key" if index.unique else "index"
            state = "missing" if there is None else "not as it should be"
            yield Finding(
                f"The {key} `{name}` of `{table.name}` is {state}.",
                "`--repair` builds it.",
                [f'DROP INDEX IF EXISTS "{name}"', *self.ddl.take()],
            )
        for name, found in sorted(self.found.indexes.items()):
            if found.table == table.name and name not in wanted and not self._kept_index(found):
                yield Finding(
                    f"The index `{name}` of `{table.name}` does not belong to any document.",
                    f'Declare it as a key of the object, or drop it: DROP INDEX "{name}".',
                )

    def _kept_index(self, found: IndexFound) -> bool:
        """Whether it is about columns that a copy under way fills."""
        bases = [base for p in open_changes(self.connection) for base in p.columns.values()]
        return any(_belongs(column, base) for column in found.columns for base in bases)

    def _retired(self) -> Iterator[Finding]:
        filled = {
            (target.partition(".")[0], base)
            for pending in open_changes(self.connection)
            for target, base in pending.columns.items()
        }
        for column in self.retired:
            old = column.as_field()
            table = link_name(old) if old.kind.linked else column.object
            names = {f"{old.base}{c.suffix}" for c in old.columns}
            there = self.found.columns.get(table)
            if there is None or not names <= there.keys():
                yield Finding(
                    f"The kept values of `{column.object}.{column.field}` no longer exist.",
                    "`--repair` removes the reference to it.",
                    repair="forget",
                    subject=f"{column.object}.{column.column}",
                )
            elif (column.object, column.column) in filled:
                continue  # a copy under way writes it again
            elif column.cause == RETYPED and not set(triggers(old)) <= self.found.triggers:
                dialect = self.connection.dialect
                yield Finding(
                    f"The old column `{table}.{old.base}` is not protected against writing.",
                    "`--repair` protects it again.",
                    unguard(old, dialect) + guard(old, dialect),
                )

    def _periods(self) -> Iterator[Finding]:
        if self.connection.dialect != POSTGRESQL:
            return
        for type_ in self.catalog.objects.values():
            name = exclusion_name(type_.name)
            if type_.dated is not None and name not in self.found.constraints:
                yield Finding(
                    f"The constraint `{name}` is missing: periods of {type_.name} may overlap.",
                    "`--repair` adds it; fix overlapping records first.",
                    [exclusion(type_)],
                )

    def _extra(self, tables: set[str]) -> Iterator[Finding]:
        moving: dict[str, list[str]] = {}
        for pending in open_changes(self.connection):
            for target, base in pending.columns.items():
                moving.setdefault(target.partition(".")[0], []).append(base)
        links = {link_name(c.as_field()) for c in self.retired} | {
            f"{object}__{base}" for object, bases in moving.items() for base in bases
        }
        coming = {o for p in open_changes(self.connection) for o in p.columns if "." not in o}
        for table, columns in sorted(self.found.columns.items()):
            kept = self._of(table)
            if table in tables:
                bases = [c.column for c in kept] + moving.get(table, [])
                bases += [f.base for f in self._fields(table)]
                for column in sorted(columns.keys() - self.known.get(table, set())):
                    if any(t == table and _belongs(column, base) for t, base in self.worked):
                        continue
                    marker = column.endswith(MARKER)
                    if any(_belongs(column, base) for base in bases) and (
                        marker or any(_belongs(column, c.column) for c in kept)
                        or table in moving
                    ):  # fmt: skip
                        continue
                    yield Finding(
                        f"The column `{table}.{column}` does not belong to any document.",
                        "Add a field for it, or drop it: "
                        f'ALTER TABLE "{table}" DROP COLUMN "{column}".',
                    )
            elif table.partition("__")[0] in coming:
                continue
            elif not table.startswith(OURS) and table not in links and not kept:
                yield Finding(
                    f"The table `{table}` does not belong to any document.",
                    "Leave it if another program created it; otherwise drop it yourself.",
                )

    def _of(self, table: str) -> list[RetiredColumn]:
        return [column for column in self.retired if column.object == table]

    def _fields(self, table: str) -> list[Field]:
        type_ = self.catalog.objects.get(table)
        return list(type_.bodied_fields) if type_ is not None else []

    def _builds(self) -> Iterator[Finding]:
        for index in index_states(self.connection):
            if index["state"] == "failed":
                yield Finding(
                    f"The index `{index['name']}` could not be built: {index['error']}",
                    "Fix the records; `--repair` then builds it again.",
                    repair="retry",
                    subject=index["name"],
                )


def _belongs(column: str, base: str) -> bool:
    return column == base or column.startswith(f"{base}__")


def _alike(found: IndexFound, wanted: sa.Index) -> bool:
    names = [column.name for column in wanted.columns]
    return found.unique == bool(wanted.unique) and found.columns == names


def repair(session: Session, findings: list[Finding]) -> list[Finding]:
    """Fix what is safe to fix, one after the other; what was fixed."""
    connection = session.connection
    fixed = []
    for finding in findings:
        if not finding.safe:
            continue
        with connection.transaction():
            alter(connection, finding.statements)
            if finding.repair == "retry":
                retry_index(connection, finding.subject)
            elif finding.repair == "forget":
                forget(connection, *finding.subject.split("."))
            elif finding.repair == "take_over":
                catalog = session.engine.catalogs.build(connection)
                set_catalog(connection, catalog.version + 1, catalog.hash)
            note_revision(session, f"Repaired: {finding.text}"[:500], [])
        fixed.append(finding)
    return fixed
