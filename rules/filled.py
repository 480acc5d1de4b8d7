"""Texts of records with places for values: checked when written, filled when shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Conflict, NotFound, Problem
from fluvial.records.drafts.draft import Draft
from fluvial.records.reading.caller_paths import resolve
from fluvial.records.reading.reader import read_one
from fluvial.runtime.engine import Engine
from fluvial.runtime.per_engine import PerEngine
from fluvial.runtime.reader_zone import zone_of
from fluvial.runtime.session import Session
from fluvial.services.templates import Need, Renderer, TemplateFault, TemplateText, needs
from metamodel.catalog import Catalog, Field, ObjectType

from .template_check import GIVEN, check_need
from .template_data import filled_data

FORMAT = "template"  # of long texts
SECONDS = 2.0  # for one text


def is_template(field: Field) -> bool:
    return bool(field.option("format") == FORMAT)


def _texts(catalog: Catalog) -> Mapping[str, tuple[Field, ...]]:
    """The fields that hold templates, by object type; those that have none are left out."""
    found = {
        type_.name: tuple(field for field in type_.own_fields if is_template(field))
        for type_ in catalog.objects.values()
    }
    return {name: fields for name, fields in found.items() if fields}


class _Refusal:
    """What checks a text that somebody writes: the first fault refuses it."""

    def __init__(self, objects: Mapping[str, ObjectType]) -> None:
        self.objects = objects

    def uses(self, pointer: str, place: str) -> None:
        """Records name nothing that would have to be followed."""

    def fault(self, pointer: str, code: str, message: str, hint: str = "") -> None:
        raise TemplateFault(f"{message} {hint}".strip())


def check_texts(draft: Draft) -> None:
    """Refuse texts that are not valid, or that name what there is not."""
    catalog = draft.session.catalog
    for field in catalog.derive(_texts).get(draft.type.name, ()):
        text = draft.values.get(field.name)
        if field.name not in draft.changed or not text:
            continue
        try:
            need = _need(draft.type, text)
            check_need("", draft.type, need, _Refusal(catalog.objects))
        except TemplateFault as fault:
            draft.fault(field.name, "template", str(fault))


def _need(type_: ObjectType, text: str) -> Need:
    return needs(text, (type_.name, *GIVEN)).members.get(type_.name, Need())


def filled(session: Session, type_: ObjectType, record: str, text: str) -> str:
    """The text with the values that the actor may read; raises TemplateFault."""
    try:
        data = filled_data(session, type_, record, _need(type_, text))
    except Problem as problem:
        raise TemplateFault(f"It uses something you may not see. {problem.detail}") from problem
    (said,) = renderer_of(session.engine).render(
        [TemplateText(text, escape=False)], data, zone=str(zone_of(session))
    )
    return said


def _opened(engine: Engine) -> Renderer:
    found = Renderer(engine.settings.locale, engine.settings.zone, seconds=SECONDS)
    engine.closers.append(found.close)
    return found


renderer_of = PerEngine(_opened)


def show(call: Call) -> Answer:
    call.only()
    session, params = call.session, call.params
    type_ = session.object(params["object"])
    field = resolve(session.access, type_, (params["field"],), "field")
    if not is_template(field):
        raise NotFound(f"{field.label} is not a template.")
    record: dict[str, Any] = read_one(session, type_.name, params["id"], (("id",), (field.name,)))
    try:
        said = filled(session, type_, record["id"], record[field.name] or "")
    except TemplateFault as fault:
        raise Conflict(f"{field.label} cannot be filled in. {fault}") from fault
    return Answer.json({"text": said})


ENDPOINTS = (
    Endpoint(
        "GET", "/api/records/{object}/{id}/filled/{field}", show, Policy.SIGNED_IN,
        "A text with its placeholders filled in.",
    ),
)  # fmt: skip
