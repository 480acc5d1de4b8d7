"""What goes with objects and fields that are taken out: the parts that use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fluvial.kernel.problems import Conflict
from fluvial.runtime.catalogs import Key, Layers
from metamodel.catalog import Catalog
from metamodel.documents import SITE, Document, DocumentKind
from metamodel.layers import merge_documents
from metamodel.object_parts import still_made
from metamodel.pruning import pruned
from metamodel.uses import part_of, uses_left

Merged = Mapping[Key, Document]
MAX_ROUNDS = 50  # a part that goes may be used itself


def merged(layers: Layers) -> Merged:
    """The documents in force of some layers, sound or not."""
    found, _ = merge_documents(d for layer in layers.values() for d in layer.values())
    return {(document.kind, document.name): document for document in found}


def gone(old: Catalog, after: Merged) -> Iterator[str]:
    """The objects and fields (`book.price`) that are in force and would not be any more."""
    for name, type_ in old.objects.items():
        document = after.get(("object", name))
        if document is None:
            yield name
            continue
        left = {spec["name"] for spec in document.named("fields") if not spec.get("retired")}
        for f in type_.bodied_fields:
            if not (still_made(f.made_by, document) if f.made_by else f.name in left):
                yield f"{name}.{f.name}"


def uses_of_gone(old: Catalog, after: Merged) -> dict[str, list[str]]:
    """The places that would lose what they use, by what goes."""
    found = {target: uses_left(old, target, after) for target in gone(old, after)}
    return {target: places for target, places in found.items() if places}


def take_out(
    old: Catalog, layers: Layers, kinds: Mapping[str, DocumentKind]
) -> tuple[dict[Key, Mapping[str, Any] | None], dict[str, list[str]]]:
    """Take what uses the things that go out of the site's layer, which is changed.

    Answers what that layer says then, and the parts that went by the thing that they used;
    Conflict with the list where something stands in the way.
    """
    bodies: dict[Key, Mapping[str, Any] | None] = {}
    parts: dict[str, list[str]] = {}
    for _ in range(MAX_ROUNDS):
        after = merged(layers)
        used = uses_of_gone(old, after)
        if not used:
            break
        for key, pointers in _removals(used, after, kinds, parts).items():
            body = bodies[key] = pruned(after[key], pointers)
            if body is None:
                layers[SITE].pop(key, None)
            else:
                layers[SITE][key] = Document(*key, body, SITE)
    return bodies, parts


def _removals(
    used: Mapping[str, list[str]],
    after: Merged,
    kinds: Mapping[str, DocumentKind],
    parts: dict[str, list[str]],
) -> dict[Key, set[str]]:
    found: dict[Key, set[str]] = {}
    stuck: dict[Key, set[str]] = {}
    for target, places in used.items():
        for place in places:
            document = place.partition("#")[0]
            kind, _, name = document.partition("/")
            pointer = part_of(place, kinds[kind].removable)
            if pointer is None:
                stuck.setdefault((kind, name), set()).add(place)
                continue
            found.setdefault((kind, name), set()).add(pointer)
            said = f"{document}#{pointer}" if pointer else document
            if said not in parts.setdefault(target, []):
                parts[target].append(said)
    left = sorted(
        place
        for key, places in stuck.items()
        for place in places
        if not any(_within(place, part) for part in found.get(key, ()))
    )
    if left:
        count = len(left)
        raise Conflict(
            f"{count} {'place needs' if count == 1 else 'places need'} your decision: a "
            "condition, a text or a rule uses what would be removed. Change or delete it first.",
            uses=left,
        )
    return found


def _within(place: str, part: str) -> bool:
    """Whether a place goes with a part of its document."""
    return f"{place.partition('#')[2]}/".startswith(f"{part}/")
