"""Trying a decision in the studio: its inputs, the rows that come near, and why each lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import as_of
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Problem
from fluvial.records.calculated.decision_reasons import decision_named, explain_values, read_inputs
from metamodel.catalog import Field
from metamodel.folding import humanise, label_text

from .frame import Context, page
from .presenters import face_of
from .reader_format import ReaderFormat, format_of

DAY = "as_of"


def show(call: Call) -> Answer:
    name = call.params["name"]
    document = call.session.catalog.of("decision").get(name)
    if document is None:
        raise NotFound(f"There is no decision `{name}`.")
    decision = decision_named(call.session, name)
    rows = call.session.catalog.objects[decision.object]
    fields = [rows.fields[one] for one in decision.inputs]
    label = label_text(document.body.get("label", humanise(name)))
    fmt = format_of(call.session)
    found, error = _found(call, name, fields)
    told = {} if found is None else {one["name"]: one for one in found["inputs"]}
    head = f"/studio/decision/{name}"
    return page(
        call,
        "decision_try.html",
        f"Try {label}",
        crumbs=[("Studio", "/studio"), (label, head)],
        here="/studio",
        status=422 if error else 200,
        asked={
            "label": label,
            "action": f"{head}/try",
            "error": error,
            "inputs": [_input(call, one, told.get(one.name, {})) for one in fields],
            "dated": rows.dated is not None,
            "day": call.query.get(DAY, "") or call.session.today.isoformat(),
            "rows": rows.plural.lower(),
            "won": None if found is None else found["won"],
            "head": [one.label for one in fields],
            "candidates": [_candidate(one, rows.name, fields, fmt) for one in _near(found)],
            "more": 0 if found is None else found["more"],
        },
    )


def _found(call: Call, name: str, fields: list[Field]) -> tuple[dict[str, Any] | None, str]:
    """What the decision answers, or the fault of an input."""
    given = {one.name: call.query.get(one.name, "") for one in fields}
    try:
        day = as_of(call) if call.query.get(DAY) else None
        values = read_inputs(call.session, fields, given)
        return explain_values(call.session, name, values, day), ""
    except Problem as problem:
        told = " ".join(str(one["message"]) for one in problem.errors[:3])
        return None, told or problem.detail


def _near(found: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return [] if found is None else found["candidates"]


def _input(call: Call, field: Field, told: Mapping[str, Any]) -> Context:
    face, value = face_of(field), call.query.get(field.name, "")
    linked = bool(field.type.objects)
    return {
        "name": field.name,
        "label": field.label,
        "value": value,
        "shown": told.get("title") or value,
        "url": f"/lookup/{field.object}/{field.name}?plain=true" if linked else "",
        "options": [] if linked else face.options(field),
        "type": face.input(field).get("type", "text"),
    }


def _candidate(
    one: Mapping[str, Any], object_name: str, fields: list[Field], fmt: ReaderFormat
) -> Context:
    return {
        "title": one["title"] or "not visible to you",
        "href": f"/o/{object_name}/{one['id']}",
        "won": one["won"],
        "cells": [_cell(one["inputs"][field.name], field, fmt) for field in fields],
        "from": one.get("from"),
        "until": one.get("until"),
        "lost": [lost["message"] for lost in one["lost"]],
    }


def _cell(held: Mapping[str, Any], field: Field, fmt: ReaderFormat) -> Context:
    """The value of an input of a row in words; one that is empty fits any."""
    if held["value"] is None:
        return {"text": "any", "any": True}
    if field.type.objects:
        return {"text": held.get("title") or "not visible to you", "any": False}
    return {"text": face_of(field).text(field, held["value"], fmt), "any": False}


ENDPOINTS = (
    Endpoint(
        "GET",
        "/studio/decision/{name}/try",
        show,
        Policy.META_READ,
        "Try a decision with inputs.",
        page=True,
    ),
)
