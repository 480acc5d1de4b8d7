"""Options of choices that take another name: the records that hold them follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from metamodel.catalog import Catalog, Field
from metamodel.storage import JSON, POSTGRESQL

from .connection import Connection
from .schema_changes import SchemaOperation, estimate

DATED = "fluvial_dated"
LOG = "fluvial_state_span"


def rename_options(old: Catalog, new: Catalog, connection: Connection) -> list[SchemaOperation]:
    """An operation for each field whose options have other names in the new catalog."""
    operations = [
        _operation(connection, field, names)
        for before, field in changed_pairs(old, new)
        if (names := renamed(before, field))
    ]
    for operation in operations:
        estimate(operation, connection.dialect)
    return operations


def changed_pairs(old: Catalog, new: Catalog) -> Iterator[tuple[Field, Field]]:
    for type_ in new.objects.values():
        before = old.objects.get(type_.name)
        if before is None or before is type_:
            continue
        for field in type_.stored_fields:
            was = before.fields.get(field.name)
            if was is not None and was.columns == field.columns and was.base == field.base:
                yield was, field


def renamed(before: Field, after: Field) -> Mapping[str, str]:
    """Old names to new ones. What a change names back to `was` is the undoing of a rename."""
    old, new = _options(before), _options(after)
    names = {was: name for name, was in new.items() if was in old and old.get(name) != was}
    undone = {
        name: was
        for name, was in old.items()
        if was in new
        and new[was] != name
        and new.get(name) != was
        and (name not in new or old.get(was) == name)
    }
    return {**undone, **names}


def _options(field: Field) -> dict[str, str]:
    """The names of the options, each with the one that it had."""
    return {option["name"]: option.get("was", "") for option in field.option("options", ())}


def _operation(connection: Connection, field: Field, names: Mapping[str, str]) -> SchemaOperation:
    many = field.columns[0].storage is JSON
    write = of_lists if many else _of_values
    where, statement = write(connection.dialect, field.object, field.base, names)
    rows = connection.query(f'SELECT count(*) FROM "{field.object}" WHERE {where}')[0][0]
    statements = [statement]
    if field.option("dated"):
        statements.append(_of_dated(connection.dialect, field, names))
    if not many:
        statements.append(_of_log(field, names))
    return SchemaOperation(
        "rename_options",
        f"{field.object}.{field.name}",
        class_="rewrite",
        rows=int(rows),
        undo="Rename the options back, with `was`, or roll back this revision.",
        statements=statements,
    )


# Names of options are small letters, digits and _, so they need no quoting in a statement.
def _case(value: str, names: Mapping[str, str]) -> str:
    whens = " ".join(f"WHEN '{old}' THEN '{new}'" for old, new in names.items())
    return f"CASE {value} {whens} ELSE {value} END"


def _listed(names: Mapping[str, str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _of_values(dialect: str, table: str, column: str, names: Mapping[str, str]) -> tuple[str, str]:
    where = f'"{column}" IN ({_listed(names)})'
    made = _case(f'"{column}"', names)
    return where, f'UPDATE "{table}" SET "{column}" = {made} WHERE {where}'


def of_lists(dialect: str, table: str, column: str, names: Mapping[str, str]) -> tuple[str, str]:
    if dialect == POSTGRESQL:
        where = " OR ".join(f"""\"{column}" @> '["{name}"]'""" for name in names)
        item = _case("item #>> '{}'", names)
        made = (
            f"(SELECT jsonb_agg({item} ORDER BY place) "
            f'FROM jsonb_array_elements("{column}") WITH ORDINALITY AS items(item, place))'
        )
    else:
        each = f'json_each("{column}")'
        where = f"EXISTS (SELECT 1 FROM {each} WHERE value IN ({_listed(names)}))"
        made = f"(SELECT json_group_array({_case('value', names)}) FROM {each})"
    return where, f'UPDATE "{table}" SET "{column}" = {made} WHERE {where}'


def _of_log(field: Field, names: Mapping[str, str]) -> str:
    """The states in which records were."""
    return (
        f"UPDATE {LOG} SET state = {_case('state', names)} WHERE object = '{field.object}' "
        f"AND field = '{field.name}' AND state IN ({_listed(names)})"
    )


def _of_dated(dialect: str, field: Field, names: Mapping[str, str]) -> str:
    """What the field holds on other days: the stored form of its column, in a JSON list."""
    quote = '\\"' if field.columns[0].storage is JSON else '"'
    made = "CAST(value AS TEXT)"
    for old, new in names.items():  # marked, so that two may exchange their names
        made = f"replace({made}, '{quote}{old}{quote}', '{quote}#{new}{quote}')"
    made = f"replace({made}, '{quote}#', '{quote}')"
    made = f"CAST({made} AS JSONB)" if dialect == POSTGRESQL else made
    return (
        f"UPDATE {DATED} SET value = {made} "
        f"WHERE object = '{field.object}' AND field = '{field.name}'"
    )
