"""How faults speak: names of types, of parts and of the nearest right name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from metamodel.expressions.nodes import (
    Collection,
    Literal,
    Moment,
    Node,
    OperationCall,
    Read,
    Root,
)
from metamodel.expressions.types import CHOICES, FILES, NUMBER, PERSONS, RECORD, RECORDS, Type

_PLAIN = {"empty": "empty", "text": "text", "files": "files", "choices": "several choices"}


def type_words(type: Type) -> str:
    """A type with its article: `a number`, `a record of book`."""
    if type.name == RECORD.name:
        return _with_article(" or ".join(type.objects))
    if type.name == RECORDS.name:
        return f"a collection of {' or '.join(type.objects)}"
    if type.name == PERSONS.name:
        return "several persons"
    return _PLAIN.get(type.name, _with_article(type.name))


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def node_words(node: Node) -> str:
    """A part with its type, as the subject of a sentence."""
    if isinstance(node, Literal) and isinstance(node.value, str):
        return f"'{node.value}' is {type_words(node.type)}"
    if isinstance(node, Literal) and node.type.name == NUMBER.name:
        return f"{node.value} is {type_words(node.type)}"
    if isinstance(node, (Read, Collection)):
        return f"`{path_words(node)}` is {type_words(node.type)}"
    if isinstance(node, Moment):
        return f"This is {type_words(node.type)}"
    return (
        f"{'The result' if isinstance(node, OperationCall) else 'This'} is {type_words(node.type)}"
    )


def path_words(node: Read | Collection) -> str:
    start = {Root.RECORD: ("record",), Root.ME: ("me",)}.get(node.root, ())
    last = (node.name,) if isinstance(node, Collection) else ()
    return ".".join((*start, *node.path, *last)) or "id"


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint with the known names that are most like a wrong one."""
    names = sorted(set(known))
    close = get_close_matches(name, names, n=2, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(f'`{one}`' for one in close)}?"
    if 0 < len(names) <= 8:
        return f"Known here: {', '.join(names)}."
    return ""


MANY = frozenset({CHOICES.name, FILES.name, PERSONS.name, RECORDS.name})
