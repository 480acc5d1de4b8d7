"""Person: a user, a team, a group or a role, or several of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.conversion import LINKING, people, relinked, titles_of
from metamodel.kinds.kind import WRITTEN, Column, Convert, Field, Kind, RelatedRecords, TextFormat
from metamodel.kinds.system import uuid_text
from metamodel.reserved_names import NAME
from metamodel.storage import JSON, TEXT, UUID

ACCEPTS = ("user", "team", "group", types.ROLE)
MAX_PEOPLE = 200
HELD = ("team", "group", types.ROLE)  # beside users, whose ids stand alone

Who = tuple[str, str]  # ("user", id), ("team", id), ("group", id) or ("role", name)


def accepts(field: Field) -> tuple[str, ...]:
    return tuple(field.option("accepts", ("user",)))


def held(field: Field) -> tuple[str, ...]:
    """What its columns hold, in their order; that of users is always there."""
    return ("user", *(kind for kind in ACCEPTS[1:] if kind in accepts(field)))


class Person(Kind):
    name = "person"
    label = "Person"
    group = "Links"
    icon = "user"
    words = "user team group role people assignee owner member staff responsible"
    suggests = "owner assignee responsible manager keeper reporter approver reviewer author"
    about = "A user, a team, a group or a role, or several of them."
    example = {"name": "librarian", "kind": "person", "accepts": ["user", "team"]}
    first = ("many",)
    sample = {"user": "01890a5d-ac96-774b-bcce-b302099a8057"}
    options = {
        "accepts": {
            "type": "array",
            "items": {"enum": list(ACCEPTS)},
            "minItems": 1,
            "uniqueItems": True,
            "description": "Who may be chosen: any of user, team, group, role; users by default.",
        },
        "many": {"type": "boolean", "description": "Whether it holds several people."},
        "where": {
            "$ref": "#/$defs/expression",
            "x-editor": {"names": ["record"], "expects": "boolean"},
            "description": "Which users may be picked; `record` is the one being edited.",
        },
    }
    sorts_by = "title"
    groups = True
    lasting = True
    operators = ("is", "is_not", "any_of", "none_of", "empty", "not_empty")

    def holds_many(self, field: Field) -> bool:
        return bool(field.option("many"))

    def link(self, field: Field, object: str, record: str) -> Who:
        return object, record

    def cell(self, field: Field, value: Any) -> str:
        return ";".join(_cell(one) for one in (value if isinstance(value, list) else [value]))

    def texts(self, field: Field, value: Any, world: RelatedRecords) -> list[str]:
        return titles_of(field, value, world)

    def takes(self, old: Kind) -> Convert | None:
        if old.among(LINKING):
            return relinked
        return people if old.among(WRITTEN) else None

    def type(self, field: Field) -> types.Type:
        return types.person(*accepts(field), many=self.holds_many(field))

    def columns(self, field: Field) -> tuple[Column, ...]:
        if self.holds_many(field):
            return (Column("", JSON),)
        return tuple(_column(kind) for kind in held(field))

    def parse(self, field: Field, raw: Any) -> Who | list[Who]:
        if not self.holds_many(field):
            return self._one(field, raw)
        if not isinstance(raw, list):
            raise ValueFault("not_a_list", "Write a list of people.")
        if len(raw) > MAX_PEOPLE:
            raise ValueFault("too_many", f"Choose at most {MAX_PEOPLE} people.")
        return list(dict.fromkeys(self._one(field, item) for item in raw))

    def _one(self, field: Field, raw: Any) -> Who:
        allowed = accepts(field)
        if isinstance(raw, Mapping) and len(raw) == 1:
            ((kind, id),) = raw.items()
            if kind in allowed:
                return kind, (role_name(id) if kind == types.ROLE else uuid_text(id))
        samples = " or ".join(
            f'{{"{kind}": "{"NAME" if kind == types.ROLE else "ID"}"}}' for kind in allowed
        )
        raise ValueFault("not_a_person", f"Write {samples}.")

    def parse_text(self, field: Field, text: str, form: TextFormat) -> Who | list[Who]:
        """The id of a user, `team:ID`, `group:ID` or `role:NAME`; several with `;` between."""
        people = [_written(part.strip()) for part in text.split(";") if part.strip()]
        if self.holds_many(field):
            return self.parse(field, people)
        return self.parse(field, people[0] if len(people) == 1 else None)

    def pack(self, field: Field, value: Any) -> Sequence[Any]:
        if self.holds_many(field):
            return ([{kind: id} for kind, id in value],)
        kind, id = value
        if len(field.columns) == 1:
            return (id,)
        return tuple(id if kind == one else None for one in held(field))

    def unpack(self, field: Field, parts: Sequence[Any]) -> Who | list[Who] | None:
        if len(parts) == 1 and isinstance(parts[0], str):
            return "user", parts[0]
        if self.holds_many(field):
            return [_pair(one) for one in parts[0] or ()]
        if len(parts) == 1:
            return None
        both = zip(held(field), parts, strict=False)
        return next(((kind, id) for kind, id in both if id is not None), None)

    def wire(self, field: Field, value: Any) -> Any:
        if isinstance(value, list):
            return [{kind: id} for kind, id in value]
        return {value[0]: value[1]}

    def wire_parts(self, field: Field, parts: Sequence[Any]) -> Any:
        if self.holds_many(field):
            return parts[0] or []
        who = self.unpack(field, parts)
        return None if who is None else self.wire(field, who)

    def wire_source(self, field: Field, parts: Sequence[str]) -> str | None:
        if self.holds_many(field):
            return None
        *others, (last, part) = zip(held(field), parts, strict=True)
        source = f'{{"{last}": {part}}}'
        for kind, part in reversed(others):
            source = f'({{"{kind}": {part}}} if {part} is not None else {source})'
        return source

    def show(self, field: Field, value: Any, locale: str = "en") -> str:
        people = value if self.holds_many(field) else [value]
        return ", ".join(f"{kind} {id}" for kind, id in people)

    def json_schema(self, field: Field) -> dict[str, Any]:
        one = {
            "type": "object",
            "properties": {kind: _schema(kind) for kind in accepts(field)},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        }
        if not self.holds_many(field):
            return one
        return {"type": "array", "items": one, "maxItems": MAX_PEOPLE}


def _column(kind: str) -> Column:
    if kind == types.ROLE:  # a document, which has no id
        return Column(f"__{kind}", TEXT, indexed=True)
    return Column("" if kind == "user" else f"__{kind}", UUID, references=kind, indexed=True)


def _schema(kind: str) -> dict[str, Any]:
    form = {"pattern": f"^{NAME.pattern}$"} if kind == types.ROLE else {"format": "uuid"}
    return {"type": "string", **form}


def role_name(raw: Any) -> str:
    if isinstance(raw, str) and NAME.fullmatch(raw):
        return raw
    raise ValueFault("not_a_role", "Write the name of a role.")


def _pair(one: Mapping[str, str]) -> Who:
    ((kind, id),) = one.items()
    return kind, id


def _written(text: str) -> dict[str, str]:
    kind, mark, id = text.partition(":")
    return {kind: id} if mark else {"user": text}


def _cell(one: Mapping[str, str]) -> str:
    """Users by their ids, others with what they are before it; as `parse_text` reads it."""
    held = next((kind for kind in one if kind in HELD), "")
    if held:
        return f"{held}:{one[held]}"
    if "title" in one or len(one) > 1:  # read with fields of the user
        return str(one.get("title", one.get("id", "")))
    ((kind, id),) = one.items()
    return id if kind in ("user", "id") else f"{kind}:{id}"
