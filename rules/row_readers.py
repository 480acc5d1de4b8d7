"""Reading which rows an action gathers, and by what they make groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Collection, Root

from .action_reader import ActionReader
from .model import GatheredRows

ROWS = "rows"
GROUPED = frozenset(
    one.name
    for one in (
        types.TEXT, types.NUMBER, types.MONEY, types.BOOLEAN, types.DATE, types.DATETIME,
        types.DURATION, types.CHOICE, types.RECORD, types.PERSON,
    )
)  # fmt: skip


def read_rows(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> GatheredRows | None:
    """What `each` and `group` say; nothing where there is no `each`, or where it has a fault."""
    if "each" not in action:
        if "group" in action:
            reader.check.fault(
                f"{pointer}/group", "no_rows", "There are no rows to group.", "Add `each`."
            )
        return None
    given = action["each"]
    spec: Mapping[str, Any] = {"of": given} if isinstance(given, str) else given
    place = f"{pointer}/each" if isinstance(given, str) else f"{pointer}/each/of"
    if "group" in action and "group" in spec:
        reader.check.fault(
            f"{pointer}/group", "group", "`group` is written in two places.", "Remove one of them."
        )
        return None
    source, object, outer = _source(reader, place, spec["of"])
    if object is None:
        return None
    about = reader.about(object)
    where = about.condition(f"{pointer}/each/where", spec["where"]) if "where" in spec else None
    if "where" in spec and where is None:
        return None
    group = spec.get("group", action.get("group"))
    at = f"{pointer}/each/group" if "group" in spec else f"{pointer}/group"
    keys = None if group is None else _keys(about, at, group)
    return GatheredRows(object, source, outer, where, keys)


def _source(
    reader: ActionReader, pointer: str, of: str
) -> tuple[Expression | None, str | None, bool]:
    """The collection that is gathered, the object type of its records, and whether it is `rows`."""
    if reader.type is None and ROWS not in reader.names:
        found = reader.check.object(pointer, of)
        return None, found.name if found is not None else None, False
    source = reader.compile(pointer, of)
    if source is None:
        return None, None, False
    objects = source.type.objects
    many = source.type.name in (types.RECORDS.name, types.RECORD.name)
    if not many or len(objects) != 1 or objects[0] not in reader.check.objects:
        reader.check.fault(
            pointer,
            "not_a_collection",
            f"`{of}` is not a collection of records.",
            "Name the collection of a look-up, such as loans, or member.loans.",
        )
        return None, None, False
    tree = source.tree
    outer = isinstance(tree, Collection) and tree.root is Root.NAME
    if ROWS in reader.names and not outer:
        reader.check.fault(
            pointer,
            "not_rows",
            "The lines of what was gathered are made of its rows.",
            f"Write `each: {ROWS}`.",
        )
        return None, None, False
    return source, objects[0], outer


def _keys(about: ActionReader, pointer: str, group: list[str]) -> dict[str, Expression]:
    keys = {}
    for at, path in enumerate(group):
        made = about.compile(f"{pointer}/{at}", path)
        if made is None:
            continue
        if made.type.name not in GROUPED:
            about.check.fault(
                f"{pointer}/{at}",
                "not_a_value",
                f"`{path}` has several values, so rows cannot be grouped by it.",
                "Group by a field with one value.",
            )
            continue
        keys[path] = made
    return keys
