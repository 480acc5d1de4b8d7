"""What another system said, as expressions meet it: text, and beside it the value as it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson


class GivenText(str):
    """The text of a value that somebody else gave; `wire` is the value in wire form.

    In the midst of an expression it is text. Where it is the whole value of a field, the field
    takes the value as it came and judges it: a number, a list, an amount with its currency.
    """

    wire: Any


@dataclass(frozen=True)
class GivenBody:
    """All that somebody said, which a name of a scope stands for."""

    value: Any

    def at(self, path: tuple[str, ...]) -> GivenText | None:
        """The value at the end of a path; what is not there, or is no object, is empty."""
        body = self.value
        for name in path:
            body = body.get(name) if isinstance(body, Mapping) else None
        if body is None:
            return None
        made = GivenText(_text(body))
        made.wire = wire_of(body)
        return made


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, Mapping)):
        return orjson.dumps(wire_of(value)).decode()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def wire_of(value: Any) -> Any:
    """The value in wire form: numbers with a fraction stay exact, so they are text."""
    if isinstance(value, Mapping):
        return {name: wire_of(one) for name, one in value.items()}
    if isinstance(value, list):
        return [wire_of(one) for one in value]
    return f"{value:f}" if isinstance(value, Decimal) else value
