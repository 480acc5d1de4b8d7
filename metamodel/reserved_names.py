"""Which names people may give, and which belong to the language and the system.

Functions and parameters of lists may share their names with fields: a bill has a `total` and a
`date`. A call is the function and a bare name the field; in a query the parameter wins.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

SYSTEM_FIELDS = (
    "id", "rev", "title", "created_at", "created_by", "updated_at", "updated_by",
    "owner", "deleted_at", "in_force",
)  # fmt: skip

WORDS = ("true", "false", "null", "none", "me", "record")

RESERVED: Mapping[str, str] = {
    **dict.fromkeys(WORDS, "a word of the expression language"),
    **dict.fromkeys((name.lower() for name in keyword.kwlist), "a word of the expression language"),
    **dict.fromkeys(SYSTEM_FIELDS, "a field that every record has"),
}


def taken(name: str) -> str:
    """What a reserved name already means, or nothing."""
    return RESERVED.get(name, "")
