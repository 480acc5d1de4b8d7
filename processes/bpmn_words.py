"""Texts and durations as BPMN files have them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from metamodel.folding import humanise, label_text

_PARTS = re.compile(r"([0-9]+)(min|h|d|w)")
_ISO = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_NOT_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain(text: Any) -> str:
    """A text as it comes out of an XML file: lines end alike, and what XML has no place for is
    left out."""
    lines = str(text).replace("\r\n", "\n").replace("\r", "\n")
    return _NOT_XML.sub("", lines).strip()


def shown_label(spec: Mapping[str, Any]) -> str:
    """What a stage or process is called in the file."""
    return plain(label_text(spec.get("label") or humanise(spec["name"])))


def iso_duration(text: str) -> str:
    """A duration such as 2d 4h as ISO 8601 writes it."""
    found: dict[str, int] = {}
    for number, unit in _PARTS.findall(text):
        found[unit] = found.get(unit, 0) + int(number)
    days = found.get("d", 0) + 7 * found.get("w", 0)
    time = "".join(
        f"{found[unit]}{letter}" for unit, letter in (("h", "H"), ("min", "M")) if found.get(unit)
    )
    day = f"{days}D" if days or not time else ""
    return f"P{day}" + (f"T{time}" if time else "")


def own_duration(iso: str) -> str:
    """A duration of ISO 8601 as processes write it; empty where it is none of these."""
    match = _ISO.fullmatch(iso.strip())
    if match is None:
        return ""
    units = zip(match.groups(), ("w", "d", "h", "min"), strict=True)
    return " ".join(f"{int(number)}{unit}" for number, unit in units if number and int(number))


def condition_text(route: Mapping[str, Any]) -> str:
    """The condition of a route as its flow has it."""
    parts = []
    if "outcome" in route:
        quoted = route["outcome"].replace("\\", "\\\\").replace("'", "\\'")
        parts.append(f"outcome == '{quoted}'")
    if "when" in route:
        parts.append(str(route["when"]) if not parts else f"({route['when']})")
    return plain(" and ".join(parts))


def performer_text(one: Mapping[str, Any]) -> str:
    """Who does a stage, as its resource expression has it."""
    ((kind, name),) = one.items()
    return kind if kind == "starter" else f"{kind}:{name}"


def json_of(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def slug_of(text: str) -> str:
    plain_text = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    made = plain_text if plain_text[:1].isalpha() else f"stage_{plain_text}".strip("_")
    return made[:36].strip("_") or "stage"
