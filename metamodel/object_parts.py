"""Parts of the object document that features bring: members, and the fields that they make.

A part says in one place all that the engine asks of a member such as `timers`: its schema, its
check and compiled form, and the read-only fields that it makes. What it compiles is found again by
`PART.of(object_type)`, so that nothing between the document and the feature names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.folding import humanise, label_text
from metamodel.kinds import KINDS
from metamodel.reach import Reach
from metamodel.reserved_names import taken

T = TypeVar("T")

Body = Mapping[str, Any]


class MadeField(NamedTuple):
    """A field that a part makes. Nobody writes it but the feature that brings the part."""

    spec: Mapping[str, Any]  # as a document would write the field
    item: str = ""  # the named item of the member that makes it; "" for the member itself
    pointer: str = ""  # of what makes it, for faults
    hidden: bool = False  # kept for the feature, and never shown


def no_fields(_: Body) -> Iterable[MadeField]:
    return ()


@dataclass(frozen=True, eq=False)
class ObjectPart(Generic[T]):
    """A member of the object document and what it means.

    Functions take the whole document; items of a list that the schema refuses are `None` in it
    (see `object_types.items`). Pointers of faults and uses begin with the name of the member.
    """

    name: str
    schema: Mapping[str, Any]  # with `x-upgrade` and `x-editor`, as in schemas/object.json
    # Reports the faults of the member and answers its compiled form. Called only where the
    # document has the member, once the fields, checks and states of the object are compiled. It
    # compiles the formulas of the calculated fields that the part makes, and fills them in.
    compile: Callable[[Body, ObjectType, DocumentCheck], T | None]
    fields: Callable[[Body], Iterable[MadeField]] = no_fields
    # What goes with a thing that it uses; see DocumentKind.removable.
    removable: Mapping[str, str] = field(default_factory=dict)
    # What it does with the rights of the system; see DocumentKind.acts.
    acts: Callable[[Document, Catalog], Iterable[Reach]] | None = None

    def of(self, type_: ObjectType) -> T | None:
        """What it has compiled for an object type; None where its document does not have it."""
        return type_.parts.get(self.name)


Parts = Iterable[ObjectPart[Any]]


def made_fields(
    document: Document, body: Body, parts: Parts, names: Iterable[str], check: DocumentCheck
) -> Iterator[Field]:
    """The fields that parts make, beside those with these names."""
    there = dict.fromkeys(names, "a field of the object")
    made_by: dict[str, tuple[str, str]] = {}
    for part in parts:
        if part.name not in body:
            continue
        layers = document.layers_of(part.name)
        for made in part.fields(body):
            name = made.spec["name"]
            meaning = taken(name) or there.get(name, "")
            if meaning:
                if made_by.get(name) != (part.name, made.item):  # else an item is there twice
                    _clash(part, made, meaning, check)
                continue
            made_by[name] = part.name, made.item
            there[name] = f"a field that `{part.name}` makes"
            yield _field(document, part, made, layers)


def _clash(part: ObjectPart[Any], made: MadeField, meaning: str, check: DocumentCheck) -> None:
    name = made.spec["name"]
    check.fault(
        made.pointer or f"/{part.name}",
        "reserved_name",
        f"This makes the field `{name}`, but `{name}` is already {meaning}.",
        "Rename one of the two.",
    )


def _field(
    document: Document, part: ObjectPart[Any], made: MadeField, layers: Mapping[str, str]
) -> Field:
    spec = made.spec
    return Field(
        object=document.name,
        name=spec["name"],
        kind=KINDS[spec["kind"]],
        label=label_text(spec.get("label", humanise(spec["name"]))),
        spec=spec,
        layer=layers.get(made.item, document.layer),
        read_only=True,
        system=made.hidden,  # pages and exports do not name it
        hidden=made.hidden,
        made_by=f"{part.name}/{made.item}" if made.item else part.name,
    )


def still_made(made_by: str, document: Document) -> bool:
    """Whether a document still has what made a field."""
    member, _, item = made_by.partition("/")
    if not item:
        return document.body.get(member) is not None
    return any(one["name"] == item for one in document.named(member))
