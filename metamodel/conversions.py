"""Retyping: what the values of one kind of field mean in another kind.

One table says which kinds become which. A conversion goes through the text that the old kind
writes and the new kind reads, or from one canonical value to the other. A value that would lose
something on the way is refused with the reason; it stays in the column of the old kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.kinds.duration import clock_text
from metamodel.kinds.kind import TextFormat
from metamodel.money import Money
from metamodel.storage import timestamp_wire


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
        return _WORDS.get(self.old.kind.name, _plain)(self, value)


Convert = Callable[[Step, Any], Any]
Words = Callable[[Step, Any], list[str]]


def _plain(step: Step, value: Any) -> list[str]:
    return [str(value)]


def _money_words(step: Step, value: Money) -> list[str]:
    return [f"{value.amount:f} {value.currency}"]


def _shown_words(step: Step, value: Any) -> list[str]:
    return [step.old.kind.show(step.old, value)]


def _options_words(step: Step, value: list[str]) -> list[str]:
    return [step.old.kind.show(step.old, [one]) for one in value]


def _file_words(step: Step, value: list[dict[str, Any]]) -> list[str]:
    return [str(file.get("name", file["id"])) for file in value]


def _moment_words(step: Step, value: datetime) -> list[str]:
    return [timestamp_wire(value)]


def _link_words(step: Step, value: Any) -> list[str]:
    found = []
    for object, record in _links(step.old, value):
        title = step.world.title(object, record)
        if title is None:
            raise ValueFault("unknown_record", "The linked record is not there any more.")
        found.append(title)
    return found


_WORDS: Mapping[str, Words] = {
    "number": lambda step, value: [f"{value:f}"],
    "money": _money_words,
    "boolean": _shown_words,
    "date": lambda step, value: [value.isoformat()],
    "datetime": _moment_words,
    "duration": lambda step, value: [clock_text(value)],
    "choice": _shown_words,
    "multi_choice": _options_words,
    "file": _file_words,
    "lookup": _link_words,
    "multi_lookup": _link_words,
    "any_lookup": _link_words,
    "person": _link_words,
}


def _links(field: Field, value: Any) -> list[tuple[str, str]]:
    """The (object, id) of a link, of links or of people."""
    many = value if isinstance(value, list) else [value]
    return [one if isinstance(one, tuple) else (field.targets[0], one) for one in many]


def _text(step: Step, value: Any) -> Any:
    """By the words: `crime, travel`."""
    return step.read(", ".join(step.texts(value)))


def _lines(step: Step, value: Any) -> Any:
    return step.read("\n".join(step.texts(value)))


def _one_text(step: Step, value: Any) -> Any:
    """By the words of a value that holds one."""
    texts = step.texts(value)
    if len(texts) > 1:
        raise ValueFault("too_many", f"It holds {len(texts)}, and only one has a place.")
    return step.read(texts[0])


def _options(step: Step, value: Any) -> Any:
    return step.read(";".join(step.texts(value)))


def _parsed(step: Step, value: Any) -> Any:
    """By the JSON form, where both kinds write values alike."""
    return step.new.kind.parse(step.new, step.old.kind.wire(step.old, value))


def _number(step: Step, number: Decimal) -> Any:
    """An exact number, without zeros that the new scale has no place for."""
    plain = number.normalize()
    exponent = plain.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:
        plain = plain.quantize(Decimal(1))
    return step.new.kind.parse(step.new, f"{plain:f}")


def _number_from_boolean(step: Step, value: bool) -> Any:
    return _number(step, Decimal(int(value)))


def _boolean_from_number(step: Step, value: Decimal) -> bool:
    if value not in (0, 1):
        raise ValueFault("not_a_boolean", "Only 1 means yes and 0 no.")
    return value == 1


def _number_from_duration(step: Step, value: int) -> Any:
    hours = Decimal(value) / 3600
    if hours * 3600 != value or len(hours.as_tuple().digits) > 20:
        raise ValueFault("too_many_decimals", "It is no exact number of hours.")
    return _number(step, hours)


def _duration_from_number(step: Step, value: Decimal) -> Any:
    seconds = value * 3600
    if seconds != seconds.to_integral_value():
        raise ValueFault("not_a_duration", "It is no whole number of seconds; numbers are hours.")
    return step.new.kind.parse(step.new, int(seconds))


def _money_from_number(step: Step, value: Decimal) -> Any:
    currency = step.new.option("currency")
    if currency is None:
        raise ValueFault("no_currency", "A number names no currency. Fix one in the field.")
    return _money(step, Money(value, currency))


def _money(step: Step, value: Money) -> Any:
    plain = value.amount.normalize()
    exponent = plain.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:
        plain = plain.quantize(Decimal(1))
    wire = {"amount": f"{plain:f}", "currency": value.currency}
    return step.new.kind.parse(step.new, wire)


def _number_from_money(step: Step, value: Money) -> Any:
    return _number(step, value.amount)


def _day(step: Step, value: datetime) -> Any:
    local = value.astimezone(ZoneInfo(step.world.zone))
    return step.new.kind.parse(step.new, local.date().isoformat())


def _moment(step: Step, value: date) -> Any:
    local = datetime.combine(value, time(), tzinfo=ZoneInfo(step.world.zone))
    return step.new.kind.parse(step.new, timestamp_wire(local.astimezone(UTC)))


def _found(step: Step, value: Any) -> Any:
    """The records of words."""
    target = step.new.targets[0]
    if step.old.kind.name in ("text", "long_text", "sequence") and step.new.many:
        texts = [part.strip() for part in str(value).replace("\n", ";").split(";")]
    else:
        texts = step.texts(value)
    return _linked(step, [(target, step.world.find(target, text)) for text in texts if text])


def _people(step: Step, value: Any) -> Any:
    texts = [part.strip() for part in str(value).replace("\n", ";").split(";")]
    return _linked(step, [("user", step.world.person(text)) for text in texts if text])


def _relinked(step: Step, value: Any) -> Any:
    """The same records, where the new field may link to them."""
    return _linked(step, _links(step.old, value))


def _linked(step: Step, links: list[tuple[str, str]]) -> Any:
    field = step.new
    for object, _ in links:
        if object not in field.targets:
            raise ValueFault("wrong_object", f"It is a link to a {object}, which has no place.")
    if len(links) > 1 and not field.many:
        raise ValueFault("too_many", f"It holds {len(links)}, and only one has a place.")
    if not links:
        return None
    pairs = field.kind.name in ("any_lookup", "person")
    values = [link if pairs else link[1] for link in links]
    wire = field.kind.wire(field, values if field.many else values[0])
    return field.kind.parse(field, wire)


# From kind to kind. A kind in both lists of a line also becomes itself with other options.
_TEXTS = ("text", "long_text", "sequence")
_LINKS = ("lookup", "multi_lookup", "any_lookup", "person")
_ALL = (
    *_TEXTS, *_LINKS, "number", "money", "boolean", "date", "datetime", "duration", "choice",
    "multi_choice", "file",
)  # fmt: skip
_TABLE: tuple[tuple[tuple[str, ...], tuple[str, ...], Convert], ...] = (
    (_ALL, ("text",), _text),
    (_ALL, ("long_text",), _lines),
    (_TEXTS, ("sequence", "number", "money", "boolean", "date", "datetime", "duration"), _one_text),
    (_TEXTS, ("choice",), _one_text),
    (_TEXTS, ("multi_choice",), _lines),
    (_TEXTS, ("lookup", "multi_lookup", "any_lookup"), _found),
    (_TEXTS, ("person",), _people),
    (("number",), ("number",), _number),
    (("number",), ("money",), _money_from_number),
    (("number",), ("duration",), _duration_from_number),
    (("number",), ("boolean",), _boolean_from_number),
    (("number", "boolean", "date"), ("choice",), _one_text),
    (("money",), ("money",), _money),
    (("money",), ("number",), _number_from_money),
    (("boolean",), ("number",), _number_from_boolean),
    (("boolean",), ("boolean",), _parsed),
    (("choice",), ("boolean", "number", "date"), _one_text),
    (("choice", "multi_choice"), ("choice",), _one_text),
    (("choice", "multi_choice"), ("multi_choice",), _options),
    (("choice", "multi_choice"), ("lookup", "multi_lookup", "any_lookup"), _found),
    (("date",), ("date",), _parsed),
    (("date",), ("datetime",), _moment),
    (("datetime",), ("date",), _day),
    (("datetime",), ("datetime",), _parsed),
    (("duration",), ("duration",), _parsed),
    (("duration",), ("number",), _number_from_duration),
    (_LINKS, ("choice",), _one_text),
    (_LINKS, ("multi_choice",), _options),
    (_LINKS, _LINKS, _relinked),
)
CONVERSIONS: Mapping[tuple[str, str], Convert] = {
    (old, new): convert for olds, news, convert in _TABLE for old in olds for new in news
}


def convertible(old: Field, new: Field) -> bool:
    """Whether values of the one field have a meaning in the other."""
    return (old.kind.name, new.kind.name) in CONVERSIONS


def becomes(kind: str) -> list[str]:
    """The other kinds that a kind of field may become."""
    return [new for old, new in CONVERSIONS if old == kind and new != kind]


def convert(step: Step, value: Any) -> Any:
    """The value in the new kind, None where nothing is left; ValueFault where it has no meaning."""
    if value is None or value == "" or value == []:
        return None
    return CONVERSIONS[step.old.kind.name, step.new.kind.name](step, value)
