"""What a caller says of an import: where columns go, how cells are written, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from fluvial.kernel.problems import Unprocessable, fault
from fluvial.runtime.session import Session
from metamodel.kinds.kind import TextFormat
from metamodel.written.written_lengths import UNIT_NAMES
from metamodel.written.written_numbers import decimal_mark

from .delimiters import known_delimiter
from .table_files import FileReading
from .text_encodings import known_encoding

MEMBERS = (
    "map", "dates", "empty", "decimal", "durations", "line_breaks", "key", "sheet", "skip_faults",
    "dry_run", "rules", "values", "fixed", "encoding", "delimiter", "headings", "empty_cells",
    "past",
)  # fmt: skip
KEEP, CLEAR = "keep", "clear"  # what an empty cell does to the value of a record that is there
DATES = ("ymd", "dmy", "mdy")
ASK = "ask"  # a decimal mark that nobody has said: numbers that may be read in two ways are faults


@dataclass(frozen=True)
class Options:
    """`map` is {column: field or ""}; columns whose names fit need no place in it."""

    map: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()  # fields by which a row finds a record to update
    reading: FileReading = FileReading()
    empty_cells: str = KEEP
    skip_faults: bool = False
    dry_run: bool = False
    rules: bool = True  # False leaves no events, so that nothing happens after the import
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # {column: {cell: text}}
    # {field: text} of every row; {column} in the text stands for the row's cell.
    fixed: Mapping[str, str] = field(default_factory=dict)
    shift: timedelta = timedelta()  # added to every date: sample data that ends today
    dates: str = "ymd"
    empty: frozenset[str] = frozenset()
    decimal: str = ""  # the decimal mark; "" where nobody has said it
    durations: str = ""  # the unit of lengths without one; "" where nobody has said it
    past: str = ""  # the column that tells when, and by whom, rows were saved and moved elsewhere
    line_breaks: str = ""  # "space": what becomes of them in one line of text

    def form(self, session: Session) -> TextFormat:
        """How cells are written. Where the site's own mark is a comma, a point is not taken for
        granted either: a number that may be read in two ways is a fault then.
        """
        locale = session.engine.settings.locale
        usual = "." if decimal_mark(locale) == "." else ASK
        decimal = self.decimal or usual
        return TextFormat(
            dates=self.dates,
            empty=self.empty,
            decimal="" if decimal == ASK else decimal,
            zone=session.catalog.zone,
            locale=locale,
            unit=self.durations,
            line_breaks=self.line_breaks,
        )

    def with_query(self, query: Mapping[str, str]) -> Options:
        """What the address says beside the body."""
        options = self
        if query.get("key"):
            options = replace(options, key=tuple(name.strip() for name in query["key"].split(",")))
        return replace(
            options,
            dry_run=query.get("dry_run", str(self.dry_run).lower()) == "true",
            skip_faults=query.get("skip_faults", str(self.skip_faults).lower()) == "true",
        )


def read_options(raw: Any) -> Options:
    """The options of a JSON object; every fault at once."""
    if not isinstance(raw, dict):
        raise _refused([fault("/options", "not_an_object", "`options` must be a JSON object.")])
    faults = [
        fault(f"/options/{name}", "unknown_member", f"There is no option `{name}`.")
        for name in raw
        if name not in MEMBERS
    ]
    for name, good, remedy in _judged(raw):
        if not good:
            faults.append(fault(f"/options/{name}", "wrong_value", f"`{name}` must be {remedy}."))
    if faults:
        raise _refused(faults)
    return Options(
        map={column: target or "" for column, target in raw.get("map", {}).items()},
        key=tuple(_listed(raw.get("key", []))),
        reading=FileReading(
            encoding=raw.get("encoding") or "",
            delimiter=known_delimiter(raw.get("delimiter") or "") or "",
            sheet=raw.get("sheet") or "",
            headings=raw.get("headings") or 0,
        ),
        empty_cells=raw.get("empty_cells", KEEP),
        skip_faults=raw.get("skip_faults", False),
        dry_run=raw.get("dry_run", False),
        rules=raw.get("rules", True),
        values=raw.get("values", {}),
        fixed={name: text or "" for name, text in raw.get("fixed", {}).items()},
        dates=raw.get("dates", "ymd"),
        empty=frozenset(_listed(raw.get("empty", []))),
        decimal=raw.get("decimal", ""),
        durations=raw.get("durations") or "",
        line_breaks=raw.get("line_breaks") or "",
        past=raw.get("past") or "",
    )


def _judged(raw: dict[str, Any]) -> Iterator[tuple[str, bool, str]]:
    """Each option, whether its value is one, and what it must be."""
    yield from (
        ("map", _is_texts(raw.get("map", {})), "{column: field}, or null to leave a column out"),
        ("values", _is_nested(raw.get("values", {})), "{column: {cell: text}}"),
        ("fixed", _is_texts(raw.get("fixed", {})), "{field: text}"),
        ("dates", raw.get("dates", "ymd") in DATES, "dmy, mdy or ymd"),
        ("decimal", raw.get("decimal", ".") in (".", ",", ASK), 'the decimal mark, "." or ","'),
        ("durations", raw.get("durations") in (None, *UNIT_NAMES), " or ".join(UNIT_NAMES)),
        ("line_breaks", raw.get("line_breaks") in (None, "space"), '"space"'),
        ("empty", _is_list(raw.get("empty", [])), "a list of texts that count as empty"),
        ("key", _is_list(raw.get("key", [])), "a list of fields"),
        ("past", isinstance(raw.get("past") or "", str), "the name of a column"),
        ("sheet", isinstance(raw.get("sheet") or "", str), "the name of a sheet"),
        ("encoding", _is_known(raw.get("encoding"), known_encoding),
         "the name of an encoding, such as utf-8, cp1252, cp1250 or shift_jis"),
        ("delimiter", _is_known(raw.get("delimiter"), known_delimiter),
         'one character, such as "," or ";"'),
        ("headings", _is_row(raw.get("headings")), "the number of the row with the headings"),
        ("empty_cells", raw.get("empty_cells", KEEP) in (KEEP, CLEAR), f"{KEEP} or {CLEAR}"),
        *((name, isinstance(raw.get(name, False), bool), "true or false")
          for name in ("skip_faults", "dry_run", "rules")),
    )  # fmt: skip


def _refused(faults: list[dict[str, str]]) -> Unprocessable:
    return Unprocessable(faults[0]["message"], errors=faults)


def _is_known(raw: Any, known: Callable[[str], str | None]) -> bool:
    return raw in (None, "") or (isinstance(raw, str) and known(raw) is not None)


def _is_row(raw: Any) -> bool:
    return raw is None or (isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1)


def _is_texts(raw: Any) -> bool:
    return isinstance(raw, dict) and all(v is None or isinstance(v, str) for v in raw.values())


def _is_nested(raw: Any) -> bool:
    return isinstance(raw, dict) and all(v is not None and _is_texts(v) for v in raw.values())


def _is_list(raw: Any) -> bool:
    return isinstance(raw, str) or (
        isinstance(raw, list) and all(isinstance(one, str) for one in raw)
    )


def _listed(raw: Any) -> list[str]:
    return [raw] if isinstance(raw, str) else list(raw)
