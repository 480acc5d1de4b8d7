"""Finds calculated fields that need themselves, however far round."""

from __future__ import annotations

from collections.abc import Mapping

from metamodel.catalog import Field, ObjectType

Place = tuple[str, str]  # object, field


def circles(objects: Mapping[str, ObjectType]) -> list[list[Place]]:
    """One path for each circle: it begins and ends with the same field."""
    needs = {
        (field.object, field.name): _needs(field, objects)
        for object in objects.values()
        for field in object.fields.values()
        if field.formula is not None
    }
    done: set[Place] = set()
    found: list[list[Place]] = []
    for start in needs:
        if start not in done:
            _follow(start, needs, done, found)
    return found


def _needs(field: Field, objects: Mapping[str, ObjectType]) -> list[Place]:
    """The calculated fields that a formula reads, in a lasting order."""
    if field.formula is None:
        return []
    return sorted(
        (object, name)
        for object, name in field.formula.uses
        if object in objects
        and (used := objects[object].fields.get(name)) is not None
        and used.formula is not None
    )


def _follow(
    start: Place,
    needs: Mapping[Place, list[Place]],
    done: set[Place],
    found: list[list[Place]],
) -> None:
    """Walks depth first, without recursion: formulas may lean on each other a thousand deep."""
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
