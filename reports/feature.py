"""What printed documents and reports bring to the engine."""

from __future__ import annotations

from fluvial.kernel.features import Feature

feature = Feature("reports")
