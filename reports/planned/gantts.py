"""Gantt charts as documents: what stands on the page of a record as bars over days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.auth.access import Access
from fluvial.records.reading.caller_paths import may_ask
from metamodel.catalog import Catalog, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.documents import DocumentKind
from metamodel.folding import humanise, label_text
from metamodel.index_questions import IndexQuestion

from .compiled_kinds import CompiledKind
from .planned_fields import (
    DATES,
    check_audience,
    check_kind,
    collection_of,
    planned_schema,
    readable,
)


@dataclass(frozen=True)
class Bars:
    """Records of one collection as bars, or as moments where they have no first day."""

    object: str
    link: str  # the look-up that makes the collection
    from_: str
    last: str
    under: str
    after: str
    where: str

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.link, self.from_, self.last, self.under, self.after)))


@dataclass(frozen=True)
class Gantt:
    name: str
    label: str
    object: str
    bars: tuple[Bars, ...]


def check_gantt(document: Document, check: DocumentCheck) -> None:
    body = document.body
    check_audience(body, check)
    object = check.object("/object", body["object"])
    if object is None:
        return
    shown = {}
    for at, spec in enumerate(body["bars"]):
        of = collection_of(check, f"/bars/{at}/of", object, spec["of"])
        if of is not None:
            shown[at] = of
    names = {of.name for of in shown.values()}
    for at, of in shown.items():
        spec, place = body["bars"][at], f"/bars/{at}"
        for member in ("from", "last"):
            if member in spec:
                check_kind(check, f"{place}/{member}", of, spec[member], DATES)
        if "where" in spec:
            check.condition(f"{place}/where", spec["where"], of.name)
        if "under" in spec:
            _check_link(check, f"{place}/under", of, spec["under"], names, many=False)
        if "after" in spec:
            _check_link(check, f"{place}/after", of, spec["after"], names, many=True)


def _check_link(
    check: DocumentCheck, at: str, of: ObjectType, name: str, shown: set[str], *, many: bool
) -> None:
    """A look-up that leads to records which the chart shows."""
    field = check.field(at, of, name)
    if field is None:
        return
    if field.to not in shown or field.type.people or (field.many and not many):
        message = f"`{name}` does not lead to records that this chart shows."
        check.fault(at, "not_shown", message, "Name a look-up of an object among the bars.")


def gantt_questions(document: Document, catalog: Catalog) -> Iterator[IndexQuestion]:
    """The records of each collection."""
    for bars in _gantt(document, catalog).bars:
        yield IndexQuestion(bars.object, (bars.link,), (bars.from_ or bars.last,))


def _gantt(document: Document, catalog: Catalog) -> Gantt:
    body = document.body
    inverses = catalog.objects[body["object"]].inverses
    return Gantt(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        object=body["object"],
        bars=tuple(_bars(spec, inverses[spec["of"]]) for spec in body["bars"]),
    )


def _bars(spec: Mapping[str, Any], inverse: Any) -> Bars:
    return Bars(
        object=inverse.source,
        link=inverse.field,
        from_=spec.get("from", ""),
        last=spec["last"],
        under=spec.get("under", ""),
        after=spec.get("after", ""),
        where=spec.get("where", ""),
    )


GANTTS = CompiledKind("gantt", _gantt)


def gantts_for(catalog: Catalog, access: Access) -> Iterator[Gantt]:
    """Those whose bars somebody may read; each without the ones that they may not."""
    for one in GANTTS.meant_for(catalog, access):
        bars = tuple(
            bars for bars in one.bars
            if readable(access, bars.object, bars.fields)
            and may_ask(access, catalog.objects[bars.object], bars.where)
        )  # fmt: skip
        if bars and access.object(one.object).can("read"):
            yield Gantt(one.name, one.label, one.object, bars)


GANTT = DocumentKind(
    name="gantt",
    folder="gantts",
    schema=planned_schema("gantt"),
    check=check_gantt,
    asks=gantt_questions,
    label="Gantt chart",
    removable={
        "/object": "", "/bars/*/from": "/bars/*/from", "/bars/*/under": "/bars/*/under",
        "/bars/*/after": "/bars/*/after", "/bars/*": "/bars/*",
    },
    about="Records of a collection as bars over days, on the page of the record that has them.",
    example={
        "kind": "gantt",
        "name": "loans_of_member",
        "label": "Loans over time",
        "object": "member",
        "bars": [{"of": "loans", "from": "lent_on", "last": "due"}],
    },
)  # fmt: skip
