"""The ways by which values of one kind become values of another; each kind says which it takes.

A conversion goes through the text that the old kind writes and the new kind reads, or from one
canonical value to the other. A value that would lose something on the way is refused.
"""

from __future__ import annotations

from typing import Any

from metamodel.errors import ValueFault
from metamodel.kinds.kind import WRITTEN, ConversionStep, Field, RelatedRecords

LISTED = ("choice", "multi_choice")  # whose values are options
LINKING = ("lookup", "multi_lookup", "any_lookup", "person")  # whose values are links


def one_line(step: ConversionStep, value: Any) -> Any:
    """By all its words: `crime, travel`."""
    return step.read(", ".join(step.texts(value)))


def lines(step: ConversionStep, value: Any) -> Any:
    return step.read("\n".join(step.texts(value)))


def several_texts(step: ConversionStep, value: Any) -> Any:
    return step.read(";".join(step.texts(value)))


def parsed(step: ConversionStep, value: Any) -> Any:
    """By the JSON form, where both kinds write values alike."""
    return step.new.kind.parse(step.new, step.old.kind.wire(step.old, value))


def split(value: Any) -> list[str]:
    """The things that a text names, on lines or with semicolons between."""
    return [part.strip() for part in str(value).replace("\n", ";").split(";")]


def found(step: ConversionStep, value: Any) -> Any:
    """The records whose titles the words are."""
    target = step.new.targets[0]
    several = step.new.many and step.old.kind.name in WRITTEN
    texts = split(value) if several else step.texts(value)
    return linked(step, [(target, step.world.find(target, text)) for text in texts if text])


def people(step: ConversionStep, value: Any) -> Any:
    return linked(step, [("user", step.world.person(text)) for text in split(value) if text])


def relinked(step: ConversionStep, value: Any) -> Any:
    """The same records, where the new field may link to them."""
    return linked(step, links_of(step.old, value))


def links_of(field: Field, value: Any) -> list[tuple[str, str]]:
    """The (object, id) of a link, of links or of people."""
    many = value if isinstance(value, list) else [value]
    return [one if isinstance(one, tuple) else (field.targets[0], one) for one in many]


def linked(step: ConversionStep, links: list[tuple[str, str]]) -> Any:
    """The value of the new field that links to records, as far as it may."""
    field = step.new
    for object, _ in links:
        if object not in field.targets:
            raise ValueFault(
                "wrong_object", f"It is a link to a {object}, which the field does not accept."
            )
    if len(links) > 1 and not field.many:
        raise ValueFault("too_many", f"It holds {len(links)} links, and the field takes only one.")
    if not links:
        return None
    values = [field.kind.link(field, *link) for link in links]
    wire = field.kind.wire(field, values if field.many else values[0])
    return field.kind.parse(field, wire)


def titles_of(field: Field, value: Any, world: RelatedRecords) -> list[str]:
    """The words of links: what their records are called."""
    titles = []
    for object, record in links_of(field, value):
        title = world.title(object, record)
        if title is None:
            raise ValueFault("unknown_record", "The linked record no longer exists.")
        titles.append(title)
    return titles
