"""Which fields a change retypes: their values go into columns of their new kind.

The old columns stay as they are. Whoever still works with the catalog of before writes into them,
so triggers refuse that: such a write is tried again with the catalog that is in force.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.database.object_tables import link_name, short_name
from fluvial.database.schema_changes import Columns
from fluvial.database.sqlite import RETYPED as MARK
from fluvial.kernel.features import CORE
from fluvial.kernel.problems import Conflict, fault
from metamodel.catalog import Catalog, Field
from metamodel.object_check import fill
from metamodel.retyping import convertible
from metamodel.storage import POSTGRESQL

from .retired_columns import REMOVED, RETYPED, RetiredColumn

Target = tuple[str, str]  # object, field


@dataclass(frozen=True)
class Retype:
    """A field whose values are copied into columns of another kind."""

    old: Field
    new: Field
    reused: bool  # the new columns hold values from before the field was retyped the last time

    @property
    def target(self) -> str:
        return f"{self.new.object}.{self.new.name}"


def layout(field: Field) -> tuple[Any, ...]:
    """What has to be equal for two fields to share columns."""
    linked = field.targets if field.kind.linked else ()
    columns = tuple((c.suffix, c.storage.name, c.references, c.hidden) for c in field.columns)
    return field.kind.name, linked, columns


def find_retypes(
    old: Catalog,
    new: Catalog,
    retired: Sequence[RetiredColumn],
    columns: Columns,
    given: Mapping[str, str],
) -> list[Retype]:
    """The retyped fields; gives them, and fields that come back, the columns that they have.

    `given` names columns that a copy under way has made, by `object.field`, and object types
    whose tables are there since it began.
    """
    found: list[Retype] = []
    faults = []
    for type_ in new.objects.values():
        before = old.objects.get(type_.name)
        if before is type_:
            continue
        for field in type_.bodied_fields:
            if not field.stored:
                continue
            was = before.fields.get(field.name) if before else None
            source = _source(field, was, retired)
            if source is None:
                base = field.name if type_.name in given else _fresh(field, columns)
                fill(field, column=_column(field, base))
                continue
            if source is not was and source.kind.name != field.kind.name:
                faults.append(_taken(field, source))
            elif layout(source) == layout(field):
                fill(field, column=_column(field, source.base))
            elif source.layer == CORE:
                faults.append(_engines_own(field))
            elif not convertible(source, field):
                faults.append(_meaningless(field, source))
            else:
                found.append(_retype(source, field, retired, columns, given))
    if faults:
        raise Conflict(faults[0]["message"], errors=faults)
    return found


def _source(field: Field, was: Field | None, retired: Sequence[RetiredColumn]) -> Field | None:
    """The field whose values it takes over; what is worked out takes over nothing else."""
    if was is not None and was.stored:
        worked_out = (was.formula is not None, field.formula is not None)
        if worked_out == (True, True):
            return was if layout(was) == layout(field) else None
        if worked_out == (False, False):
            return was
    if field.formula is not None:
        return None
    gone = [
        r
        for r in retired
        if (r.object, r.field, r.cause) == (field.object, field.name, REMOVED)
        and "formula" not in r.spec
    ]
    return gone[-1].as_field() if gone else None


def _column(field: Field, base: str) -> str:
    return "" if base == field.name else base


def _retype(
    old: Field,
    field: Field,
    retired: Sequence[RetiredColumn],
    columns: Columns,
    given: Mapping[str, str],
) -> Retype:
    kept = [
        r.column
        for r in retired
        if (r.object, r.field, r.cause) == (field.object, field.name, RETYPED)
        and layout(r.as_field()) == layout(field)
    ]
    target = f"{field.object}.{field.name}"
    base = given.get(target) or (kept[-1] if kept else _free(field, columns))
    fill(field, column=_column(field, base))
    return Retype(old, field, base in kept)


def _fresh(field: Field, columns: Columns) -> str:
    """Its own name, where no retired column has it."""
    taken = {f"{field.name}{c.suffix}" for c in field.columns} & columns.tables.get(
        field.object, set()
    )
    linked = f"{field.object}__{field.name}" in columns.tables
    return _free(field, columns) if taken or linked else field.name


def _free(field: Field, columns: Columns) -> str:
    """A name for columns that no column or link table has."""
    names = columns.tables.get(field.object, set())
    number = 2
    while True:
        base = f"{field.name}__{number}"
        taken = any(name == base or name.startswith(f"{base}__") for name in names)
        if not taken and f"{field.object}__{base}" not in columns.tables:
            return base
        number += 1


def _taken(field: Field, was: Field) -> dict[str, str]:
    message = (
        f"`{field.object}.{field.name}` was a {was.kind.name}; its values cannot be read as "
        f"{field.kind.name}. Use another name, or purge the old field first."
    )
    return fault(f"/object/{field.object}/fields", "kind_taken", message)


def _engines_own(field: Field) -> dict[str, str]:
    message = f"Fluvial itself uses `{field.object}.{field.name}`, so its kind cannot change."
    return fault(f"/object/{field.object}/fields", "engine_field", message)


def _meaningless(field: Field, was: Field) -> dict[str, str]:
    message = (
        f"`{field.object}.{field.name}` is a {was.kind.name}, whose values cannot be converted "
        f"to {field.kind.name}. Add a new field instead."
    )
    return fault(f"/object/{field.object}/fields", "not_convertible", message)


FUNCTION = "fluvial_retyped"
_FUNCTION = (
    f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ "
    f"BEGIN RAISE EXCEPTION '{MARK} the field has another kind now' "
    "USING ERRCODE = 'serialization_failure'; END $$"
)


def guard(field: Field, dialect: str) -> list[str]:
    """Statements that refuse writes into columns, or a link table, of a kind that has passed."""
    table = link_name(field) if field.kind.linked else field.object
    name, update = triggers(field)
    first = f'NEW."{field.base}{field.columns[0].suffix}" IS NOT NULL' if field.columns else ""
    names = ", ".join(f'"{field.base}{c.suffix}"' for c in field.columns)
    of = f"UPDATE OF {names}" if names else "DELETE"
    if dialect == POSTGRESQL:
        when = f" WHEN ({first})" if first else ""
        run = f"EXECUTE FUNCTION {FUNCTION}()"
        return [
            _FUNCTION,
            f'CREATE TRIGGER "{name}" BEFORE INSERT ON "{table}" FOR EACH ROW{when} {run}',
            f'CREATE TRIGGER "{update}" BEFORE {of} ON "{table}" FOR EACH ROW {run}',
        ]
    when = f" WHEN {first}" if first else ""
    run = f"BEGIN SELECT RAISE(ABORT, '{MARK} the field has another kind now'); END"
    return [
        f'CREATE TRIGGER "{name}" BEFORE INSERT ON "{table}"{when} {run}',
        f'CREATE TRIGGER "{update}" BEFORE {of} ON "{table}" {run}',
    ]


def unguard(field: Field, dialect: str) -> list[str]:
    """Statements that let the columns be written again."""
    table = link_name(field) if field.kind.linked else field.object
    on = f' ON "{table}"' if dialect == POSTGRESQL else ""
    return [f'DROP TRIGGER IF EXISTS "{name}"{on}' for name in triggers(field)]


def triggers(field: Field) -> tuple[str, str]:
    """The names of what guards columns or a link table."""
    table = f"{field.object}__{field.base}"
    return short_name(f"kept_{table}__insert"), short_name(f"kept_{table}__change")
