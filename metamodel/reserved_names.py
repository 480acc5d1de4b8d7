"""Which names people may give, and which belong to the language and the system."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

SYSTEM_FIELDS = (
    "id", "rev", "title", "created_at", "created_by", "updated_at", "updated_by",
    "owner", "deleted_at", "in_force",
)  # fmt: skip

QUERY_PARAMETERS = (
    "fields", "where", "sort", "limit", "cursor", "search", "total", "as_of", "measure", "deleted",
    "believed_on",
)  # fmt: skip
# `group` is a parameter of summaries only, and the usual name of what roles go by.

LIBRARY = (
    "lower", "upper", "trim", "length", "contains", "starts_with", "ends_with", "matches", "text",
    "round", "floor", "ceil", "abs", "min", "max", "coalesce", "empty", "date", "datetime",
    "today", "now", "year", "month", "day", "weekday", "start_of", "end_of", "days", "hours",
    "minutes", "months", "years", "working_time", "add_working_time", "is_working", "exists",
    "count", "sum", "segment_sum", "avg", "first", "last", "list", "was", "changed",
    "increased", "decreased",
)  # fmt: skip
# `number` is a function too, but a call and a name never meet, and it is what records that
# are counted call their number.

WORDS = ("true", "false", "null", "none", "me", "record")

RESERVED: Mapping[str, str] = {
    **dict.fromkeys(LIBRARY, "the name of a function"),
    **dict.fromkeys(WORDS, "a word of the expression language"),
    **dict.fromkeys((name.lower() for name in keyword.kwlist), "a word of the expression language"),
    **dict.fromkeys(QUERY_PARAMETERS, "a parameter of lists"),
    **dict.fromkeys(SYSTEM_FIELDS, "a field that every record has"),
}


def taken(name: str) -> str:
    """What a reserved name already means, or nothing."""
    return RESERVED.get(name, "")
