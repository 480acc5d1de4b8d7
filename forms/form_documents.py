"""The document kinds of this folder: form and webform."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from metamodel.documents import DocumentKind
from metamodel.reach import named_unit

from .layouts import check_form, start_form
from .web_form_starts import start_webform
from .webforms import check_webform, webform_acts

SCHEMAS = Path(__file__).parent / "schemas"


def _schema(name: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = orjson.loads((SCHEMAS / f"{name}.json").read_bytes())
    return loaded


FORM = DocumentKind(
    name="form",
    folder="forms",
    schema=_schema("form"),
    check=check_form,
    start=start_form,
    label="Layout",
    removable={
        "/object": "",
        "/sections/*/fields/*": "/sections/*/fields/*",
        "/facts/*": "/facts/*",
        "/off/*": "/off/*",
        "/related/*": "/related/*",
    },
    about="The layout of a record's page: sections of fields, and lists of related records.",
    example={
        "kind": "form",
        "name": "loan_main",
        "object": "loan",
        "sections": [
            {"name": "facts", "label": "Facts", "columns": 2, "fields": ["number", "due"]},
            {"name": "end", "label": "Return", "visible": "due != null", "fields": ["returned"]},
        ],
    },
)

WEBFORM = DocumentKind(
    name="webform",
    folder="webforms",
    schema=_schema("webform"),
    check=check_webform,
    start=start_webform,
    acts=webform_acts,
    unit=named_unit,
    label="Web form",
    removable={
        "/object": "",
        "/steps/*/fields/*": "/steps/*/fields/*",
        "/fixed/*": "/fixed/*",
        "/prefill/*": "/prefill/*",
    },
    about="A public form that creates one record of an object type.",
    example={
        "kind": "webform",
        "name": "ask_for_a_loan",
        "label": "Ask for a loan",
        "object": "loan",
        "slug": "ask-for-a-loan",
        "origins": ["https://www.example.com"],
        "steps": [{"name": "wish", "label": "Your request", "fields": [{"field": "due"}]}],
        "done": {"message": "Thank you. Your number is {number}."},
    },
)
