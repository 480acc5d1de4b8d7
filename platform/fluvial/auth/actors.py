"""Who acts: a person, or the system itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Actor:
    """A principal with what decides its rights. `id` is None for the system and for web forms."""

    id: str | None
    name: str
    roles: tuple[str, ...]
    email: str = ""
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # "groups", "teams": ids
    scopes: frozenset[str] = frozenset()  # of a token; empty means all
    unrestricted: bool = False
    rev: int = 0  # of the user record: what it was read at
    rule: str | None = None  # the rule that acts in its name
    language: str = ""  # of the person's pages; the site's where it is empty
    zone: str = ""  # of their pages; the business's where it is empty

    @property
    def groups(self) -> tuple[str, ...]:
        return self.sets.get("groups", ())

    @property
    def teams(self) -> tuple[str, ...]:
        return self.sets.get("teams", ())

    @property
    def wire(self) -> dict[str, Any] | None:
        return {"user": self.id} if self.id else None


SYSTEM = Actor(None, "System", (), unrestricted=True)
