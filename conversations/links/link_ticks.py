"""Records of a collection that the page of a link lets somebody tick, such as options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from fluvial.pages.presenters import empty, references, said
from fluvial.pages.reader_format import format_of
from fluvial.pages.record_tables import column_along
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions.types import BOOLEAN
from metamodel.folding import label_text, nearest

MOST = 100  # records on a page
PREFIX = "tick-"  # of their names in the form
Path = tuple[str, ...]


@dataclass(frozen=True)
class LinkTicks:
    """Which records may be ticked, and what is shown of each."""

    label: str
    object: str
    back: str  # the look-up that leads to the record of the link
    where: str
    field: str  # the yes/no that a tick is
    shows: tuple[Path, ...]
    sort: str


@dataclass(frozen=True)
class Tick:
    """One record on the page."""

    id: str
    words: tuple[str, ...]
    ticked: bool

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.id}"


def compile_ticks(
    said: Mapping[str, Any], type_: ObjectType, check: DocumentCheck
) -> LinkTicks | None:
    """What `ticks` of a document says; faults are told to the check."""
    inverse = type_.inverses.get(said["of"])
    if inverse is None:
        hint = nearest(said["of"], type_.inverses) or "Name a collection of the object."
        message = f"{type_.label} has no collection `{said['of']}`."
        check.fault("/ticks/of", "unknown_collection", message, hint)
        return None
    check.uses("/ticks/of", f"{inverse.source}.{inverse.field}")
    rows = check.objects[inverse.source]
    field = check.field("/ticks/field", rows, said["field"])
    if field is None:
        return None
    if field.type.name != BOOLEAN.name or not field.writable:
        message = f"`{field.name}` is not a yes/no field that can be written."
        check.fault("/ticks/field", "not_a_tick", message, "Name a field of the kind boolean.")
        return None
    if "where" in said:
        check.condition("/ticks/where", said["where"], rows.name)
    shows = [_shown(f"/ticks/shows/{at}", rows, one, check) for at, one in enumerate(said["shows"])]
    sort = said.get("sort", "")
    if sort:
        check.field("/ticks/sort", rows, sort)
    return LinkTicks(
        label=label_text(said.get("label", inverse.label)),
        object=rows.name,
        back=inverse.field,
        where=said.get("where", ""),
        field=field.name,
        shows=tuple(path for path in shows if path),
        sort=sort,
    )


def _shown(pointer: str, rows: ObjectType, dotted: str, check: DocumentCheck) -> Path:
    found = check.path(pointer, rows, dotted)
    if found is None:
        return ()
    if found.option("protected"):
        message = f"`{dotted}` is protected, and shown nowhere."
        check.fault(pointer, "protected", message, "Remove it.")
    return tuple(dotted.split("."))


def ticks_of(acting: Session, ticks: LinkTicks, record: str) -> list[Tick]:
    """The records that may be ticked now, in their order."""
    rows = _rows(acting, ticks, record)
    type_, fmt = acting.catalog.objects[ticks.object], format_of(acting)
    columns = [column_along(acting.catalog, type_, path) for path in ticks.shows]
    cells = [[(one.field, _value(row, one.path)) for one in columns] for row in rows]
    for row in cells:
        for field, value in row:
            fmt.names.want(references(field, [value]))
    fmt.names.load()
    shown = [
        tuple("" if empty(value) else said(field, value, fmt) for field, value in row)
        for row in cells
    ]
    return [
        Tick(row["id"], tuple(word for word in words if word), row[ticks.field] is True)
        for row, words in zip(rows, shown, strict=True)
    ]


def _rows(acting: Session, ticks: LinkTicks, record: str) -> list[dict[str, Any]]:
    own = f"{ticks.back} == '{record}'"
    fields = (("id",), (ticks.field,), *ticks.shows)
    query = Query(
        ticks.object,
        tuple(dict.fromkeys(fields)),
        where=f"{own} and ({ticks.where})" if ticks.where else own,
        sort=(SortKey((ticks.sort,)),) if ticks.sort else (),
        limit=MOST,
    )
    found: list[dict[str, Any]] = read_page(acting, query)["data"]
    return found


def _value(read: Any, path: Sequence[str]) -> Any:
    for name in path:
        read = read.get(name) if isinstance(read, Mapping) else None
    return read


def ticked(form: FormData, offered: Sequence[Tick]) -> dict[str, bool]:
    """What the posted page says of each record that it offered, and of no other."""
    return {one.id: one.name in form for one in offered}


def write_ticks(
    acting: Session, ticks: LinkTicks, offered: Sequence[Tick], answers: Mapping[str, bool]
) -> None:
    """Write the ticks that differ, each record as everybody writes it."""
    for one in offered:
        wanted = answers.get(one.id, one.ticked)
        if wanted != one.ticked:
            writer.update(acting, ticks.object, one.id, {ticks.field: wanted})
