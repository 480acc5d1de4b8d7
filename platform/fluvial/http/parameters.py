"""The parameters of a page of records, read from the address."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, cast

from fluvial.auth.access import Access
from fluvial.kernel.problems import Problem, fault
from fluvial.records.reading.query import (
    DEFAULT_LIMIT,
    MAX_FIELDS,
    MAX_HOPS,
    MAX_LIMIT,
    MAX_SORT_KEYS,
    Path,
    Query,
    SortKey,
    Total,
)
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.errors import ValueFault
from metamodel.kinds.date import iso_date
from metamodel.kinds.datetime import moment

from .call import Call

RESERVED = (
    "where", "search", "sort", "fields", "limit", "cursor", "total", "as_of", "deleted",
    "group", "measure", "format",
)  # fmt: skip

_PATH = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


def refuse(parameter: str, code: str, message: str) -> Problem:
    return Problem(message, errors=[fault(parameter, code, message)])


def page_query(call: Call, type_: ObjectType, *also: str) -> Query:
    """The query of a page; parameters that are neither known nor a field are refused."""
    given = call.query
    access = call.session.access
    equals = []
    for name, text in given.items():
        if name in RESERVED or name in also:
            if text == "" and name not in also:
                words = f"`{name}` is empty. Give it a value or omit it."
                raise refuse(name, "empty", f"{words}{_field_too(type_, name)}")
        elif _known(access, type_, name):
            equals.append((name, text))
        else:
            raise refuse(
                name, "unknown_parameter", f"{type_.label} has no field or parameter `{name}`."
            )
    total = given.get("total", "none")
    if total not in ("none", "capped", "exact"):
        words = f"`total` must be none, capped or exact.{_field_too(type_, 'total')}"
        raise refuse("total", "unknown_value", words)
    return Query(
        type_.name,
        fields=paths(given["fields"], "fields") if "fields" in given else None,
        where=given.get("where", ""),
        equals=tuple(equals),
        search=given.get("search", ""),
        sort=sort_keys(given.get("sort", "")),
        limit=call.whole("limit", DEFAULT_LIMIT, 1, MAX_LIMIT),
        cursor=given.get("cursor", ""),
        total=cast(Total, total),
        as_of=as_of(call),
        deleted=call.flag("deleted"),
    )


def _field_too(type_: ObjectType, name: str) -> str:
    """How to ask a field that has the name of a parameter."""
    return f" Ask the field `{name}` in `where`." if name in type_.fields else ""


def _known(access: Access, type_: ObjectType, name: str) -> bool:
    field = type_.fields.get(name)
    return field is not None and not field.hidden and not access.hides(type_.name, name)


def paths(text: str, parameter: str) -> tuple[Path, ...]:
    """Dotted names with commas between."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > MAX_FIELDS:
        raise refuse(parameter, "too_many", f"`{parameter}` accepts at most {MAX_FIELDS} names.")
    return tuple(dict.fromkeys(path(part, parameter) for part in parts))


def path(text: str, parameter: str) -> Path:
    if not _PATH.fullmatch(text):
        raise refuse(parameter, "not_a_name", f"`{text}` is not the name of a field.")
    steps = tuple(text.split("."))
    if len(steps) > MAX_HOPS:
        raise refuse(parameter, "too_long", f"`{text}` has more than {MAX_HOPS} steps.")
    return steps


def sort_keys(text: str) -> tuple[SortKey, ...]:
    if not text:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > MAX_SORT_KEYS:
        raise refuse("sort", "too_many", f"`sort` accepts at most {MAX_SORT_KEYS} fields.")
    return tuple(
        SortKey(path(part.removeprefix("-"), "sort"), part.startswith("-")) for part in parts
    )


def as_of(call: Call) -> date | None:
    """The day that is asked for, or the moment."""
    text = call.query.get("as_of")
    if text is None:
        return None
    found = day(call, text, "as_of")
    return found if len(text) == 10 else moment(text)


def believed_on(call: Call) -> datetime | None:
    """The moment whose knowledge is asked for: RFC 3339, or a day, which stands for its end."""
    text = call.query.get("believed_on")
    if text is None:
        return None
    found = day(call, text, "believed_on")
    return moment(text) if len(text) > 10 else call.engine.clock.end_of(found)


def session_of_day(call: Call) -> Session:
    """The call's session, reading as of the day that is asked for."""
    asked = as_of(call)
    return call.session if asked is None else call.session.at(asked)


def as_of_day(call: Call) -> date | None:
    text = call.query.get("as_of")
    return None if text is None else day(call, text, "as_of")


def day(call: Call, text: str, parameter: str) -> date:
    """A date, or the day in the business's zone of a moment."""
    try:
        return iso_date(text) if len(text) == 10 else call.engine.clock.day_of(moment(text))
    except (ValueFault, OverflowError) as error:
        code = error.code if isinstance(error, ValueFault) else "not_a_date"
        raise refuse(parameter, code, _DATE.format(name=parameter)) from error


_DATE = (
    "`{name}` must be a date such as 2026-11-21, or a date and time such as 2026-11-21T09:00:00Z."
)


def etag(record: dict[str, Any]) -> tuple[str, str]:
    return ("etag", f'"{record["rev"]}"')
