"""Processes as BPMN 2.0 files: one in force as a file, and a file as a document to look at."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.files_api import disposition
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Unprocessable, fault
from fluvial.runtime.session import Session
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.types import BOOLEAN
from metamodel.roles import role_titles

from .bpmn_export import bpmn_of
from .bpmn_import import Known, imported
from .definition import NAMES
from .kept_names import PROCESS
from .versions import body_in, compiled, process_named, scope_for

XML = "application/xml"


def export(call: Call) -> Answer:
    """The file of a process, as it is in force or in a version."""
    call.only("version")
    session, name = call.session, call.params["name"]
    process = process_named(session, name)
    if not session.access.object(process.subject).can("read"):
        raise NotFound(f"There is no process `{name}`.")
    number = call.whole("version", 0, 1, 1_000_000)
    body = body_in(session, name, number) if number else session.catalog.of(PROCESS)[name].body
    shown = compiled(session.catalog, name, body) if number else process
    whole = {**body, "kind": PROCESS, "name": name}
    text = bpmn_of(whole, shown)
    headers = [disposition(f"{name}.bpmn", inline=False)]
    return Answer(200, text.encode(), XML, headers)


def read_file(call: Call) -> Answer:
    """A file as the document of a process about an object, which is not saved yet."""
    call.only()
    given = call.json_object("bpmn", "subject", "name", "process")
    text, subject, name = (given.get(one) for one in ("bpmn", "subject", "name"))
    for member, value in (("bpmn", text), ("subject", subject)):
        if not isinstance(value, str) or not value:
            message = f"Send `{member}`: " + (
                "the file as a text." if member == "bpmn" else "the object that it is about."
            )
            raise Unprocessable(message, errors=[fault(f"/{member}", "required", message)])
    assert isinstance(text, str) and isinstance(subject, str)
    if subject not in call.session.catalog.objects:
        message = f"There is no object `{subject}`."
        raise Unprocessable(message, errors=[fault("/subject", "unknown_object", message)])
    call.session.object(subject)
    wanted = str(given.get("process") or "")
    found = imported(text, subject, str(name or ""), _known(call.session, subject), wanted)
    return Answer.json({"document": found.document, "notes": found.notes})


def _known(session: Session, subject: str) -> Known:
    scope = scope_for(session.catalog, subject, NAMES)

    def reads(text: str) -> bool:
        try:
            compile_expression(text, scope, BOOLEAN)
        except ExpressionError:
            return False
        return True

    titles: dict[str, Any] = dict(role_titles(session.catalog, session.catalog.of("role")))
    roles = {str(label).lower(): name for name, label in titles.items()}
    return Known(reads, roles | {name: name for name in titles})


ENDPOINTS = (
    Endpoint(
        "GET", "/api/processes/{name}/bpmn", export, Policy.SIGNED_IN,
        "A process as a BPMN 2.0 file.",
    ),
    Endpoint(
        "POST", "/api/processes/bpmn", read_file, Policy.META_READ,
        "A BPMN 2.0 file as the document of a process, which is not saved.",
    ),
)  # fmt: skip
