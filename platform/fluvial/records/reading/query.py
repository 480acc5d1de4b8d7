"""A page of records that somebody asks for, as parsed from parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

Path = tuple[str, ...]

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
MAX_SORT_KEYS = 5
MAX_FIELDS = 200
MAX_HOPS = 5

Total = Literal["none", "capped", "exact"]
Finding = Literal["any", "index", "parted", "walk"]


@dataclass(frozen=True)
class SortKey:
    path: Path
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """What to read of one object type. Paths walk through look-ups."""

    object: str
    fields: tuple[Path, ...] | None = None  # None: all that the caller may read
    where: str = ""
    equals: tuple[tuple[str, str], ...] = ()  # FIELD=VALUE
    search: str = ""
    sort: tuple[SortKey, ...] = ()
    limit: int = DEFAULT_LIMIT
    cursor: str = ""
    total: Total = "none"
    as_of: date | None = None  # or a moment of it
    deleted: bool = False
    finding: Finding = "any"  # of a search: how the database is to go about it

    @property
    def outline(self) -> Query:
        """What the text of its plan depends on beside its condition; the rest is in the binds."""
        return replace(
            self,
            where="x" if self.where else "",
            equals=tuple((name, "x" if text else "") for name, text in self.equals),
            search="x" if self.search else "",
            limit=0,
            cursor="",
            as_of=None,
        )
