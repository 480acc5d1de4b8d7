"""The condition on which a record gets its number: it has to follow from the record alone.

A number is given in the write that makes the condition true. What comes true without one, because
time passes or another record changes, would give no number, or one for the wrong reason.
"""

from __future__ import annotations

from metamodel.catalog import Field
from metamodel.checks import DocumentCheck
from metamodel.expressions.expression import Expression

REMEDY = "Compare fields that people fill in, such as status == 'issued'."


def issue_condition(pointer: str, field: Field, check: DocumentCheck) -> Expression | None:
    """The compiled `at` of a number; a fault where it asks more than the record's own values."""
    compiled = check.condition(pointer, field.option("at"), field.object)
    if compiled is None:
        return None
    reason = _beyond(compiled, field, check)
    if reason:
        check.fault(pointer, "not_own", f"{field.label} cannot be given on this: {reason}.", REMEDY)
        return None
    return compiled


def _beyond(condition: Expression, field: Field, check: DocumentCheck) -> str:
    """What in a condition changes without a write of the record."""
    if condition.timed:
        return "it depends on the time"
    if condition.personal:
        return "it depends on who asks"
    if condition.collects or any(len(path) > 1 for path in condition.paths):
        return "it reads other records"
    own = check.objects[field.object].fields
    for (name,) in sorted(condition.paths):
        if name in own and not own[name].writable:
            return f"`{name}` is set by the system"
    if not condition.paths:
        return "it reads no field of the record"
    return ""
