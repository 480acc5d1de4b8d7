"""Where a run stops for now or for good: what an action says that ends a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .waiting_runs import CALLING, SLEEPING

STOPPED = "stopped"


@dataclass(frozen=True)
class Halt:
    """It goes on with the answer of a call, at a moment, or not at all."""

    state: str  # CALLING, SLEEPING or STOPPED
    effect: str | None = None  # the call
    due: datetime | None = None  # when it goes on, or when it is looked at again

    @property
    def waits(self) -> bool:
        return self.state in (CALLING, SLEEPING)


@dataclass(frozen=True)
class Rest:
    """How a wait stands: over, or to be looked at again then."""

    due: datetime | None
    reason: str = ""  # where the run ends instead
    ended: datetime | None = None  # when it was over, whenever a worker came

    @property
    def over(self) -> bool:
        return self.due is None
