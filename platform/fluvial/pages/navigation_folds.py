"""Which groups of the navigation somebody has folded, and what stands behind their "more"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.runtime.session import Session
from metamodel.catalog import Catalog

from . import preferences

KEY = "navigation"
FEW = 8  # entries of a group; the others stand behind "more", unless it is one only
MOST = 200  # folds that are kept of a person
REST = "/more"  # behind the name of a group: what stands behind its "more"

Entry = dict[str, Any]


@dataclass(frozen=True)
class Folds:
    """What the person has folded or unfolded; where they did neither, the app says it."""

    kept: Mapping[str, bool]
    at_first: frozenset[str]  # groups that are folded until somebody unfolds them

    def folded(self, label: str, items: Sequence[Entry]) -> Entry:
        """A group with its first entries, and the rest of them where there are many."""
        many = len(items) > FEW + 1 and label
        first, others = (items[:FEW], items[FEW:]) if many else (items, ())
        here = any(item["current"] for item in items)
        beyond = any(item["current"] for item in others)
        rest = {
            "items": others,
            "open": self.kept.get(f"{label}{REST}", beyond),
            "here": beyond,
        }
        return {
            "label": label,
            "items": first,
            "open": self.kept.get(label, here or label not in self.at_first),
            "here": here,
            "rest": rest if others else None,
        }


def folds_of(session: Session) -> Folds:
    kept = preferences.read(session, KEY)
    return Folds(kept if isinstance(kept, dict) else {}, session.catalog.derive(_at_first))


def _at_first(catalog: Catalog) -> frozenset[str]:
    apps = catalog.documents.get("app", {}).values()
    return frozenset(group for app in apps for group in app.body.get("folded", ()))


def remember(session: Session, label: str, *, rest: bool, open_: bool) -> None:
    """That the person has folded or unfolded a group, or what stands behind its "more"."""
    kept = dict(folds_of(session).kept)
    key = f"{label}{REST}" if rest else label
    kept.pop(key, None)
    kept[key] = open_
    preferences.keep(session, KEY, dict([*kept.items()][-MOST:]))
