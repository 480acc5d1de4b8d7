"""Where an object type or a field is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metamodel.catalog import Catalog
from metamodel.document import Document


def uses_of(catalog: Catalog, target: str) -> list[str]:
    """The places that use `book` or `book.title`, such as `view/overdue#/columns/2`.

    What an object type says of itself is no use of the object type.
    """
    object, dot, _ = target.partition(".")
    places = set(catalog.uses.get(target, ()))
    if not dot:
        for used, where in catalog.uses.items():
            if used.startswith(f"{object}."):
                places.update(where)
        places = {place for place in places if not place.startswith(f"object/{object}#")}
    return sorted(places)


def uses_left(
    catalog: Catalog, target: str, after: Mapping[tuple[str, str], Document]
) -> list[str]:
    """The uses that are still there in other documents than those of the catalog.

    Their pointers lead into the documents of `after`. A place that was edited or taken out
    is no use any more; an item of a list is found again where it has moved to.
    """
    return sorted(
        {
            left
            for place in uses_of(catalog, target)
            if (left := _left(catalog, target, place, after)) is not None
        }
    )


def _left(
    catalog: Catalog, target: str, place: str, after: Mapping[tuple[str, str], Document]
) -> str | None:
    document, _, pointer = place.partition("#")
    kind, _, name = document.partition("/")
    now = after.get((kind, name))
    before = catalog.of(kind).get(name)
    if now is None or before is None:
        return None
    object, _, field = target.partition(".")
    at = steps_of(pointer)
    if kind == "object" and name == object and at[:1] == ["fields"]:
        # What a field says of itself goes with the field.
        if at[1:] and before.body["fields"][int(at[1])].get("name") == field:
            return None
    found = _again(before.body, now.body, at)
    return None if found is None else f"{document}#{pointer_of(found)}"


def _again(before: Any, after: Any, steps: list[str]) -> list[str] | None:
    """Where the steps into `before` lead to in `after`, where the same value is there."""
    found: list[str] = []
    for step in steps:
        if isinstance(before, list) and isinstance(after, list):
            at = _place(before[int(step)], after) if int(step) < len(before) else None
            if at is None:
                return None
            before, after = before[int(step)], after[at]
            found.append(str(at))
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            if step not in before or step not in after:
                return None
            before, after = before[step], after[step]
            found.append(step)
        else:
            break  # the pointer says more than the document, as of words in a text
    return found if before == after else None


def _place(item: Any, items: list[Any]) -> int | None:
    name = item.get("name") if isinstance(item, Mapping) else None
    for at, other in enumerate(items):
        if other == item:
            return at
        if name is not None and isinstance(other, Mapping) and other.get("name") == name:
            return at
    return None


def steps_of(pointer: str) -> list[str]:
    """The steps of a JSON pointer."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def pointer_of(steps: list[str]) -> str:
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)


def part_of(place: str, removable: Mapping[str, str]) -> str | None:
    """The pointer of the part that goes with what is used at a place; None stands in the way."""
    steps = steps_of(place.partition("#")[2])
    for pattern, part in removable.items():
        wanted = steps_of(pattern)
        if len(wanted) <= len(steps) and all(
            w in ("*", s) for w, s in zip(wanted, steps, strict=False)
        ):
            return pointer_of(steps[: len(steps_of(part))])
    return None
