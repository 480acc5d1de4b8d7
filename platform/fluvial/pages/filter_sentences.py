"""The filter of a list as a sentence, for its template and for the script that changes it."""

from __future__ import annotations

from collections.abc import Iterable

from fluvial.auth.access import Access
from fluvial.kernel.problems import Problem
from fluvial.records.reading.caller_paths import condition
from metamodel.catalog import ObjectType

from .asked_fields import Context
from .reader_format import ReaderFormat
from .sentence_reading import read_sentence


def sentence(
    access: Access,
    type_: ObjectType,
    where: str,
    fmt: ReaderFormat,
    *,
    clear: str,
    error: str = "",
) -> Context:
    """The filter of a list for its template."""
    read: Context | None = {"joint": "and", "terms": []}
    if where and not error:
        try:
            expression = condition(access, type_, where)
            read = read_sentence(access.catalog, type_, expression, fmt)
        except Problem:
            read = None
    readable = read is not None and not error
    return {
        **(read or {"joint": "and", "terms": []}),
        "expression": where,
        "readable": readable,
        "error": {"message": error} if error else None,
        "clear_href": clear,
    }


def joined(parts: Iterable[str]) -> str:
    """Conditions that all have to hold."""
    given = [part for part in parts if part]
    return given[0] if len(given) == 1 else " and ".join(f"({part})" for part in given)
