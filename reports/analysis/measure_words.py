"""What measures are called where their document does not say."""

from __future__ import annotations

from fluvial.records.reading.summary import Measure
from metamodel.catalog import ObjectType

_SAID = {"sum": "Sum of {}", "avg": "Average {}", "min": "Lowest {}", "max": "Highest {}"}


def measure_label(type_: ObjectType, measure: Measure) -> str:
    if not measure.inner:
        return type_.plural
    field = type_.fields.get(measure.inner)
    if field is None:
        return measure.text
    inner = f"{field.label[:1].lower()}{field.label[1:]}"
    return _SAID.get(measure.function, "With {}").format(inner)
