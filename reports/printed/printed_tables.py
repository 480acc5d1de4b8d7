"""The tables of a printed document, as its template says them: checked once, read often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions import types
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.scope import scope_of
from metamodel.folding import humanise, label_text, nearest

SUMMED = (types.NUMBER.name, types.MONEY.name, types.DURATION.name)


@dataclass(frozen=True)
class PrintedTable:
    """One table. `back` leads from a row to the document's record."""

    name: str
    label: str
    object: str  # of its rows
    back: tuple[str, ...]
    where: str
    group: tuple[str, ...]
    columns: tuple[str, ...]
    sort: tuple[str, ...]
    sum: str
    equals: Expression | None
    headings: Mapping[str, str]  # of columns, where it is not the label of the field
    dates: str = ""  # how files write days; "" as usual

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.group, *self.columns, *([self.sum] if self.sum else ()))))


def tables_of(catalog: Catalog, body: Mapping[str, Any]) -> tuple[PrintedTable, ...]:
    """The tables of a template that is sound."""
    type_ = catalog.objects[body["for"]]
    scope = scope_of(catalog, type_.name)
    found = []
    for spec in body.get("tables", ()):
        rows, back = _followed(catalog.objects, type_, spec["rows"])
        found.append(
            PrintedTable(
                name=spec["name"],
                label=label_text(spec.get("label", "")) or humanise(spec["name"]),
                object=rows.name,
                back=back,
                where=spec.get("where", ""),
                group=tuple(spec.get("group", ())),
                columns=tuple(spec["columns"]),
                sort=tuple(spec.get("sort", ())),
                sum=spec.get("sum", ""),
                equals=compile_expression(spec["equals"], scope) if "equals" in spec else None,
                headings=dict(spec.get("headings", {})),
                dates=spec.get("dates", ""),
            )
        )
    return tuple(found)


def _followed(
    objects: Mapping[str, ObjectType], type_: ObjectType, path: str
) -> tuple[ObjectType, tuple[str, ...]]:
    back: tuple[str, ...] = ()
    for name in path.split("."):
        inverse = type_.inverses[name]
        type_ = objects[inverse.source]
        back = (inverse.field, *back)
    return type_, back


def check_tables(body: Mapping[str, Any], check: DocumentCheck, type_: ObjectType) -> None:
    tables = body.get("tables", ())
    check.names("/tables", [table["name"] for table in tables], "table")
    for at, spec in enumerate(tables):
        _check_table(f"/tables/{at}", spec, check, type_)


def _check_table(
    pointer: str, spec: Mapping[str, Any], check: DocumentCheck, type_: ObjectType
) -> None:
    rows = _check_rows(f"{pointer}/rows", spec["rows"], check, type_)
    if rows is None:
        return
    for member in ("group", "columns"):
        for at, path in enumerate(spec.get(member, ())):
            check.path(f"{pointer}/{member}/{at}", rows, path)
    for at, path in enumerate(spec.get("sort", ())):
        check.path(f"{pointer}/sort/{at}", rows, path.removeprefix("-"))
    if len(spec.get("group", ())) + len(spec.get("sort", ())) > MAX_SORT:
        message = f"A table can be grouped and sorted by {MAX_SORT} fields together."
        check.fault(f"{pointer}/sort", "too_many", message, "Remove one of them.")
    for path in spec.get("headings", {}):
        if path not in spec.get("columns", ()):
            message = f"`{path}` is not a column of the table."
            check.fault(f"{pointer}/headings/{path}", "no_column", message, "Add it to `columns`.")
    if "where" in spec:
        check.condition(f"{pointer}/where", spec["where"], rows.name)
    _check_sum(pointer, spec, check, type_, rows)


MAX_SORT = 5


def _check_rows(
    pointer: str, path: str, check: DocumentCheck, type_: ObjectType
) -> ObjectType | None:
    current = type_
    for name in path.split("."):
        inverse = current.inverses.get(name)
        if inverse is None:
            hint = nearest(name, current.inverses) or "Name a collection of records."
            message = f"{current.label} has no collection `{name}`."
            check.fault(pointer, "unknown_collection", message, hint)
            return None
        check.uses(pointer, f"{inverse.source}.{inverse.field}")
        source = check.objects[inverse.source]
        field = source.fields[inverse.field]
        if field.kind.linked or len(field.targets) != 1:
            message = f"`{name}` comes from a field that holds several records or kinds of record."
            check.fault(pointer, "not_a_lookup", message, "Use a collection of a look-up.")
            return None
        current = source
    return current


def _check_sum(
    pointer: str,
    spec: Mapping[str, Any],
    check: DocumentCheck,
    type_: ObjectType,
    rows: ObjectType,
) -> None:
    if "sum" not in spec:
        return
    field = check.path(f"{pointer}/sum", rows, spec["sum"])
    if field is None:
        return
    if field.type.name not in SUMMED:
        message = f"`{spec['sum']}` is a {field.kind.label.lower()}, which cannot be added up."
        hint = "Name a number, an amount or a duration."
        check.fault(f"{pointer}/sum", "no_sum", message, hint)
    elif spec["sum"] not in spec["columns"]:
        message = f"`{spec['sum']}` is not a column of the table."
        check.fault(f"{pointer}/sum", "no_column", message, "Add it to `columns`.")
    elif "equals" in spec:
        _check_equals(f"{pointer}/equals", spec["equals"], check, type_, field)


def _check_equals(
    pointer: str, source: str, check: DocumentCheck, type_: ObjectType, field: Field
) -> None:
    compiled = check.compile(pointer, source, type_.name)
    if compiled is not None and compiled.type.name != field.type.name:
        message = f"The sum of `{field.name}` cannot equal `{source}`, which is another type."
        check.fault(pointer, "other_type", message, "Compare it with a value of the same type.")
