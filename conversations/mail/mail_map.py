"""How a mail becomes the fields of a new record: expressions over what the mail says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from metamodel.catalog import Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.plain import PlainEnvironment
from metamodel.expressions.python import evaluate
from metamodel.expressions.types import Type
from metamodel.folding import listed, nearest

from .incoming_mail import IncomingMail

FILES = "files"
MEMBERS: Mapping[str, Type] = {
    "subject": types.TEXT,
    "text": types.TEXT,
    "from": types.TEXT,
    "name": types.TEXT,
    "to": types.TEXT,
    "cc": types.TEXT,
    "sent": types.DATETIME,
    "message_id": types.TEXT,
}
NO_SUBJECT = "(no subject)"

# Texts in quotes, which are left alone, and members of the mail: `from` is no name in expressions.
_MEMBER = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|(?<![\w.])mail\.([a-z_]\w*)")
_NAME = "mail_{}"


@dataclass(frozen=True)
class FromMail:
    """One field of a map."""

    field: str
    expression: Expression | None  # None: the files of the mail
    find: str = ""  # the field of the looked-up record to find it by

    def value(self, values: Mapping[str, Any], now: datetime, today: date) -> Any:
        assert self.expression is not None
        given: dict[tuple[str, ...], Any] = {
            (_NAME.format(name),): value for name, value in values.items()
        }
        return evaluate(self.expression, PlainEnvironment(given, now, today))


def said(mail: IncomingMail, now: datetime) -> dict[str, Any]:
    """What expressions may ask of a mail."""
    return {
        "subject": mail.subject or NO_SUBJECT,
        "text": mail.text or None,
        "from": mail.sender.address,
        "name": mail.sender.name or mail.sender.address.partition("@")[0],
        "to": ", ".join(one.address for one in mail.to) or None,
        "cc": ", ".join(one.address for one in mail.cc) or None,
        "sent": mail.sent or now,
        "message_id": mail.message_id,
    }


def mapped(name: str, spec: Any, type_: ObjectType, check: DocumentCheck) -> FromMail | None:
    """One entry of a map, compiled; faults are told to the check."""
    pointer = f"/map/{name}"
    field = check.field(pointer, type_, name)
    if field is None:
        return None
    if not field.writable:
        check.fault(pointer, "read_only", f"{field.label} is set by the system.", "Leave it out.")
        return None
    source, find = (spec, "") if isinstance(spec, str) else (spec["value"], spec["find"])
    if field.type.name == types.FILES.name or source.strip() == f"mail.{FILES}":
        return _files(field, source, pointer, check)
    if find and not check.found_by(f"{pointer}/find", field, find):
        return None
    compiled = _compiled(field, source, find, pointer, check)
    return FromMail(name, compiled, find) if compiled is not None else None


def _files(field: Field, source: str, pointer: str, check: DocumentCheck) -> FromMail | None:
    if field.type.name == types.FILES.name and source.strip() == f"mail.{FILES}":
        return FromMail(field.name, None)
    message = f"{field.label} and `{source.strip()}` cannot be used together."
    check.fault(pointer, "files", message, "A field of files takes `mail.files`, and only this.")
    return None


def _compiled(
    field: Field, source: str, find: str, pointer: str, check: DocumentCheck
) -> Expression | None:
    unknown: list[str] = []

    def named(found: re.Match[str]) -> str:
        member = found[1]
        if not member:
            return found[0]
        if member not in MEMBERS:
            unknown.append(member)
        return _NAME.format(member)

    written = _MEMBER.sub(named, source)
    if unknown:
        hint = nearest(unknown[0], MEMBERS) or f"A mail has {listed([*MEMBERS])}."
        check.fault(pointer, "unknown_member", f"A mail has no `{unknown[0]}`.", hint)
        return None
    expect = types.TEXT if find or (field.type.objects and not field.many) else field.type
    place = f"{pointer}/value" if find else pointer
    names = {_NAME.format(name): type_ for name, type_ in MEMBERS.items()}
    return check.compile(place, written, names=names, expect=expect)
