"""What conversations and links bring to the engine."""

from __future__ import annotations

from fluvial.kernel.features import Feature

feature = Feature("conversations")
