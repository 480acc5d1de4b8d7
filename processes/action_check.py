"""The checks of main actions: what a task makes, sends or fills in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metamodel.catalog import Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.folding import listed
from rules.ordered_documents import document_orders

from .definition import CALL, CREATE, DOCUMENT, FILL, VERBS

MEMBERS: Mapping[str, frozenset[str]] = {CREATE: frozenset({"set", "ask"})}


def check_action(
    pointer: str, spec: Mapping[str, Any], subject: ObjectType, check: DocumentCheck
) -> None:
    verbs = [one for one in VERBS if one in spec]
    if len(verbs) != 1:
        message = f"A main action is exactly one of {listed(VERBS)}."
        check.fault(pointer, "several_actions", message, "Keep one of them.")
        return
    verb = verbs[0]
    if spec[verb] is False:
        message = "A main action that is switched off does nothing."
        check.fault(f"{pointer}/{verb}", "no_meaning", message, "Write true, or remove it.")
    for member in ("set", "ask"):
        if member in spec and member not in MEMBERS.get(verb, ()):
            message = f"`{member}` has no meaning beside `{verb}`."
            check.fault(f"{pointer}/{member}", "no_meaning", message, f"Remove `{member}`.")
    if verb == CREATE:
        _check_create(pointer, spec, check)
    elif verb == CALL:
        check.reference(f"{pointer}/{CALL}/to", "endpoint", spec[CALL]["to"])
    elif verb == DOCUMENT:
        _check_document(f"{pointer}/{DOCUMENT}", spec[DOCUMENT], subject, check)
    elif verb == FILL:
        for at, name in enumerate(spec[FILL]):
            field = check.field(f"{pointer}/{FILL}/{at}", subject, name)
            if field is not None:
                _check_writable(f"{pointer}/{FILL}/{at}", field, check)


def _check_document(
    pointer: str, spec: Mapping[str, Any], subject: ObjectType, check: DocumentCheck
) -> None:
    orders = document_orders()
    if orders is None:
        message = "This server prints no documents."
        check.fault(pointer, "no_documents", message, "Use another main action.")
        return
    orders.check(check, pointer, spec, subject)


def _check_create(pointer: str, spec: Mapping[str, Any], check: DocumentCheck) -> None:
    made = check.object(f"{pointer}/{CREATE}", spec[CREATE])
    if made is None:
        return
    for place, names in (
        ("set", {n: f"set/{n}" for n in spec.get("set", {})}),
        ("ask", {n: f"ask/{at}" for at, n in enumerate(spec.get("ask", ()))}),
    ):
        for name, step in names.items():
            field = check.field(f"{pointer}/{step}", made, name)
            if field is not None:
                _check_writable(f"{pointer}/{step}", field, check)
            if place == "ask" and name in spec.get("set", {}):
                message = f"`{name}` has a value in `set`, so nobody is asked for it."
                check.fault(f"{pointer}/{step}", "asked_twice", message, "Remove one of the two.")


def _check_writable(pointer: str, field: Field, check: DocumentCheck) -> None:
    if not field.writable or field.read_only or field.system:
        message = f"{field.label} is set by the system."
        check.fault(pointer, "read_only", message, f"Remove `{field.name}`.")
