"""Cells of a batch of rows become values: texts are parsed, named records are found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from fluvial.records.drafts.rows import empty
from fluvial.records.writing.past_drafts import ToldStep
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.folding import fold
from metamodel.kinds.kind import TextFormat
from metamodel.written.written_lengths import unit_in

from .key_lookups import find_by, parts_of
from .options import Options
from .table_files import Row
from .targets import Target
from .workbook_cells import FailedCell, PlainCell

ESCAPED = re.compile(r"'+[=+\-@\t\r\n]")  # what our export put a quote before
REMEDIES = {
    "no_date_order": "`dates`",
    "ambiguous_number": "`decimal`",
    "no_unit": "`durations`",
    "line_break": "`line_breaks`",
}
MAX_KNOWN = 50_000  # found records that are remembered for each column


@dataclass
class CellFault:
    row: int
    column: str
    code: str
    message: str

    def wire(self) -> dict[str, Any]:
        return vars(self)


@dataclass
class Deferred:
    """A cell that names a record of the same object, which may stand further down the table."""

    target: Target
    text: str
    beside: list[Any] = field(default_factory=list)  # what other columns say of the same field


@dataclass
class Doubt:
    """A cell that is no value of its field by now. What a record holds it may go on to hold."""

    target: Target
    text: str
    fault: CellFault

    def holds(self, value: Any) -> bool:
        kind, known = self.target.field.kind, self.target.field
        if value is None:
            return False
        written = kind.cell(known, kind.wire(known, value)), kind.show(known, value)
        return fold(self.text) in map(fold, written)


@dataclass
class Parsed:
    """One row on its way in."""

    row: int
    values: dict[str, Any] = field(default_factory=dict)  # canonical, of the mapped fields
    vouched: set[tuple[str, str]] = field(default_factory=set)
    several: dict[str, tuple[Target, list[str]]] = field(default_factory=dict)  # which is meant?
    deferred: list[Deferred] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    past: Sequence[ToldStep] = ()  # when the record was written elsewhere

    def fault(self, column: str, code: str, message: str) -> CellFault:
        told = CellFault(self.row, column, code, message)
        self.faults.append(told)
        return told

    def settle(self, there: Mapping[str, Any]) -> None:
        """Drop the faults of cells that say what the record holds already."""
        for doubt in self.doubts:
            if doubt.holds(there.get(doubt.target.field.name)):
                self.faults.remove(doubt.fault)


class Cells:
    """Parses rows by their targets. What was found once is remembered. In a `trial`, whatever is
    not there may be made by another row."""

    trial = False

    def __init__(
        self,
        session: Session,
        object_name: str,
        targets: Sequence[Target],
        options: Options,
        *,
        quoted: bool = True,
    ) -> None:
        """`quoted`: a quote may stand before what a spreadsheet would run."""
        self._session = session
        self._object = object_name
        self.targets = targets
        self._quoted = quoted
        self._options = options
        self._form = options.form(session)
        self._forms = {t.index: self._form_of(t) for t in targets}
        self._known: dict[int, dict[str, list[str]]] = {t.index: {} for t in targets if t.object}
        self._wrong: dict[tuple[int, str], ValueFault] = {}
        self._absent: set[tuple[int, str]] = set()

    def _form_of(self, target: Target) -> TextFormat:
        """How the cells of a column are written: its heading may say the unit of lengths."""
        unit = unit_in(target.heading or target.column)
        return replace(self._form, unit=unit) if unit else self._form

    def parse(self, rows: Iterable[Row]) -> list[Parsed]:
        read = [(row, {} if row.faults else self._texts(row.cells)) for row in rows]
        for target in self.targets:
            if target.object:
                self.find(target, (texts[target.index] for _, texts in read if texts))
        return [self._parsed(row, texts) for row, texts in read]

    def _texts(self, cells: list[str]) -> dict[int, str]:
        return {t.index: self._text(t, cells, t.index) for t in self.targets}

    def _text(self, target: Target, cells: list[str], index: int) -> str:
        values = self._options.values
        replaced = values.get(target.column, values.get(target.heading))
        cell = cells[index] if index < len(cells) else ""
        if isinstance(cell, PlainCell | FailedCell) and not (replaced and cell in replaced):
            return "" if cell in self._options.empty else cell
        text = cell.strip()
        if text in self._options.empty:
            return ""
        if self._quoted and text.startswith("'") and ESCAPED.match(text):
            text = text[1:]
        return replaced.get(text, text) or "" if replaced else text

    def find(self, target: Target, texts: Iterable[str]) -> None:
        """Look up what is not known yet of the records that texts name; one statement."""
        known = self._known[target.index]
        if len(known) > MAX_KNOWN:
            known.clear()
        wanted: dict[str, Any] = {}
        for text in texts:
            for part in _parts(target, text):
                if (
                    part not in known
                    and part not in wanted
                    and (target.index, part) not in self._wrong
                ):
                    try:
                        value = target.by.kind.parse_text(target.by, part, self._form)
                        wanted[part] = parts_of(target.by, value)
                    except ValueFault as error:
                        self._wrong[target.index, part] = error
        if wanted:
            found = find_by(self._session, target.object, (target.path,), wanted.values())
            known.update({text: found.get(key, []) for text, key in wanted.items()})
            self._absent |= {(target.index, text) for text in wanted if not known[text]}

    def forget_missing(self) -> None:
        """What was not there may have been made since."""
        for index, text in self._absent:
            self._known[index].pop(text, None)
        self._absent.clear()

    def _parsed(self, row: Row, texts: Mapping[int, str]) -> Parsed:
        parsed = Parsed(row.number)
        for column, code, message in row.faults:
            parsed.fault(column, code, message)
        for target in self.targets if texts else ():
            text = texts[target.index]
            name = target.field.name
            if not text:
                # Of several columns for one field, those that say something count.
                parsed.values.setdefault(name, None)
            elif isinstance(text, FailedCell):
                message = f"The formula of this cell failed ({text}). Correct it in the file."
                parsed.fault(target.column, "failed_formula", message)
            elif target.object:
                self._look_up(parsed, target, text)
            else:
                try:
                    _put(parsed, target, self._value(target, text))
                except ValueFault as error:
                    message = f"{error.message}{_remedy(error)} (The cell contains {text[:60]}.)"
                    told = parsed.fault(target.column, error.code, message)
                    parsed.doubts.append(Doubt(target, text, told))
        return parsed

    def _value(self, target: Target, text: str) -> Any:
        form = self._forms[target.index]
        if isinstance(text, PlainCell):
            form = replace(form, decimal=".")
        return self._shifted(target.field.kind.parse_text(target.field, text, form))

    def read(self, target: Target, row: list[str]) -> tuple[str, Any, ValueFault | None]:
        """The text of a target's cell, the value that it has alone, and what is wrong with it."""
        text = self._text(target, row, target.index)
        if not text or target.object or isinstance(text, FailedCell):
            return text, None, None
        try:
            return text, self._value(target, text), None
        except ValueFault as fault:
            return text, None, fault

    def _shifted(self, value: Any) -> Any:
        shift = self._options.shift
        return value + shift if shift and isinstance(value, date) else value

    def _look_up(self, parsed: Parsed, target: Target, text: str) -> None:
        ids = []
        for part in _parts(target, text):
            found = self._known[target.index].get(part, [])
            if len(found) == 1:
                ids.append(found[0])
            elif found:
                parsed.several[target.field.name] = (target, found)
            elif target.object == self._object and (
                self.trial or not (target.field.required or target.kept)
            ):
                beside = parsed.values.setdefault(target.field.name, None)
                parsed.deferred.append(Deferred(target, text, beside or []))
                return
            else:
                self._missing(parsed, target, part)
                return
        if ids:
            parsed.vouched |= {(target.object, id_) for id_ in ids}
            _put(parsed, target, value_of(target, ids))

    def _missing(self, parsed: Parsed, target: Target, text: str) -> None:
        parsed.fault(target.column, "unknown_record", self.missing(target, text))

    def missing(self, target: Target, text: str) -> str:
        label = self._session.catalog.objects[target.object].label.lower()
        wrong = self._wrong.get((target.index, text))
        hint = f" {wrong.message}" if wrong else ""
        return f"There is no {label} with the {target.by.label.lower()} {text}.{hint}"

    def found(self, target: Target, text: str) -> list[str] | None:
        """The ids of what a deferred cell names, or None where one of them is not there."""
        ids = []
        for part in _parts(target, text):
            known = self._known[target.index].get(part, [])
            if len(known) != 1:
                return None
            ids += known
        return ids


def _remedy(error: ValueFault) -> str:
    """The option that says how a cell is meant."""
    option = REMEDIES.get(error.code)
    return f" The option is {option}." if option else ""


def _put(parsed: Parsed, target: Target, value: Any) -> None:
    """What a column says of its field, beside what others say."""
    name = target.field.name
    there = parsed.values.get(name)
    if there is None or there == value:
        parsed.values[name] = value
    elif target.field.many:
        parsed.values[name] = [*there, *(one for one in value if one not in there)]
    else:
        message = f"Another column says something else of {target.field.label}."
        parsed.fault(target.column, "two_values", message)


def _parts(target: Target, text: str) -> list[str]:
    """The records that a cell names; several with `;` between them where the field holds many."""
    if not text:
        return []
    if not target.field.many:
        return [text]
    return [part.strip() for part in text.split(";") if part.strip()]


def value_of(target: Target, ids: Sequence[str]) -> Any:
    """The canonical value of a look-up that leads to records."""
    field_: Field = target.field
    values = [field_.kind.link(field_, target.object, id_) for id_ in ids]
    return values if field_.many else values[0]


def fixed_values(session: Session, fields: Mapping[str, Field], options: Options) -> dict[str, Any]:
    """The canonical values of what every row gets; ValueFault where one is not valid."""
    form = options.form(session)
    return {
        name: fields[name].kind.parse_text(fields[name], text, form)
        for name, text in options.fixed.items()
        if not empty(text)
    }
