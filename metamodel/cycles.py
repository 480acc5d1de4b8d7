"""Finds calculated fields and titles that need themselves, however far round."""

from __future__ import annotations

import re
from collections.abc import Mapping

from metamodel.catalog import Field, ObjectType

Place = tuple[str, str]  # object, field

_SLOT = re.compile(r"\{([^{}]*)\}")


def cycles_of(objects: Mapping[str, ObjectType]) -> list[list[Place]]:
    """One path for each circle: it begins and ends with the same field.

    Titles alone may go round: a shelf may show the title of the shelf that it is part of.
    """
    needs = {
        (field.object, field.name): needs_of((field.object, field.name), objects)
        for object in objects.values()
        for field in object.fields.values()
        if derived(field)
    }
    for object in objects.values():
        place = (object.name, "title")
        if "title" in object.fields:
            needs[place] = needs_of(place, objects)
    done: set[Place] = set()
    found: list[list[Place]] = []
    for start in needs:
        if start not in done and derived(objects[start[0]].fields[start[1]]):
            _follow(start, needs, done, found)
    return [circle for circle in found if any(name != "title" for _, name in circle)]


def derived(field: Field) -> bool:
    """Whether the value of a field follows from others, by a formula or by code."""
    return field.formula is not None or bool(field.worked or field.along)


def needs_of(place: Place, objects: Mapping[str, ObjectType]) -> list[Place]:
    """The calculated fields and titles that one of them reads, in a lasting order."""
    object, name = place
    field = objects[object].fields[name]
    if field.along:
        return needs_of((object, field.along), objects)
    if field.formula is not None:
        uses = {use for use in field.formula.uses if use[0] in objects}
    elif field.worked:
        uses = {use for one in field.worked for use in one.uses if use[0] in objects}
    elif name == "title" and field.system:
        uses = _shown(objects[object], objects)
    else:
        return []
    return sorted(
        use
        for use in uses
        if (used := objects[use[0]].fields.get(use[1])) is not None
        and (derived(used) or (used.system and used.name == "title"))
    )


def _shown(object: ObjectType, objects: Mapping[str, ObjectType]) -> set[Place]:
    """What a title is made of: own fields, and the titles of what it looks up."""
    places: set[Place] = set()
    for name in _SLOT.findall(object.title):
        field = object.fields.get(name)
        if field is None or name == "title":
            continue
        places.add((object.name, name))
        if field.targets and not field.many:
            places.update((target, "title") for target in field.targets if target in objects)
    return places


def _follow(
    start: Place,
    needs: Mapping[Place, list[Place]],
    done: set[Place],
    found: list[list[Place]],
) -> None:
    """Walks depth first, without recursion: formulas may depend on each other a thousand deep."""
    path = [start]
    waiting = [iter(needs[start])]
    on_path = {start}
    while path:
        step = next(waiting[-1], None)
        if step is None:
            waiting.pop()
            last = path.pop()
            on_path.discard(last)
            done.add(last)
        elif step in on_path:
            found.append([*path[path.index(step) :], step])
        elif step not in done and step in needs:
            path.append(step)
            on_path.add(step)
            waiting.append(iter(needs[step]))
