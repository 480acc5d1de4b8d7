"""Texts that differ in their values only: checked once, and read again with other values.

A text is cut at its literals. What is left, with the kinds of the literals, is its template. The
first text of a template is checked in full, and each of its literals says how another one at its
place is read: most take any value of their kind, a date takes dates, a choice takes its options.
Those that decide about the tree, such as a pattern or a unit, are pinned: texts in which they
differ are read apart. What cannot be read this way is checked in full, and refused as ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Decide, Spread
from metamodel.expressions.sql_value import storage_of
from metamodel.expressions.syntax import MAX_LENGTH
from metamodel.folding import normal
from metamodel.storage import Storage

# What is taken as it stands: text without escapes and numbers of a usual size. Other text stays
# in the template; in it nothing else is to be found.
_LITERAL = re.compile(
    r"""(?P<text>'[^'\\\x00-\x1f\x7f\ue000\ud800-\udfff]+'
              |"[^"\\\x00-\x1f\x7f\ue000\ud800-\udfff]+")
      | (?P<other>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
      | (?P<number>(?<![.\w])(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?(?![\w.]))""",
    re.VERBOSE | re.DOTALL,
)
_NAMED = re.compile(r"([a-z_]+):(?:[0-9A-Fa-f-]{36}|[a-z_0-9]+)")  # team:ID, role:NAME
_COMMA = re.compile(r"\s*,\s*")
MAX_READINGS = 20  # of one template, which differ in what is pinned


@dataclass(frozen=True)
class Cut:
    """A text without its literals. Lists are filled up, so that few lengths of them remain."""

    pieces: tuple[str, ...]  # one more than there are literals
    kinds: tuple[str, ...]
    tokens: tuple[str, ...]

    @property
    def template(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self.pieces, self.kinds

    @property
    def source(self) -> str:
        """A text of this template: that which was cut, or one that means the same."""
        parts = [one for pair in zip(self.pieces, self.tokens, strict=False) for one in pair]
        return "".join([*parts, self.pieces[-1]])

    def places(self) -> Iterable[tuple[int, int]]:
        """Where the literals stand in the source, and how long they are."""
        at = 0
        for piece, token in zip(self.pieces, self.tokens, strict=False):
            at += len(piece)
            yield at, len(token)
            at += len(token)


def cut(source: str) -> Cut | None:
    """The text cut at its literals; None where there is nothing to cut."""
    if len(source) > MAX_LENGTH:
        return None
    pieces, kinds, tokens = [], [], []
    at = 0
    for match in _LITERAL.finditer(source):
        if match.lastgroup == "other":
            continue
        token = match.group()
        pieces.append(source[at : match.start()])
        kinds.append(_text_kind(token) if match.lastgroup == "text" else _number_kind(token))
        tokens.append(token)
        at = match.end()
    if not tokens:
        return None
    pieces.append(source[at:])
    if "[" in source:
        _fill_lists(pieces, kinds, tokens)
    return Cut(tuple(pieces), tuple(kinds), tuple(tokens))


def _text_kind(token: str) -> str:
    if ":" in token:
        named = _NAMED.fullmatch(token, 1, len(token) - 1)
        if named is not None:
            return f"text {named[1]}"
    return "text"


def _number_kind(token: str) -> str:
    """Numbers with other decimals are of another type."""
    _, point, decimals = token.partition(".")
    return f"number {len(decimals.rstrip('0'))}" if point else "number 0"


def _fill_lists(pieces: list[str], kinds: list[str], tokens: list[str]) -> None:
    """Repeat the last value of each list until it holds 1, 2, 4, 8, ... of them."""
    at = 0
    while at < len(tokens):
        end = at + 1
        if pieces[at].rstrip().endswith("["):
            while end < len(tokens) and kinds[end] == kinds[at] and _COMMA.fullmatch(pieces[end]):
                end += 1
            if pieces[end].lstrip().startswith("]"):
                pieces[at + 1 : end] = [", "] * (end - at - 1)
                missing = (1 << (end - at - 1).bit_length()) - (end - at)
                pieces[end:end] = [", "] * missing
                kinds[end:end] = [kinds[at]] * missing
                tokens[end:end] = [tokens[end - 1]] * missing
                end += missing
        at = end


def _written(token: str) -> Any:
    """What stands in a literal, as it is read before anything is known of its type."""
    return normal(token[1:-1]) if token[0] in "'\"" else Decimal(token)


class LiftedValues:
    """An expression, and how the literals of other texts of its template become its values."""

    def __init__(self, expression: Expression, cut: Cut) -> None:
        self.expression = expression
        tokens = {place: i for i, place in enumerate(cut.places())}
        self._parts: list[tuple[int, Callable[[Any], Any], Any]] = []  # token or -1, read, value
        free = not any(isinstance(node, (Spread, Decide)) for node in expression.tree.walk())
        for literal in expression.literals:
            slot = literal.slot
            token = None
            if slot is not None and free:
                token = tokens.get((slot.place.at, slot.place.length))
            if slot is None or token is None:
                self._parts.append((-1, _written, literal.value))
            else:
                self._parts.append((token, slot.read, None))
        held = {token for token, _, _ in self._parts}
        self.pinned = tuple(i for i in range(len(cut.tokens)) if i not in held)

    @cached_property
    def storages(self) -> tuple[Storage, ...]:
        """How the values travel to the database."""
        return tuple(storage_of(literal.type) for literal in self.expression.literals)

    def values(self, tokens: Sequence[str]) -> list[Any] | None:
        """The values of the expression's literals; None where a literal does not fit."""
        values = []
        for token, read, value in self._parts:
            if token >= 0:
                value = read(_written(tokens[token]))
                if value is None:
                    return None
            values.append(value)
        return values


class Template:
    """The readings of one template, by the literals that are pinned."""

    def __init__(self) -> None:
        self._pinned: tuple[int, ...] = ()
        self._readings: dict[tuple[str, ...], LiftedValues] = {}

    def find(self, tokens: Sequence[str]) -> LiftedValues | None:
        return self._readings.get(tuple(tokens[i] for i in self._pinned))

    def learn(self, expression: Expression, cut: Cut) -> LiftedValues:
        """Keep how a text of the template was read."""
        reading = LiftedValues(expression, cut)
        if not set(reading.pinned) <= set(self._pinned):
            self._pinned = tuple(sorted({*self._pinned, *reading.pinned}))
            self._readings = {}
        if len(self._readings) >= MAX_READINGS:
            self._readings = {}
        self._readings[tuple(cut.tokens[i] for i in self._pinned)] = reading
        return reading
