"""Limits on how often somebody may try something; counted in this process."""

from __future__ import annotations

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from fluvial.errors import TooMany

_MANY = 5  # how many accounts one address may try within a limit


class Throttle:
    def __init__(self, limit: str, message: str) -> None:
        self._limit = parse(limit)
        self._wide = parse(f"{self._limit.amount * _MANY}/{self._limit.GRANULARITY.name}")
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._message = message

    def hit(self, key: str, *, cost_of_many: bool = False) -> None:
        """Count a try; TooMany with `Retry-After` when there were enough of them."""
        limit = self._wide if cost_of_many else self._limit
        if not self._limiter.hit(limit, key):
            seconds = limit.get_expiry()
            raise TooMany(
                f"{self._message} Try again in {seconds} seconds.",
                headers={"Retry-After": str(seconds)},
            )
