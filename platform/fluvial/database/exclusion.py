"""No two records of a dated object hold at the same time for equal keys: PostgreSQL sees to it.

An exclusion constraint compares ranges. A key is written as the range that holds only itself, so
that no extension is needed for comparing ids and texts.
"""

from __future__ import annotations

from collections.abc import Iterator

from metamodel.catalog import ObjectType
from metamodel.kinds.kind import Column
from metamodel.storage import BOOLEAN, DATE, INTEGER, TEXT, TIMESTAMP, UUID

from .connection import Connection
from .object_tables import short_name

BACKWARDS = "some records end before, or as soon as, they begin"
OVERLAP = "some records with the same key are in effect at the same time"

# The kinds of ranges that PostgreSQL does not bring.
RANGES = {
    "fluvial_uuid_range": "uuid",
    "fluvial_text_range": 'text, COLLATION = "C"',
}
_RANGE = {
    UUID.name: ("fluvial_uuid_range", "'00000000-0000-0000-0000-000000000000'::uuid"),
    TEXT.name: ("fluvial_text_range", "''"),
    DATE.name: ("daterange", "'-infinity'::date"),
    TIMESTAMP.name: ("tstzrange", "'-infinity'::timestamptz"),
    INTEGER.name: ("int8range", "0"),
}
_NUMBERS = ("numrange", "0")


def exclusion_name(object_name: str) -> str:
    return short_name(f"ex_{object_name}__period")


def exclusion(type_: ObjectType | None) -> str:
    """The statement that adds the constraint; "" where the object is not dated."""
    if type_ is None or type_.dated is None:
        return ""
    dated = type_.dated
    start, end = type_.fields[dated.from_], type_.fields[dated.until]
    moments = "daterange" if start.columns[0].storage is DATE else "tstzrange"
    parts, conditions = [], ["deleted_at IS NULL", f'"{start.base}" IS NOT NULL']
    for name in dated.per:
        columns = [c for c in type_.fields[name].columns if not c.hidden]
        parts += [f"{part} WITH &&" for part in _singles(type_.fields[name].base, columns)]
        there = " OR ".join(f'"{type_.fields[name].base}{c.suffix}" IS NOT NULL' for c in columns)
        conditions.append(f"({there})")
    parts.append(f'{moments}("{start.base}", "{end.base}") WITH &&')
    return (
        f'ALTER TABLE "{type_.name}" ADD CONSTRAINT "{exclusion_name(type_.name)}" '
        f"EXCLUDE USING gist ({', '.join(parts)}) WHERE ({' AND '.join(conditions)})"
    )


def _singles(base: str, columns: list[Column]) -> Iterator[str]:
    """Each column of a key as the range that holds its value alone."""
    for column in columns:
        value = f'"{base}{column.suffix}"'
        if column.storage is BOOLEAN:
            yield f"int4range(coalesce({value}, false)::int, coalesce({value}, false)::int, '[]')"
            continue
        range_, nothing = _RANGE.get(column.storage.name, _NUMBERS)
        yield f"{range_}(coalesce({value}, {nothing}), coalesce({value}, {nothing}), '[]')"


def drop_exclusion(object_name: str) -> str:
    return f'ALTER TABLE "{object_name}" DROP CONSTRAINT IF EXISTS "{exclusion_name(object_name)}"'


def create_ranges(connection: Connection) -> None:
    for name, subtype in RANGES.items():
        if connection.query(f"SELECT to_regtype('{name}')")[0][0] is None:
            connection.script(f"CREATE TYPE {name} AS RANGE (SUBTYPE = {subtype})")


def backwards(type_: ObjectType) -> str:
    """A query for a record whose period is none, such as one that begins at the calendar's end."""
    assert type_.dated is not None
    start, end = (type_.fields[n].base for n in (type_.dated.from_, type_.dated.until))
    return (
        f'SELECT 1 FROM "{type_.name}" WHERE deleted_at IS NULL'
        f' AND "{start}" IS NOT NULL AND "{end}" IS NOT NULL AND "{end}" <= "{start}" LIMIT 1'
    )


def overlapping(type_: ObjectType) -> str:
    """On SQLite, which has no such constraint: a query for two records that it would refuse."""
    assert type_.dated is not None
    start, end = (type_.fields[n].base for n in (type_.dated.from_, type_.dated.until))
    together = ["one.id < other.id", f'one."{start}" IS NOT NULL', f'other."{start}" IS NOT NULL']
    together += [f"{side}.deleted_at IS NULL" for side in ("one", "other")]
    for name in type_.dated.per:
        columns = [
            type_.fields[name].base + c.suffix for c in type_.fields[name].columns if not c.hidden
        ]
        together += [f'one."{column}" IS other."{column}"' for column in columns]
        there = " OR ".join(f'one."{column}" IS NOT NULL' for column in columns)
        together.append(f"({there})")
    for first, second in (("one", "other"), ("other", "one")):
        ends = f'{first}."{end}"'
        together.append(f'({ends} IS NULL OR {ends} > {second}."{start}")')
    table = f'"{type_.name}"'
    return f"SELECT 1 FROM {table} one JOIN {table} other ON {' AND '.join(together)} LIMIT 1"
