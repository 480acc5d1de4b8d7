"""A draft: a record on its way in, with what it was, what it will be and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from fluvial.kernel.problems import Unprocessable, fault
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ValueFault
from metamodel.expressions.given_values import GivenText
from metamodel.expressions.types import TEXT
from metamodel.folding import nearest
from metamodel.kinds.link_fields import OPTION as LINK_FIELDS
from metamodel.kinds.link_fields import Link, alike, completed, missing
from metamodel.kinds.multi_lookup import DatedLink, in_force, refuse_overlaps

from .past_steps import PastStep
from .rows import Values, empty

ALWAYS = frozenset({"rev", "updated_at", "updated_by"})  # what every change writes
TOLD_ONCE = 30  # faults of one body among which each place stands once
UNKNOWN = "unknown_field"
UNSEEN = (
    "A field that your roles do not show would not be valid with this. Somebody who may read the "
    "whole record can say more."
)
HINTED = 3  # members of one body that get a hint: to look for names alike takes long


@dataclass
class Draft:
    """`values` holds every field with a column or a link; `changed` those that will be written."""

    session: Session
    type: ObjectType
    id: str
    before: Values | None  # None for a record that is new
    values: Values
    pointer: str = ""  # of the record in a batch: "/3"
    changed: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)  # fields that the caller's body names
    faults: list[dict[str, str]] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)  # members that a hook took
    computed: tuple[str, ...] = ()  # calculated fields that were worked out before it was written
    vouched: set[tuple[str, str]] = field(default_factory=set)  # (object, id) known to be there
    found: set[tuple[str, str, str]] = field(default_factory=set)  # by rules: field, object, id
    # The day from which a dated field holds its new value; it is today where there is none here,
    # and None where it is known already.
    days: dict[str, date | None] = field(default_factory=dict)
    periods: dict[str, list[str]] = field(default_factory=dict)  # dated links with their days
    unsaid: set[str] = field(default_factory=set)  # fields that were given no value
    numbered: set[str] = field(default_factory=set)  # fields that this write gave a number
    past: Sequence[PastStep] = ()  # of a record that was kept elsewhere until now
    inverse: bool = False  # takes back what was done: a state goes back by no transition
    _hinted: int = field(default=0, init=False)

    @property
    def new(self) -> bool:
        return self.before is None

    def set(self, name: str, value: Any) -> None:
        """Give a field a canonical value."""
        known = self.type.fields[name]
        value = known.kind.tidied(known, value)
        self.unsaid.discard(name)
        if value is None or value == "" or value == []:
            value = known.kind.absent(known)
            self.unsaid.add(name)
        same = self.before is not None and self.before.get(name) == value
        if type(value) is list and known.option(LINK_FIELDS):
            value = self._said(known, value)
            same = same and alike((self.before or {}).get(name) or (), value)
        self.values[name] = value
        if same:
            self.changed.discard(name)
        else:
            self.changed.add(name)

    def _said(self, known: Field, links: list[str]) -> list[Link]:
        """Links with all their fields: where only an id was written, those that it had."""
        made = completed(known, links, (self.before or {}).get(known.name))
        lacks = missing(known, made)
        if lacks is not None:
            self.fault(known.name, "required", f"Each link needs {lacks}.")
        return made

    def fault(self, name: str, code: str, message: str) -> None:
        if code != UNKNOWN and name in self.session.access.object(self.type.name).unknown:
            name, message = "", UNSEEN  # nor is anybody told that there is such a field
        pointer = f"{self.pointer}/{name}" if name else self.pointer
        # Among the first of many: a fault that is told twice does no harm.
        if not any(f["pointer"] == pointer for f in islice(self.faults, TOLD_ONCE)):
            self.faults.append(fault(pointer, code, message))

    def take(self, body: Mapping[str, Any], ignore: Iterable[str] = ()) -> None:
        """Parse the members of a body into values; what does not fit becomes a fault."""
        writable = self.session.access.writable(self.type.name)
        for name, raw in body.items():
            if name in ignore:
                continue
            if name in writable:
                self.take_value(writable[name], raw)
            else:
                self._refuse(name)

    def take_value(self, known: Field, raw: Any) -> None:
        name = known.name
        self.given.add(name)
        if raw is None or raw == "" or raw == []:
            self.set(name, None)
            return
        try:
            there = self.before.get(name) if self.before is not None else None
            value = known.kind.parse_over(known, raw, there)
            if known.kind.linked and known.dated:
                value = self._in_force(known, value)
            self.set(name, value)
            if name in self.periods:
                self.changed.add(name)  # also where only other days change
        except ValueFault as error:
            # What is there already is no change, whatever the rules for new values are by now.
            if not self._is_there(known, raw):
                self.fault(name, error.code, error.message)

    def _is_there(self, known: Field, raw: Any) -> bool:
        if self.before is None:
            return False
        there = wire_value(known, self.before.get(known.name))
        if isinstance(raw, list) and isinstance(there, list) and known.type.options:
            return sorted(map(str, raw)) == sorted(map(str, there))
        return type(raw) is type(there) and bool(raw == there)  # 1 is not true

    def _refuse(self, name: str) -> None:
        """Why a member of a body is not taken."""
        known = self.type.fields.get(name)
        unknown = self.session.access.object(self.type.name).unknown
        if known is None or name in unknown or known.hidden:
            self.fault(name, UNKNOWN, self._unknown(name))
        elif not known.writable or known.read_only:
            self.fault(name, "read_only", f"{known.label} is set by the system. Omit it.")
        else:
            self.fault(
                name,
                "read_only",
                f"Your roles allow you to read {known.label}, but not to change it.",
            )

    def _in_force(self, known: Field, links: list[str]) -> list[str]:
        """Of links with days those that hold on the day that is written; the others are kept."""
        if not any(isinstance(link, DatedLink) for link in links):
            return links
        if self.session.as_of is not None:
            raise ValueFault("two_days", "Write the dates in the list, without `as_of`.")
        refuse_overlaps(links)
        self.periods[known.name] = links
        return in_force(links, self.session.today)

    def _unknown(self, name: str) -> str:
        said = f"{self.type.label} has no field `{name}`."
        if self._hinted >= HINTED:
            return said
        self._hinted += 1
        hidden = self.session.access.object(self.type.name).hidden
        return f"{said} {nearest(name, (n for n in self.type.fields if n not in hidden))}".strip()

    def refuse_faults(self) -> None:
        if self.faults:
            first = self.faults[0]["message"]
            count = len(self.faults)
            detail = first if count == 1 else f"{count} values are not valid. The first: {first}"
            raise Unprocessable(detail, errors=self.faults)

    def wire(self, name: str) -> Any:
        known = self.type.fields[name]
        value = self.values.get(name)
        return wire_value(known, value)


def wire_value(known: Field, value: Any) -> Any:
    """A canonical value in wire form; what another system said is in it already."""
    if empty(value):
        return known.kind.absent(known)
    if isinstance(value, GivenText):
        return str(value) if known.type.name == TEXT.name else value.wire
    return known.kind.wire(known, value)
