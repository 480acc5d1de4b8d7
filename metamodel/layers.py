"""Layers: the document in force is the merge of what each package and the site say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from metamodel.document import SITE, Document, same_body
from metamodel.errors import Fault
from metamodel.folding import listed
from metamodel.policies import Shape, locked_places

from .plain_figures import whole_of

DELETE = "$delete"
ORDER = "$order"  # the order of lists that a layer merges: {"$order": {"fields": [names]}}
OVER = "$over"  # marks what only changes a thing below: without it, it says nothing
DAY = re.compile(r"\d{4}-\d\d-\d\d")
HEADS = ("kind", "name", "extends")


def merge(base: Any, change: Any) -> Any:
    """RFC 7396, but lists of named things are merged by `name`, and `$delete` takes one out."""
    if isinstance(change, Mapping):
        merged = dict(base) if isinstance(base, Mapping) else {}
        for name, value in change.items():
            if value is None:
                merged.pop(name, None)
            elif name not in (OVER, ORDER) and not (_waits(value) and name not in merged):
                merged[name] = merge(merged.get(name), value)
        for name, order in _orders(change):
            if keyed(merged.get(name)):
                merged[name] = in_order_of(merged[name], order)
        return merged
    change, base = days(change), days(base)
    if keyed(change) and (base is None or keyed(base)):
        return _merge_named(base or [], change)
    return change


def _orders(change: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    said = change.get(ORDER)
    for name, order in said.items() if isinstance(said, Mapping) else ():
        if isinstance(order, list):
            yield name, order


def in_order_of(items: list[Any], order: Sequence[Any]) -> list[Any]:
    """The items in an order of their names; others stay behind the one that they came after."""
    rank = {name: at for at, name in enumerate(order) if isinstance(name, str)}
    result = sorted((i for i in items if key_of(i) in rank), key=lambda item: rank[key_of(item)])
    for at, item in enumerate(items):
        if key_of(item) not in rank:
            before = next((i for i, one in enumerate(result) if at and one is items[at - 1]), -1)
            result.insert(before + 1, item)
    return result


def days(value: Any) -> Any:
    """A list of holidays in which those without a name are plain dates, as items with a date."""
    if not isinstance(value, list) or not any(_is_day(item) for item in value):
        return value
    if not all(_is_day(item) or (isinstance(item, Mapping) and "date" in item) for item in value):
        return value
    return [{"date": item} if isinstance(item, str) else item for item in value]


def _is_day(item: Any) -> bool:
    return isinstance(item, str) and DAY.fullmatch(item) is not None


def _waits(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(OVER) is True


def keyed(value: Any) -> bool:
    """Whether it is a list whose items go by something, so that layers merge it item by item."""
    return isinstance(value, list) and all(
        isinstance(item, Mapping) and isinstance(key_of(item), str) for item in value
    )


def key_of(item: Mapping[str, Any]) -> Any:
    """What an item of a list goes by: its name, or of a calendar's holiday the date."""
    return item.get("date", item.get("name"))


def _merge_named(base: list[Any], change: list[Any]) -> list[Any]:
    """The order is the base's; what is new comes behind it. Doubles stay, to be told of."""
    kept = {key_of(item): at for at, item in reversed(list(enumerate(base)))}
    merged: list[Any] = list(base)
    for item in change:
        at = kept.get(key_of(item))
        if item.get(DELETE) is True:
            if at is not None:
                merged[at] = None
        elif at is None or merged[at] is None:
            if not _waits(item):
                merged.append(merge(None, item))
        else:
            merged[at] = merge(merged[at], item)
    return [item for item in merged if item is not None]


def merge_over(body: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """A layer over others with a part merged in: what the part takes out stays marked in it."""
    result: dict[str, Any] = merge(body, part)
    for name, value in part.items():
        marked = [item for item in value if item.get(DELETE) is True] if keyed(value) else []
        gone = {key_of(item) for item in marked}
        if gone:
            kept = [item for item in result.get(name, ()) if key_of(item) not in gone]
            result[name] = [*kept, *marked]
    return result


def merge_documents(
    documents: Iterable[Document], known: Mapping[str, Mapping[str, Document]] | None = None
) -> tuple[list[Document], list[Fault]]:
    """The documents in force, of documents in the order of their layers.

    `known` are documents in force from before: those whose layers are the same are taken over.
    """
    stacks: dict[tuple[str, str], list[Document]] = {}
    faults: list[Fault] = []
    for document in documents:
        stack = stacks.setdefault((document.kind, document.name), [])
        fault = _misplaced(document, stack)
        if fault is None:
            stack.append(document)
        else:
            faults.append(fault)
    known = known or {}
    found = (
        _taken_over(stack, known.get(kind, {}).get(name)) or merged(stack)
        for (kind, name), stack in stacks.items()
        if stack
    )
    return [document for document in found if document is not None], faults


def _taken_over(stack: list[Document], before: Document | None) -> Document | None:
    """The document from before, where it was made of equal layers."""
    if before is None or len(before.parts) != len(stack):
        return None
    for was, part in zip(before.parts, stack, strict=True):
        if (was.layer, was.file) != (part.layer, part.file) or not same_body(was.body, part.body):
            return None
    return before


def _misplaced(document: Document, below: list[Document]) -> Fault | None:
    layers = [part.layer for part in below]
    extends = document.body.get("extends")
    if document.layer in layers:
        return _fault(
            document,
            "",
            "duplicate",
            f"There are two documents {document.place} in `{document.layer}`.",
            "Rename one, or merge them.",
        )
    if extends is not None and extends not in layers:
        return _fault(
            document,
            "/extends",
            "nothing_to_extend",
            f"`{extends}` has no {document.place} to extend.",
            f"It is in {listed(layers)}." if layers else "Check the names, and install it first.",
        )
    if extends is None and below and document.layer != SITE:
        return _fault(
            document,
            "",
            "duplicate",
            f"{document.place} already exists in `{layers[0]}`.",
            f"Write `extends: {layers[0]}` to add to it, or use another name.",
        )
    return None


def _fault(document: Document, pointer: str, code: str, message: str, hint: str) -> Fault:
    return Fault(document.place, pointer, code, message, hint, document.file)


def merged(stack: Sequence[Document]) -> Document | None:
    """The document of some layers; nothing where the last of them takes it out."""
    body: Any = None
    for part in stack:
        if part.body.get(DELETE) is True:
            body = None
        elif body is not None or not _waits(part.body):
            body = merge(body, part.body)
    if body is None:
        return None
    first = stack[0]
    if first.body.get("extends") is None:
        body.pop("extends", None)
    return Document(first.kind, first.name, body, first.layer, first.file, tuple(stack))


def locate(document: Document, pointer: str) -> tuple[str, str]:
    """The file, and the pointer in it, where a place of a merged document was written."""
    if len(document.parts) < 2:
        return document.file, pointer
    steps = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    names = _names_along(document.body, steps)
    best = (0, document.file, pointer)
    for part in document.parts:
        depth, path = _walk(part.body, names)
        if depth >= best[0] and depth:
            best = (depth, part.file, path)
    return best[1:]


def _names_along(body: Any, steps: list[str]) -> list[str | tuple[str, int]]:
    """The steps, with items of named lists told by their names instead of their places."""
    along: list[str | tuple[str, int]] = []
    for step in steps:
        if isinstance(body, list):
            at = _at(body, step)
            body = body[at] if at is not None else None
            name = body.get("name") if isinstance(body, Mapping) else None
            along.append((str(name), at) if name is not None and at is not None else step)
        else:
            body = body.get(step) if isinstance(body, Mapping) else None
            along.append(step)
    return along


def _walk(body: Any, names: list[str | tuple[str, int]]) -> tuple[int, str]:
    """How far the steps lead into a layer, and the pointer of it."""
    path = ""
    for depth, name in enumerate(names):
        if isinstance(body, list):
            at = _place(body, name)
            if at is None:
                return depth, path
            body, path = body[at], f"{path}/{at}"
        elif isinstance(body, Mapping) and isinstance(name, str) and name in body:
            body, path = body[name], f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
        else:
            return depth, path
    return len(names), path


def _place(body: list[Any], name: str | tuple[str, int]) -> int | None:
    if isinstance(name, tuple):
        for at, item in enumerate(body):
            if isinstance(item, Mapping) and item.get("name") == name[0]:
                return at
        return None
    return _at(body, name)


def _at(body: list[Any], step: str) -> int | None:
    """The place in a list that a step of a pointer names."""
    at = whole_of(step)
    return at if at is not None and at < len(body) else None


def locked_faults(document: Document, shape: Shape) -> Iterator[Fault]:
    """Where an upper layer changes what belongs to the package alone."""
    below: Any = None
    for part in document.parts:
        if below is not None and part.body.get(DELETE) is not True:
            for path in locked_places(shape, below, part.body):
                pointer = "".join(f"/{step}" for step in path)
                message = (
                    f"`{path[-1]}` belongs to `{document.layer}`: no other layer can change it."
                )
                hint = "Remove it here, or add a field with another name."
                yield Fault(document.place, pointer, "locked", message, hint, part.file)
        below = merge(below, part.body)


def replaced(part: Any, whole: Any, pointer: str) -> str:
    """The place of a layer's part, as the place of the same thing in the whole document."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    depth, path = _walk(whole, _names_along(part, steps))
    return path if depth == len(steps) else pointer
