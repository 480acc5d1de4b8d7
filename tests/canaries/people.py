"""Who reads, and what their grants let them read: said anew, apart from what the product does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.app import Client
from tests.canaries.realm import HIDDEN, KEYS, OBJECTS


@dataclass(frozen=True)
class Reader:
    """A principal. `reads` are the keys of the records of each object that they may read."""

    name: str
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    comments: bool = False  # may change contracts, and with that read what is said about them
    meta: bool = False  # reads metadata, and with that the names and labels of everything
    signs_in: bool = True

    def may_read(self, object_name: str, key: str, name: str) -> bool:
        known = key in self.reads.get(object_name, ())
        return known and name not in self.hides.get(object_name, ())

    def knows(self, object_name: str, name: str) -> bool:
        """Whether they may know of a field, or with an empty name of an object."""
        if self.meta:
            return True
        return object_name in self.reads and name not in self.hides.get(object_name, ())


def _hidden(*objects: str) -> dict[str, tuple[str, ...]]:
    return {name: HIDDEN[name] for name in objects}


READERS = (
    Reader(
        "clerk",
        {"house": ("north",), "contract": KEYS, "item": KEYS, "visit": ()},
        _hidden("contract", "item"),
        comments=True,
    ),
    Reader(
        "partner",
        {"house": KEYS, "contract": ("north",), "item": ("north",)},
        _hidden("house"),
    ),
    Reader("owner", {"visit": ("north",)}),
    Reader("designer", {"contract": KEYS}, _hidden("contract"), comments=True, meta=True),
    Reader("stranger"),
    Reader("anybody", signs_in=False),
)
assert {name for reader in READERS for name in reader.reads} <= set(OBJECTS)


def client_of(reader: Reader, admin: Client) -> Client:
    if not reader.signs_in:
        return Client(admin.app)
    return admin.person(f"{reader.name}@example.com", reader.name)
