"""The kind that a label suggests: "Due date", "E-mail", "Customer" where that is an object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from metamodel.catalog import Catalog, ObjectType
from metamodel.folding import fold
from metamodel.kinds import KINDS
from metamodel.kinds.kind import Kind
from metamodel.object_types import PEOPLE

ONE, MANY = KINDS["lookup"], KINDS["multi_lookup"]
ANSWERED = "?"  # ends a label that is answered by yes or no
_WORD = re.compile(r"[^\W_]+")
_COUNTED = re.compile(r"(number|count|amount) of .+")


@dataclass(frozen=True)
class Guess:
    """A kind, and what is known of its options."""

    kind: Kind
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def wire(self) -> dict[str, Any]:
        return {"kind": self.kind.name, "options": dict(self.options)}


def guessed_kind(catalog: Catalog, label: str) -> Guess | None:
    """None where the label says nothing: it stays text."""
    said = " ".join(fold(label).replace("-", " ").split())
    words = _WORD.findall(said)
    if not words:
        return None
    found = _linked(catalog, said)
    if found is None and said.endswith(ANSWERED):
        found = Guess(KINDS["boolean"])
    if found is None and _COUNTED.fullmatch(said):
        found = Guess(KINDS["number"])
    return found or _formatted(said) or _suggested(words)


def _linked(catalog: Catalog, said: str) -> Guess | None:
    """A look-up, where the label is that of an object, or ends with it."""
    for type_ in catalog.objects.values():
        if type_.name in PEOPLE:
            continue
        for name, kind in _called(type_):
            if said == name or (kind is ONE and said.endswith(f" {name}")):
                return Guess(kind, {"to": type_.name})
    return None


def _called(type_: ObjectType) -> Iterator[tuple[str, Kind]]:
    yield fold(type_.label), ONE
    if type_.plural != type_.label:
        yield fold(type_.plural), MANY


def _formatted(said: str) -> Guess | None:
    """A kind with a format that the label names, such as e-mail."""
    plain = said.replace(" ", "")
    for kind in KINDS.values():
        for word, format_ in kind.formats.items():
            name = fold(word).replace("-", "").replace(" ", "")
            if name and (plain == name or re.search(rf"\b{re.escape(fold(word))}\b", said)):
                return Guess(kind, {"format": format_})
            if len(name) > 3 and name in plain:
                return Guess(kind, {"format": format_})
    return None


def _suggested(words: list[str]) -> Guess | None:
    """By the last word that a kind lists, which says most; a first word such as "is" likewise."""
    known = {word: kind for kind in KINDS.values() for word in kind.suggests.split()}
    for word in reversed(words):
        if word in known:
            return Guess(known[word])
    return None
