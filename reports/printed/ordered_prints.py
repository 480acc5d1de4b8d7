"""Documents that people order, such as from a task: printed with their own rights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.kernel.problems import Forbidden
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck
from rules.ordered_documents import DOCUMENT_ORDERS, DocumentOrders

from .document_action import KIND, may_write
from .document_channel import file_field, printed_for
from .document_data import checked_sums, subject_of, template_of


def check(check: DocumentCheck, pointer: str, spec: Mapping[str, Any], type_: ObjectType) -> None:
    """Whether there is the document, and a place where it is found again."""
    template = printed_for(check, f"{pointer}/template", spec["template"], type_)
    if "to" in spec:
        file_field(check, f"{pointer}/to", type_, spec["to"])
    elif template is not None and "keep" not in template.body:
        message = f"The document would be printed and thrown away: `{template.name}` has no `keep`."
        hint = "Name a file field in `to`, or add `keep` to the template."
        check.fault(pointer, "no_place", message, hint)


def payload(session: Session, spec: Mapping[str, Any], record: tuple[str, str]) -> dict[str, Any]:
    """The order, as far as who acts may read the record and write the field."""
    object_name, id = record
    template, field = template_of(session, object_name, spec["template"]), spec.get("to", "")
    if field and not may_write(session, object_name, id, field):
        label = session.catalog.objects[object_name].fields[field].label
        raise Forbidden(f"You may not write {label}, into which the document goes.")
    checked_sums(session, subject_of(session, template, id))
    actor = session.actor
    return {
        "template": template.name, "object": object_name, "record": id, "field": field,
        "name": template.label, "cause": session.cause.wire(),
        "by": {"name": actor.name, "roles": list(actor.roles), "user": actor.id},
    }  # fmt: skip


BRINGS = DOCUMENT_ORDERS(DocumentOrders(KIND, check, payload))
