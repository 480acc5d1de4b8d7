"""The kinds of document that there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema import ValidationError
from jsonschema.protocols import Validator

from metamodel.catalog import Catalog, ObjectType
from metamodel.change_sets.change_set_part import CHANGE_SET
from metamodel.checks import DocumentCheck
from metamodel.decisions.decision_documents import check_decision, decision_questions
from metamodel.document import SITE as SITE
from metamodel.document import Document as Document
from metamodel.index_questions import IndexQuestion
from metamodel.kinds import KINDS
from metamodel.locked import LOCKED
from metamodel.object_parts import ObjectPart
from metamodel.object_reach import object_acts
from metamodel.policies import Shape, shape_of
from metamodel.reach import Reach, Unit, named_unit, shown_unit, whole_unit
from metamodel.read_by import READ_BY
from metamodel.roles import check_role
from metamodel.schemas.loading import complete_schema, load_schema, validator_of
from metamodel.timers.timer_part import TIMERS
from metamodel.views import check_view, start_view, view_questions

AskDocument = Callable[[Document, Catalog], Iterable[IndexQuestion]]
CheckDocument = Callable[[Document, DocumentCheck], None]
ActDocument = Callable[[Document, Catalog], Iterable[Reach]]
UnitOf = Callable[[Mapping[str, Any], Sequence[str]], Unit]
StartDocument = Callable[[ObjectType], Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class DocumentKind:
    """A kind of document: its schema, its semantic checks and its words.

    The schema is JSON Schema 2020-12 of the whole document. `kind`, `name` and `extends` are
    added to its properties, and `#/$defs/label`, `name` and `expression` to its definitions.
    """

    name: str
    folder: str  # in a package
    schema: Mapping[str, Any]
    check: CheckDocument | None = None
    label: str = ""
    about: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    # What a first document about an object type says beside its name; the example's members
    # where the kind has none.
    start: StartDocument | None = None
    beside: tuple[str, ...] = ()  # members that may name a file beside the document
    embedded: bool = False  # whether object types hold what it says: they are rebuilt with it
    # What goes with a thing that it uses: the place of the use, and the part that then goes.
    # `*` stands for any step, "" for the whole document. Other uses stand in the way.
    removable: Mapping[str, str] = field(default_factory=dict)
    asks: AskDocument | None = None  # what it asks of records, for indexes
    # What it does with the rights of the system, where its author's have to cover it: what it
    # writes, and whether what it reads is told to others than those who may read it.
    acts: ActDocument | None = None
    wide: bool = False
    carries: bool = False  # others send what they read by way of it
    unit: UnitOf = shown_unit  # how much of it is judged where a part of it changes
    # The folder of the package that holds the objects that its documents need: it comes with the
    # first of them.
    package: Path | None = None
    pages: Mapping[str, str] = field(default_factory=dict)  # in the studio: address and words
    parts: tuple[ObjectPart[Any], ...] = ()  # of the object document; see metamodel.object_parts

    @property
    def full_schema(self) -> Mapping[str, Any]:
        return _completed(self, tuple(KINDS)).schema

    @property
    def shape(self) -> Shape:
        return _completed(self, tuple(KINDS)).shape

    @property
    def validator(self) -> Validator:
        return _completed(self, tuple(KINDS)).validator

    def errors(self, body: Mapping[str, Any]) -> list[ValidationError]:
        """What the schema refuses. Sound documents, nearly all, take microseconds."""
        try:
            if _completed(self, tuple(KINDS)).quick.is_valid(body):
                return []
        except ValueError:  # what JSON cannot hold, such as half a character: told with its place
            pass
        return list(self.validator.iter_errors(body))


@dataclass(frozen=True)
class _Completed:
    """The whole schema of a kind of document, with the kinds of fields that there are."""

    schema: Mapping[str, Any]
    validator: Validator
    quick: jsonschema_rs.Draft202012Validator
    shape: Shape


@cache
def _completed(kind: DocumentKind, field_kinds: tuple[str, ...]) -> _Completed:
    schema = complete_schema(kind.name, kind.label, kind.schema)
    quick = jsonschema_rs.Draft202012Validator(dict(schema), offline=True)
    return _Completed(schema, validator_of(schema), quick, shape_of(schema))


def forget_schemas() -> None:
    """A feature has added to the schema of a kind: it is completed anew."""
    _completed.cache_clear()


APP = DocumentKind(
    name="app",
    folder="",
    schema=load_schema("app"),
    label="Package",
    about="The header of a package: its name, version and requirements.",
    example={
        "kind": "app",
        "name": "library",
        "label": "Library",
        "version": "1.0.0",
        "needs": {"fluvial": ">=0.1"},
    },
)

# The engine's own parts of the object document; features bring theirs by OBJECT_PART.
CORE_PARTS: tuple[ObjectPart[Any], ...] = (LOCKED, READ_BY, TIMERS, CHANGE_SET)

_BARE_OBJECT = DocumentKind(
    name="object",
    folder="objects",
    schema=load_schema("object"),
    acts=object_acts,
    unit=named_unit,
    label="Object",
    removable={
        "/fields/*/formula": "/fields/*",
        "/fields/*/to": "/fields/*",
        "/keys/*": "/keys/*",
        "/checks/*": "/checks/*",
        "/logic/*": "/logic/*",
        "/title": "/title",
        "/states/field": "/states",
        "/states/transitions/*/ask/*": "/states/transitions/*/ask/*",
        "/states/transitions/*/needs/*": "/states/transitions/*/needs/*",
        "/work/assignee": "/work",
        "/work/due": "/work/due",
    },
    about="An object type: its fields, links, keys, checks, states and labels.",
    example={
        "kind": "object",
        "name": "loan",
        "label": "Loan",
        "title": "{number}",
        "fields": [
            {"name": "number", "kind": "sequence", "pattern": "L-{00000}"},
            {"name": "due", "kind": "date", "required": True},
            {"name": "returned", "kind": "date"},
        ],
        "checks": [
            {"name": "due_later", "expect": "due >= '2000-01-01'", "message": "Enter a later day."}
        ],
    },
)


def with_parts(kind: DocumentKind, parts: Iterable[ObjectPart[Any]]) -> DocumentKind:
    """The kind of the object document with parts more: their schemas, and what goes with them."""
    schema, removable = dict(kind.schema), dict(kind.removable)
    added = tuple(parts)
    properties = dict(schema["properties"])
    for part in added:
        if part.name in properties:
            raise ValueError(f"The object document already has a member {part.name!r}.")
        properties[part.name] = part.schema
        removable |= part.removable
    schema["properties"] = properties
    return replace(kind, schema=schema, removable=removable, parts=(*kind.parts, *added))


OBJECT = with_parts(_BARE_OBJECT, CORE_PARTS)

VIEW = DocumentKind(
    name="view",
    folder="views",
    schema=load_schema("view"),
    check=check_view,
    start=start_view,
    asks=view_questions,
    label="View",
    removable={
        "/object": "",
        "/columns/*": "/columns/*",
        "/sort/*": "/sort/*",
        "/group": "/group",
    },
    about="A saved list: which records to show, with which columns, in which order.",
    example={
        "kind": "view",
        "name": "my_groups",
        "label": "My groups",
        "object": "group",
        "where": "created_by == me",
        "columns": ["name", "created_at"],
        "sort": ["name"],
    },
)

ROLE = DocumentKind(
    name="role",
    folder="roles",
    schema=load_schema("role"),
    check=check_role,
    label="Role",
    removable={"/grants/*/object": "/grants/*", "/grants/*/fields/*": "/grants/*/fields/*"},
    about="What people with this role may do, per object, field and record.",
    example={
        "kind": "role",
        "name": "reader",
        "label": "Reader",
        "grants": [{"object": "group", "can": ["read"], "where": "created_by == me"}],
    },
)

CALENDAR = DocumentKind(
    name="calendar",
    folder="calendars",
    schema=load_schema("calendar"),
    label="Calendar",
    about="Working hours: the hours of each weekday in a time zone, and holidays.",
    example={
        "kind": "calendar",
        "name": "opening_hours",
        "label": "Opening hours",
        "zone": "Europe/London",
        "default": True,
        "hours": {"mon-fri": ["09:00-12:30", "13:30-17:30"], "sat": ["10:00-13:00"]},
        "holidays": [
            {"date": "2026-12-24", "name": "Christmas Eve", "hours": ["09:00-12:30"]},
            {"date": "2026-12-25", "name": "Christmas Day"},
        ],
    },
    beside=("holidays",),
    embedded=True,
)

DECISION = DocumentKind(
    name="decision",
    folder="decisions",
    schema=load_schema("decision"),
    check=check_decision,
    asks=decision_questions,
    wide=True,
    unit=whole_unit,
    label="Decision",
    removable={"/object": "", "/for/*": "/for/*"},
    about="A table of rows of which the most specific one that fits wins, such as terms or rates.",
    example={
        "kind": "decision",
        "name": "loan_terms",
        "label": "Loan terms",
        "object": "loan_term",
        "inputs": ["branch", "group"],
        "day": "taken",
        "for": {"loan": {"branch": "copy.branch", "group": "member.group"}},
    },
    embedded=True,
    pages={"try": "Try it"},
)

CORE_KINDS: Mapping[str, DocumentKind] = {
    "app": APP,
    "object": OBJECT,
    "view": VIEW,
    "role": ROLE,
    "calendar": CALENDAR,
    "decision": DECISION,
}


def with_kinds(
    extra: Iterable[DocumentKind], parts: Iterable[ObjectPart[Any]] = ()
) -> dict[str, DocumentKind]:
    """The engine's own document kinds and those of the features, with their parts of objects."""
    kinds = dict(CORE_KINDS)
    brought = tuple(parts)
    if brought:
        kinds[OBJECT.name] = with_parts(OBJECT, brought)
    for kind in extra:
        if kind.name in kinds:
            raise ValueError(f"The document kind {kind.name!r} already exists.")
        kinds[kind.name] = kind
    return kinds
