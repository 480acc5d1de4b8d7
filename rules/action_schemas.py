"""The schemas of this folder's actions, and the definitions that they share."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import orjson

_LOADED = orjson.loads((files("rules.schemas") / "actions.json").read_bytes())

SHARED: Mapping[str, Any] = _LOADED.pop("$defs")
ACTION_SCHEMAS: Mapping[str, Any] = _LOADED
