"""Where pages tell why a value is what it is."""

from __future__ import annotations

from fluvial.pages.frame import with_query
from fluvial.pages.reader_format import ReaderFormat, record_href


def why_href(fmt: ReaderFormat, object_name: str, record: str, field: str) -> str:
    return with_query(f"{record_href(object_name, record)}/why/{field}", as_of=fmt.as_of)
