"""The schema of a kind along a document: who decides on an upgrade, and where words stand.

`x-upgrade` in a schema says whose an attribute is when a package and the site both change it:

locked         the package's alone; no layer above may change it
package        the package's, but a site may change it; if both did, that is a conflict
site_wins      the site's, once it has said something
merge_by_key   a list of both: what either side adds or takes out holds
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from metamodel.differences import by_name, named

LOCKED, PACKAGE, SITE_WINS, MERGE = "locked", "package", "site_wins", "merge_by_key"
POLICIES = (LOCKED, PACKAGE, SITE_WINS, MERGE)
MEMBER = "x-upgrade"
LABEL = "#/$defs/label"
IDENTITY = ("name", "extends", "$delete", "$over")

Path = tuple[str | int, ...]


class Shape:
    """One place of a schema. `member` and `item` lead on along a document."""

    def __init__(self, schema: Mapping[str, Any], defs: Mapping[str, Any], above: str = "") -> None:
        self._defs = defs
        reference = schema.get("$ref", "")
        self.is_label = reference == LABEL
        self.title = str(schema.get("title", ""))
        named = defs.get(reference.rpartition("/")[2], {}) if reference else {}
        self._schema = {**named, **schema} if named else schema
        inherited = above if above in (LOCKED, SITE_WINS) else PACKAGE
        self.policy: str = self._schema.get(MEMBER, inherited)
        self._members: dict[str, Shape] = {}
        self._kinds: dict[str, Shape] = {}

    @cached_property
    def needed(self) -> frozenset[str]:
        """The members without which a body says nothing by itself."""
        return frozenset(self._schema.get("required", ()))

    @cached_property
    def _item(self) -> Shape:
        items = self._schema.get("items")
        known = items if isinstance(items, Mapping) else {}
        above = PACKAGE if self.policy == MERGE else self.policy
        return Shape(known, self._defs, above)

    def item(self, body: Any) -> Shape:
        """The shape of an item of a list; of a field that of its kind."""
        return self._item.of(body)

    def of(self, body: Any) -> Shape:
        """The branch of a schema that is chosen by the `kind` of the body."""
        branches = self._branches
        kind = body.get("kind") if isinstance(body, Mapping) and branches else None
        if not isinstance(kind, str) or kind not in branches:
            return self
        if kind not in self._kinds:
            needed = [*self._schema.get("required", ()), *branches[kind].get("required", ())]
            merged = {**self._schema, **branches[kind], "required": needed}
            merged.pop("allOf", None)
            self._kinds[kind] = Shape(merged, self._defs, self.policy)
        return self._kinds[kind]

    @cached_property
    def _branches(self) -> Mapping[str, Mapping[str, Any]]:
        found = {}
        for branch in self._schema.get("allOf", ()):
            const = branch.get("if", {}).get("properties", {}).get("kind", {}).get("const")
            if const is not None:
                found[const] = branch["then"]
        return found

    def member(self, name: str) -> Shape:
        if name not in self._members:
            further = self._schema.get("additionalProperties")
            known = self._schema.get("properties", {}).get(name)
            if known is None:
                known = further if isinstance(further, Mapping) else {}
            above = PACKAGE if self.policy == MERGE else self.policy
            self._members[name] = Shape(known, self._defs, above)
        return self._members[name]


def shape_of(full_schema: Mapping[str, Any]) -> Shape:
    """The shape of the documents of a kind, from its complete schema."""
    return Shape(full_schema, full_schema.get("$defs", {}))


def labels(shape: Shape, body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths at which words for people stand in a document, with the words."""
    if shape.is_label:
        yield path, body
    elif isinstance(body, Mapping):
        inner = shape.of(body)
        for name, value in body.items():
            yield from labels(inner.member(name), value, (*path, name))
    elif isinstance(body, list):
        for at, value in enumerate(body):
            yield from labels(shape.item(value), value, (*path, at))


def locked_places(shape: Shape, below: Any, over: Any, path: Path = ()) -> Iterator[Path]:
    """The paths at which a layer says otherwise what is locked in those below it."""
    if below is None or over is None:
        return
    if isinstance(below, Mapping) and isinstance(over, Mapping):
        inner = shape.of(below)
        for name, value in over.items():
            if name not in IDENTITY:
                yield from locked_places(inner.member(name), below.get(name), value, (*path, name))
        return
    if named(below) and named(over) and shape.policy != LOCKED:
        known = by_name(below)
        for at, item in enumerate(over):
            base = known.get(item["name"])
            if base is not None:
                yield from locked_places(shape.item(base), base, item, (*path, at))
        return
    if shape.policy == LOCKED and below != over:
        yield path
