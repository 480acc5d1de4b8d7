"""The clock: UTC moments and the business's today. In development it may start elsewhere."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


class Clock:
    """`start` (RFC 3339) is the moment at which the clock begins to run; None is the real one."""

    def __init__(self, zone: str = "UTC", start: str = "") -> None:
        self.zone = ZoneInfo(zone)
        self._shift = timedelta()
        if start:
            self._shift = datetime.fromisoformat(start).astimezone(UTC) - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def today(self) -> date:
        return self.now().astimezone(self.zone).date()

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """The first moment of a day of the business."""
        first = datetime.combine(day, datetime.min.time(), self.zone)
        try:
            return first.astimezone(UTC)
        except OverflowError:  # at the ends of the calendar
            return first.replace(tzinfo=UTC)

    def end_of(self, day: date) -> datetime:
        """The last moment of a day of the business."""
        if day == date.max:
            return datetime.max.replace(tzinfo=UTC)
        return self.start_of(day + timedelta(days=1)) - timedelta(microseconds=1)

    @staticmethod
    def monotonic() -> float:
        return time.monotonic()
