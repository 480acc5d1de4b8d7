"""What a reader may group a report by, and measure, on its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fluvial.pages.frame import Context
from fluvial.pages.record_tables import column_along
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.types import BOOLEAN, CHOICE, DATE, DATETIME, DURATION, MONEY, NUMBER
from metamodel.folding import humanise

from .groupings import UNITS
from .measure_words import measure_label
from .report_model import report_measure
from .report_reader import ReadReport

SHOWN: Mapping[str, str] = {
    "table": "Table",
    "bar": "Bars",
    "line": "Line",
    "area": "Area",
    "pie": "Pie",
    "funnel": "Funnel",
    "number": "Numbers",
    "pivot": "Pivot",
}
ROWS = (("group", "Rows", "All together"), ("group2", "Then by", "–"), ("group3", "Then by", "–"))
MEASURED = ("sum", "avg", "min", "max")
Option = tuple[str, str]  # value and label


def pickers(session: Session, read: ReadReport, given: Mapping[str, str], path: str) -> Context:
    """The form above a report: its groups, columns, measures and how it is shown."""
    report = read.report
    groups = [one.of.group.text for one in read.groups]
    columns = [one.of.group.text for one in read.columns]
    options = dict(_groups(session, read))
    for words in (*read.groups, *read.columns):
        options.setdefault(words.of.group.text, words.label)
    selects = [
        _select(name, label, options, groups[at : at + 1], empty)
        for at, (name, label, empty) in enumerate(ROWS)
    ]
    selects.append(_select("columns", "Columns", options, [",".join(columns)], "–"))
    if not report.is_union:
        selects += list(_measures(session, read))
    shown = {name: label for name, label in SHOWN.items() if name != "funnel" or report.funnel}
    selects.append(_select("show", "Shown as", shown, [report.show], ""))
    said = " › ".join(words.label for words in (*read.groups, *read.columns)) or "All together"
    measured = ", ".join(one.label for one in read.values.shown)
    hidden = {name: given[name] for name in ("where", "as_of") if given.get(name)}
    return {
        "action": path,
        "said": " · ".join(part for part in (said, measured) if part),
        "open": bool({*given} & {"group", "columns", "measure", "show"}),
        "selects": selects,
        "hidden": hidden,
        "reset_href": path,
    }


def _select(
    name: str, label: str, options: Mapping[str, str], chosen: list[str], empty: str
) -> Context:
    value = chosen[0] if chosen else ""
    listed = [("", empty)] if empty else []
    listed += list(options.items())
    if value and value not in options:
        listed.append((value, value))
    return {
        "name": name,
        "label": label,
        "options": [{"value": v, "label": text, "chosen": v == value} for v, text in listed],
    }


def _groups(session: Session, read: ReadReport) -> Iterator[Option]:
    """The fields of the object and of those that it looks up; dates by unit."""
    if read.report.is_union:
        yield from _dimensions(session, read)
        return
    type_ = session.catalog.objects[read.report.parts[0].object]
    for field in _readable(session, type_):
        yield from _of_field(field, field.name, field.label)
    for field in _readable(session, type_):
        if field.many or not field.to or field.to not in session.catalog.objects:
            continue
        for inner in _readable(session, session.catalog.objects[field.to]):
            if inner.type.name == CHOICE.name or (inner.targets and not inner.many):
                label = f"{inner.label} ({field.label})"
                yield from _of_field(inner, f"{field.name}.{inner.name}", label)


def _dimensions(session: Session, read: ReadReport) -> Iterator[Option]:
    """What all objects of a union share; a moment of one may be a date of another."""
    part = read.report.parts[0]
    type_ = session.catalog.objects[part.object]
    for name, path in (part.dimensions or {}).items():
        field = column_along(session.catalog, type_, tuple(path.split("."))).field
        if not session.access.hides(field.object, field.name):
            yield from _of_field(field, name, humanise(name))


def _readable(session: Session, type_: ObjectType) -> Iterator[Field]:
    if not session.access.object(type_.name).can("read"):
        return
    hidden = session.access.object(type_.name).hidden
    for field in type_.fields.values():
        if field.name not in (*hidden, "id", "rev", "title") and not field.hidden:
            yield field


def _of_field(field: Field, path: str, label: str) -> Iterator[Option]:
    if field.type.timed:
        for unit in reversed(UNITS):
            yield f"{unit}({path})", f"{label} by {unit}"
    elif field.many or field.kind.linked:
        return
    elif field.type.name in (CHOICE.name, BOOLEAN.name) or field.targets:
        yield path, label


def _measures(session: Session, read: ReadReport) -> Iterator[Context]:
    type_ = session.catalog.objects[read.report.parts[0].object]
    known = {
        one.key: one.label or measure_label(type_, one.measure)
        for one in read.report.measures
        if any(one.key == m.key for m in read.values.shown)
    }
    for text in _usual(session, type_):
        known.setdefault(text, measure_label(type_, report_measure(text).measure))
    keys = [one.key for one in read.report.measures if one.key in known]
    for at, name in enumerate(("measure", "measure2", "measure3")):
        label = "Measure" if at == 0 else "And"
        yield _select(name, label, known, keys[at : at + 1], "" if at == 0 else "–")


def _usual(session: Session, type_: ObjectType) -> Iterator[str]:
    yield "count()"
    for field in _readable(session, type_):
        if field.type.name in (NUMBER.name, MONEY.name, DURATION.name):
            yield from (f"{function}({field.name})" for function in MEASURED)
        elif field.type.name in (DATE.name, DATETIME.name) and not field.system:
            yield from (f"{function}({field.name})" for function in ("min", "max"))
