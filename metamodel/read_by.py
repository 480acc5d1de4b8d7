"""Records that people may read whatever their roles, because the records are theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metamodel.catalog import Catalog, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.expressions.expression import Expression
from metamodel.object_parts import ObjectPart
from metamodel.reach import Reach

SCHEMA: Mapping[str, Any] = {
    "title": "Read without a role",
    "$ref": "#/$defs/expression",
    "description": "Which records somebody may read whatever their roles, because they are theirs: "
    "`mine(assignee)`. Roles may show more.",
    "x-editor": {"expects": "boolean", "more": True},
}


def _compile(
    body: Mapping[str, Any], object: ObjectType, check: DocumentCheck
) -> Expression | None:
    compiled = check.condition("/read_by", body["read_by"], object.name)
    if compiled is not None and not compiled.personal:
        check.fault(
            "/read_by",
            "not_personal",
            "This does not ask who reads, so everybody could read these records.",
            "Ask for `me`, such as mine(assignee), or grant the right in roles.",
        )
        return None
    return compiled


def _acts(document: Document, _: Catalog) -> Iterator[Reach]:
    """Who writes it shows records to others, so they have to see all of them."""
    yield Reach("/read_by", "read", document.name, everywhere=True)


READ_BY: ObjectPart[Expression] = ObjectPart("read_by", SCHEMA, _compile, acts=_acts)
