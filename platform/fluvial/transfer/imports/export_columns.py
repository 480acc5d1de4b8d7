"""The columns of our own exports that no table brings: what the system makes, and files."""

from __future__ import annotations

from fluvial.auth.access import Access
from fluvial.kernel.problems import Problem
from fluvial.records.reading.caller_paths import resolve
from metamodel.catalog import ObjectType


def is_exported(access: Access, type_: ObjectType, heading: str) -> bool:
    """Whether a heading is the name of a field, or a path to one, as exports write it."""
    try:
        resolve(access, type_, tuple(heading.split(".")), "map")
    except Problem:
        return False
    return True
