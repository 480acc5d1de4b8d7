"""Identifiers: UUIDv7 (RFC 9562), which sort by the time they were made."""

from __future__ import annotations

import os
import re
import threading
import time

_lock = threading.Lock()
_last = 0

ID_PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_id() -> str:
    """A new UUIDv7 in text. Later ones of one process sort later, also within a millisecond."""
    global _last
    now = time.time_ns() >> 8  # 256 ns steps: 12 bits beyond the millisecond's place
    with _lock:
        _last = now = max(now, _last + 1)
    milliseconds, rest = divmod(now << 8, 1_000_000)
    time_bits = milliseconds << 16 | 0x7000 | rest * 4096 // 1_000_000
    tail = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    text = f"{time_bits << 64 | tail:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: object) -> bool:
    """Whether it is a UUID in the text form that the API speaks (lower case, with hyphens)."""
    return isinstance(text, str) and ID_PATTERN.fullmatch(text) is not None
