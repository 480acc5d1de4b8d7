"""How often an address may send a web form: a moving window in the memory of each process.

Several processes count apart, so the limit is of one process; a restart forgets the counts.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from fluvial.errors import TooMany

from .webforms import WebForm

if TYPE_CHECKING:
    from fluvial.engine import Engine

_LIMITERS: WeakKeyDictionary[Engine, MovingWindowRateLimiter] = WeakKeyDictionary()


def count(engine: Engine, form: WebForm, address: str, now: float) -> None:
    """Count one answer of an address; TooMany where it has sent its share."""
    limiter = _LIMITERS.get(engine)
    if limiter is None:
        limiter = _LIMITERS.setdefault(engine, MovingWindowRateLimiter(MemoryStorage()))
    limit = parse(form.rate)
    key = (form.name, network(address))
    if not limiter.hit(limit, *key):
        window = limiter.get_window_stats(limit, *key)
        wait = max(1, int(window.reset_time - now) + 1)
        raise TooMany(
            "This address has sent the form too often. Try again later.",
            headers={"Retry-After": str(wait)},
        )


def network(address: str) -> str:
    """What counts as one sender: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))
