"""What a layer has to say so that the document in force is as somebody wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metamodel.layers import DELETE, HEADS, ORDER, OVER, days, key_of, keyed, merge


def site_part(base: Mapping[str, Any], wanted: Mapping[str, Any], said: Any) -> dict[str, Any]:
    """The body of the layer over `base` that makes `wanted`; the opposite of a merge.

    `said` is the layer's body so far: what it says of things that the layers below do not have
    at present waits in it until they do.
    """
    part: dict[str, Any] = _over(base, wanted, said)
    heads = {name: said[name] for name in HEADS if isinstance(said, Mapping) and name in said}
    return heads | part


def says_nothing(part: Mapping[str, Any]) -> bool:
    """Whether a layer has nothing to say beside the document's kind and name."""
    return not any(name not in HEADS for name in part)


def _over(base: Mapping[str, Any], wanted: Mapping[str, Any], said: Any) -> dict[str, Any]:
    known = said if isinstance(said, Mapping) else {}
    part: dict[str, Any] = {}
    for name, value in wanted.items():
        if name not in base:
            part[name] = value
        elif base[name] != value:
            changed = _changed(base[name], value, known.get(name))
            if changed or not value:  # a list may differ in its order alone
                part[name] = changed
    part |= {name: None for name in base if name not in wanted}
    orders = {name: order for name in base if (order := _order(base[name], wanted.get(name)))}
    part |= {ORDER: orders} if orders else {}
    waiting = {name: v for name, v in known.items() if _waits(v) and name not in wanted}
    return part | waiting


def _changed(base: Any, wanted: Any, said: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(wanted, Mapping):
        return _over(base, wanted, said)
    before, after = days(base), days(wanted)
    if before and keyed(before) and keyed(after) and not _doubled(after):
        return _items(before, after, said)
    return wanted


def _items(base: list[Any], wanted: list[Any], said: Any) -> list[Any]:
    below, above = {key_of(item): item for item in base}, {key_of(item): item for item in wanted}
    known = {key_of(item): item for item in said} if said and keyed(said) else {}
    part: list[Any] = []
    for name, item in above.items():
        if name not in below:
            part.append(item)
        elif below[name] != item:
            part.append(_named(item) | _over(below[name], item, known.get(name)))
    part += [_named(item) | {DELETE: True} for name, item in below.items() if name not in above]
    part += [item for name, item in known.items() if _waits(item) and name not in above]
    return part


def _order(base: Any, wanted: Any) -> list[Any]:
    """The names of a list whose order the layer has to say: the merge keeps that of the base."""
    before, after = days(base), days(wanted)
    if not (before and keyed(before) and after and keyed(after)) or _doubled(after):
        return []
    known, names = [key_of(item) for item in before], [key_of(item) for item in after]
    merged = [name for name in known if name in names]
    merged += [name for name in names if name not in known]
    return names if merged != names else []


def _named(item: Mapping[str, Any]) -> dict[str, Any]:
    """What an item goes by, so that the merge finds it."""
    return {name: item[name] for name in ("name", "date") if item.get(name) == key_of(item)}


def _doubled(items: list[Any]) -> bool:
    return len({key_of(item) for item in items}) < len(items)


def _waits(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(OVER) is True


def comes_out(base: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """The document in force of a layer over others."""
    result: dict[str, Any] = merge(base, part)
    return result
