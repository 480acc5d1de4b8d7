"""What the names of an expression may mean: the record it is about, and names beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from metamodel.calendars.calendars import NO_CALENDARS, Calendars
from metamodel.catalog import Catalog, ObjectType
from metamodel.decisions.decision import DecisionTable
from metamodel.expressions.types import Type

USER = "user"  # the object type of `me`


@dataclass(frozen=True)
class Scope:
    """Bare names are fields and inverses of `object`, then `names`; `me` is a user.

    `record` names another object for the word `record`: in the filter of a look-up bare names
    are those of the records that may be picked and `record` is the one that is edited.
    Fields for which `hidden` answers true do not exist.
    """

    objects: Mapping[str, ObjectType]
    object: str | None = None
    names: Mapping[str, Type] = field(default_factory=dict)
    change: bool = False  # was(), changed(), increased() and decreased() are allowed
    hidden: Callable[[str, str], bool] | None = None
    record: str | None = None
    zone: str = "UTC"  # the business's, in which days begin
    calendars: Calendars = NO_CALENDARS  # of working time
    decisions: Mapping[str, DecisionTable] = field(default_factory=dict)
    deciding: tuple[str, ...] = ()  # the decisions whose inputs are being read

    def shows(self, object: str, name: str) -> bool:
        return self.hidden is None or not self.hidden(object, name)


def scope_of(
    catalog: Catalog, object: str, *, hidden: Callable[[str, str], bool] | None = None
) -> Scope:
    """What expressions about an object type of a catalog may name."""
    return Scope(
        catalog.objects,
        object,
        hidden=hidden,
        zone=catalog.zone,
        calendars=catalog.calendars,
        decisions=catalog.decisions,
    )
