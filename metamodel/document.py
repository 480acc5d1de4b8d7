"""A document, as a layer or the merge of them says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

SITE = "site"  # the layer of what is changed on the spot


def same_body(one: Any, other: Any) -> bool:
    """Whether two bodies say the same: in Python 1 equals True and 1.0, in JSON it does not."""
    return one is other or (one == other and _written(one) == _written(other))


def _written(body: Any) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True)
class Document:
    """One document. Its body holds `kind` and `name` too."""

    kind: str
    name: str
    body: Mapping[str, Any]
    layer: str = ""
    file: str = ""
    parts: tuple[Document, ...] = field(default=(), repr=False)  # its layers, where merged
    # What is written, in all languages, where the body has the words of one only.
    written: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def source(self) -> Mapping[str, Any]:
        return self.body if self.written is None else self.written

    @property
    def place(self) -> str:
        return f"{self.kind}/{self.name}"

    def layers_of(self, member: str) -> Mapping[str, str]:
        """The layer that first brought each named thing of one of the document's lists."""
        found: dict[str, str] = {}
        for part in self.parts or (self,):
            for one in part.named(member):
                found.setdefault(one["name"], part.layer)
        return found

    def named(self, member: str) -> Iterator[Mapping[str, Any]]:
        """The named things of one of its lists, whatever else is wrong with the document."""
        listed = self.body.get(member)
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, Mapping) and isinstance(one.get("name"), str):
                yield one
