"""Which kind of field a column of cells most likely is, and the kinds that a person may choose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from metamodel.blanks import blank
from metamodel.currencies import currencies
from metamodel.errors import ValueFault
from metamodel.folding import fold
from metamodel.kinds import KINDS
from metamodel.kinds.kind import Field, TextFormat
from metamodel.kinds.number import MAX_SCALE, PERCENT, SCALE
from metamodel.written.currency_signs import SIGNS
from metamodel.written.written_answers import answer_in
from metamodel.written.written_lengths import unit_in
from metamodel.written.written_numbers import cleaned

FEW_ROWS, MOST_OPTIONS, OPTION_LENGTH = 8, 24, 40  # of a choice
LONG = 200  # characters: more are paragraphs
FIRST = 60  # different cells that are tried before all are
TOLD = 3  # cells that do not fit
NEARLY = 0.9  # of the cells: a kind that so many fit is worth a remark
# Last words of headings over figures that are names, not amounts: nobody adds them up.
CODES = frozenset(
    "id no nr num number nummer code key ref reference zip postcode plz sku ean isbn serial phone "
    "telephone telefon tel mobile fax".split()
)
CALLED = frozenset("phone telephone telefon tel mobile mobil cell fax handy".split())
YEARS = frozenset(("year", "jahr", "annee", "ano", "anno"))
WORD = re.compile(r"[^\W\d_]+")
DECIMALS = re.compile(r"[.,][0-9]{2}\b(?![.,])")
AMOUNT = re.compile(r"[^0-9.,'’\s()+-]+")
ZEROS = re.compile(r"[+-]?0[0-9]")
SURE_YES = frozenset(("x", "yes", "true", "ja", "oui", "✓", "✔", "☑"))
BOTH_MARKS: tuple[str, ...] = (".", ",")
ORDERS: tuple[str, ...] = ("ymd", "dmy", "mdy")


@dataclass(frozen=True)
class CellKind:
    """What the cells of a column may be: a kind with some of its options said."""

    name: str
    label: str
    spec: Mapping[str, Any]
    lists: bool = False  # its options are the cells
    priced: bool = False  # it may have a currency
    links: bool = False  # its cells name records of another object


CELL_KINDS: Mapping[str, CellKind] = {
    one.name: one
    for one in (
        CellKind("words", "Text", {"kind": "text"}),
        CellKind("paragraphs", "Long text", {"kind": "long_text"}),
        CellKind("email", "E-mail address", {"kind": "text", "format": "email"}),
        CellKind("phone", "Phone number", {"kind": "text", "format": "phone"}),
        CellKind("url", "Web address", {"kind": "text", "format": "url"}),
        CellKind("clock", "Time of day", {"kind": "text", "format": "time"}),
        CellKind("whole", "Whole number", {"kind": "number", "scale": 0}),
        CellKind("decimal", "Number with decimals", {"kind": "number", "scale": SCALE}),
        CellKind("year", "Year", {"kind": "number", "scale": 0, "thousands": False}),
        CellKind("percent", "Percent", {"kind": "number", "format": "percent"}),
        CellKind("amount", "Money", {"kind": "money"}, priced=True),
        CellKind("answer", "Yes or no", {"kind": "boolean"}),
        CellKind("day", "Date", {"kind": "date"}),
        CellKind("moment", "Date and time", {"kind": "datetime"}),
        CellKind("length", "Duration", {"kind": "duration"}),
        CellKind("option", "Choice", {"kind": "choice"}, lists=True),
        CellKind("link", "Look-up", {"kind": "lookup"}, links=True),
    )
}


@dataclass
class CellColumn:
    """The cells of a column that say something, each once in their order."""

    heading: str
    counts: Mapping[str, int]
    rows: int  # of the table

    @property
    def texts(self) -> Sequence[str]:
        return list(self.counts)

    @property
    def filled(self) -> int:
        return sum(self.counts.values())

    @property
    def words(self) -> list[str]:
        return [fold(word) for word in WORD.findall(self.heading)]

    @property
    def is_code(self) -> bool:
        words = self.words
        return bool(words) and (words[-1] in CODES or words[0] == "id")

    @property
    def is_called(self) -> bool:
        """Whether the heading says that these are numbers of phones."""
        return bool(CALLED & {*self.words})


@dataclass
class CellProposal:
    """What a column most likely is; `remark` says what else it nearly is."""

    kind: str
    options: dict[str, Any] = field(default_factory=dict)  # of the field, beside those of the kind
    remark: str = ""


def proposed_kind(column: CellColumn, form: TextFormat) -> CellProposal:
    """The kind that all cells of a column fit; `form` says what is known of how they are written,
    with "" for what is not."""
    for found in _candidates(column, form):
        return found
    nearly = _nearly(column, form)
    return CellProposal(_words_kind(column), remark=nearly)


def _candidates(column: CellColumn, form: TextFormat) -> Iterator[CellProposal]:
    texts = column.texts
    if not texts:
        return
    if _are_answers(texts):
        yield CellProposal("answer")
    for name in ("email", "url", "clock"):
        if fits(CELL_KINDS[name].spec, column, form):
            yield CellProposal(name)
    if _are_phones(column, form):
        yield CellProposal("phone")
    yield from _figures(column, form)
    for name in ("day", "moment", "length"):
        if any(map(str.isdigit, "".join(texts[:1]))) and _timely(name, column, form):
            yield CellProposal(name)
    if _are_options(column):
        yield CellProposal("option")


def fits(spec: Mapping[str, Any], column: CellColumn, form: TextFormat) -> bool:
    """Whether every cell is a value of such a field, in one way of writing them."""
    return any(
        not misfits(spec, column.texts[:FIRST], column.heading, one)
        and not misfits(spec, column.texts[FIRST:], column.heading, one)
        for one in _forms(spec, column.heading, form)
    )


# What of the way in which they are written decides about values of a kind.
VARIES = {"date": "dates", "datetime": "dates", "number": "decimal", "money": "decimal"}


def _forms(spec: Mapping[str, Any], heading: str, form: TextFormat) -> Iterator[TextFormat]:
    """The ways in which cells may be written: as was said, or each that there is."""
    orders: tuple[str, ...] = (form.dates or ORDERS[0],)
    marks: tuple[str, ...] = (form.decimal or BOTH_MARKS[0],)
    varies = VARIES.get(spec["kind"], "")
    if varies == "dates" and not form.dates:
        orders = ORDERS
    elif varies == "decimal" and not form.decimal:
        marks = BOTH_MARKS
    for order in orders:
        for mark in marks:
            unit = unit_in(heading) or form.unit
            yield replace(form, dates=order, decimal=mark, unit=unit)


def misfits(
    spec: Mapping[str, Any], texts: Iterable[str], heading: str, form: TextFormat, most: int = 1
) -> list[str]:
    """Cells that are no value of such a field, at most so many."""
    trial = Field("", "cell", KINDS[spec["kind"]], heading, spec)
    plain = replace(form, decimal=".")
    found = []
    for text in texts:
        try:
            # A number of a workbook has a point, whatever the texts around it have.
            trial.kind.parse_text(trial, text, form if type(text) is str else plain)
        except ValueFault:
            found.append(text)
            if len(found) >= most:
                break
    return found


def _are_answers(texts: Sequence[str]) -> bool:
    said = {answer_in(text) for text in texts}
    words = {fold(text.strip()) for text in texts}
    if None in said or len(words) > 2 or all(word.isdigit() for word in words):
        return False
    return said == {True, False} or words <= SURE_YES


def _are_phones(column: CellColumn, form: TextFormat) -> bool:
    dialled = all(text.lstrip("( ").startswith("+") for text in column.texts[:FIRST])
    return (column.is_called or dialled) and fits(CELL_KINDS["phone"].spec, column, form)


def _figures(column: CellColumn, form: TextFormat) -> Iterator[CellProposal]:
    texts = column.texts
    if not all(any(c.isdigit() for c in text) for text in texts[:FIRST]):
        return
    if not any(ZEROS.fullmatch(cleaned(text)[:2]) and "." not in text[:2] for text in texts):
        yield from _numbers(column, form)
    yield from _amounts(column, form)


def _numbers(column: CellColumn, form: TextFormat) -> Iterator[CellProposal]:
    texts = column.texts
    if all(cleaned(text).endswith(PERCENT) for text in texts):
        spec = CELL_KINDS["percent"].spec
        for scale in (0, SCALE, MAX_SCALE):
            if fits({**spec, "scale": scale}, column, form):
                yield CellProposal("percent", {"scale": scale})
                return
    cents = any(DECIMALS.search(text) for text in texts)
    if not cents and fits(CELL_KINDS["whole"].spec, column, form):
        if column.is_code or any(len(cleaned(text)) > 15 for text in texts):
            return  # a name in figures: it stays as it is written
        years = YEARS & {*column.words} and all(len(cleaned(text)) == 4 for text in texts)
        yield CellProposal("year" if years else "whole")
    for scale in (SCALE, 4, MAX_SCALE):
        if fits({"kind": "number", "scale": scale}, column, form):
            yield CellProposal("decimal", {"scale": scale} if scale != SCALE else {})
            return


def _amounts(column: CellColumn, form: TextFormat) -> Iterator[CellProposal]:
    """Money where a currency stands beside the figures."""
    signs = {sign for text in column.texts[:FIRST] for sign in AMOUNT.findall(cleaned(text))}
    if not signs or not all(AMOUNT.search(cleaned(text)) for text in column.texts):
        return
    for currency in dict.fromkeys(_currencies([column.heading, *sorted(signs)])):
        if fits({"kind": "money", "currency": currency}, column, form):
            yield CellProposal("amount", {"currency": currency})
            return
    if fits({"kind": "money"}, column, form):
        yield CellProposal("amount")


def _currencies(texts: Iterable[str]) -> Iterator[str]:
    """The currencies that texts name by their codes or signs."""
    for text in texts:
        yield from (code for code in re.findall(r"\b[A-Z]{3}\b", text) if code in currencies())
        for sign in re.findall(r"\S+", text):
            yield from SIGNS.get(sign.strip("()[]"), "").split()[:1]


def currency_in(heading: str) -> str:
    """The currency that a heading names, such as `Price (EUR)`; "" where it names none."""
    return next(_currencies([heading]), "")


def _timely(name: str, column: CellColumn, form: TextFormat) -> bool:
    spec = CELL_KINDS[name].spec
    if name == "length":
        return all(any(c.isalpha() for c in text) for text in column.texts[:FIRST]) and fits(
            spec, column, form
        )
    return not column.is_code and fits(spec, column, form)


def _are_options(column: CellColumn) -> bool:
    """Few different words, each of them several times."""
    count = len(column.counts)
    return (
        column.filled >= FEW_ROWS
        and 2 <= count <= MOST_OPTIONS
        and column.filled >= 3 * count
        and not column.is_code
        and len({fold(text) for text in column.counts}) == count
        and all(len(text) <= OPTION_LENGTH and "\n" not in text for text in column.counts)
    )


def _words_kind(column: CellColumn) -> str:
    long = any(len(text) > LONG or "\n" in text for text in column.texts)
    return "paragraphs" if long else "words"


def _nearly(column: CellColumn, form: TextFormat) -> str:
    """A remark where all but a few cells are of one kind."""
    texts = column.texts
    most = int(len(texts) * (1 - NEARLY))
    if not most:
        return ""
    for name in ("email", "url", "day", "whole", "decimal", "moment"):
        if column.is_code and name not in ("email", "url"):
            continue
        kind = CELL_KINDS[name]
        for one in _forms(kind.spec, column.heading, form):
            first = texts[:FIRST]
            if len(misfits(kind.spec, first, column.heading, one, FIRST)) > len(first) // 4:
                continue
            wrong = misfits(kind.spec, texts, column.heading, one, most + 1)
            if 0 < len(wrong) <= most:
                shown = ", ".join(text[:30] for text in wrong[:TOLD])
                return f"Nearly all are “{kind.label}”; not: {shown}."
    return ""


def counted(cells: Iterable[str], empty: frozenset[str] = frozenset()) -> dict[str, int]:
    """How often each text stands in the cells of a column."""
    found: dict[str, int] = {}
    for cell in cells:
        if cell and not blank(cell) and cell.strip() not in empty:
            text = cell if type(cell) is not str else cell.strip()
            found[text] = found.get(text, 0) + 1
    return found
