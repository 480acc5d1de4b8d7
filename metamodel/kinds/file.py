"""File: attached files, kept by the platform and named by their ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.kind import Column, Convert, Field, FieldCheck, Kind, RelatedRecords
from metamodel.kinds.system import uuid_text
from metamodel.storage import JSON

SIZE = re.compile(r"([0-9]+)(KB|MB|GB)")
UNITS = {"KB": 1024, "MB": 1024**2, "GB": 1024**3}
MAX_FILES = 100


def size_of(text: str) -> int:
    """The bytes of `10MB`."""
    found = SIZE.fullmatch(text)
    if found is None:
        raise ValueFault("not_a_size", "Write a size such as 10MB.")
    return int(found[1]) * UNITS[found[2]]


def most_files(field: Field) -> int:
    return int(field.option("max_files", MAX_FILES)) if field.option("many") else 1


class File(Kind):
    name = "file"
    label = "File"
    group = "Files"
    icon = "paperclip"
    words = "attachment document image photo picture upload scan"
    suggests = "file files attachment document image photo picture logo scan"
    about = "One attached file, or several; images show a thumbnail."
    example = {"name": "cover", "kind": "file", "accept": ["image/png"], "max_size": "10MB"}
    first = ("many", "accept")
    sample = ["01890a5d-ac96-774b-bcce-b302099a8057"]
    options = {
        "many": {"type": "boolean", "description": "Whether it holds several files."},
        "accept": {
            "type": "array",
            "items": {"type": "string", "pattern": r"^[a-z]+/(\*|[a-z0-9.+-]+)$"},
            "description": "The media types allowed: image/png, image/*.",
        },
        "max_files": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_FILES,
            "description": (
                f"The maximum number of files if it holds several; {MAX_FILES} by default."
            ),
        },
        "versions": {
            "type": "boolean",
            "description": "Replaced and removed files stay readable in the history.",
        },
        "max_size": {
            "type": "string",
            "pattern": "^[0-9]{1,6}(KB|MB|GB)$",
            "description": "The largest file allowed, such as 10MB.",
        },
    }
    many = True  # always a list, so that a field may take more files later
    sortable = False
    indexable = False
    uploads = True
    operators = ("empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        if field.option("max_files") and not field.option("many"):
            check.fault(
                "max_files",
                "not_many",
                f"`{field.name}` holds one file.",
                "Write `many: true`, or remove `max_files`.",
            )

    def default_schema(self) -> None:
        """Nobody can upload a file before there is a record."""

    def type(self, field: Field) -> types.Type:
        return types.FILES

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", JSON),)

    def parse(self, field: Field, raw: Any) -> list[dict[str, Any]]:
        """The ids that were written; the platform adds name, size and media type."""
        items = raw if isinstance(raw, list) else [raw]
        most = most_files(field)
        if len(items) > most:
            raise ValueFault("too_many", f"Attach at most {most} file{'s' if most > 1 else ''}.")
        # What was read may be written back: a file as it is shown counts by its id.
        ids = [uuid_text(item["id"] if _is_file(item) else item) for item in items]
        return [{"id": id} for id in dict.fromkeys(ids)]

    def wire(self, field: Field, value: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**file, "url": f"/api/files/{file['id']}"} for file in value]

    def wire_parts(self, field: Field, parts: Sequence[Any]) -> list[dict[str, Any]]:
        return self.wire(field, parts[0] or ())

    def cell(self, field: Field, value: Sequence[dict[str, Any]]) -> str:
        return ";".join(str(file.get("name", file["id"])) for file in value)

    def texts(
        self, field: Field, value: Sequence[dict[str, Any]], world: RelatedRecords
    ) -> list[str]:
        return [str(file.get("name", file["id"])) for file in value]

    def takes(self, old: Kind) -> Convert | None:
        return None

    def show(self, field: Field, value: Sequence[dict[str, Any]], locale: str = "en") -> str:
        return ", ".join(str(file.get("name", file["id"])) for file in value)

    def json_schema(self, field: Field) -> dict[str, Any]:
        file = {
            "type": "object",
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "name": {"type": "string"},
                "size": {"type": "integer"},
                "media_type": {"type": "string"},
                "url": {"type": "string"},
            },
            "required": ["id"],
            "additionalProperties": False,
        }
        return {
            "type": "array",
            "items": {"anyOf": [{"type": "string", "format": "uuid"}, file]},
            "maxItems": most_files(field),
        }


def _is_file(item: Any) -> bool:
    return isinstance(item, dict) and "id" in item
