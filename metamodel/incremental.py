"""Which object types of the last catalog are as good as new ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from metamodel.catalog import Catalog, ObjectType
from metamodel.document import same_body
from metamodel.documents import Document, DocumentKind

ByKind = Mapping[str, Mapping[str, Document]]
FORMULA = re.compile(r"object/(?P<object>\w+)#/fields/(?P<at>\d+)/formula")


def reusable(
    previous: Catalog, documents: ByKind, kinds: Mapping[str, DocumentKind]
) -> dict[str, ObjectType]:
    """The object types that stay as they are.

    Those whose document is unchanged, and that use nothing of what has changed elsewhere. What
    a document uses is known from `Catalog.uses`; the previous catalog was without faults, so
    what is new elsewhere cannot change what a name in it means.
    """
    if _other_documents_matter(previous, documents, kinds):
        return {}
    old, new = previous.of("object"), documents.get("object", {})
    changed = {
        name for name in old.keys() | new.keys() if not is_same(old.get(name), new.get(name))
    }
    targets: set[str] = set()
    for name in changed:
        targets.update(_changes(name, old.get(name), new.get(name)))
    changed_options = set(_changed_options(previous, documents))
    changed.update(target.partition(".")[0] for target in changed_options)
    targets |= changed_options
    _spread(previous, targets)
    stale = changed | set(_users(previous, targets)) | set(_looked_up(old, new, changed))
    return {name: type_ for name, type_ in previous.objects.items() if name not in stale}


def kept_uses(previous: Catalog, places: Collection[str]) -> Iterator[tuple[str, str]]:
    """What the documents at these places use, and where."""
    for target, used_at in previous.uses.items():
        for place in used_at:
            if place.partition("#")[0] in places:
                yield target, place


def is_same(old: Document | None, new: Document | None) -> bool:
    """Whether a document and the layers it comes from say the same."""
    if old is None or new is None:
        return False
    if old is new:
        return True
    before, now = old.parts or (old,), new.parts or (new,)
    return (
        same_body(old.body, new.body)
        and [part.layer for part in before] == [part.layer for part in now]
        and all(same_body(was.body, part.body) for was, part in zip(before, now, strict=True))
    )


def _other_documents_matter(
    previous: Catalog, documents: ByKind, kinds: Mapping[str, DocumentKind]
) -> bool:
    """Object types name roles and the like, and hold what some kinds of document say."""
    for kind in previous.documents.keys() | documents.keys():
        if kind == "object":
            continue
        old, new = previous.of(kind), documents.get(kind, {})
        if old.keys() - new.keys():
            return True
        if kinds[kind].embedded and any(not is_same(old.get(name), new[name]) for name in new):
            return True
    return False


def _changed_options(previous: Catalog, documents: ByKind) -> Iterator[str]:
    """The fields whose options are documents of a kind (`options_from`) that are others now."""
    for name, document in previous.of("object").items():
        for field, spec in _fields(document).items():
            kind = spec.get("options_from")
            if kind and _labels(previous.of(kind)) != _labels(documents.get(kind, {})):
                yield f"{name}.{field}"
            kind = spec.get("to_from")
            if kind and _subjects(previous.of(kind)) != _subjects(documents.get(kind, {})):
                yield name  # all that leads through the link


def _subjects(documents: Mapping[str, Document]) -> set[str]:
    return {str(document.body.get("subject")) for document in documents.values()}


def _labels(documents: Mapping[str, Document]) -> dict[str, Any]:
    return {name: document.body.get("label") for name, document in documents.items()}


def _changes(name: str, old: Document | None, new: Document | None) -> Iterator[str]:
    """`book` where more than its fields changed, and `book.title` for each changed field."""
    if old is None or new is None or _head(old) != _head(new):
        yield name
        return
    before, after = _fields(old), _fields(new)
    for field in before.keys() | after.keys():
        if before.get(field) != after.get(field):
            yield f"{name}.{field}"


def _head(document: Document) -> dict[str, Any]:
    return {member: value for member, value in document.body.items() if member != "fields"}


def _fields(document: Document | None) -> dict[str, Any]:
    listed = document.body.get("fields") if document is not None else None
    named = listed if isinstance(listed, list) else []
    return {str(one.get("name")): one for one in named if isinstance(one, Mapping)}


def _spread(previous: Catalog, targets: set[str]) -> None:
    """Add the calculated fields whose formulas use what changed, however far away."""
    waiting = list(targets)
    while waiting:
        target = waiting.pop()
        for place in _places(previous, target):
            found = FORMULA.fullmatch(place)
            if found is None:
                continue
            body = previous.of("object")[found["object"]].body
            field = f"{found['object']}.{body['fields'][int(found['at'])]['name']}"
            if field not in targets:
                targets.add(field)
                waiting.append(field)


def _places(previous: Catalog, target: str) -> Iterator[str]:
    """Where a field, or an object type with all its fields, is used."""
    yield from previous.uses.get(target, ())
    if "." not in target:
        for used, places in previous.uses.items():
            if used.startswith(f"{target}."):
                yield from places


def _users(previous: Catalog, targets: Iterable[str]) -> Iterator[str]:
    for target in targets:
        for place in _places(previous, target):
            kind, _, name = place.partition("#")[0].partition("/")
            if kind == "object":
                yield name


def _looked_up(
    old: Mapping[str, Document], new: Mapping[str, Document], changed: Iterable[str]
) -> Iterator[str]:
    """The object types whose collections come from documents that changed."""
    for name in changed:
        for document in (old.get(name), new.get(name)):
            for spec in _fields(document).values():
                if spec.get("inverse") and isinstance(spec.get("to"), str):
                    yield spec["to"]
