"""The house that rules are tried in."""

from tests.rules.house import documents, house

__all__ = ["documents", "house"]
