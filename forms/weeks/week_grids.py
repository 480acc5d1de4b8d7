"""Week grids as documents: their faults, and what is compiled of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from fluvial.auth.access import Access, with_inherited
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.documents import DocumentKind
from metamodel.expressions import types
from metamodel.folding import humanise, label_text
from metamodel.index_questions import IndexQuestion

SCHEMA = Path(__file__).parents[1] / "schemas" / "week_grid.json"


@dataclass(frozen=True)
class WeekSheet:
    """The record of a person and a week: its object, and its two fields."""

    object: str
    person: str
    week: str


@dataclass(frozen=True)
class WeekGrid:
    """A week grid. `person`, `day`, `amount` and `rows` are fields of its object."""

    name: str
    label: str
    icon: str
    help: str
    object: str
    person: str
    day: str
    amount: str
    rows: tuple[str, ...]
    sheet: WeekSheet | None
    audience: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.person, self.day, self.amount, *self.rows)


def check_week_grid(document: Document, check: DocumentCheck) -> None:
    body = document.body
    for at, role in enumerate(body.get("audience", ())):
        check.reference(f"/audience/{at}", "role", role)
    object = check.object("/object", body["object"])
    if object is None:
        return
    said = _Fields(object, check)
    person = said.whose("/person", body["person"])
    said.typed("/day", body["day"], "a date", (types.DATE.name,))
    numbers = (types.DURATION.name, types.NUMBER.name)
    said.typed("/amount", body["amount"], "a duration or a number", numbers)
    for at, name in enumerate(body["rows"]):
        said.row(f"/rows/{at}", name)
    sheet = body.get("sheet")
    if sheet is not None:
        _check_sheet(sheet, person, check)


def _check_sheet(sheet: Mapping[str, Any], person: Field | None, check: DocumentCheck) -> None:
    of = check.object("/sheet/object", sheet["object"])
    if of is None:
        return
    beside = _Fields(of, check)
    theirs = beside.whose("/sheet/person", sheet["person"])
    beside.typed("/sheet/week", sheet["week"], "a date", (types.DATE.name,))
    if person is not None and theirs is not None and person.to != theirs.to:
        message = f"`{theirs.name}` is of another object than `{person.name}`."
        check.fault("/sheet/person", "another_object", message, "Name the field of the same.")


class _Fields:
    """The fields of one object as a week grid names them."""

    def __init__(self, object: ObjectType, check: DocumentCheck) -> None:
        self.object = object
        self.check = check

    def typed(self, at: str, name: str, words: str, allowed: tuple[str, ...]) -> None:
        field = self._writable(at, name)
        if field is not None and field.type.name not in allowed:
            message = f"`{name}` is not {words}."
            self.check.fault(at, "wrong_kind", message, f"Name {words}.")

    def whose(self, at: str, name: str) -> Field | None:
        field = self._writable(at, name)
        if field is None or (not field.many and (field.to or field.type.people)):
            return field
        message = f"`{name}` says neither a person nor a record."
        self.check.fault(at, "wrong_kind", message, "Name a person or a look-up.")
        return None

    def row(self, at: str, name: str) -> None:
        field = self._writable(at, name)
        if field is None or (not field.many and not field.type.people and field.to):
            return
        if field.many or field.type.name != types.CHOICE.name:
            message = f"`{name}` cannot make rows."
            self.check.fault(
                at, "wrong_kind", message, "Name a choice, or a look-up of one object."
            )

    def _writable(self, at: str, name: str) -> Field | None:
        field = self.check.field(at, self.object, name)
        if field is not None and (not field.writable or field.system):
            message = f"Nobody can write `{name}`."
            self.check.fault(at, "not_writable", message, "Name a field that people fill in.")
            return None
        return field


def week_grid_questions(document: Document, catalog: Catalog) -> Iterator[IndexQuestion]:
    """The records of a person, by day."""
    body = document.body
    yield IndexQuestion(body["object"], (body["person"],), (body["day"],))
    if "sheet" in body:
        sheet = body["sheet"]
        yield IndexQuestion(sheet["object"], (sheet["person"], sheet["week"]), ordered=False)


def week_grids_of(catalog: Catalog) -> Mapping[str, WeekGrid]:
    return catalog.derive(_compiled)


def _compiled(catalog: Catalog) -> Mapping[str, WeekGrid]:
    return {one.name: one for one in map(_grid, catalog.of("week_grid").values())}


def _grid(document: Document) -> WeekGrid:
    body = document.body
    return WeekGrid(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        icon=body.get("icon", "calendar-week"),
        help=label_text(body.get("help", "")),
        object=body["object"],
        person=body["person"],
        day=body["day"],
        amount=body["amount"],
        rows=tuple(body["rows"]),
        sheet=WeekSheet(**body["sheet"]) if "sheet" in body else None,
        audience=tuple(body.get("audience", ())),
    )


def grids_for(catalog: Catalog, access: Access) -> Iterator[WeekGrid]:
    """Those whose fields somebody may read, and for whose roles they are."""
    for grid in week_grids_of(catalog).values():
        rights = access.object(grid.object)
        wanted = set(grid.audience)
        among = not wanted or access.admin or wanted & set(with_inherited(catalog, access.roles))
        if among and rights.can("read") and rights.hidden.isdisjoint(grid.fields):
            yield grid


def _schema() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = orjson.loads(SCHEMA.read_bytes())
    return loaded


WEEK_GRID = DocumentKind(
    name="week_grid",
    folder="week_grids",
    schema=_schema(),
    check=check_week_grid,
    asks=week_grid_questions,
    label="Week grid",
    removable={
        "/object": "", "/person": "", "/day": "", "/amount": "", "/rows/*": "/rows/*",
        "/sheet/object": "/sheet", "/sheet/person": "/sheet", "/sheet/week": "/sheet",
    },
    about="The records of a person and a week as a table in which they are entered.",
    example={
        "kind": "week_grid",
        "name": "reading_week",
        "label": "Reading week",
        "object": "loan",
        "person": "member",
        "day": "due",
        "amount": "read_for",
        "rows": ["state"],
    },
)  # fmt: skip
