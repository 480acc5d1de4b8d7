"""The semantic checks of decisions, and what they ask of indexes."""

from __future__ import annotations

from collections.abc import Iterator

from metamodel.catalog import Catalog, Field
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.expressions import types
from metamodel.index_questions import IndexQuestion

from .decision import DecisionTable, decision_of

# What may be an input: values that are equal or not, and that stand in one column.
_FITTING = frozenset(
    one.name
    for one in (
        types.RECORD, types.PERSON, types.CHOICE, types.BOOLEAN, types.TEXT, types.NUMBER,
        types.DATE, types.DURATION,
    )
)  # fmt: skip


def check_decision(document: Document, check: DocumentCheck) -> None:
    decision = decision_of(document)
    faults = len(check.draft.faults)
    rows = check.object("/object", decision.object)
    if rows is not None:
        for at, name in enumerate(decision.inputs):
            field = check.field(f"/inputs/{at}", rows, name)
            if field is not None:
                _check_input(f"/inputs/{at}", field, check)
        if document.body.get("day") and rows.dated is None:
            check.fault(
                "/day",
                "not_dated",
                f"The records of {rows.label} are not dated, so they hold on every day.",
                f"Remove `day`, or make {rows.name} dated.",
            )
    for name in decision.subjects:
        _check_subject(decision, name, check)
    for name in decision.days:
        if name not in decision.subjects:
            message = f"`{name}` is not among the objects of `for`."
            check.fault(f"/day/{name}", "unknown_subject", message, "Name it there, or remove it.")
    if len(check.draft.faults) == faults:
        for name in decision.subjects:
            check.compile(f"/for/{name}", f"decide({decision.name})", name)
            # That it asks itself here is no use of it.
            known = check.draft.uses.get(document.place, set())
            known.discard(f"{document.place}#/for/{name}")


def _check_input(pointer: str, field: Field, check: DocumentCheck) -> None:
    shown = [column for column in field.kind.columns(field) if not column.hidden]
    fits = field.type.name in _FITTING and not field.many and field.stored and len(shown) == 1
    if not fits:
        check.fault(
            pointer,
            "no_input",
            f"{field.kind.label} fields such as `{field.name}` cannot be inputs.",
            "Use a look-up, a choice, a number, a text, a date or a yes/no that people fill in.",
        )
    elif field.dated:
        message = f"`{field.name}` is dated, so its rows might tie on some day."
        check.fault(pointer, "dated_input", message, "Make the object dated, and not its field.")
    elif field.targets and field.kind.on_delete(field) == "clear":
        message = f"`{field.name}` would be cleared when its record is deleted, and then fit any."
        hint = "Write `on_delete: restrict` or `cascade` in that field."
        check.fault(pointer, "cleared_input", message, hint)


def _check_subject(decision: DecisionTable, name: str, check: DocumentCheck) -> None:
    subject = check.object(f"/for/{name}", name)
    if subject is None:
        return
    for field, source in decision.subjects[name].items():
        pointer = f"/for/{name}/{field}"
        if field not in decision.inputs:
            message = f"`{field}` is not an input of this decision."
            hint = f"Its inputs are {', '.join(decision.inputs)}."
            check.fault(pointer, "unknown_input", message, hint)
        else:
            check.compile(pointer, source, name)
    if name in decision.days:
        whole = isinstance(check.document.body["day"], str)
        check.compile("/day" if whole else f"/day/{name}", decision.days[name], name)


def decision_questions(document: Document, catalog: Catalog) -> Iterator[IndexQuestion]:
    """Rows by all inputs: empty ones first, one value, and then any."""
    decision = decision_of(document)
    yield IndexQuestion(decision.object, decision.inputs, whole=True)
