"""The ways by which values of one kind become values of another; each kind says which it takes.

A conversion goes through the text that the old kind writes and the new kind reads, or from one
canonical value to the other. A value that would lose something on the way is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from metamodel.errors import ValueFault
from metamodel.kinds.text_format import TextFormat

if TYPE_CHECKING:
    from metamodel.catalog import Field

# Kinds whose values are words: every other kind reads them, as it reads what people type.
WRITTEN = ("text", "long_text", "sequence")
LISTED = ("choice", "multi_choice")  # whose values are options
LINKING = ("lookup", "multi_lookup", "any_lookup", "person")  # whose values are links


class World(Protocol):
    """What a conversion asks about other records."""

    zone: str

    def title(self, object: str, record: str) -> str | None:
        """The display text of a record; None where there is none."""

    def find(self, object: str, title: str) -> str:
        """The one record with this title (made, where that was asked for); or ValueFault."""

    def person(self, text: str) -> str:
        """The one user with this name or e-mail address; or ValueFault."""


@dataclass(frozen=True)
class Step:
    """One value on its way from a field to the same field of another kind."""

    old: Field
    new: Field
    world: World

    def read(self, text: str) -> Any:
        """What the new kind reads in a text."""
        if not text.strip():
            return None
        return self.new.kind.parse_text(self.new, text, TextFormat(zone=self.world.zone))

    def texts(self, value: Any) -> list[str]:
        """The words of a value, one for each part of kinds that hold many."""
        return self.old.kind.texts(self.old, value, self.world)


Convert = Callable[[Step, Any], Any]


def one_text(step: Step, value: Any) -> Any:
    """By the words of a value that holds one."""
    texts = step.texts(value)
    if len(texts) > 1:
        raise ValueFault("too_many", f"It holds {len(texts)} values, and the field takes only one.")
    return step.read(texts[0])


def one_line(step: Step, value: Any) -> Any:
    """By all its words: `crime, travel`."""
    return step.read(", ".join(step.texts(value)))


def lines(step: Step, value: Any) -> Any:
    return step.read("\n".join(step.texts(value)))


def several_texts(step: Step, value: Any) -> Any:
    return step.read(";".join(step.texts(value)))


def parsed(step: Step, value: Any) -> Any:
    """By the JSON form, where both kinds write values alike."""
    return step.new.kind.parse(step.new, step.old.kind.wire(step.old, value))


def split(value: Any) -> list[str]:
    """The things that a text names, on lines or with semicolons between."""
    return [part.strip() for part in str(value).replace("\n", ";").split(";")]


def found(step: Step, value: Any) -> Any:
    """The records whose titles the words are."""
    target = step.new.targets[0]
    several = step.new.many and step.old.kind.name in WRITTEN
    texts = split(value) if several else step.texts(value)
    return linked(step, [(target, step.world.find(target, text)) for text in texts if text])


def people(step: Step, value: Any) -> Any:
    return linked(step, [("user", step.world.person(text)) for text in split(value) if text])


def relinked(step: Step, value: Any) -> Any:
    """The same records, where the new field may link to them."""
    return linked(step, links_of(step.old, value))


def links_of(field: Field, value: Any) -> list[tuple[str, str]]:
    """The (object, id) of a link, of links or of people."""
    many = value if isinstance(value, list) else [value]
    return [one if isinstance(one, tuple) else (field.targets[0], one) for one in many]


def linked(step: Step, links: list[tuple[str, str]]) -> Any:
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


def titles_of(field: Field, value: Any, world: World) -> list[str]:
    """The words of links: what their records are called."""
    titles = []
    for object, record in links_of(field, value):
        title = world.title(object, record)
        if title is None:
            raise ValueFault("unknown_record", "The linked record no longer exists.")
        titles.append(title)
    return titles
