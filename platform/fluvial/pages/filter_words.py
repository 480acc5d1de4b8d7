"""The words of a filter for what it compares with an expression: `in 3 days`, `my teams`."""

from __future__ import annotations

import re

from metamodel.catalog import Field

_RAW = {"me.groups": "my groups", "me.teams": "my teams", "now()": "now", "today()": "today"}
_EDGE = re.compile(r"(start_of|end_of)\((?:today|now)\(\), '(\w+)'\)")
_DAYS = re.compile(r"(today|now)\(\) ([+-]) (days|hours|months|years)\((\d+)\)")


def raw_words(raw: str, field: Field) -> str:
    labels = {option.name: option.label for option in field.type.options}
    if labels:
        names = [part.strip().strip("'\"") for part in raw.split(",")]
        return " or ".join(labels.get(name, name) for name in names)
    match = _DAYS.fullmatch(raw)
    if match:
        start, sign, unit, count = match.groups()
        unit = unit.rstrip("s") if count == "1" else unit
        if sign == "-":
            return f"{count} {unit} ago"
        return f"{count} {unit} from {start}"
    edge = _EDGE.fullmatch(raw)
    if edge:
        return f"the {'start' if edge[1] == 'start_of' else 'end'} of this {edge[2]}"
    return _RAW.get(raw, raw)
