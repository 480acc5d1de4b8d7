"""Workloads as documents: who works, by which hours, and what takes their time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fluvial.auth.access import Access
from fluvial.records.reading.caller_paths import may_ask
from metamodel.catalog import Catalog
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.documents import DocumentKind
from metamodel.folding import humanise, label_text
from metamodel.index_questions import IndexQuestion

from .compiled_kinds import CompiledKind
from .planned_fields import (
    AMOUNTS,
    DATES,
    TEXTS,
    check_audience,
    check_kind,
    collection_of,
    planned_schema,
    readable,
)

PARTS = ("busy", "away")


@dataclass(frozen=True)
class TakenDays:
    """A collection whose records take days: its object, and its fields."""

    object: str
    person: str  # the look-up that makes the collection
    from_: str
    until: str
    hours: str
    where: str

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.person, self.from_, self.until, self.hours)))


@dataclass(frozen=True)
class Workload:
    name: str
    label: str
    icon: str
    help: str
    object: str
    where: str
    calendar: str
    hours: str
    busy: tuple[TakenDays, ...]
    away: tuple[TakenDays, ...]


def check_workload(document: Document, check: DocumentCheck) -> None:
    body = document.body
    check_audience(body, check)
    object = check.object("/object", body["object"])
    if object is None:
        return
    if "where" in body:
        check.condition("/where", body["where"], object.name)
    if "calendar" in body:
        check_kind(check, "/calendar", object, body["calendar"], TEXTS)
    if "hours" in body:
        check_kind(check, "/hours", object, body["hours"], AMOUNTS[:1])
    for part in PARTS:
        for at, spec in enumerate(body.get(part, ())):
            place = f"/{part}/{at}"
            of = collection_of(check, f"{place}/of", object, spec["of"])
            if of is None:
                continue
            for member in ("from", "until"):
                check_kind(check, f"{place}/{member}", of, spec[member], DATES)
            if "hours" in spec:
                check_kind(check, f"{place}/hours", of, spec["hours"], AMOUNTS)
            if "where" in spec:
                check.condition(f"{place}/where", spec["where"], of.name)


def workload_questions(document: Document, catalog: Catalog) -> Iterator[IndexQuestion]:
    """What ends behind the first day that is shown."""
    workload = _workload(document, catalog)
    for span in (*workload.busy, *workload.away):
        yield IndexQuestion(span.object, (), (span.until,))


def _workload(document: Document, catalog: Catalog) -> Workload:
    body = document.body
    inverses = catalog.objects[body["object"]].inverses
    spans = {
        part: tuple(
            TakenDays(
                object=inverses[spec["of"]].source,
                person=inverses[spec["of"]].field,
                from_=spec["from"],
                until=spec["until"],
                hours=spec.get("hours", ""),
                where=spec.get("where", ""),
            )
            for spec in body.get(part, ())
        )
        for part in PARTS
    }
    return Workload(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        icon=body.get("icon", "users"),
        help=label_text(body.get("help", "")),
        object=body["object"],
        where=body.get("where", ""),
        calendar=body.get("calendar", ""),
        hours=body.get("hours", ""),
        busy=spans["busy"],
        away=spans["away"],
    )


WORKLOADS = CompiledKind("workload", _workload)


def workloads_for(catalog: Catalog, access: Access) -> Iterator[Workload]:
    """Those of whose figures somebody may read everything: the others would not be true."""
    for one in WORKLOADS.meant_for(catalog, access):
        own = tuple(filter(None, (one.calendar, one.hours)))
        spans = (*one.busy, *one.away)
        whole = readable(access, one.object, own) and all(
            readable(access, span.object, span.fields)
            and may_ask(access, catalog.objects[span.object], span.where)
            for span in spans
        )
        if whole and may_ask(access, catalog.objects[one.object], one.where):
            yield one


WORKLOAD = DocumentKind(
    name="workload",
    folder="workloads",
    schema=planned_schema("workload"),
    check=check_workload,
    asks=workload_questions,
    label="Workload",
    removable={
        "/object": "", "/calendar": "/calendar", "/hours": "/hours",
        "/busy/*/hours": "/busy/*/hours", "/busy/*": "", "/away/*": "/away/*",
    },
    about="Who is free when: people by days, with their hours, leave and what is planned.",
    example={
        "kind": "workload",
        "name": "crew",
        "label": "Crew",
        "object": "member",
        "busy": [{"of": "loans", "from": "lent_on", "until": "due"}],
    },
)  # fmt: skip
