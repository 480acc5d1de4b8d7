"""Where an object type or a field is used."""

from __future__ import annotations

from metamodel.catalog import Catalog


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
