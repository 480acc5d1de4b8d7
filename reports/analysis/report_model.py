"""Reports, compiled from their documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fluvial.auth.access import Access, with_inherited
from fluvial.kernel.problems import NotFound
from fluvial.records.reading.summary import Measure, measure
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.document import Document
from metamodel.folding import humanise, label_text

from .groupings import Grouping, grouping, substituted

COUNT = "count()"
_PLAIN = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class ReportMeasure:
    """A measure of one part of a report; `name` is what calculations call it."""

    key: str  # in answers: the name that it was given, else its text
    name: str
    measure: Measure
    label: str = ""
    percent: bool = False


@dataclass(frozen=True)
class Calculation:
    """A measure that is worked out from others."""

    name: str
    formula: str
    label: str
    percent: bool = False


@dataclass(frozen=True)
class Funnel:
    """Steps that records reach, as the log of a choice tells it."""

    log: str
    order: tuple[str, ...]
    cumulative: bool = False  # whether who came further counts in the steps before

    def states(self, state: str) -> tuple[str, ...]:
        """The states by which a record has reached a step."""
        return self.order[self.order.index(state) :] if self.cumulative else (state,)

    def condition(self, state: str) -> str:
        """What records meet that reached a step."""
        return " or ".join(f"reached({self.log}, '{one}') != null" for one in self.states(state))


@dataclass(frozen=True)
class ReportPeriod:
    """The period that a report is about: the present one, or one of those before."""

    by: str
    unit: str
    ago: int = 0


@dataclass(frozen=True)
class ReportPart:
    """The records of one object type in a report, and what is measured of them."""

    object: str
    where: str
    measures: tuple[ReportMeasure, ...]
    dimensions: Mapping[str, str] | None = None  # of a union: what stands for them here

    def meant(self, text: str) -> str:
        """A text of the report as one about this part's own fields."""
        return text if self.dimensions is None else substituted(text, self.dimensions)

    def grouped(self, one: Grouping) -> Grouping:
        return replace(one, inner=self.meant(one.inner))


@dataclass(frozen=True, eq=False)
class ReportModel:
    """A report, compiled."""

    name: str
    label: str
    icon: str
    help: str
    parts: tuple[ReportPart, ...]
    where: str
    groups: tuple[Grouping, ...]
    columns: tuple[Grouping, ...]
    calculations: tuple[Calculation, ...]
    funnel: Funnel | None
    period: ReportPeriod | None
    compares: bool
    show: str
    sort: tuple[str, ...]
    chart: tuple[str, ...]
    audience: tuple[str, ...]
    order: int

    @property
    def measures(self) -> tuple[ReportMeasure, ...]:
        return tuple(one for part in self.parts for one in part.measures)

    @property
    def is_union(self) -> bool:
        return self.parts[0].dimensions is not None


def reports_of(catalog: Catalog) -> Mapping[str, ReportModel]:
    return catalog.derive(_compiled)


def _compiled(catalog: Catalog) -> Mapping[str, ReportModel]:
    reports = [report_from(document) for document in catalog.of("report").values()]
    return {r.name: r for r in sorted(reports, key=lambda r: (r.order, r.label))}


def report_from(document: Document) -> ReportModel:
    body = document.body
    steps, period = body.get("steps"), body.get("period")
    return ReportModel(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        icon=body.get("icon", "chart-bar"),
        help=label_text(body["help"]) if "help" in body else "",
        parts=tuple(_parts(body)),
        where=body.get("where", ""),
        groups=tuple(grouping(one) for one in body.get("group", ())),
        columns=tuple(grouping(one) for one in body.get("columns", ())),
        calculations=tuple(_calculation(one) for one in body.get("calculate", ())),
        funnel=_funnel(steps) if steps else None,
        period=ReportPeriod(period["by"], period["unit"], period.get("ago", 0)) if period else None,
        compares="compare" in body,
        show=body.get("show", "table"),
        sort=tuple(body.get("sort", ())),
        chart=tuple(body.get("chart", ())),
        audience=tuple(body.get("audience", ())),
        order=body.get("order", 50),
    )


def _funnel(said: Mapping[str, Any]) -> Funnel:
    return Funnel(said["log"], tuple(said["order"]), said.get("cumulative", False))


def _parts(body: Mapping[str, Any]) -> Iterator[ReportPart]:
    for one in body.get("union", ()):
        yield ReportPart(
            one["object"], one.get("where", ""), measures_of(one["measures"]), one["dimensions"]
        )
    if "union" not in body:
        yield ReportPart(body["object"], "", measures_of(body.get("measures", (COUNT,))))


def measures_of(said: Iterable[Any]) -> tuple[ReportMeasure, ...]:
    return tuple(report_measure(one) for one in said)


def report_measure(said: str | Mapping[str, Any]) -> ReportMeasure:
    """A measure as a document writes it; Problem where its text is none."""
    if isinstance(said, str):
        read = measure(said)
        return ReportMeasure(read.text, plain_name(read.text), read)
    read = measure(said["measure"])
    return ReportMeasure(
        key=said.get("name", read.text),
        name=said.get("name", plain_name(read.text)),
        measure=read,
        label=label_text(said["label"]) if "label" in said else "",
        percent=said.get("shown_as") == "percent",
    )


def plain_name(text: str) -> str:
    """What calculations call a measure that has no name: `sum(amount)` is sum_amount."""
    return _PLAIN.sub("_", text.lower()).strip("_")[:40].strip("_")


def _calculation(said: Mapping[str, Any]) -> Calculation:
    return Calculation(
        name=said["name"],
        formula=said["formula"],
        label=label_text(said.get("label", humanise(said["name"]))),
        percent=said.get("shown_as") == "percent",
    )


def meant_for(catalog: Catalog, access: Access, audience: Iterable[str]) -> bool:
    """Whether somebody with these rights is among the roles that a document is for."""
    wanted = set(audience)
    return not wanted or access.admin or bool(wanted & set(with_inherited(catalog, access.roles)))


def visible_reports(session: Session) -> Iterator[ReportModel]:
    """The reports for somebody's roles, about objects that they may read, in order."""
    for report in reports_of(session.catalog).values():
        if may_see(session.catalog, session.access, report):
            yield report


def may_see(catalog: Catalog, access: Access, report: ReportModel) -> bool:
    readable = all(access.object(part.object).can("read") for part in report.parts)
    return readable and meant_for(catalog, access, report.audience)


def find_report(session: Session, name: str) -> ReportModel:
    for report in visible_reports(session):
        if report.name == name:
            return report
    raise NotFound(f"There is no report `{name}`.")
