"""What the engine takes from this folder."""

from __future__ import annotations

from fluvial.feature import Feature

feature = Feature("forms")
