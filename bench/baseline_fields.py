"""What the hand-written application accepts for each field of a loan, and how it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

Values = dict[str, Any]
Fault = dict[str, str]

STATUSES = ("reserved", "lent", "overdue", "returned", "lost")
FORMATS = ("hardcover", "paperback", "audio", "large_print")
SYSTEM = ("id", "rev", "title", "created_at", "created_by", "updated_at", "updated_by")
# What a clerk may not see answers like an unknown field; what they may only read refuses writes.
HIDDEN = {"administrator": frozenset[str](), "clerk": frozenset({"remark"})}
READ_ONLY = {
    "administrator": frozenset({"number", *SYSTEM}),
    "clerk": frozenset({"number", "deposit", *SYSTEM}),
}

_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
)


class Problem(Exception):
    def __init__(self, status: int, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"type": "about:blank", "status": status, "detail": detail, **members}


class Refused(Exception):
    """A value that a field does not take; the message says what it takes."""


def _text(limit: int) -> Callable[[Any], str | None]:
    def parse(value: Any) -> str | None:
        if not isinstance(value, str):
            raise Refused("Use text.")
        if len(value) > limit:
            raise Refused(f"Use at most {limit} characters.")
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise Refused("Leave out control characters.")
        return value or None

    return parse


def _exact(value: Any, scale: int) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise Refused("Use a number such as 12.50.")
    text = str(value)
    if not _DECIMAL.match(text):
        raise Refused("Use a number such as 12.50.")
    if "." in text and len(text) - text.index(".") - 1 > scale:
        raise Refused(f"Use at most {scale} decimals.")
    return Decimal(text).quantize(Decimal(1).scaleb(-scale))


def _number(scale: int) -> Callable[[Any], Decimal]:
    return lambda value: _exact(value, scale)


def _money(value: Any) -> Decimal:
    if not isinstance(value, dict) or not value.keys() <= {"amount", "currency"}:
        raise Refused('Use {"amount": "12.50", "currency": "EUR"}.')
    if value.get("currency", "EUR") != "EUR":
        raise Refused("The currency of this field is EUR.")
    return _exact(value.get("amount"), 2)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused("Use true or false.")
    return value


def _date(value: Any) -> date:
    if isinstance(value, str) and _DATE.match(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Refused("Use a date such as 2026-11-21.")


def _datetime(value: Any) -> datetime:
    if isinstance(value, str) and _DATETIME.match(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Refused("Use a moment with its zone, such as 2026-11-21T09:30:00Z.")


def _seconds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise Refused("Use whole seconds.")
    return value


def _choice(options: tuple[str, ...]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in options:
            raise Refused(f"Use one of {', '.join(options)}.")
        return str(value)

    return parse


def _id(value: Any) -> str:
    if isinstance(value, str) and len(value) == 36:
        try:
            return str(UUID(value))
        except ValueError:
            pass
    raise Refused("Use the id of a record.")


def _person(value: Any) -> str:
    if not isinstance(value, dict) or value.keys() != {"user"}:
        raise Refused('Use {"user": id}.')
    return _id(value["user"])


PARSERS: dict[str, Callable[[Any], Any]] = {
    "book": _text(200),
    "notes": _text(20_000),
    "weight": _number(3),
    "fee": _money,
    "deposit": _money,
    "renewable": _boolean,
    "lent_on": _date,
    "due": _datetime,
    "reading_time": _seconds,
    "status": _choice(STATUSES),
    "format": _choice(FORMATS),
    "barcode": _text(60),
    "member": _id,
    "assignee": _person,
    "remark": _text(2_000),
}
FIELDS = ("number", *PARSERS)
REQUIRED = ("book", "due", "status", "member", "renewable")
DEFAULTS: Values = {name: None for name in PARSERS} | {"renewable": False, "status": "reserved"}


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Problem(400, "The body names a member twice.")
    return members


def _no_constant(name: str) -> NoReturn:
    raise Problem(400, f"{name} is not a JSON number.")


def read_body(body: bytes) -> dict[str, Any] | list[Any]:
    try:
        parsed = json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_no_duplicates,
        )
    except (ValueError, RecursionError) as error:
        raise Problem(400, "The body is not JSON.") from error
    if not isinstance(parsed, (dict, list)):
        raise Problem(422, "Send one object, or a list.")
    return parsed


def parse(body: dict[str, Any], role: str) -> Values:
    """The values of the members of `body`, or every fault of it at once."""
    values: Values = {}
    faults: list[Fault] = []
    for name, value in body.items():
        if name in HIDDEN[role] or (name not in PARSERS and name not in READ_ONLY[role]):
            faults.append(fault(name, "unknown", "There is no such field."))
        elif name in READ_ONLY[role]:
            faults.append(fault(name, "read_only", "This field cannot be written."))
        elif value is None:
            values[name] = False if name == "renewable" else None
        else:
            try:
                values[name] = PARSERS[name](value)
            except Refused as refused:
                faults.append(fault(name, "value", str(refused)))
    faults += [
        fault(name, "required", "Give a value.")
        for name in REQUIRED
        if name in values and values[name] is None
    ]
    if faults:
        raise Problem(422, "Some values need a change.", errors=faults)
    return values


def with_defaults(values: Values) -> Values:
    complete = DEFAULTS | values
    missing = [fault(n, "required", "Give a value.") for n in REQUIRED if complete[n] is None]
    if missing:
        raise Problem(422, "Some values need a change.", errors=missing)
    return complete


def amount(text: str) -> Decimal:
    """A number of a filter."""
    if not _DECIMAL.match(text):
        raise Problem(422, "Use a number such as 12.50.")
    return Decimal(text)


def moment(text: str) -> datetime:
    try:
        return _datetime(text)
    except Refused as refused:
        raise Problem(422, str(refused)) from refused


def fault(name: str, code: str, message: str) -> Fault:
    return {"pointer": f"/{name}", "code": code, "message": message}
