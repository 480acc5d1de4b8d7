"""Says what a schema finds in our own words, with the place and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jsonschema import ValidationError

from metamodel.errors import Fault
from metamodel.folding import listed, nearest

TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "members and values",
    "null": "null",
}

Said = tuple[str, str, str, str]  # pointer, code, message, hint


def pointer_of(parts: Iterable[Any]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def schema_faults(
    errors: Iterable[ValidationError], document: str, file: str = ""
) -> Iterator[Fault]:
    """The faults of a document, in the order of their places."""
    ordered = sorted(errors, key=lambda error: [str(part) for part in error.absolute_path])
    seen: set[tuple[str, str]] = set()
    for error in ordered:
        say = SAY.get(str(error.validator), _other)
        for pointer, code, message, hint in say(error, pointer_of(error.absolute_path)):
            if (pointer, code) not in seen:
                seen.add((pointer, code))
                yield Fault(document, pointer, code, message, hint, file)


def _schema(error: ValidationError) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


def _wanted(error: ValidationError) -> list[str]:
    """The one thing, or the things, that the schema's word asks for."""
    value: Any = error.validator_value
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _members(error: ValidationError) -> list[str]:
    return list(error.instance) if isinstance(error.instance, Mapping) else []


def _unknown(error: ValidationError, pointer: str) -> Iterator[Said]:
    known = list(_schema(error).get("properties", ()))
    for name in _members(error):
        if name not in known:
            hint = nearest(name, known) or f"Known here: {listed(known)}."
            yield (
                pointer + pointer_of([name]),
                "unknown_member",
                f"`{name}` is not known here.",
                hint,
            )


def _missing(error: ValidationError, pointer: str) -> Iterator[Said]:
    for name in _wanted(error):
        if name not in _members(error):
            about = _schema(error).get("properties", {}).get(name, {}).get("description", "")
            yield pointer, "missing", f"`{name}` is missing.", f"Add `{name}`. {about}".rstrip()


def _one_of(error: ValidationError, pointer: str) -> Iterator[Said]:
    known = _wanted(error)
    hint = nearest(error.instance, known) or f"Write one of {listed(known, 20)}."
    yield pointer, "not_an_option", f"`{_short(error.instance)}` is not known here.", hint


def _const(error: ValidationError, pointer: str) -> Iterator[Said]:
    yield (
        pointer,
        "not_an_option",
        f"`{_short(error.instance)}` is not allowed here.",
        f"Write `{error.validator_value}`.",
    )


def _type(error: ValidationError, pointer: str) -> Iterator[Said]:
    want = " or ".join(TYPES.get(name, name) for name in _wanted(error))
    yield pointer, "wrong_type", f"`{_short(error.instance)}` is not {want}.", f"Write {want} here."


def _pattern(error: ValidationError, pointer: str) -> Iterator[Said]:
    about = _schema(error).get("description") or f"Write text that matches {error.validator_value}."
    yield (
        pointer,
        "wrong_form",
        f"`{_short(error.instance)}` does not have the right format.",
        about,
    )


def _bound(word: str) -> Callable[[ValidationError, str], Iterator[Said]]:
    def say(error: ValidationError, pointer: str) -> Iterator[Said]:
        yield (
            pointer,
            "out_of_range",
            f"`{_short(error.instance)}` is out of range.",
            f"Write {word.format(error.validator_value)}.",
        )

    return say


def _double(error: ValidationError, pointer: str) -> Iterator[Said]:
    yield pointer, "duplicate", "This list contains a duplicate.", "Remove the duplicate."


def _other(error: ValidationError, pointer: str) -> Iterator[Said]:
    about = str(_schema(error).get("description", ""))
    yield pointer, "wrong_form", f"`{_short(error.instance)}` is not valid here.", about


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


SAY: Mapping[str, Callable[[ValidationError, str], Iterator[Said]]] = {
    "additionalProperties": _unknown,
    "required": _missing,
    "enum": _one_of,
    "const": _const,
    "type": _type,
    "pattern": _pattern,
    "minimum": _bound("{} or more"),
    "maximum": _bound("{} or less"),
    "minLength": _bound("at least {} characters"),
    "maxLength": _bound("at most {} characters"),
    "minItems": _bound("at least {} items"),
    "maxItems": _bound("at most {} items"),
    "minProperties": _bound("at least {} members"),
    "maxProperties": _bound("at most {} members"),
    "uniqueItems": _double,
}
