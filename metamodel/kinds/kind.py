"""What a field kind is: one class that parses, checks, stores, shows and describes its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Protocol

from sqlalchemy import ColumnElement

from metamodel.blanks import blank
from metamodel.calendars.calendar import Calendar
from metamodel.calendars.calendars import Calendars
from metamodel.errors import ValueFault
from metamodel.expressions.expression import Expression
from metamodel.expressions.types import RECORD, RECORDS, ROLE, Type
from metamodel.folding import label_text
from metamodel.storage import Storage
from metamodel.written.text_format import TextFormat as TextFormat

# Kinds whose values are words: every other kind reads them, as it reads what people type.
WRITTEN = ("text", "long_text", "sequence")


@dataclass(frozen=True)
class Column:
    """One column of a field. Its name is the field's name and the suffix."""

    suffix: str  # "" for the first, "__currency", "__fold", ...
    storage: Storage
    references: str | None = None  # object type whose id it holds
    hidden: bool = False  # derived from the value, never read back
    indexed: bool = False


@dataclass(frozen=True, eq=False)
class Field:
    """One field of an object type. Options of its kind are read with `option`."""

    object: str
    name: str
    kind: Kind
    label: str
    spec: Mapping[str, Any]  # as the document in force writes it, options_from resolved
    layer: str = ""  # the layer that brought it
    column: str = ""  # what its columns or link table are called, where not by its own name
    system: bool = False  # id, rev, title, created_at, ...
    required: bool = False
    unique: bool = False
    read_only: bool = False
    searchable: bool = False
    hidden: bool = False  # never on the wire
    made_by: str = ""  # the part of the document that makes it, as `timers/resolve`
    # What the part works its values out from, by code in place of a formula; or the name of the
    # field of the same object that it is worked out along with.
    worked: tuple[Expression, ...] = ()
    along: str = ""
    initial: Any = None  # a default that is a plain value
    default: Expression | None = None  # a default that is worked out
    formula: Expression | None = None  # of a calculated field
    kept: bool = False  # calculated, and stored because it depends on stored data alone
    issued: Expression | None = None  # when a number is given; None where it is at once
    pick: Expression | None = None  # which records a look-up may pick
    calendar: Calendar | None = None  # whose working days it takes
    picks: Mapping[str, Expression] = field(default_factory=dict)  # by object type, where several
    pull: Mapping[str, Expression] = field(default_factory=dict)  # filled from the linked record

    def option(self, name: str, default: Any = None) -> Any:
        return self.spec.get(name, default)

    @property
    def base(self) -> str:
        """What the names of its columns begin with; differs from its name once it was retyped."""
        return self.column or self.name

    @property
    def help(self) -> str:
        return label_text(self.spec.get("help", ""))

    @property
    def many(self) -> bool:
        return self.kind.holds_many(self)

    def pick_of(self, target: str) -> Expression | None:
        """Which records of an object type may be picked; None where all may."""
        return self.pick or self.picks.get(target)

    @property
    def dated(self) -> bool:
        """Whether its value may be another one from a day on."""
        return bool(self.spec.get("dated"))

    @property
    def stored(self) -> bool:
        """Whether what is written to it has columns or a link table of its own."""
        return self.kind.stored

    @property
    def writable(self) -> bool:
        """Whether a caller may ever write it."""
        made = self.made_by or (self.system and self.name != "owner")
        return self.kind.editable and not made

    @cached_property
    def type(self) -> Type:
        return self.kind.type(self)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        if self.kind.linked or not (self.stored or self.kept):
            return ()
        return self.kind.columns(self)

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The object types that it looks up; a role is no record."""
        if self.type.people:
            return tuple(name for name in self.type.objects if name != ROLE)
        return self.type.objects

    @cached_property
    def to(self) -> str | None:
        """The one object type that it looks up, if it is one."""
        single = self.type.name in (RECORD.name, RECORDS.name) and len(self.targets) == 1
        return self.targets[0] if single else None


class FieldOwner(Protocol):
    """An object type, as a kind's check asks for it."""

    @property
    def fields(self) -> Mapping[str, Field]: ...


class FieldCheck(Protocol):
    """What a kind's check of one field sees and says. The option "" is the field itself."""

    faulty: list[str]  # the options that are reported already

    @property
    def calendars(self) -> Calendars: ...

    def inside(self, option: str) -> FieldCheck:
        """The check of a field that stands within an option."""

    def fault(self, option: str, code: str, message: str, hint: str = "") -> None:
        """Report a fault of an option."""

    def object(self, option: str, name: str) -> FieldOwner | None:
        """The object type that an option names; a fault where there is none."""

    def sibling(self, option: str, name: str) -> Field | None:
        """Another field of the same object that an option names; a fault where there is none."""

    def document_kind(self, option: str, name: str) -> None:
        """Report an option that names no kind of document."""


class RelatedRecords(Protocol):
    """What a conversion asks about other records."""

    zone: str

    def title(self, object: str, record: str) -> str | None:
        """The display text of a record; None where there is none."""

    def find(self, object: str, title: str) -> str:
        """The one record with this title (made, where that was asked for); or ValueFault."""

    def person(self, text: str) -> str:
        """The one user with this name or e-mail address; or ValueFault."""


@dataclass(frozen=True)
class ConversionStep:
    """One value on its way from a field to the same field of another kind."""

    old: Field
    new: Field
    world: RelatedRecords

    def read(self, text: str) -> Any:
        """What the new kind reads in a text."""
        if blank(text):
            return None
        return self.new.kind.parse_text(self.new, text, TextFormat(zone=self.world.zone))

    def texts(self, value: Any) -> list[str]:
        """The words of a value, one for each part of kinds that hold many."""
        return self.old.kind.texts(self.old, value, self.world)


Convert = Callable[[ConversionStep, Any], Any]


def one_text(step: ConversionStep, value: Any) -> Any:
    """By the words of a value that holds one."""
    texts = step.texts(value)
    if len(texts) > 1:
        raise ValueFault("too_many", f"It holds {len(texts)} values, and the field takes only one.")
    return step.read(texts[0])


class Kind:
    """A field kind. Subclasses override what differs; the defaults suit one plain column."""

    name: ClassVar[str]
    label: ClassVar[str]
    group: ClassVar[str]  # in the kind picker: "Text and numbers", "Time", "Choices", "Links", ...
    icon: ClassVar[str]  # a Tabler outline icon
    like: ClassVar[str] = ""  # the kind whose inputs it has, where it brings none of its own
    face: ClassVar[str] = ""  # of one from elsewhere: where its face is, "package.module:Class"
    words: ClassVar[str] = ""  # other words it is found by: "e-mail percent"
    formats: ClassVar[Mapping[str, str]] = {}  # such words that also say its `format`
    suggests: ClassVar[str] = ""  # words of labels that such a field is likely to have
    about: ClassVar[str]  # one sentence for the reference
    example: ClassVar[Mapping[str, Any]]  # a field of this kind, as a document writes it
    sample: ClassVar[Any] = None  # a value of the example, as JSON has it
    options: ClassVar[Mapping[str, Any]] = {}  # JSON Schema of the options beside the common ones
    needs: ClassVar[tuple[str, ...]] = ()  # options that must be given
    first: ClassVar[tuple[str, ...]] = ()  # options that the studio asks for at first glance
    awaits: ClassVar[tuple[str, ...]] = ()  # of these, those without which it tells no plan
    many: ClassVar[bool] = False  # whether it always holds many; see holds_many
    editable: ClassVar[bool] = True  # False for what the system makes
    linked: ClassVar[bool] = False  # its values are rows of a link table, not columns
    stored: ClassVar[bool] = True  # False for what is worked out when it is read
    sortable: ClassVar[bool] = True  # see sorts
    sorts_by: ClassVar[str | None] = None  # sorted by this field of the record that it looks up
    searchable: ClassVar[bool] = False  # whether a field may be part of the full-text search
    indexable: ClassVar[bool] = True  # whether a field may be unique or part of a key
    unique: ClassVar[bool] = False  # whether it is unique without being told
    emptiable: ClassVar[bool] = True  # False where no value is a value: requiring one says nothing
    titles: ClassVar[bool] = False  # whether the first such field titles records without a title
    identifies: ClassVar[bool] = False  # whether tables name records by it: account.code
    groups: ClassVar[bool] = False  # whether it parts records into the columns of a board
    long: ClassVar[bool] = False  # whether it holds paragraphs
    uploads: ClassVar[bool] = False  # whether its values are files, which are sent beside a form
    lasting: ClassVar[bool] = False  # whether links stay readable when what they name has left
    operators: ClassVar[tuple[str, ...]] = ("is", "is_not", "empty", "not_empty")

    def holds_many(self, field: Field) -> bool:
        return self.many

    def sorts(self, field: Field) -> bool:
        """Whether lists may be sorted by the field."""
        return self.sortable and not self.holds_many(field)

    def sorted_behind(self, field: Field) -> str | None:
        """The field of the record that it looks up by which lists sort it."""
        return self.sorts_by

    def absent(self, field: Field) -> Any:
        """What an empty field reads as."""
        return [] if self.holds_many(field) else None

    def default_schema(self) -> Mapping[str, Any] | None:
        """JSON Schema of the default that the studio asks for; None where it asks for none."""
        able = self.editable and not self.linked
        return {"type": "string", "description": "A value, or today()."} if able else None

    def on_delete(self, field: Field) -> str:
        """What becomes of the record when one that it links to is deleted."""
        return "clear" if self.holds_many(field) else "restrict"

    def link(self, field: Field, object: str, record: str) -> Any:
        """The canonical value, or one of its parts, that links to a record."""
        return record

    def period(self, field: Field, day: date) -> str | None:
        """The period of the counter that numbers new records; None where nothing is counted."""
        return None

    def series(self, spec: Mapping[str, Any]) -> tuple[str, ...]:
        """The fields for each of whose values a counter counts on its own."""
        return ()

    def numbered(self, field: Field, number: int, day: date) -> Any:
        """The canonical value of the counter's number."""
        raise NotImplementedError

    def beginning(self, field: Field, day: date) -> str:
        """What all numbers of the counter's period begin with."""
        return ""

    def counted(self, field: Field, value: Any) -> tuple[str, int] | None:
        """The period and number of a value from elsewhere, so that none is given twice."""
        return None

    def check(self, field: Field, check: FieldCheck) -> None:
        """Report faults of the field's options that its JSON Schema cannot see."""

    def resolve(self, spec: Mapping[str, Any], calendars: Calendars) -> Mapping[str, Any]:
        """The options of a field with what the calendars add to them."""
        return spec

    def follows(self, field: Field) -> tuple[str, ...]:
        """The other fields of the record that say which values it takes; see `settle`."""
        return ()

    def released(self, field: Field, value: Any) -> Any:
        """A value that was there before, free to follow the other fields; see `settle`."""
        return value

    def settle(self, field: Field, value: Any, others: Mapping[str, Any]) -> Any:
        """The value beside those of the other fields, before it is stored; raises ValueFault."""
        return value

    def type(self, field: Field) -> Type:
        """The type of the field in expressions."""
        raise NotImplementedError

    def columns(self, field: Field) -> tuple[Column, ...]:
        raise NotImplementedError

    def order(
        self, field: Field, columns: Mapping[str, ColumnElement[Any]]
    ) -> tuple[ColumnElement[Any], ...]:
        """What to sort by, from the columns by their suffix; empties are the caller's care."""
        return (columns[""],)

    def literal(self, field: Field, raw: Any) -> bool:
        """Whether a default is a plain value and no expression."""
        if not isinstance(raw, str):
            return True
        try:
            self.parse(field, raw)
        except ValueFault:
            return False
        return True

    def parse(self, field: Field, raw: Any) -> Any:
        """The canonical value of a JSON value that is not empty; raises ValueFault."""
        raise NotImplementedError

    def parse_over(self, field: Field, raw: Any, there: Any) -> Any:
        """The same, where a record holds a value already: parts that are there may stay."""
        return self.parse(field, raw)

    def parse_text(self, field: Field, text: str, form: TextFormat) -> Any:
        """The canonical value of text that is not empty; raises ValueFault."""
        return self.parse(field, text)

    def tidied(self, field: Field, value: Any) -> Any:
        """A canonical value as it is kept, from wherever it comes; text of spaces is none."""
        return value

    def pack(self, field: Field, value: Any) -> Sequence[Any]:
        """The values of the columns of a value that is not empty."""
        return (value,)

    def unpack(self, field: Field, parts: Sequence[Any]) -> Any:
        """The canonical value from the values of the columns that are not hidden."""
        return parts[0]

    def wire(self, field: Field, value: Any) -> Any:
        """The JSON form of a value that is not empty."""
        columns = field.columns or self.columns(field)
        convert = columns[0].storage.to_wire
        return convert(value) if convert else value

    def wire_parts(self, field: Field, parts: Sequence[Any]) -> Any:
        """The JSON form from the JSON forms of the columns that are not hidden."""
        return parts[0]

    def wire_source(self, field: Field, parts: Sequence[str]) -> str | None:
        """`wire_parts` as Python source over the sources of the parts, for rows by the hundred.

        None where a call is all there is. The value is not empty.
        """
        return None

    def cell(self, field: Field, value: Any) -> str:
        """The text of a cell, from the JSON form of a value that is not empty.

        `parse_text` reads it again.
        """
        return ";".join(map(str, value)) if isinstance(value, list) else str(value)

    def texts(self, field: Field, value: Any, world: RelatedRecords) -> list[str]:
        """The words of a value in other kinds, one for each of its parts; see `takes`."""
        return [str(value)]

    def takes(self, old: Kind) -> Convert | None:
        """How values of another kind become its own; None where they mean nothing here."""
        return one_text if old.among(WRITTEN) else None

    def among(self, names: tuple[str, ...]) -> bool:
        """Whether it is one of some kinds, or holds values as one of them does."""
        return any(getattr(base, "name", "") in names for base in type(self).__mro__)

    def show(self, field: Field, value: Any, locale: str = "en") -> str:
        """A value that is not empty, for people."""
        return str(value)

    def json_schema(self, field: Field) -> dict[str, Any]:
        """JSON Schema of the value in a record; null is added by the caller."""
        raise NotImplementedError
