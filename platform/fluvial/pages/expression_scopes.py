"""What somebody who writes an expression may name in it, and what it is to give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.http.call import Call
from fluvial.kernel.problems import NotFound, Problem, fault
from fluvial.runtime.languages import in_words
from fluvial.runtime.session import Session
from metamodel.catalog import Field, Inverse, ObjectType
from metamodel.expressions import types
from metamodel.expressions.scope import Scope
from metamodel.expressions.types import Type
from metamodel.kinds import KINDS
from metamodel.kinds.person import ACCEPTS

from .asked_fields import listed_fields

FILTER = "filter"  # of the person's own, over what they may read
DOCUMENT = "document"  # a part of a document, which names what there is

_PLAIN = (
    types.TEXT, types.NUMBER, types.MONEY, types.BOOLEAN, types.DATE, types.DATETIME,
    types.DURATION,
)  # fmt: skip
CONDITION = "condition"
TYPES: Mapping[str, Type] = dict((one.name, one) for one in (*_PLAIN, types.GIVEN))


@dataclass(frozen=True)
class ModelReach:
    """What a person may know of the data model: who reads metadata reads all names."""

    session: Session
    purpose: str

    @property
    def hides(self) -> Callable[[str, str], bool] | None:
        """None where nothing is hidden."""
        return self.session.access.hides if self.purpose == FILTER else None

    def object(self, name: str) -> ObjectType:
        if self.purpose == FILTER:
            return self.session.object(name)
        type_ = self.session.catalog.objects.get(name)
        if type_ is None:
            raise NotFound(f"There is no object `{name}`.")
        return type_

    def fields(self, type_: ObjectType) -> list[Field]:
        hides = self.hides
        return [f for f in listed_fields(type_) if hides is None or not hides(type_.name, f.name)]

    def inverses(self, type_: ObjectType) -> list[Inverse]:
        hides = self.hides
        known = sorted(type_.inverses.values(), key=lambda one: one.label)
        return [one for one in known if hides is None or not hides(one.source, one.field)]

    def knows(self, name: str) -> bool:
        return self.purpose == DOCUMENT or self.session.access.object(name).can("read")

    def scope(
        self, type_: ObjectType | None, names: Mapping[str, Type], *, record: str, change: bool
    ) -> Scope:
        catalog = self.session.catalog
        return Scope(
            catalog.objects,
            type_.name if type_ is not None else None,
            names=names,
            change=change,
            hidden=self.hides,
            record=record or None,
            zone=catalog.zone,
            calendars=catalog.calendars,
            decisions=catalog.decisions,
        )


def reach_of(call: Call, purpose: str) -> ModelReach:
    """Documents are written by those who may read metadata; all others write filters."""
    if purpose not in ("", FILTER, DOCUMENT):
        raise _wrong("purpose", f"`purpose` is {FILTER} or {DOCUMENT}.")
    reads = "read" in call.session.access.meta and not _scoped(call)
    return ModelReach(in_words(call.session), DOCUMENT if reads and purpose != FILTER else FILTER)


def _scoped(call: Call) -> bool:
    """Whether a token asks that may not read metadata, whatever its person may."""
    scopes = call.session.actor.scopes
    return bool(scopes) and "meta:read" not in scopes


def expected(reach: ModelReach, asked: Any, type_: ObjectType | None) -> Type | None:
    """The type that an expression is to give: by its name, of a field, or of one to be made."""
    if asked in (None, "", "any"):
        return None
    if asked == CONDITION:
        return types.BOOLEAN
    if isinstance(asked, str):
        found = TYPES.get(asked) or _made_type(reach, {"kind": asked})
        if found is not None:
            return found
    elif isinstance(asked, Mapping) and "field" in asked:
        field = type_.fields.get(str(asked["field"])) if type_ is not None else None
        hides = reach.hides
        if field is not None and (hides is None or not hides(field.object, field.name)):
            return field.type
    elif isinstance(asked, Mapping):
        found = _made_type(reach, asked)
        if found is not None:
            return found
    known = ", ".join(sorted([CONDITION, *(one.name for one in _PLAIN)]))
    raise _wrong(
        "expects", f"`expects` is one of {known}, or an object with `field`, `object` or `kind`."
    )


def named_types(reach: ModelReach, asked: Any) -> dict[str, Type]:
    """The names that the surroundings of an expression bring, with their types."""
    if asked is None:
        return {}
    if not isinstance(asked, Mapping):
        raise _wrong("names", "`names` is an object of names and their types.")
    found = {name: expected(reach, value, None) for name, value in asked.items()}
    return {str(name): type_ or types.TEXT for name, type_ in found.items()}


def _made_type(reach: ModelReach, asked: Mapping[str, Any]) -> Type | None:
    """The type of a field to be made; what it looks up must be there, and to be known of."""
    if isinstance(asked.get("object"), str):
        return types.record(reach.object(asked["object"]).name)
    kind = KINDS.get(str(asked.get("kind", "")))
    if kind is None:
        return None
    try:
        found = kind.type(Field("", "", kind, "", dict(asked)))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # not yet a whole field
    for name in found.objects:
        if name not in ACCEPTS:
            reach.object(str(name))
    return found


def _wrong(member: str, message: str) -> Problem:
    return Problem(message, errors=[fault(f"/{member}", "not_valid", message)])
