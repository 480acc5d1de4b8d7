"""Look-up, many: links to any number of records of one object type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.conversion import titles_of
from metamodel.kinds.date import iso_date
from metamodel.kinds.kind import (
    Column,
    Convert,
    Field,
    FieldCheck,
    Kind,
    RelatedRecords,
    TextFormat,
)
from metamodel.kinds.link_fields import (
    OPTION,
    OPTIONS,
    check_link_fields,
    link_schema,
    parse_link,
    wire_links,
)
from metamodel.kinds.lookup import INVERSE, cell_of, taken
from metamodel.kinds.system import uuid_text

MAX_LINKS = 1000

_DAY = {"type": ["string", "null"], "format": "date"}
_PERIOD: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "string", "format": "uuid"}, "from": _DAY, "until": _DAY},
    "required": ["id"],
    "additionalProperties": False,
}


def _link(item: Any) -> str:
    """An id, or a link with the days on which it holds."""
    if not isinstance(item, dict):
        return uuid_text(item)
    if "id" not in item or not item.keys() <= {"id", "from", "until"}:
        raise ValueFault("not_a_link", "A link is an id, or an object with id, from and until.")
    days = [None if item.get(n) is None else iso_date(item[n]) for n in ("from", "until")]
    if days[0] is not None and days[1] is not None and days[1] <= days[0]:
        raise ValueFault("ends_before_start", "A link must end after it starts.")
    return DatedLink(uuid_text(item["id"]), *days)


def _plain_link(field: Field, item: Any) -> str:
    return uuid_text(item)


def _listed(text: str) -> Any:
    """The links of a table's cell that says more of them than their ids."""
    try:
        return json.loads(text)
    except ValueError:
        raise ValueFault("not_a_list", "Write a list of links as JSON.") from None


class DatedLink(str):
    """The id of a record that is linked from a day on until another one."""

    since: date | None
    until: date | None

    def __new__(cls, id: str, since: date | None, until: date | None) -> DatedLink:
        made = super().__new__(cls, id)
        made.since, made.until = since, until
        return made

    def holds(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


def in_force(links: Sequence[str], day: date) -> list[str]:
    """The ids of the links that hold on a day; one without days does."""
    held = (link for link in links if not isinstance(link, DatedLink) or link.holds(day))
    return list(dict.fromkeys(str(link) for link in held))


def refuse_overlaps(links: Sequence[str]) -> None:
    """A record is linked once at a time."""
    spans: dict[str, list[tuple[date, date]]] = {}
    for link in links:
        start = (link.since if isinstance(link, DatedLink) else None) or date.min
        end = (link.until if isinstance(link, DatedLink) else None) or date.max
        for begun, ended in spans.setdefault(str(link), []):
            if begun < end and start < ended:
                raise ValueFault("overlap", "A record is linked twice for the same time.")
        spans[str(link)].append((start, end))


class MultiLookup(Kind):
    name = "multi_lookup"
    label = "Look-up, many"
    group = "Links"
    icon = "link-plus"
    words = "references many to many relation several records tags"
    about = "Links to any number of records of one object type, in order and without duplicates."
    example = {"name": "subjects", "kind": "multi_lookup", "to": "subject", "inverse": "books"}
    sample = ["01890a5d-ac96-774b-bcce-b302099a8057"]
    options = {
        "to": {
            "x-upgrade": "locked",
            "$ref": "#/$defs/name",
            "x-editor": {"is": "object"},
            "description": "The object type it links to.",
        },
        **INVERSE,
        **OPTIONS,
        "min": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LINKS,
            "description": "The minimum number of records, unless it is empty.",
        },
        "max": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LINKS,
            "description": f"The maximum number of records; {MAX_LINKS} by default.",
        },
    }
    needs = ("to",)
    many = True
    linked = True
    sortable = False
    indexable = False
    operators = ("any_of", "all_of", "none_of", "empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        check.object("to", field.option("to"))
        if field.option("min", 1) > field.option("max", MAX_LINKS):
            check.fault("min", "min_above_max", "`min` is above `max`.", "Swap the two.")
        check_link_fields(field, check)

    def type(self, field: Field) -> types.Type:
        return types.records(field.option("to"))

    def columns(self, field: Field) -> tuple[Column, ...]:
        return ()

    def parse(self, field: Field, raw: Any) -> list[str]:
        if not isinstance(raw, list):
            raise ValueFault("not_a_list", 'Write a list of ids, such as ["ID"].')
        items, most = raw, field.option("max", MAX_LINKS)
        if len(items) > most:
            raise ValueFault("too_many", f"Link at most {most} records.")
        if field.dated and any(isinstance(item, dict) for item in items):
            return [_link(item) for item in items]
        read = parse_link if field.option(OPTION) else _plain_link
        # Of a record that is named twice the first counts.
        linked = list(dict.fromkeys(read(field, item) for item in items))
        least = field.option("min", 0)
        if len(linked) < least:
            raise ValueFault("too_few", f"Link at least {least} records.")
        return linked

    def parse_text(self, field: Field, text: str, form: TextFormat) -> list[str]:
        if field.option(OPTION) and text.lstrip().startswith("["):
            return self.parse(field, _listed(text))
        return self.parse(field, [part.strip() for part in text.split(";") if part.strip()])

    def pack(self, field: Field, value: Sequence[str]) -> Sequence[Any]:
        return ()

    def unpack(self, field: Field, parts: Sequence[Any]) -> list[str]:
        return list(parts)

    def wire(self, field: Field, value: Sequence[str]) -> list[Any]:
        return wire_links(field, value) if field.option(OPTION) else list(value)

    def wire_parts(self, field: Field, parts: Sequence[Any]) -> list[str]:
        return list(parts)

    def cell(self, field: Field, value: Sequence[Any]) -> str:
        """The ids; links that say more of themselves as JSON."""
        if field.option(OPTION):
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return ";".join(map(cell_of, value))

    def texts(self, field: Field, value: Any, world: RelatedRecords) -> list[str]:
        return titles_of(field, value, world)

    def takes(self, old: Kind) -> Convert | None:
        return taken(old)

    def show(self, field: Field, value: Sequence[str], locale: str = "en") -> str:
        return ", ".join(value)

    def json_schema(self, field: Field) -> dict[str, Any]:
        item: dict[str, Any] = {"type": "string", "format": "uuid"}
        if field.option(OPTION):
            item = link_schema(field)
        return {
            "type": "array",
            "items": {"anyOf": [item, _PERIOD]} if field.dated else item,
            "maxItems": field.option("max", MAX_LINKS),
        }
