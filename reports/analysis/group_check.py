"""The checks of one group of a report, and of dimensions that several objects share."""

from __future__ import annotations

from collections.abc import Mapping

from metamodel.catalog import Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Read, Root
from metamodel.expressions.types import (
    BOOLEAN,
    CHOICE,
    DATE,
    DATETIME,
    DURATION,
    MONEY,
    NUMBER,
    PERSON,
    RECORD,
    TEXT,
    Type,
)

from .groupings import UNITS, Grouping

PLAIN = (CHOICE.name, TEXT.name, NUMBER.name, BOOLEAN.name, DATE.name, DURATION.name)
LINKS = (RECORD.name, PERSON.name)


def check_group(
    pointer: str, group: Grouping, object: ObjectType, check: DocumentCheck
) -> Type | None:
    """A group can part records; a fault where it cannot."""
    made = check.compile(pointer, group.inner, object.name)
    if made is None:
        return None
    wrong = ungroupable(group, made, check.objects)
    if wrong is None:
        return made.type
    check.fault(pointer, "not_groupable", *wrong)
    return None


def ungroupable(
    group: Grouping, made: Expression, objects: Mapping[str, ObjectType]
) -> tuple[str, str] | None:
    """Why records cannot be grouped by it, and what to do; None where they can."""
    name, inner = made.type.name, group.inner
    timed = name in (DATE.name, DATETIME.name)
    if group.unit:
        return None if timed else (f"`{inner}` is not a date.", f"Write `{inner}` alone.")
    if name == DATETIME.name:
        hint = f"Write {', '.join(f'{unit}({inner})' for unit in UNITS[:3])} or another unit."
        return f"`{inner}` has another moment in each record.", hint
    if name == MONEY.name:
        hint = f"Write {inner}.currency, or a condition such as {inner}.amount > 1000."
        return f"`{inner}` is an amount, which parts records badly.", hint
    if name in LINKS and not _is_path(made):
        return f"`{inner}` is not a path.", "Write a field, or one behind look-ups."
    if name not in (*PLAIN, *LINKS) or _is_long(made, objects):
        message = f"Records cannot be grouped by `{inner}`: it holds several values or a long text."
        return message, "Use a choice, a look-up, a person, a date, a number or a short text."
    return None


def _is_path(made: Expression) -> bool:
    return isinstance(made.tree, Read) and made.tree.root is Root.ROW and bool(made.tree.path)


def _is_long(made: Expression, objects: Mapping[str, ObjectType]) -> bool:
    """Whether it is a text of which each record has another one, and by which nobody sorts."""
    tree = made.tree
    if made.type.name != TEXT.name or not isinstance(tree, Read) or not tree.path:
        return False
    found: Field | None = objects[tree.object].fields.get(tree.path[-1])
    return found is not None and not found.kind.sorts(found)


def same_dimension(pointer: str, name: str, one: Type, other: Type, check: DocumentCheck) -> None:
    """Objects share a dimension whose values mean the same in each of them."""
    timed = one.timed and other.timed
    if timed or (one.name == other.name and set(one.objects) == set(other.objects)):
        return
    check.fault(
        pointer,
        "other_dimension",
        f"The dimension `{name}` is {one} in one object, and {other} in this one.",
        "Name a field of the same kind that leads to the same object.",
    )
