"""The action `document` of rules.

A rule checks in its transaction that the tables of a document come to what they must, and so
refuses to go on; the document itself is an effect: it is printed by the workers, outside of any
transaction, and then written into the file field of its record.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.auth.actors import SYSTEM, Actor
from fluvial.kernel.causes import Cause
from fluvial.kernel.problems import Forbidden, Problem, Unavailable
from fluvial.records.drafts.attachments import described, find_file
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.reader import find_one
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from fluvial.transfer import files
from metamodel.catalog import ObjectType
from metamodel.reach import Reach
from rules.action_kinds import ActionKind
from rules.action_reader import ActionReader
from rules.effect_kinds import EffectKind
from rules.effect_senders import EffectSender
from rules.execution import Execution
from rules.model import Action, Rule
from rules.outcomes import Outcome
from rules.record_targets import targets

from .document_channel import file_field, printed_for
from .document_data import checked_sums, subject_of, template_of
from .making_documents import PreparedDocument, prepared, printed_of, with_own

KIND = "document"
PDF = "application/pdf"


@dataclass(frozen=True)
class DocumentOf:
    """A printed document of records: of the rule's own, or at the end of a path or name."""

    template: str
    object: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class PrintAction(Action):
    document: DocumentOf
    field: str  # the file field of the record that it is written into; empty: it is kept only


SCHEMA: Mapping[str, Any] = {
    "title": "Document",
    "type": "object",
    "properties": {
        "template": {
            "title": "Template",
            "$ref": "#/$defs/name",
            "description": "The printed document that is made.",
            "x-editor": {"is": "document", "kind": "template"},
        },
        "of": {
            "title": "Of",
            "$ref": "#/$defs/path",
            "description": "The records whose document it is; the rule's record if omitted.",
            "x-editor": {"is": "text", "more": True},
        },
        "to": {
            "title": "Into the field",
            "$ref": "#/$defs/path",
            "description": (
                "The file field of the record that holds the PDF; without it the document is only"
                " kept, as its template says."
            ),
            "x-editor": {"is": "text"},
        },
    },
    "required": ["template"],
    "additionalProperties": False,
}


def document_of(
    reader: ActionReader, pointer: str, member: str, spec: Mapping[str, Any]
) -> tuple[DocumentOf, ObjectType] | None:
    """The document that a place names; faults where there is none of its records."""
    of = tuple(spec["of"].split(".")) if "of" in spec else ()
    type_ = reader.target(f"{pointer}/of" if of else f"{pointer}/each", of)
    if type_ is None:
        reader.check.reference(f"{pointer}/{member}", "template", spec[member])
        return None
    hint = "Name its records in `of`, or use a template for the same object."
    document = printed_for(reader.check, f"{pointer}/{member}", spec[member], type_, hint)
    if document is None:
        return None
    return DocumentOf(document.name, type_.name, of), type_


def _read(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec, place = action[KIND], f"{pointer}/{KIND}"
    found = document_of(reader, place, "template", spec)
    if found is None:
        return None
    document, type_ = found
    field = spec.get("to", "")
    lead = f"{spec.get('of', '')}."
    field = field.removeprefix(lead) if lead != "." else field
    if not field:
        return PrintAction(KIND, document, "")
    if file_field(reader.check, f"{place}/to", type_, field, spec["to"]) is None:
        return None
    return PrintAction(KIND, document, field)


def _acts(pointer: str, rule: Rule, action: PrintAction) -> Iterator[Reach]:
    if action.field:
        place = f"{pointer}/{KIND}/to"
        yield Reach(place, "update", action.document.object, action.field, everywhere=True)


def _perform(execution: Execution, at: int, action: PrintAction) -> None:
    session, document = execution.acting, action.document
    template = template_of(session, document.object, document.template)
    actor = session.actor
    made = 0
    for record in targets(execution, document.of):
        checked_sums(session, subject_of(session, template, record))
        payload = {
            "template": template.name, "object": document.object, "record": record,
            "field": action.field, "name": template.label, "cause": session.cause.wire(),
            "by": {"name": actor.name, "roles": list(actor.roles)},
        }  # fmt: skip
        unique = f"{KIND}:{template.name}:{record}"
        execution.effect(at, KIND, template.name, payload, unique)
        made += 1
    execution.run.say(f"It prints {template.label}{f' {made} times' if made != 1 else ''}.")


def _begin(session: Session, effect: dict[str, Any]) -> Callable[[], Outcome]:
    """Read what the document needs; what it gives prints and writes it."""
    payload = effect["payload"]
    actor = _actor(session, payload["by"])
    if actor is None:
        gone = Outcome("failed", "The person who has ordered it can no longer sign in.")
        return lambda: gone
    acting = session.as_actor(actor, Cause.read(payload["cause"]))

    def send() -> Outcome:
        try:
            pdf = printed_of(acting, ready)
            with_own(acting, lambda own: _written_into(own, payload, ready, pdf))
        except Problem as problem:
            return _ended(problem)
        return Outcome("done", response=ready.file_name)

    try:
        template = template_of(acting, payload["object"], payload["template"])
        ready = prepared(acting, subject_of(acting, template, payload["record"]))
    except Problem as problem:
        ended = _ended(problem)
        return lambda: ended
    return send


def _actor(session: Session, by: Mapping[str, Any]) -> Actor | None:
    """The person who has ordered it, as they are now, or who the rule acts as."""
    if by.get("user"):
        found: Actor | None = session.engine.people.actor(session.connection, by["user"])
        return found
    roles = tuple(by["roles"])
    return Actor(None, by["name"], roles, unrestricted=not roles)


def _ended(problem: Problem) -> Outcome:
    return Outcome("retry" if isinstance(problem, Unavailable) else "failed", problem.detail)


def may_write(session: Session, object_name: str, record: str, field: str) -> bool:
    """Whether who acts may write a field of a record; a person also of this very one."""
    access = session.access
    if not access.object(object_name).can("update") or field not in access.writable(object_name):
        return False
    if session.actor.id is None:
        return True
    return find_one(session, object_name, record, (("id",),), "update") is not None


def _written_into(
    session: Session, payload: Mapping[str, Any], ready: PreparedDocument, pdf: bytes
) -> None:
    """Put the PDF into the field of its record, in place of an earlier one of its name."""
    field, name = payload["field"], payload["object"]
    if not field:
        return
    if not may_write(session, name, payload["record"], field):
        raise Forbidden(f"Who makes it may not write `{field}`.")
    # The field is a feature's own here: a locked record gets its document, too.
    own = session.as_actor(SYSTEM).posting(name)
    with own.connection.transaction():
        row = load_row(own, name, payload["record"], None, lock=True)
        if row is None:
            return
        there = row[field] or []
        made = files.store(own, ready.file_name, PDF, io.BytesIO(pdf))
        same = [find_file(own, one["id"]) for one in there if one["name"] == made["name"]]
        if any(one is not None and one["sha256"] == made["sha256"] for one in same):
            return
        others = [one for one in there if one["name"] != made["name"]]
        writer.update(own, name, payload["record"], {field: [*others, described(made)]})


PRINT = ActionKind(
    KIND,
    "Make a document",
    SCHEMA,
    _read,
    _perform,
    acts=_acts,
    effects=(EffectKind(KIND, "file-text", "Prints", "Prints", "Document", "documents"),),
    says="print {template}[ into {to}]",
    icon="file-text",
)
SENDER = EffectSender(KIND, _begin)
