"""The house that rules are tried in."""

from tests.rules.house import house

__all__ = ["house"]
