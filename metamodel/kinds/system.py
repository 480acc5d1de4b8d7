"""The kinds of system fields that no document can name: a record's id and its revision."""

from __future__ import annotations

import re
from typing import Any

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.kind import Column, Field, Kind
from metamodel.storage import INTEGER, UUID

UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def uuid_text(raw: Any) -> str:
    """An id in its one spelling, in small letters."""
    if isinstance(raw, str) and UUID_TEXT.fullmatch(raw):
        return raw.lower()
    raise ValueFault("not_an_id", "Write an id such as 01890a5d-ac96-774b-bcce-b302099a8057.")


class IdKind(Kind):
    name = "identity"
    label = "Id"
    group = "Set by the system"
    icon = "fingerprint"
    about = "The id of a record, a UUID."
    example = {"name": "id", "kind": "identity"}
    editable = False
    operators = ("is", "is_not")

    def type(self, field: Field) -> types.Type:
        return types.TEXT

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", UUID),)

    def parse(self, field: Field, raw: Any) -> str:
        return uuid_text(raw)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}


class Revision(Kind):
    name = "revision"
    label = "Revision"
    group = "Set by the system"
    icon = "versions"
    about = "The number of times a record was saved."
    example = {"name": "rev", "kind": "revision"}
    editable = False
    operators = ("is", "is_not", "above", "below")

    def type(self, field: Field) -> types.Type:
        return types.number(0)

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", INTEGER),)

    def parse(self, field: Field, raw: Any) -> int:
        if isinstance(raw, int) and not isinstance(raw, bool) and 0 < raw < 2**31:
            return raw
        raise ValueFault("not_a_revision", "Send the `rev` that was read with the record.")

    def parse_text(self, field: Field, text: str, form: Any) -> int:
        return self.parse(
            field, int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text
        )

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1}


IDENTITY = IdKind()
REVISION = Revision()
