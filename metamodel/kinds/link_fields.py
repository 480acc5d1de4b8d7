"""Fields of a link: what is said of each record that a many-look-up links to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from metamodel.errors import ValueFault
from metamodel.folding import humanise, label_text, listed
from metamodel.kinds.boolean import Boolean
from metamodel.kinds.choice import Choice
from metamodel.kinds.date import Date
from metamodel.kinds.datetime import Datetime
from metamodel.kinds.duration import Duration
from metamodel.kinds.kind import Field, FieldCheck, Kind
from metamodel.kinds.long_text import LongText
from metamodel.kinds.money import Money
from metamodel.kinds.number import Number
from metamodel.kinds.system import uuid_text
from metamodel.kinds.text import Text

MOST = 12
OPTION = "link_fields"
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Text(), LongText(), Number(), Money(), Boolean(), Date(), Datetime(), Duration(), Choice(),
    )
}  # fmt: skip
# What the options of a whole field ask of lists, keys and the search is not for those of a link.
PLAIN = ("name", "kind", "label", "help", "required")
# Neither is what looks at other fields, documents and calendars.
BEYOND = (
    "depends_on", "options_from", "currency_from", "base", "working", "calendar", "clock",
)  # fmt: skip

OPTIONS: Mapping[str, Any] = {
    OPTION: {
        "x-upgrade": "merge_by_key",
        "type": "array",
        "items": {"$ref": "#/$defs/field"},
        "minItems": 1,
        "maxItems": MOST,
        "description": (
            "Fields of the link itself: [{name: share, kind: number}]. Values are "
            "read and written as {id, share}."
        ),
    },
}


class Link(str):
    """The id of a linked record, with what is said of the link in JSON's form.

    `said` is None where nothing was written but the id: what the link had stays.
    """

    said: Mapping[str, Any] | None

    def __new__(cls, id: str, said: Mapping[str, Any] | None = None) -> Link:
        made = super().__new__(cls, id)
        made.said = said
        return made


@lru_cache(maxsize=512)
def link_fields(field: Field) -> tuple[Field, ...]:
    """The fields of a field's links, with the options of their kinds."""
    return tuple(
        replace(
            field,
            name=spec["name"],
            kind=KINDS[spec["kind"]],
            label=label_text(spec.get("label", humanise(spec["name"]))),
            spec=spec,
            required=spec.get("required") is True,
        )
        for spec in field.option(OPTION, ())
        if spec.get("kind") in KINDS
    )


def check_link_fields(field: Field, check: FieldCheck) -> None:
    seen: set[str] = set()
    for at, spec in enumerate(field.option(OPTION, ())):
        place, name, kind = f"{OPTION}/{at}", spec["name"], KINDS.get(spec["kind"])
        if name in seen or name == "id":
            check.fault(f"{place}/name", "duplicate_name", f"`{name}` already exists.")
        seen.add(name)
        if kind is None:
            check.fault(
                f"{place}/kind",
                "no_link_field",
                f"A link cannot have fields of kind {spec['kind']}.",
                f"Use one of {listed(KINDS)}.",
            )
        for option in spec:
            able = option in PLAIN or (kind is not None and option in kind.options)
            if not able or option in BEYOND:
                message = f"`{option}` does not apply to fields of a link."
                check.fault(f"{place}/{option}", "no_link_option", message, "Remove it.")
    if not any(place.startswith(OPTION) for place in check.faulty):
        for at, inner in enumerate(link_fields(field)):
            inner.kind.check(inner, check.inside(f"{OPTION}/{at}"))
    if field.option(OPTION) and field.dated:
        check.fault(
            OPTION,
            "dated",
            "Dated links cannot have fields of their own.",
            "Remove one of the two.",
        )


def parse_link(field: Field, raw: Any) -> Link:
    """An id, or an object with the id and some of the link's fields."""
    if not isinstance(raw, Mapping):
        return Link(uuid_text(raw))
    known = {inner.name: inner for inner in link_fields(field)}
    strange = [name for name in raw if name != "id" and name not in known]
    if "id" not in raw or strange:
        said = f"`{strange[0]}` is not one of them. " if strange else ""
        raise ValueFault("not_a_link", f"{said}A link is an id, or {{id, {', '.join(known)}}}.")
    values = {name: _read(known[name], value) for name, value in raw.items() if name != "id"}
    return Link(uuid_text(raw["id"]), values)


def _read(inner: Field, raw: Any) -> Any:
    if raw is None or raw == "":
        return None
    try:
        value = inner.kind.parse(inner, raw)
        return None if value == "" else inner.kind.wire(inner, value)
    except ValueFault as fault:
        raise ValueFault(fault.code, f"{inner.label}: {fault.message}") from fault


def completed(field: Field, links: Sequence[str], before: Sequence[str] | None) -> list[Link]:
    """The links with all their fields; what was not written is what the link had."""
    had = {str(link): link for link in before or ()}
    made = []
    for link in links:
        kept = link_says(had.get(str(link), "")) or {}
        said = {**kept, **(link_says(link) or {})}
        made.append(Link(str(link), {f.name: said.get(f.name) for f in link_fields(field)}))
    return made


def missing(field: Field, links: Sequence[Link]) -> str | None:
    """The label of a needed field that one of the links leaves empty."""
    for inner in link_fields(field):
        if inner.required and any((link.said or {}).get(inner.name) is None for link in links):
            return inner.label
    return None


def alike(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether equal links also say the same."""
    return all(link_says(one) == link_says(other) for one, other in zip(left, right, strict=True))


def wire_links(field: Field, links: Sequence[Any]) -> list[dict[str, Any]]:
    """The links as objects; one of long ago, which is no longer valid, as far as it fits."""
    names = [inner.name for inner in link_fields(field)]
    made = []
    for link in links:
        whole = link if isinstance(link, Mapping) else {"id": str(link), **(link_says(link) or {})}
        made.append({name: whole.get(name) for name in ("id", *names)})
    return made


def link_says(link: str) -> Mapping[str, Any] | None:
    """What is said of a link; None of a mere id."""
    return getattr(link, "said", None)


def stored_links(field: Field, held: Sequence[Mapping[str, Any]] | None) -> list[Link]:
    """The links that a query gives: `{id, said}`."""
    names = [inner.name for inner in link_fields(field)]
    return [
        Link(one["id"], {name: (one["said"] or {}).get(name) for name in names})
        for one in held or ()
    ]


def link_schema(field: Field) -> dict[str, Any]:
    """An id, or an object with the id and the link's fields."""
    id: dict[str, Any] = {"type": "string", "format": "uuid"}
    members = {
        inner.name: {"anyOf": [inner.kind.json_schema(inner), {"type": "null"}]}
        for inner in link_fields(field)
    }
    whole = {
        "type": "object",
        "properties": {"id": id, **members},
        "required": ["id"],
        "additionalProperties": False,
    }
    return {"anyOf": [id, whole]}
