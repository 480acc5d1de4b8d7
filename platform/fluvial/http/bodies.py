"""Reading bodies strictly: what is doubled, cut off, or not a number is refused by its place."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from fluvial.kernel.problems import Problem, TooLarge
from metamodel.kinds.number import Scientific

MAX_NUMBER = 40  # characters of a JSON number
MAX_DEPTH = 32
MAX_PARAMETERS = 100

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(body: bytes) -> Any:
    """The JSON value of a body: numbers with a fraction are Decimals, integers are ints."""
    if not body:
        raise Problem("The body is empty. Send a JSON value.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(f"The body is not UTF-8: see byte {error.start + 1}.") from error
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Problem(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise TooLarge(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _shallow([value], MAX_DEPTH + 1)
    if _SURROGATE.search(body):
        _refuse_surrogates(value)
    if b"\\u0000" in body and _has_zero(value):
        raise Problem("The body contains a zero character (\\u0000), which text cannot have.")
    return value


_NESTED = frozenset({dict, list})


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise Problem(f"The member `{double}` appears twice in one object.")
    return members


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_NUMBER:
        raise Problem(f"A number has more than {MAX_NUMBER} characters.")
    return Scientific(text) if "e" in text.lower() else Decimal(text)


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER:
        raise Problem(f"A number has more than {MAX_NUMBER} characters.")
    return int(text)


def _constant(text: str) -> Any:
    raise Problem(f"`{text}` is not a JSON number.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_float=_decimal,
    parse_int=_integer,
    parse_constant=_constant,
    strict=True,
)


def _refuse_surrogates(value: Any) -> None:
    try:
        json.dumps(value, default=str, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise Problem("The body contains half of a surrogate pair (\\ud800 to \\udfff).") from error


def _has_zero(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\x00" in name or _has_zero(inner) for name, inner in value.items())
    if isinstance(value, list):
        return any(map(_has_zero, value))
    return isinstance(value, str) and "\x00" in value


def _shallow(value: Any, left: int) -> None:
    """Refuse what is nested too deep, as `json` makes it: of nothing but plain dicts and lists."""
    if left == 0:
        raise TooLarge(f"The body is nested deeper than {MAX_DEPTH} levels.")
    for inner in value.values() if type(value) is dict else value:
        if type(inner) in _NESTED:
            _shallow(inner, left - 1)


def read_query(raw: bytes) -> dict[str, str]:
    """The parameters of a URL, each once."""
    if not raw:
        return {}
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise Problem(f"The query string is not valid: {error}.") from error
    query = dict(pairs)
    if len(query) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise Problem(f"The parameter `{double}` appears twice.")
    if any("\x00" in name or "\x00" in value for name, value in pairs):
        raise Problem("The query string contains a zero character.")
    return query
